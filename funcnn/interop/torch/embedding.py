"""Conversions of embeddings, and of position layers, for which torch has no modules."""

from __future__ import annotations

from typing import Any

import torch

from funcnn.interop.torch.base import Around, filled, parameter, to_torch
from funcnn.layers.embedding.positions import LearnedPosition, Rotary, SinusoidalPosition
from funcnn.layers.embedding.symbols import Embedding


class Placed(torch.nn.Module):
    """x -> encoded(x), or (x, mask) -> (encoded(x), mask) with zeros at padded positions"""

    def forward(self, given: Any) -> Any:
        """Padded positions are 0 in x and in out"""
        if not isinstance(given, tuple):
            return self.encoded(given)
        x, mask = given
        nothing = ~mask[..., None]
        return self.encoded(x.masked_fill(nothing, 0)).masked_fill(nothing, 0), mask


class Waves(Placed):
    """x + (sin a_0, cos a_0, ...)"""

    def __init__(self, base: float) -> None:
        """Store the base of the wavelengths"""
        super().__init__()
        self.base = base

    def encoded(self, x: Any) -> Any:
        """The positions are the same for all rows"""
        angles = _angles(x, self.base)
        return x + torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1).to(x.dtype)


class Turns(Waves):
    """Pairs of features rotated by the angles a_0, a_1, ..."""

    def encoded(self, x: Any) -> Any:
        """Each pair is a complex number, multiplied by e^(i a)"""
        angles = _angles(x, self.base)
        turns = torch.polar(torch.ones_like(angles), angles).to(torch.promote_types(x.dtype, torch.complex64))
        pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
        return torch.view_as_real(pairs * turns).flatten(-2)


class PlaceTable(Placed):
    """x + table"""

    def __init__(self, table: torch.nn.Parameter) -> None:
        """Store the table, which has a row for each position"""
        super().__init__()
        self.table = table

    def encoded(self, x: Any) -> Any:
        """The first rows of the table, one for each position of x"""
        return x + self.table[: x.shape[1]]


def _angles(x: Any, base: float) -> Any:
    """The angles, (t, n / 2), always in float64"""
    t, n = x.shape[1:]
    pairs = torch.arange(0, n, 2, dtype=torch.float64, device=x.device)
    return torch.arange(t, dtype=torch.float64, device=x.device)[:, None] * base ** (-pairs / n)


@to_torch.register(SinusoidalPosition)
def sinusoidal_position_to_torch(layer: SinusoidalPosition) -> torch.nn.Module:
    """A module with the same base"""
    return Waves(layer.base)


@to_torch.register(Rotary)
def rotary_to_torch(layer: Rotary) -> torch.nn.Module:
    """A module with the same base"""
    return Turns(layer.base)


@to_torch.register(LearnedPosition)
def learned_position_to_torch(layer: LearnedPosition) -> torch.nn.Module:
    """A module with a copy of the table"""
    return PlaceTable(parameter(layer.P))


class MaskedEmbedding(Around):
    """ids -> out, or (ids, mask) -> (out, mask), by `self.layer`, a `torch.nn.Embedding`"""

    around = "layer"

    def __init__(self, layer: torch.nn.Module) -> None:
        """Store the module"""
        super().__init__()
        self.layer = layer

    def forward(self, given: Any) -> Any:
        """out is 0 at padded positions"""
        if not isinstance(given, tuple):
            return self.layer(given)
        ids, mask = given
        return self.layer(ids.masked_fill(~mask, 0)).masked_fill(~mask[..., None], 0), mask


@to_torch.register(Embedding)
def embedding_to_torch(layer: Embedding) -> torch.nn.Module:
    """A module with a copy of the table"""
    return MaskedEmbedding(filled(torch.nn.Embedding(*layer.W.shape), weight=layer.W))
