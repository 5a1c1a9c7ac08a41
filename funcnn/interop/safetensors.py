"""Arrays to and from the files of the safetensors library, by name, for those who train elsewhere.

The names are paths, as in `parameters`: `0.W`, `0.b`, `2.W`. States are there too, and a state that is a number is an
array of no dimension. Classes and settings are not: a file of `save` has them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from funcnn.arrays import Array, freeze, is_array, kind
from funcnn.errors import FileError, KindError, NoFileError
from funcnn.files.archive import place, replacing
from funcnn.files.encoding import at
from funcnn.records import build, is_record, plans

T = TypeVar("T")

_DTYPES = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_DTYPES |= {"bool", "float16", "bfloat16", "float32", "float64", "complex64"}
_KINDS = {bool: "b", int: "iu", float: "f"}  # of dtypes that hold such numbers


def write(path: str | os.PathLike[str], tree: Any) -> None:
    """Write every array of a tree to a file of safetensors; the old file stays until the new one is whole.

    >>> import os, tempfile
    >>> from funcnn import mlp
    >>> from funcnn.interop.safetensors import read, write
    >>> net = mlp([2, 3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(os.path.join(folder, "net.safetensors"), net)
    ...     read(os.path.join(folder, "net.safetensors"), mlp([2, 3, 1], seed=1)) == net
    True

    Raises:
        KindError: `tree` is no record, tuple or array, or an array is of a dtype that safetensors does not know.
        FileError: as `save`.
    """
    if not (is_array(tree) or is_record(tree) or type(tree) is tuple):
        raise KindError(f"write: {kind(tree)} is no tree; give a record, a tuple or an array")
    arrays: dict[str, Array] = {}

    def take(name: str, leaf: Any) -> Any:
        # By rows, whatever it was, since the library looks at the memory alone.
        array = np.asarray(leaf, order="C")
        if array.dtype.name not in _DTYPES:
            raise KindError(
                f"write: {kind(array)}{at(name)} cannot be written; safetensors takes bool, int, float, complex64"
            )
        arrays[name] = array.astype(array.dtype.newbyteorder("="), copy=False)
        return leaf

    _each(take, tree)
    data = save(arrays)
    with replacing("write", path) as file:
        file.write(data)


def read(path: str | os.PathLike[str], like: T) -> T:
    """`like` with the arrays of a file of safetensors, which must have the same names, shapes and dtypes.

    The arrays are NumPy's, and read-only.

    Raises:
        FileError: the file is none of safetensors, or its arrays are not those of `like`. It is a NoFileError, and so a
            FileNotFoundError, if there is none.
    """
    found = _arrays(path)
    needed: list[str] = []
    _each(lambda name, _: needed.append(name), like)
    for names, others, what in ((needed, found, "lacks"), (found, needed, "has, and like has not,")):
        if lone := [name for name in names if name not in others]:
            raise FileError(f"read: {os.fspath(path)} {what} {', '.join(lone)}")

    def take(name: str, leaf: Any) -> Any:
        array = found[name]
        number = None if is_array(leaf) else type(leaf)
        if number and array.shape == () and array.dtype.kind in _KINDS[number]:
            return number(array.item())
        if not number and (array.shape, array.dtype) == (leaf.shape, leaf.dtype):
            return array
        needed = number.__name__ if number else f"{leaf.dtype} {leaf.shape}"
        raise FileError(f"read: {os.fspath(path)} has {name} as {array.dtype} {array.shape}; like has it as {needed}")

    return cast("T", _each(take, like))


def _arrays(path: Any) -> dict[str, Array]:
    where = place("read", path)
    try:
        with safe_open(where, framework="numpy") as file:
            return {name: freeze(file.get_tensor(name).copy()) for name in file.keys()}  # noqa: SIM118  it is no dict
    except FileNotFoundError:
        raise NoFileError(f"read: there is no file {where}") from None
    except OSError as error:
        raise FileError(f"read: {where} cannot be read: {error.strerror or error}") from error
    except (SafetensorError, AttributeError) as error:  # the second, for a dtype that NumPy does not have
        raise FileError(f"read: {where} is damaged, or no file of safetensors: {error}") from error


def _each(take: Callable[[str, Any], Any], tree: Any, path: str = "", *, carried: bool = False) -> Any:
    """The tree with `take(path, leaf)` for each array, and for each number in a state."""
    if is_array(tree) or (carried and type(tree) in _KINDS):
        return take(path, tree)

    def inside(part: Any, step: str, *, is_state: bool = False) -> Any:
        return _each(take, part, f"{path}.{step}" if path else step, carried=carried or is_state)

    if type(tree) is tuple:
        return tuple([inside(part, str(i)) for i, part in enumerate(tree)])
    if not is_record(tree):
        return tree
    fields = plans[type(tree)]
    return build(type(tree), [inside(getattr(tree, name), name, is_state=is_state) for name, is_state in fields])
