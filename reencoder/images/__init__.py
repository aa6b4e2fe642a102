"""Grey images with labels in MNIST's format: IDX files, and a folder with its splits. Pure numpy."""

CLASSES = 10
"""Number of labels."""
