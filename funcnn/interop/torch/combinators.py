"""Conversions of combinators. A tuple of inputs or outputs is one argument of the module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from funcnn.interop.torch.base import Applied, parameter, to_torch
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.map import Map
from funcnn.layers.combinators.remat import Remat
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.scale import Scale
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.combinators.shared import Here, Shared
from funcnn.layers.combinators.tied import Tied


class Held(torch.nn.Module):
    """A module that computes `function(layer, x)`."""

    def __init__(self, layer: torch.nn.Module, function: Callable[[Any, Any], Any]) -> None:
        """Store both; the layer is a submodule, so that its parameters are trained"""
        super().__init__()
        self.layer, self.function = layer, function

    def forward(self, x: Any) -> Any:
        """function(layer, x)"""
        return self.function(self.layer, x)


class Place(torch.nn.Module):
    """A place where a shared module is called."""

    def __init__(self, name: str, layer: torch.nn.Module) -> None:
        """`name` is the name of the Shared around this place"""
        super().__init__()
        self.name, self.layer = name, layer

    def forward(self, x: Any) -> Any:
        """layer(x)"""
        return self.layer(x)


class Scaled(torch.nn.Module):
    """factor * x"""

    def __init__(self, factor: Any) -> None:
        """Store a copy of the factor"""
        super().__init__()
        self.factor = parameter(factor)

    def forward(self, x: Any) -> Any:
        """factor * x"""
        return self.factor * x


class TiedTable(torch.nn.Module):
    """net(W[ids]) @ W^T"""

    def __init__(self, W: Any, net: torch.nn.Module) -> None:
        """Store net and a copy of W"""
        super().__init__()
        self.W, self.net = parameter(W), net

    def forward(self, x: Any) -> Any:
        """W is both the embedding and the last linear map"""
        ids, mask = x if isinstance(x, tuple) else (x, torch.ones_like(x, dtype=torch.bool))
        rows = torch.nn.functional.embedding(ids * mask, self.W).masked_fill(~mask[..., None], 0)
        out = self.net(_beside(rows, x))
        h = out[0] if isinstance(out, tuple) else out
        return _beside(torch.nn.functional.linear(h, self.W), out)


def _beside(head: Any, x: Any) -> Any:
    return (head, *x[1:]) if isinstance(x, tuple) else head


def _heads(x: Any) -> list[Any]:
    return [part[0] if isinstance(part, tuple) else part for part in x]


def _past(layer: torch.nn.Module, x: Any) -> Any:
    out = layer(x)
    return (x[0] + out[0], *out[1:]) if isinstance(x, tuple) else x + out


def _first(layer: torch.nn.Module, x: Any) -> Any:
    return _beside(layer(_blanked(*x[:2])), x) if isinstance(x, tuple) else layer(x)


def _blanked(x: Any, mask: Any = None) -> Any:
    """x with zeros at padded positions"""
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool or x.ndim < 3 or mask.shape != x.shape[:2]:
        return x
    return x.masked_fill(~mask[(..., *(None,) * (x.ndim - 2))], 0)


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple([_each(f, part) for part in x]) if isinstance(x, tuple) else f(x)


def _mapped(layer: torch.nn.Module, x: Any) -> Any:
    m, t = (x[0] if isinstance(x, tuple) else x).shape[:2]
    return _each(lambda a: a.unflatten(0, (m, t)), layer(_each(lambda a: a.flatten(0, 1), x)))


def _branches(layers: Any, x: Any) -> Any:
    return tuple([layer(part) for layer, part in zip(layers, x, strict=True)])


def _checkpointed(layer: torch.nn.Module, x: Any) -> Any:
    return checkpoint(layer, x, use_reentrant=False)


@to_torch.register(Frozen)
def frozen_to_torch(layer: Frozen[Any]) -> torch.nn.Module:
    """The weights inside need no gradient, and running statistics do not change"""
    module: torch.nn.Module = to_torch(layer.layer)
    for part in module.modules():
        if isinstance(part, torch.nn.BatchNorm1d):
            part.momentum = 0.0
    return module.requires_grad_(requires_grad=False)


@to_torch.register(Shared)
def shared_to_torch(layer: Shared) -> torch.nn.Module:
    """One module, called at each `Here` of its name"""
    shared, net = to_torch(layer.layer), to_torch(layer.net)
    for place in net.modules():
        if isinstance(place, Place) and place.name == layer.name:
            place.layer = shared
    return net


@to_torch.register(Parallel)
def parallel_to_torch(layer: Parallel) -> torch.nn.Module:
    """Each branch gets its part of x"""
    return Held(torch.nn.ModuleList([to_torch(branch) for branch in layer.layers]), _branches)


for _layer, _rule in {
    Copy: lambda layer: Applied(lambda x: (x,) * layer.n),
    Take: lambda layer: Applied(lambda x: x[layer.i]),
    Sum: lambda _: Applied(lambda x: _beside(sum(_heads(x)[1:], _heads(x)[0]), x[0])),
    Concat: lambda _: Applied(lambda x: _beside(torch.cat(_heads(x), -1), x[0])),
    Flatten: lambda _: torch.nn.Flatten(),
    Reshape: lambda layer: Applied(lambda x: x.reshape(x.shape[0], *layer.shape)),
    Residual: lambda layer: Held(to_torch(layer.layer), _past),
    First: lambda layer: Held(to_torch(layer.layer), _first),
    Map: lambda layer: Held(to_torch(layer.layer), _mapped),
    Remat: lambda layer: Held(to_torch(layer.layer), _checkpointed),
    Here: lambda layer: Place(layer.name, torch.nn.Identity() if layer.layer is None else to_torch(layer.layer)),
    Scale: lambda layer: Scaled(layer.factor),
    Tied: lambda layer: TiedTable(layer.W, to_torch(layer.net)),
}.items():
    to_torch.register(_layer)(_rule)
