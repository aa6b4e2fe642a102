"""."""

RULES = ""
