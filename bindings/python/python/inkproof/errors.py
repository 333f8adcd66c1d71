"""What can go wrong, as exceptions: all of them are :class:`Error`, and each is also what Python's own code would raise.

Every message is one line that names the file or the argument, says what is wrong with it, and where it helps, what to do. An
argument of a wrong type is a plain :class:`TypeError`.
"""

from __future__ import annotations

__all__ = [
    "DataSetError",
    "DataWarning",
    "Error",
    "FileError",
    "FileMissingError",
    "ImageError",
    "InternalError",
    "ModelError",
    "NoInkError",
    "OptionError",
    "TrainingError",
]


class Error(Exception):
    """Anything that inkproof says is wrong."""


class FileError(Error, OSError):
    """A file or folder that cannot be read or written."""


class FileMissingError(FileError, FileNotFoundError):
    """A file or folder that is not there."""


class ImageError(Error, ValueError):
    """An image that cannot be used: not an image, damaged, too large, of a shape or with numbers that no picture has."""


class NoInkError(ImageError):
    """An image in which nothing can be told from its paper."""


class ModelError(Error, ValueError):
    """A model that cannot be used, or not for this: a broken file, signatures that another model embedded."""


class DataSetError(Error, ValueError):
    """A folder of signatures that cannot be used, or not for this."""


class OptionError(Error, ValueError):
    """An argument whose value means nothing."""


class TrainingError(Error, RuntimeError):
    """A training that came to nothing: the loss is no longer a number."""


class InternalError(Error, RuntimeError):
    """A fault of inkproof itself, to be reported."""


class DataWarning(UserWarning):
    """Something that may make figures misleading."""
