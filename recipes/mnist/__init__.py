"""Handwritten digits (MNIST), which version 1 of the paper reports."""
