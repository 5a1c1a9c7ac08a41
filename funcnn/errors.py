"""The errors that funcnn raises on purpose: one family. Each message says what was given and what is needed."""

__all__ = [
    "FileError",
    "FrozenError",
    "FuncnnError",
    "KindError",
    "MissingError",
    "NoColumnError",
    "NoFileError",
    "NoItemError",
    "NotFiniteError",
    "RangeError",
    "ShapeError",
    "WorkerError",
    "WorkerTimeoutError",
]


class FuncnnError(Exception):
    """The base of all errors that funcnn raises on purpose."""


class ShapeError(FuncnnError, ValueError):
    """Arrays that do not fit together."""


class KindError(FuncnnError, TypeError):
    """A value of a kind that is not accepted, such as a list in place of an array."""


class RangeError(FuncnnError, ValueError):
    """A number outside its range: a negative learning rate, a label that is not a class, an array without rows."""


class NoColumnError(FuncnnError, KeyError):
    """A table has no column of that name: `except KeyError` catches it."""

    __str__ = Exception.__str__  # that of KeyError shows the sentence in quotation marks


class NoItemError(RangeError, IndexError):
    """An index beyond the end of a sequence: `except IndexError` catches it."""


class FrozenError(FuncnnError, AttributeError):
    """A change of a record, whose fields are set once."""


class FileError(FuncnnError, OSError):
    """A file that cannot be written or read, or whose content is not valid."""


class NoFileError(FileError, FileNotFoundError):
    """There is no such file, or no folder to write it in: `except FileNotFoundError` catches it."""


class MissingError(FuncnnError, ModuleNotFoundError):
    """An optional library is not installed, or cannot be loaded: it is an `ImportError`."""


class NotFiniteError(FuncnnError, ArithmeticError, ValueError):
    """Training met a NaN or an infinity: `except ValueError` catches it, as scikit-learn's errors for such data."""


class WorkerError(FuncnnError, RuntimeError):
    """An executor that could not compute a block: a worker died, or the executor is shut down."""


class WorkerTimeoutError(WorkerError, TimeoutError):
    """A block that was not computed in time: `except TimeoutError` catches it."""
