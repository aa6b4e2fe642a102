"""Preparation of Chinese-English data: reading, splitting, tokenising and binarising. See `python -m data_prep
--help`."""
