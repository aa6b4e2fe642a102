"""The error that the commands report in one line."""

from reencoder.text.errors import DataError

__all__ = ["DataError"]
