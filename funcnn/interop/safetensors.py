"""Reading and writing of safetensors files, which hold arrays by name, for exchange with other libraries.

The names are the paths of `parameters`: `0.W`, `0.b`, `2.W`. States are included; a state that is a number becomes a
0-d array. Classes and settings are not included; `save` includes them.
"""

from __future__ import annotations

import os
import re
from typing import Any, TypeVar, cast

import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind
from funcnn.checked import checked
from funcnn.errors import FileError, KindError, NoFileError
from funcnn.extras import needing
from funcnn.files.archive import as_path, replacing
from funcnn.files.encoding import check_unmasked
from funcnn.interop.named import NUMBERS, Names, map_named, renamed
from funcnn.layers.recurrent.base import Recurrent
from funcnn.remedies import place
from funcnn.trees.walks import Tree, check_tree

with needing(__name__, "safetensors"):
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save

__all__ = ["read", "write"]

T = TypeVar("T")

_DTYPES = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
_DTYPES |= {"bool", "float16", "bfloat16", "float32", "float64", "complex64"}


def write(path: str | os.PathLike[str], tree: Any) -> None:
    """Write the arrays of a tree to a safetensors file, atomically: an old file stays until the new one is complete.

    >>> import os, tempfile
    >>> from funcnn import mlp
    >>> from funcnn.interop.safetensors import read, write
    >>> net = mlp([2, 3, 1], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(os.path.join(folder, "net.safetensors"), net)
    ...     read(os.path.join(folder, "net.safetensors"), mlp([2, 3, 1], seed=1)) == net
    True

    Raises:
        KindError: `path` is not a path, `tree` is not a record, tuple or array, or safetensors lacks a dtype.
        FileError: as `save`.
    """
    is_swapped = isinstance(tree, str | os.PathLike)
    where = as_path("write", path, "; write write(path, tree)" if is_swapped else "")
    check_tree("write", "tree", tree)
    arrays: dict[str, Array] = {}

    def take(name: str, leaf: Any) -> Any:
        argument = place("tree", name)
        check_unmasked("write", argument, leaf)
        array = np.asarray(leaf, order="C")  # the library ignores strides
        if array.dtype.name not in _DTYPES:
            given = kind(leaf) if is_array(leaf) else f"the int {leaf}"
            raise KindError(f"write: {argument} must be bool, int, float or complex64, up to 64 bits, not {given}")
        arrays[name] = array.astype(array.dtype.newbyteorder("="), copy=False)
        return leaf

    map_named(take, tree)
    data = save(arrays)
    with replacing("write", where) as file:
        file.write(data)


@checked
def read(path: str | os.PathLike[str], like: Tree[T], *, names: Names | None = None) -> T:
    """`like` with the arrays of a file of safetensors, which must have the same names, shapes and dtypes.

    The arrays are read-only arrays of NumPy. `names` renames those of the file: each key is a name, or the part of it
    before a dot, and its value stands in its place, as in `{"encoder.dense.kernel": "0.W", "decoder": "1"}`. A star
    stands for any text within a part, as in `{"blocks.*.kernel": "*.W"}`.

    An array whose axes or gates another library may order otherwise is refused, although its shape fits: a weight by a
    name of PyTorch, which `funcnn.interop.torch.weights_from` takes, and, where the last part of a name is another, the
    arrays of an LSTM or a GRU.

    Raises:
        KindError: `path` is not a path, or `names` has a name that is not in the file, gives two arrays one name, or
            names an array that is refused.
        FileError: the file is not a file of safetensors, or `like` has other names, shapes or dtypes. The error is a
            NoFileError, and so a FileNotFoundError, if there is no file.
    """
    given = _arrays(path)
    found = renamed("read", given, names, os.fspath(path))
    for old, new in zip(given, found, strict=True):
        _check_order(old, given[old], new, like)
    needed: list[str] = []
    map_named(lambda name, _: needed.append(name), like)
    if lone := [name for name in needed if name not in found]:
        raise FileError(f"read: {os.fspath(path)} must have the arrays of like; it does not have {_listed(lone)}")
    if lone := [name for name in found if name not in needed]:
        raise FileError(f"read: {os.fspath(path)} has {_listed(lone)}, which like does not have")

    def take(name: str, leaf: Any) -> Any:
        array = found[name]
        number = None if is_array(leaf) else type(leaf)
        if number and array.shape == () and array.dtype.kind in NUMBERS[number]:
            return number(array.item())
        if not number and (array.shape, array.dtype) == (leaf.shape, leaf.dtype):
            return array
        needed = number.__name__ if number else f"{leaf.dtype} {leaf.shape}"
        raise FileError(f"read: {os.fspath(path)} has {name} as {array.dtype} {array.shape}; like has it as {needed}")

    return cast("T", map_named(take, like))


def _listed(names: list[str]) -> str:
    return ", ".join([name or "''" for name in names])  # the name of a tree that is an array is empty


def _check_order(old: str, array: Array, new: str, like: Any) -> None:
    """Refuse an array of another library whose numbers may lie in another order, although its shape fits."""
    theirs, ours = old.rpartition(".")[2], new.rpartition(".")[2]
    if theirs == ours:
        return
    rule = f"read: names must not make {old} {new}"
    if _PACKED_BY_TORCH.match(theirs) or (theirs == "weight" and array.ndim > 1):
        raise KindError(f"{rule}, since PyTorch has its numbers in another order; write weights_from of interop.torch")
    owner = _part(like, new.split(".")[:-1])
    if isinstance(owner, Recurrent) and owner.gates > 1:
        cls = type(owner).__name__
        raise KindError(f"{rule}, since other libraries order the gates of {cls} differently")


_PACKED_BY_TORCH = re.compile(r"(weight|bias)_[ih]h_|in_proj_|[qkv]_proj_weight")


def _part(tree: Any, steps: list[str]) -> Any:
    """The layer at a path; None if there is none."""
    for step in steps:
        fits = step.isdigit() and int(step) < len(tree) if type(tree) is tuple else hasattr(tree, step)
        if not fits:
            return None
        tree = tree[int(step)] if type(tree) is tuple else getattr(tree, step)
    return tree


def _arrays(path: Any) -> dict[str, Array]:
    where = as_path("read", path)
    try:
        with safe_open(where, framework="numpy") as file:
            return {name: freeze(file.get_tensor(name).copy()) for name in file.keys()}  # noqa: SIM118  it is not a dict
    except FileNotFoundError:
        raise NoFileError(f"read: there is no file {where}") from None
    except OSError as error:
        raise FileError(f"read: {where} cannot be read: {error.strerror or error}") from error
    except (SafetensorError, AttributeError) as error:  # AttributeError: NumPy does not have the dtype
        raise FileError(f"read: {where} is damaged, or not a file of safetensors: {error}") from error
