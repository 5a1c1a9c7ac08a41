"""Results of a function in a folder, each under the fingerprint of the arguments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar

import attrs

from funcnn.arrays import kind
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.files.store import PathLike, fingerprint, load, save

if TYPE_CHECKING:
    from pathlib import Path

P = ParamSpec("P")
R = TypeVar("R")


def memoize(function: Callable[P, R], folder: PathLike) -> Memoized[P, R]:
    """The function, with results kept in files: a result is computed once, and loaded after that, also by other runs.

    The file of `memoized(*args)` is `memoized.path(*args)`: its name is the name of the function and the fingerprint of
    the arguments. So a sweep that is killed and started again computes what is missing. Files are written atomically,
    and processes may share the folder; two processes that need one result at the same time both compute it.

    The function must be pure: its result must depend on its arguments alone. Its code is not part of the fingerprint,
    so delete the files, or take another folder, after a change of the code. The folder is created if it does not exist.
    The arguments and the result are values that `save` takes.

    >>> import tempfile
    >>> from funcnn import TrainState, batches, mlp, mse, train, value_and_grad
    >>> from funcnn.files import memoize
    >>> import numpy as np
    >>> def fit(net, x, y, lr):
    ...     *_, last = train(TrainState(net), [(x, y)] * 10, value_and_grad(mse), lr)
    ...     return last
    >>> x = np.ones((3, 1))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     fit_once = memoize(fit, folder)
    ...     last = fit_once(mlp([1, 1], seed=0), x, 2 * x, 0.1)
    ...     again = fit_once(mlp([1, 1], seed=0), x, 2 * x, 0.1)  # loaded
    ...     other = fit_once.path(mlp([1, 1], seed=0), x, 2 * x, 0.2).exists()
    >>> again == last, other
    (True, False)

    Raises:
        KindError: `function` is not a function that `def` defines, or uses variables of an enclosing function, whose
            values are not in the fingerprint; or `folder` is not a path. The memoized function raises the errors of
            `fingerprint` for its arguments, and of `save` and `load` for its results.
        FileError: `folder` is a file, or cannot be created.
    """
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        what = "a lambda" if isinstance(function, FunctionType) else kind(function)
        raise KindError(f"memoize: function must be a function that def defines, not {what}")
    if free := function.__code__.co_freevars:
        given = f"{free[0]} is a variable of the function around it"
        raise KindError(f"memoize: function must take all that it uses as arguments; {given}")
    if not isinstance(folder, str | os.PathLike):
        raise KindError(f"memoize: folder must be a string or a Path, not {kind(folder)}")
    from pathlib import Path  # noqa: PLC0415  imported late, since it takes a tenth of the import time

    try:
        where = Path(folder).absolute()
        where.mkdir(parents=True, exist_ok=True)
    except ValueError:
        raise FileError(f"memoize: {folder!r} is not a valid path") from None
    except OSError as error:
        raise FileError(f"memoize: the folder {folder} cannot be created: {error.strerror or error}") from error
    return Memoized(function, where)


@attrs.frozen
class Memoized(Generic[P, R]):
    """The function that `memoize` makes. It pickles if the function does."""

    function: Callable[P, R]
    folder: Path

    def path(self, *args: P.args, **kwargs: P.kwargs) -> Path:
        """The file of the result for these arguments; it exists if the result is known."""
        function: Any = self.function
        bound = signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        parts: tuple[Any, ...] = ()
        for name, value in bound.arguments.items():
            with _noting(f"in the argument {name} of {function.__name__}, which is memoized"):
                parts += (name, fingerprint(value))
        return self.folder / f"{function.__name__}-{fingerprint(parts)}.npz"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result for these arguments."""
        path = self.path(*args, **kwargs)
        try:
            return load(path)
        except NoFileError:
            result = self.function(*args, **kwargs)
        with _noting(f"in the result of {self.function.__name__}, which is memoized"):
            save(path, result)
        return load(path)


@contextmanager
def _noting(note: str) -> Iterator[None]:
    try:
        yield
    except FuncnnError as error:
        error.add_note(note)
        raise
