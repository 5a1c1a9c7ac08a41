"""Tensors of torch and trees of them, which are tensors, tuples and None, as arrays, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np
import torch
from torch.nn.parameter import is_lazy

from funcnn.arrays import Array, kind
from funcnn.errors import KindError

_FLOATS = torch.float16, torch.float32, torch.float64


def arrays_of(function: str, source: Any) -> dict[str, Array]:
    """The arrays of a module or a state dict by name, as they lie in memory; errors name `function`."""
    if isinstance(source, torch.nn.Module):
        source = source.state_dict()
    if not isinstance(source, Mapping) or not all([type(name) is str for name in source]):
        keys = [name for name in source if type(name) is not str] if isinstance(source, Mapping) else []
        given = f"a dict with the key {keys[0]!r}" if keys else kind(source)
        raise KindError(f"{function}: source must be a module of torch or its state dict, not {given}")
    return {name: array_of(function, name, value) for name, value in source.items()}


def array_of(function: str, argument: str, tensor: Any) -> Array:
    """A tensor on the CPU as an array, which shares its memory; an array stays what it is."""
    if type(tensor) is np.ndarray:
        return tensor
    if not isinstance(tensor, torch.Tensor):
        raise KindError(f"{function}: {argument} must be a tensor, not {kind(tensor)}")
    if is_lazy(tensor):
        raise KindError(f"{function}: {argument} has no shape yet; call the module with x before")
    if tensor.device.type != "cpu":
        raise KindError(f"{function}: {argument} must be on the CPU, not on {tensor.device}")
    if tensor.layout not in (torch.strided, torch.jagged):
        raise KindError(f"{function}: {argument} must be dense, not {tensor.layout}; write {argument}.to_dense()")
    if tensor.is_floating_point() and tensor.dtype not in _FLOATS:
        raise KindError(
            f"{function}: {argument} must be of a dtype that NumPy has, not {tensor.dtype}; write {argument}.float()"
        )
    try:
        return cast("Array", tensor.detach().numpy())
    except RuntimeError as error:  # a tensor of torch.export, or of a transformation that passes no tensors on
        raise KindError(f"{function}: {argument} must be a tensor that holds numbers, not {kind(tensor)}") from error


def dtype_of(module: Any, *others: Any) -> Any:
    """The dtype, of NumPy, of the parameters of a module; of a module without parameters, the dtype of the tensor."""
    first = next(iter((*module.parameters(), *others)))
    return first.detach().numpy().dtype


# Trees.


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
