"""The fairseq tasks; importing a module of this package registers its task."""
