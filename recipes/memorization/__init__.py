"""Memorization of a sequence of symbols (section 4.3 of the paper)."""
