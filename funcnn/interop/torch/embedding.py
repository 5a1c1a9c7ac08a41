"""Conversions of embeddings, and of position layers, for which torch has no modules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from funcnn.interop.torch.base import Around, Computed, filled, to_torch
from funcnn.layers.embedding.positions import LearnedPosition, Rotary, SinusoidalPosition
from funcnn.layers.embedding.symbols import Embedding


def _placed(given: Any, encode: Callable[..., Any], **parts: Any) -> Any:
    """x -> encode(x), or (x, mask) -> (encode(x), mask) with zeros at padded positions, in x and in out"""
    if not isinstance(given, tuple):
        return encode(given, **parts)
    x, mask = given
    nothing = ~mask[..., None]
    return encode(x.masked_fill(nothing, 0), **parts).masked_fill(nothing, 0), mask


def _with_waves(x: Any, base: float) -> Any:
    """x + (sin a_0, cos a_0, ...), for positions that are the same for all rows"""
    angles = _angles(x, base)
    return x + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(x.dtype)


def _turned(x: Any, base: float) -> Any:
    """Pairs of features rotated by the angles a_0, a_1, ...: each a complex number, multiplied by e^(i a)"""
    angles = _angles(x, base)
    turns = torch.polar(torch.ones_like(angles), angles).to(torch.promote_types(x.dtype, torch.complex64))
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turns).flatten(-2)


def _with_rows(x: Any, table: Any) -> Any:
    """x + the first rows of the table, one for each position of x"""
    return x + table[: x.shape[1]]


def _angles(x: Any, base: float) -> Any:
    """The angles, (t, n / 2), always in float64"""
    t, n = x.shape[1:]
    pairs = torch.arange(0, n, 2, dtype=torch.float64, device=x.device)
    return torch.arange(t, dtype=torch.float64, device=x.device)[:, None] * base ** (-pairs / n)


def _masked(given: Any, layer: torch.nn.Module) -> Any:
    """ids -> out, or (ids, mask) -> (out, mask), where out is 0 at padded positions"""
    if not isinstance(given, tuple):
        return layer(given)
    ids, mask = given
    return layer(ids.masked_fill(~mask, 0)).masked_fill(~mask[..., None], 0), mask


def _of_base(encode: Callable[..., Any]) -> Callable[[Any], torch.nn.Module]:
    return lambda layer: Computed(partial(_placed, encode=partial(encode, base=layer.base)))


for _layer, _rule in {
    SinusoidalPosition: _of_base(_with_waves),
    Rotary: _of_base(_turned),
    LearnedPosition: lambda layer: Computed(partial(_placed, encode=_with_rows), table=layer.P),
    Embedding: lambda layer: Around(_masked, layer=filled(torch.nn.Embedding(*layer.W.shape), weight=layer.W)),
}.items():
    to_torch.register(_layer)(_rule)
