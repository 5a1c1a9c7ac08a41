"""Trees of tensors as trees of arrays, and the other way round: tensors, tuples of them, and None."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, kind
from funcnn.errors import KindError
from funcnn.interop.torch.tensors import array_of


def tensor_of(array: Any) -> Any:
    """A copy: torch has no read-only tensors."""
    return torch.from_numpy(np.array(array))


def map_tree(f: Any, tree: Any) -> Any:
    """The tree with f of each leaf that is not None; a list counts as a tuple."""
    if isinstance(tree, tuple | list):
        return tuple([map_tree(f, part) for part in tree])
    return None if tree is None else f(tree)


def leaves_of(tree: Any) -> Iterator[Any]:
    """The leaves that are not None, in order."""
    if isinstance(tree, tuple):
        for part in tree:
            yield from leaves_of(part)
    elif tree is not None:
        yield tree


def pairs(tree: Any, gradients: Any) -> Iterator[tuple[Any, Any]]:
    """Each leaf with its gradient; None stands for the gradients of a whole tuple too."""
    if isinstance(tree, tuple | list):
        for part, of_part in zip(tree, (None,) * len(tree) if gradients is None else gradients, strict=True):
            yield from pairs(part, of_part)
    elif tree is not None:
        yield tree, gradients


def arrays_in_tensors(function: str, argument: str, tree: Any) -> Any:
    """The arrays of a tree of real tensors, which share their memory and are read-only."""

    def array(tensor: Any) -> Array:
        if not isinstance(tensor, torch.Tensor):
            raise KindError(f"{function}: {argument} must be a tensor, or a tuple of tensors, not {kind(tensor)}")
        if tensor.is_complex():
            raise KindError(f"{function}: {argument} must hold real numbers, not {tensor.dtype}")
        view = array_of(function, argument, tensor)[...]
        view.setflags(write=False)
        return view

    return map_tree(array, tree)


def has_gradient(leaf: Any) -> bool:
    """Whether an array or a tensor holds floats, so that it has a gradient."""
    return bool(leaf.is_floating_point() if isinstance(leaf, torch.Tensor) else leaf.dtype.kind == "f")
