"""The error that the commands report in one line."""


class DataError(Exception):
    """Bad input or options. The message names the file and line or the option, what is wrong and what to do."""
