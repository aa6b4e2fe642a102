"""What the character language model is made of: prepared text, batches in their order, carried states.

`text` and `streams` are pure numpy.
"""
