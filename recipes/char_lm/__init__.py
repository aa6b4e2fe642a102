"""Recipe of the character language model: the next character of Wikipedia."""
