"""The commands of ``python -m eval``: each module adds its options to a parser and runs with what they say."""
