"""Parity of a string of bits (section 4.1 of the paper)."""
