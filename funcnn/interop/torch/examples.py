"""The example with which a module of torch is called: its checks, and the comparison of the network with the module."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from inspect import signature
from itertools import count
from typing import Any

import numpy as np
import torch

from funcnn.arrays import Array, kind
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.interop.torch.tensors import array_of, arrays_of
from funcnn.prediction import predict


class Arguments:
    """The arguments of a module: the first of them, `tensor`, the others by position, and those by name."""

    def __init__(self, tensor: Any, others: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> None:
        """Store the arguments"""
        self.tensor, self.others, self.kwargs = tensor, others, dict(kwargs or {})

    @classmethod
    def of(cls, module: Any, x: Any, kwargs: Any) -> Arguments:
        """x and `kwargs` of `from_torch`; an attention of x alone attends to x itself."""
        if kwargs is not None and not (isinstance(kwargs, Mapping) and all([type(name) is str for name in kwargs])):
            raise KindError(f"from_torch: kwargs must be a dict of arguments of the module by name, not {kind(kwargs)}")
        if type(x) is tuple and not x:
            raise KindError("from_torch: x must be a tensor of torch, or a tuple of arguments, not ()")
        tensor, *others = x if type(x) is tuple else (x,)
        call = cls(tensor, tuple(others), kwargs)
        if isinstance(module, torch.nn.MultiheadAttention) and not {"key", "value"} & call.kwargs.keys() and not others:
            call.kwargs |= {"key": tensor, "value": tensor}
        return call

    def named(self, module: Any) -> dict[str, Any]:
        """All arguments by the names that the module's forward has for them."""
        try:
            return signature(module.forward).bind(self.tensor, *self.others, **self.kwargs).arguments
        except TypeError as error:
            cls = type(module).__name__
            raise KindError(f"from_torch: x and kwargs must be arguments of {cls}: {error}") from error

    def tensors(self, module: Any) -> dict[str, Any]:
        """The tensors among the arguments, by name; the first is called x."""
        first, *others = self.named(module).items()
        found = {"x": first[1]}
        for name, value in others:
            parts = value if isinstance(value, tuple | list) else (value,)
            found |= {name if value is part else f"{name}[{i}]": part for i, part in enumerate(parts)}
        return {name: part for name, part in found.items() if isinstance(part, torch.Tensor)}

    def each(self, f: Callable[[Any], Any]) -> Arguments:
        """The call with f of each argument."""
        named = {name: f(value) for name, value in self.kwargs.items()}
        return Arguments(f(self.tensor), tuple(map(f, self.others)), named)

    def out(self, module: Any) -> Any:
        """out of the module, or the first part of it."""
        x = self.tensor.clone()  # the module may write to it
        call = self.each(lambda value: x if value is self.tensor else value)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The PyTorch API of nested tensors")  # an encoder makes one itself
            out = module(x, *call.others, **call.kwargs)
        return out[0] if isinstance(out, tuple) else out


_SEEDS: ContextVar[Iterator[int]] = ContextVar("_SEEDS")


@contextmanager
def one_count() -> Iterator[Iterator[int]]:
    """0, 1, 2, ..., the seeds of random layers, which a call of `from_torch` shares with those in its rules."""
    token = _SEEDS.set(seeds := _SEEDS.get(count()))
    try:
        yield seeds
    finally:
        _SEEDS.reset(token)


def as_example(module: Any, call: Arguments) -> Array:
    """x as an array, after checks of the module and of x"""
    if not isinstance(module, torch.nn.Module):
        raise KindError(f"from_torch: module must be a module of torch, not {kind(module)}")
    x = call.tensor
    if not isinstance(x, torch.Tensor):
        remedy = "; write torch.tensor(x)" if isinstance(x, np.ndarray) else ""
        raise KindError(f"from_torch: x must be a tensor of torch, not {kind(x)}{remedy}")
    for name, part in module.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            raise KindError(f"from_torch: module must be in Python, but {name or 'it'} is compiled by torch.jit")
        if part.training and type(part) is not torch.nn.Sequential:  # whose parts have modes of their own
            mode = f"{name or 'it'} ({type(part).__name__}) is in training mode"
            raise KindError(f"from_torch: module must be in evaluation mode, but {mode}; write module.eval()")
    names: dict[int, str] = {}
    for name, tensor in module.named_parameters(remove_duplicate=False):
        if (other := names.setdefault(id(tensor), name)) != name:
            rule = f"{name} and {other} must be two parameters, since each layer has its own"
            raise KindError(f"from_torch: {rule}; they are one tensor")
    array = array_of("from_torch", "x", x)
    arrays_of("from_torch", module)
    check_rows(x, x if x.ndim != 1 else x[None])
    return array


def check_arguments(module: Any, call: Arguments) -> None:
    """Check that forward of the module has the arguments, and that tensors among them are like the parameters."""
    tensors = call.tensors(module)
    for argument, given in tensors.items():
        array_of("from_torch", argument, given)
    for name, tensor in module.named_parameters():
        for argument, given in tensors.items():
            if given.is_floating_point() and tensor.dtype != given.dtype:
                needed = f"{tensor.dtype}, as {name} is, not {given.dtype}; write {argument}.to({tensor.dtype})"
                raise KindError(f"from_torch: {argument} must be {needed}")


def check_rows(x: Any, rows: Any) -> None:
    """Check that x has rows; `rows` is x in the form in which the network takes it."""
    if rows.ndim < 2 or not len(rows) or not len(x):
        raise ShapeError(f"from_torch: x must be (m, ...), with one row or more, not {tuple(x.shape)}")


def out_for(module: Any, call: Arguments) -> Array:
    """out of the module, as torch computes it"""
    try:
        with torch.no_grad():
            return array_of("from_torch", "out of the module", call.out(module))
    except (RuntimeError, ValueError, TypeError, LookupError, AssertionError, AttributeError) as error:
        if isinstance(error, FuncnnError):
            raise
        shapes = [str(tuple(tensor.shape)) for tensor in call.tensors(module).values()]
        reason = str(error).split("\n", maxsplit=1)[0]
        given = f"it refuses {', '.join(shapes)}: {reason}"
        raise ShapeError(f"from_torch: x must fit the module, but {given}") from error


def compare(layer: Any, x: tuple[Any, ...], theirs: tuple[Array, Array], where: Any) -> None:
    """Check that the network computes for x what the module returned; `where` indexes the entries to compare.

    `theirs`: out of the module as funcnn has it, and as it is, since a rule of the user may take rows of it.
    """
    made = predict(layer, x if len(x) > 1 else x[0])
    ours = made[0] if type(made) is tuple else made
    if any([ours.shape == out.shape and _is_near(ours[where], out[where]) for out in theirs]):
        return
    apart = f"are {ours.shape} and {theirs[0].shape}"
    if ours.shape == theirs[0].shape:
        ours, other = ours[where], theirs[0][where]
        unequal = ours != other  # two infinities have no difference
        apart = f"differ by {abs(ours[unequal] - other[unequal]).max():.2g}"
    raise FuncnnError(f"from_torch: out of the network and of the module must be equal; for x they {apart}")


def _is_near(ours: Any, theirs: Any) -> bool:
    if theirs.dtype.kind != "f":
        return bool((ours == theirs).all())
    reach = np.finfo(theirs.dtype).eps ** 0.5 * max(1.0, abs(theirs[np.isfinite(theirs)]).max(initial=0))
    return np.allclose(ours, theirs, rtol=0, atol=reach, equal_nan=True)
