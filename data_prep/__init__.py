"""Preparation of Chinese-English data: reading, splitting, tokenising, binarising (`python -m data_prep --help`)."""

LANGUAGES = ("zh", "en")
"""Source and target language."""
