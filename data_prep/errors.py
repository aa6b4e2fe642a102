"""The error that command lines report in one line."""


class DataError(Exception):
    """Bad input or options; the message names the file and line (or the option), what was wrong and what to do."""
