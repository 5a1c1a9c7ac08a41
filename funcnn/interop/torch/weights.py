"""Weights of PyTorch for a network: `to_torch` of a network of numbered entries says where each entry goes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, is_float, same
from funcnn.checked import checked
from funcnn.core import Layer
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.interop.named import Names, listed, renamed
from funcnn.interop.torch.base import Around, to_torch
from funcnn.interop.torch.recurrent import join_biases
from funcnn.interop.torch.tensors import arrays_of
from funcnn.layers.checks import check_held
from funcnn.trees.walks import map_arrays, walk

P = TypeVar("P")


@checked
def weights_from(source: Any, like: Layer[P], *, names: Names | None = None) -> P:
    """`like` with the weights of a module of torch, or of a state dict.

    `like` says what the layers are and how they are set: eps, stride, heads. `source` gives every array of floats,
    running statistics included. Its names are those of `to_torch(like).state_dict()`, or the same without the names of
    the modules that `to_torch` puts around torch's own: `0.weight` for `0.module.weight`. `names` renames: each key is
    a name in `source`, or the part of it before a dot, and its value stands in its place, as in `{"encoder.fc1": "0"}`.
    A star stands for any text within a part: `{"lstm.*_l1": "2.*_l0"}` makes the second layer of an LSTM the layer 2.
    Values of a state dict may be arrays of NumPy, such as `safetensors.numpy.load_file` returns.

    Nothing is inferred from the order of the names, nor from shapes. A name of torch says how its numbers lie, such as
    the gates of `weight_ih_l0`; the entries of `like` are numbered, and `to_torch` says where each number goes. Where
    torch has two biases and `like` one, the result is their sum.

    >>> import torch
    >>> from funcnn import Dense, Tanh, mlp
    >>> from funcnn.interop.torch import weights_from
    >>> module = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    >>> net = weights_from(module, mlp([2, 3, 1], hidden=Tanh(), seed=0))
    >>> bool((net[0].W == module[0].weight.detach().numpy().T).all())
    True

    Raises:
        KindError: `source` is not a module or a dict of tensors on the CPU, has other names, or a tensor of another
            dtype than the array of `like`; `to_torch` has no rule for `like`.
        ShapeError: a tensor has another shape than `like` needs.
        FuncnnError: `source` has numbers for which `like` has no array.
    """
    check_held("weights_from", "like", like)
    given = renamed("weights_from", arrays_of("weights_from", source), names, "source")
    paths, numbered = _numbered(like)
    where = _places(numbered, given)
    given = join_biases(given, {name: ids == 0 for name, ids in where.items()})
    entries = _Entries(paths)
    for name, ids in where.items():
        entries.take(name, ids, given[name])
    return entries.filled(like)


def _numbered(like: Any) -> tuple[dict[str, Array], Any]:
    """Each array of floats by its path, and the network with the numbers 1, 2, ... as the entries of these arrays."""
    paths, start = {path: leaf for path, leaf in walk(like) if is_float(leaf)}, 1
    for path, leaf in paths.items():
        if leaf.dtype.kind == "c":
            raise KindError(f"weights_from: like must hold real numbers, but {path} is {leaf.dtype}")

    def number(leaf: Array) -> Array:
        nonlocal start
        if not is_float(leaf):
            return leaf
        start += leaf.size
        return np.arange(start - leaf.size, start, dtype=np.float64).reshape(leaf.shape)

    return paths, map_arrays(number, like)


def _places(numbered: Any, given: dict[str, Array]) -> dict[str, Array]:
    """The numbers in each tensor of `to_torch`, by the names of `given`.

    Of the two spellings of the names, without our own modules and with them, it is the one that more of `given` have.
    """
    module = to_torch(numbered)
    state, plain = module.state_dict(), dict(_plain_names(module))
    names = [name for name in state if not _counts_batches(name)]
    spellings = {name: plain[name] for name in names}, {name: name for name in names}
    spelling = max(spellings, key=lambda spelling: len(given.keys() & set(spelling.values())))
    missing = [name for name in spelling.values() if name not in given]
    others = [name for name in given if name not in spelling.values() and not _counts_batches(name)]
    if missing or others:
        lacks = f"it lacks {listed(missing)}" if missing else ""
        has = f"it has {listed(others)}, for which like has no place" if others else ""
        needed = "source must have the names that to_torch(like) has"
        raise KindError(f"weights_from: {needed}; {' and '.join(filter(None, (lacks, has)))}")
    return {spelled: state[name].detach().numpy() for name, spelled in spelling.items()}


def _counts_batches(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _plain_names(module: Any, full: str = "", plain: str = "") -> Iterator[tuple[str, str]]:
    for name in (*module._parameters, *module._buffers):  # noqa: SLF001  torch has no public list without children
        yield full + name, plain + name
    for name, part in module.named_children():
        yield from _plain_names(part, f"{full}{name}.", plain if isinstance(module, Around) else f"{plain}{name}.")


class _Entries:
    """The numbers of a network, entry by entry, collected from the tensors of torch."""

    def __init__(self, arrays: dict[str, Array]) -> None:
        """`arrays`: those that are to be filled, by path"""
        self.paths, self.dtypes = list(arrays), [array.dtype for array in arrays.values()]
        self.ends = np.cumsum([array.size for array in arrays.values()])
        self.numbers = np.zeros(1 + sum([array.size for array in arrays.values()]))  # entry 0: no array of the network
        self.is_filled = np.zeros(self.numbers.shape, dtype=bool)

    def take(self, name: str, ids: Array, array: Array) -> None:
        """Put each entry of a tensor of torch where `ids` says."""
        places = ids.astype(np.intp)
        if (places != ids).any() or places.min(initial=0) < 0 or places.max(initial=0) >= self.numbers.size:
            raise FuncnnError(f"weights_from: to_torch(like) must have the entries of like, unchanged, in {name}")
        owners = np.unique(np.searchsorted(self.ends, places[places > 0]))
        named = ", ".join([self.paths[i] or "the array" for i in owners])
        if array.shape != ids.shape:
            raise ShapeError(f"weights_from: {name} must be {ids.shape}, for {named} of like, not {array.shape}")
        for i in owners:
            if self.dtypes[i] != array.dtype:
                given = f"{name} is {array.dtype}, {self.paths[i]} of like is {self.dtypes[i]}"
                raise KindError(f"weights_from: {given}; write astype(like, {array.dtype.name!r})")
        if (array[places == 0] != 0).any():
            raise FuncnnError(f"weights_from: {name} must be 0 in the entries for which like has no array")
        shared = places[self.is_filled[places]]
        if not same(self.numbers[shared], array[self.is_filled[places]].astype(np.float64)):
            rule = f"{name} must equal the other tensor that source has for {named}"
            raise FuncnnError(f"weights_from: {rule}, since like has this array once")
        self.numbers[places] = array
        self.is_filled[places] = places > 0

    def filled(self, like: P) -> P:
        """The network with these numbers."""
        missing = np.unique(np.searchsorted(self.ends, np.flatnonzero(~self.is_filled[1:]) + 1))
        if missing.size:
            lost = ", ".join([self.paths[i] for i in missing])
            raise FuncnnError(f"weights_from: to_torch(like) must have all entries of like; it lacks some of {lost}")
        parts = iter(np.split(self.numbers[1:], self.ends[:-1]))
        return map_arrays(lambda a: next(parts).reshape(a.shape).astype(a.dtype) if is_float(a) else a, like)
