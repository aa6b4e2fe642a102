"""Addition of two integers (section 4.2 of the paper)."""
