"""Tensors of torch as arrays, and the checks of modules and tensors that are given."""

from __future__ import annotations

from collections.abc import Mapping
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
    check_on_cpu(function, argument, tensor)
    if tensor.is_floating_point() and tensor.dtype not in _FLOATS:
        raise KindError(
            f"{function}: {argument} must be of a dtype that NumPy has, not {tensor.dtype}; write {argument}.float()"
        )
    return cast("Array", tensor.detach().numpy())


def check_on_cpu(function: str, argument: str, tensor: Any) -> None:
    """Check that a tensor is in the memory that NumPy reads."""
    if tensor.device.type != "cpu":
        raise KindError(f"{function}: {argument} must be on the CPU, not on {tensor.device}")


def dtype_of(module: Any, *others: Any) -> Any:
    """The dtype, of NumPy, of the parameters of a module; of a module without parameters, the dtype of the tensor."""
    first = next(iter((*module.parameters(), *others)))
    return first.detach().numpy().dtype
