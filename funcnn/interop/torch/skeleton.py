"""Modules of torch without their numbers: values that can be compared, and called with any numbers."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from typing import Any

import torch

from funcnn.arrays import Array, kind, same
from funcnn.errors import KindError
from funcnn.interop.torch.tensors import leaves_of, map_tree, tensor_of

_GENERATOR = threading.RLock()  # torch has one generator for all threads


class Skeleton:
    """A module of torch without its numbers, compared by value: by class, settings, and the shapes of its tensors."""

    def __init__(self, module: torch.nn.Module) -> None:
        """`module`: one whose tensors are on the device "meta", and which nobody else has"""
        self._module, self._copies = module, threading.local()
        self.trained = [name for name, tensor in module.named_parameters() if tensor.requires_grad]
        tensors, trained = self._tensors(), set(self.trained)
        self.held = [name for name in tensors if name not in trained]
        self.shapes = [[tuple(tensors[name].shape) for name in names] for names in (self.trained, self.held)]

    @classmethod
    def of(cls, module: torch.nn.Module) -> Skeleton:
        """A copy of the module; tensors that it holds twice stay one."""
        tensors = (*module.parameters(), *module.buffers())
        bare = {id(tensor): _like(tensor, torch.empty_like(tensor, device="meta")) for tensor in tensors}
        return cls(_copied(module, bare))

    def _tensors(self) -> dict[str, Any]:
        """The parameters and the buffers by name, each once."""
        return {**dict(self._module.named_parameters()), **dict(self._module.named_buffers())}

    def with_arrays(self, arrays: dict[str, Array]) -> torch.nn.Module:
        """A module with copies of these arrays."""
        tensors = self._tensors().items()
        return _copied(self._module, {id(tensor): _like(tensor, tensor_of(arrays[name])) for name, tensor in tensors})

    def call(self, tensors: dict[str, Any], x: Any, word: int, then: Callable[[Any], Any]) -> Any:
        """then(out), for tensors by name, which get the next values of buffers; random numbers depend on `word` alone.

        `then` runs while the module has the tensors, since a checkpoint inside calls it again in backward.
        """
        arguments = x if isinstance(x, tuple) else (x,)
        if not hasattr(self._copies, "inside"):  # a module has tensors of one thread at a time
            self._copies.inside = _Inside(_copied(self._module, {}))
        named = {f"module.{name}": tensor for name, tensor in tensors.items()}
        with _GENERATOR:
            before = torch.get_rng_state()
            try:
                torch.default_generator.manual_seed(word)
                made = torch.func.functional_call(
                    self._copies.inside, named, (lambda module: then(self._as_tensors(module(*arguments))),)
                )
            finally:
                torch.set_rng_state(before)
        tensors.update({name: named[f"module.{name}"] for name in tensors})
        return made

    def _as_tensors(self, out: Any) -> Any:
        for leaf in leaves_of(map_tree(lambda part: part, out)):
            if not isinstance(leaf, torch.Tensor):
                raise KindError(f"TorchLayer: {self} must return a tensor, or a tuple of tensors, not {kind(leaf)}")
        return out

    def predicting(self) -> Skeleton:
        """The module in evaluation mode; itself if it is."""
        if not any([part.training for part in self._module.modules()]):
            return self
        return Skeleton(_copied(self._module, {}).eval())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Skeleton) and _alike(self._module, other._module)

    def __hash__(self) -> int:
        return hash((type(self._module), *self.trained, *self.held))

    def __reduce__(self) -> Any:
        return Skeleton, (self._module,)

    def __repr__(self) -> str:
        return type(self._module).__name__


class _Inside(torch.nn.Module):
    """A module that hands its part to a function, so that the whole call can run with other tensors."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, function: Callable[[Any], Any]) -> Any:
        return function(self.module)


def _copied(module: torch.nn.Module, memo: dict[int, Any]) -> Any:
    """A deep copy of a module; for the keys of `memo`, which are ids, it has the values."""
    try:
        return copy.deepcopy(module, memo)
    except (RuntimeError, TypeError) as error:
        reason = str(error).split("\n", maxsplit=1)[0]
        raise KindError(f"TorchLayer: module must be one that can be copied: {reason}") from error


def _like(old: Any, new: Any) -> Any:
    return torch.nn.Parameter(new, old.requires_grad) if isinstance(old, torch.nn.Parameter) else new


def _alike(a: Any, b: Any) -> bool:
    """Equality by value of modules, tensors, and what modules hold in their settings."""
    if a is b or type(a) is not type(b):
        return a is b
    if isinstance(a, torch.nn.Module):
        return _alike(a.__getstate__(), b.__getstate__())
    if isinstance(a, torch.Tensor):
        fits = (a.shape, a.dtype, a.device, a.requires_grad) == (b.shape, b.dtype, b.device, b.requires_grad)
        return fits and (a.is_meta or torch.equal(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all([_alike(a[key], b[key]) for key in a])
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_alike, a, b))
    return same(a, b)
