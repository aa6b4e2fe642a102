"""Raw text to the tokens of a model and back. Nothing here imports torch or fairseq."""
