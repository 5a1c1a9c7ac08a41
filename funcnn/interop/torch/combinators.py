"""Conversions of combinators. A tuple of inputs or outputs is one argument of the module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from funcnn.inspection.probe import Probe
from funcnn.interop.torch.base import Computed, to_torch
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


class Place(torch.nn.Module):
    """A place where a shared module is called."""

    def __init__(self, name: str, layer: torch.nn.Module) -> None:
        """`name` is the name of the Shared around this place"""
        super().__init__()
        self.name, self.layer = name, layer

    def forward(self, x: Any) -> Any:
        """layer(x)"""
        return self.layer(x)


def _tied(x: Any, W: Any, net: torch.nn.Module) -> Any:
    """net(W[ids]) @ W^T: W is both the embedding and the last linear map"""
    ids, mask = x if isinstance(x, tuple) else (x, torch.ones_like(x, dtype=torch.bool))
    rows = torch.nn.functional.embedding(ids * mask, W).masked_fill(~mask[..., None], 0)
    out = net(_beside(rows, x))
    h = out[0] if isinstance(out, tuple) else out
    return _beside(torch.nn.functional.linear(h, W), out)


def _scaled(x: Any, factor: Any) -> Any:
    return factor * x


def _beside(head: Any, x: Any) -> Any:
    return (head, *x[1:]) if isinstance(x, tuple) else head


def _heads(x: Any) -> list[Any]:
    return [part[0] if isinstance(part, tuple) else part for part in x]


def _past(x: Any, layer: torch.nn.Module) -> Any:
    out = layer(x)
    return (x[0] + out[0], *out[1:]) if isinstance(x, tuple) else x + out


def _first(x: Any, layer: torch.nn.Module) -> Any:
    return _beside(layer(_blanked(*x[:2])), x) if isinstance(x, tuple) else layer(x)


def _blanked(x: Any, mask: Any = None) -> Any:
    """x with zeros at padded positions"""
    if not isinstance(mask, torch.Tensor) or mask.dtype != torch.bool or x.ndim < 3 or mask.shape != x.shape[:2]:
        return x
    return x.masked_fill(~mask[(..., *(None,) * (x.ndim - 2))], 0)


def _each(f: Callable[[Any], Any], x: Any) -> Any:
    return tuple([_each(f, part) for part in x]) if isinstance(x, tuple) else f(x)


def _mapped(x: Any, layer: torch.nn.Module) -> Any:
    m, t = (x[0] if isinstance(x, tuple) else x).shape[:2]
    return _each(lambda a: a.unflatten(0, (m, t)), layer(_each(lambda a: a.flatten(0, 1), x)))


def _branches(x: Any, layer: Any) -> Any:
    return tuple([branch(part) for branch, part in zip(layer, x, strict=True)])


def _checkpointed(x: Any, layer: torch.nn.Module) -> Any:
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


for _layer, _rule in {
    Copy: lambda layer: Computed(lambda x: (x,) * layer.n),
    Take: lambda layer: Computed(lambda x: x[layer.i]),
    Parallel: lambda layer: Computed(_branches, layer=torch.nn.ModuleList(map(to_torch, layer.layers))),
    Sum: lambda _: Computed(lambda x: _beside(sum(_heads(x)[1:], _heads(x)[0]), x[0])),
    Concat: lambda _: Computed(lambda x: _beside(torch.cat(_heads(x), -1), x[0])),
    Flatten: lambda _: torch.nn.Flatten(),
    Reshape: lambda layer: Computed(lambda x: x.reshape(x.shape[0], *layer.shape)),
    Residual: lambda layer: Computed(_past, layer=to_torch(layer.layer)),
    First: lambda layer: Computed(_first, layer=to_torch(layer.layer)),
    Map: lambda layer: Computed(_mapped, layer=to_torch(layer.layer)),
    Remat: lambda layer: Computed(_checkpointed, layer=to_torch(layer.layer)),
    Here: lambda layer: Place(layer.name, torch.nn.Identity() if layer.layer is None else to_torch(layer.layer)),
    Probe: lambda layer: to_torch(layer.layer),  # in torch, hooks read the values
    Scale: lambda layer: Computed(_scaled, factor=layer.factor),
    Tied: lambda layer: Computed(_tied, W=layer.W, net=to_torch(layer.net)),
}.items():
    to_torch.register(_layer)(_rule)
