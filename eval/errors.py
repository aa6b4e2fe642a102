"""The error that stands for bad input."""


class EvaluationError(ValueError):
    """Bad input: the message names the file and line or the option, what is wrong and what to do."""
