"""Results of a function in a folder, each under the fingerprint of the arguments and of the function."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

import attrs

from funcnn.arrays import kind
from funcnn.by_value import verbs
from funcnn.errors import FileError, FuncnnError, KindError, NoFileError
from funcnn.files.ended import ENDED
from funcnn.files.places import check_writable
from funcnn.files.returned import unsavable_result
from funcnn.files.store import encoded, fingerprint, load, save
from funcnn.identity.digest import digest
from funcnn.identity.parts import UnknownError
from funcnn.records import getters, module_of, plans

if TYPE_CHECKING:
    from pathlib import Path

P = ParamSpec("P")
R = TypeVar("R")


def memoize(function: Callable[P, R], folder: str | os.PathLike[str]) -> Memoized[P, R]:
    """The function, with results kept in files: a result is computed once, and loaded after that, also by other runs.

    The file of `memoized(*args)` is `memoized.path(*args)`. Its name has a hash of the arguments and of the function:
    its module, its name, its code, and what the code reads, which are default arguments, variables, other functions and
    classes, and the rules of layers among the arguments. So an edited function computes anew, and the results of both
    versions are kept. Names of files, numbers of lines and docstrings are not part of the hash. Installed libraries are
    not part of it either: take another folder after an update of NumPy or funcnn. With another version of Python,
    results are computed anew.

    A sweep that is killed and started again computes what is missing. Files are written atomically, and processes may
    share the folder; two processes that need one result at the same time both compute it. The folder is created if it
    does not exist.

    The function must be pure: its result must depend on its arguments and on what its code reads. What the function
    itself changes while it computes, such as a counter of its calls, is not part of the hash. The arguments and the
    result are values that `save` takes. The file has the pair of the function, as (module, name, hash), and the result.

    What can be tested before the work is an error before the work: the annotation of the result, and whether a file can
    be made in the folder. A result that cannot be saved after all, because of its kind or since the disk is full, is
    returned with a RuntimeWarning, since an error would lose it, and with it the rest of a sweep.

    If a signal ended a run of `until_signal` while the function computed, the result is that of a part of the run. It
    is returned with a RuntimeWarning and not kept, so `memoized.path(*args).exists()` is false, and a sweep can stop.

    >>> import tempfile
    >>> import numpy as np
    >>> from funcnn.files import memoize
    >>> def doubled(x):
    ...     return 2 * x
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     once = memoize(doubled, folder)
    ...     once(np.ones(2)), once(np.ones(2)), once.path(np.ones(3)).exists()  # computed, then loaded
    (array([2., 2.]), array([2., 2.]), False)

    Raises:
        KindError: `function` is not a function that `def` defines, its annotation says that it returns what no file
            takes, or `folder` is not a path. The memoized function raises a KindError if its code reads a value that
            has no hash, such as a lock, or a value that it does not name, as with `eval`. It also raises the errors of
            `fingerprint` for its arguments, and of `load` for its results.
        FileError: `folder` is a file, or cannot be created. The memoized function raises a FileError if a file has the
            result of another function, or if no file can be made in the folder.
    """
    if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
        what = "a lambda" if isinstance(function, FunctionType) else kind(function)
        raise KindError(f"memoize: function must be a function that def defines, not {what}")
    if unsavable := unsavable_result(function):
        needed = "a function whose result save takes"
        raise KindError(f"memoize: function must be {needed}, not one that returns {unsavable}, as its annotation says")
    return Memoized(function, as_folder("memoize", "folder", folder))


def as_folder(function: str, argument: str, folder: Any) -> Path:
    """The folder as an absolute path; it is created if it does not exist."""
    if not isinstance(folder, str | os.PathLike):
        raise KindError(f"{function}: {argument} must be a string or a Path, not {kind(folder)}")
    from pathlib import Path  # noqa: PLC0415  imported late, since it takes a tenth of the import time

    try:
        where = Path(folder).expanduser().absolute()
        where.mkdir(parents=True, exist_ok=True)
    except (RuntimeError, ValueError):  # of `~` without a home, and of a null character
        raise FileError(f"{function}: {folder!r} is not a valid path") from None
    except OSError as error:
        raise FileError(f"{function}: the folder {folder} cannot be created: {error.strerror or error}") from error
    return where


def code_of(reader: str, *values: Any) -> str:
    """The hash of values and of the code that they lead to; an error begins with what reads them."""
    try:
        rules = [verb for _, verb in sorted(verbs.items())]  # in an order that does not depend on imports
        return digest(*values, rules=rules)
    except UnknownError as reason:
        raise KindError(f"{reader} must read only values that another run can compare; {reason}") from None


@attrs.frozen
class Memoized(Generic[P, R]):
    """The function that `memoize` makes. It pickles if the function does."""

    function: Callable[P, R]
    folder: Path

    @property
    def __wrapped__(self) -> Callable[P, R]:
        """The function, as `functools.wraps` names it."""
        return self.function

    def path(self, *args: P.args, **kwargs: P.kwargs) -> Path:
        """The file of the result for these arguments; it exists if the result is known."""
        return self._place(*args, **kwargs)[0]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """The result for these arguments."""
        path, identity = self._place(*args, **kwargs)
        try:
            return _kept(path, identity)
        except NoFileError:
            check_writable("memoize", path)
            ended = len(ENDED)
            with self._changing(identity[-1], [*args, *kwargs.values()]):
                result = self.function(*args, **kwargs)
        if len(ENDED) > ended:
            self._warn(", since a signal ended a run in it")
            return result
        try:
            encoded(result)  # for errors that name places in the result, not in the pair
            save(path, (identity, result))
        except FuncnnError as error:
            self._warn(f"; {error}")
            return result
        return cast("R", _kept(path, identity))

    def _place(self, *args: P.args, **kwargs: P.kwargs) -> tuple[Path, tuple[str, str, str]]:
        """The file, and what says in it which function computed the result."""
        function: Any = self.function
        bound = signature(function).bind(*args, **kwargs)
        bound.apply_defaults()
        parts: tuple[Any, ...] = ()
        for name, value in bound.arguments.items():
            with _noting(f"in the argument {name} of {self._name}, which is memoized"):
                parts += (name, fingerprint(value))
        identity = module_of(function), function.__qualname__, self._code([*args, *kwargs.values()])
        return self.folder / f"{self._name}-{fingerprint((identity, parts))}.npz", identity

    def _code(self, arguments: list[Any]) -> str:
        """The hash of the function and of the layers among its arguments, as it was before the function changed it."""
        found = code_of(f"memoize: {self._name}", self.function, *dict.fromkeys(_classes(arguments)))
        return _CHANGED.get(found, found)

    @contextmanager
    def _changing(self, code: str, arguments: list[Any]) -> Iterator[None]:
        """A block in which the function may change what it reads."""
        try:
            yield
        finally:
            with suppress(KindError):  # of a value without a hash, which the next call refuses
                after = self._code(arguments)
                _CHANGED.update({after: code} if after != code else {})

    def _warn(self, why: str) -> None:
        text = f"memoize: the result of {self._name} is returned and not kept{why}"
        warnings.warn(text, RuntimeWarning, stacklevel=3)

    @property
    def _name(self) -> str:
        return cast("Any", self.function).__name__


# What a function itself changed while it computed, such as a list of its calls, is not part of its hash: for the hash
# after a call, the one before.
_CHANGED: dict[str, str] = {}


def _classes(values: Any) -> Iterator[type]:
    """The classes of all records in these values."""
    for value in values:
        cls = type(value)
        if cls in plans:
            yield cls
        if cls in plans or isinstance(value, tuple):
            yield from _classes(getters[cls](value) if cls in plans else value)


def _kept(path: Path, identity: tuple[str, str, str]) -> Any:
    """The result in a file, if it is of this function."""
    match load(path):
        case (found, result) if type(found) is tuple and found == identity:
            return result
    module, name, code = identity
    raise FileError(f"memoize: {path} must have a result of {module}.{name} with the code {code}; move it elsewhere")


@contextmanager
def _noting(note: str) -> Iterator[None]:
    try:
        yield
    except FuncnnError as error:
        error.add_note(note)
        raise
