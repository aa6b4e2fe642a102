"""The fairseq models; importing a module of this package registers its model."""
