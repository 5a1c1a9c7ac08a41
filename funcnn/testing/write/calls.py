"""Calls of a function with arrays that are drawn, as values and as source."""

from __future__ import annotations

import re
from typing import Any

import attrs
import numpy as np

from funcnn.testing.write.evidence import Interval

STRUCTURES = {
    "symmetric": "({x} + {x}.swapaxes(-1, -2)) / 2",
    "positive definite": "np.tanh({x}) @ np.tanh({x}).swapaxes(-1, -2) + np.eye({x}.shape[-1])",
    "lower triangular": "np.tril(np.tanh({x}), -1) + 2.0 * np.eye({x}.shape[-1])",
    "upper triangular": "np.triu(np.tanh({x}), 1) + 2.0 * np.eye({x}.shape[-1])",
    "simplex": "np.exp(np.tanh({x})) / np.exp(np.tanh({x})).sum(-1, keepdims=True)",
}
MARGIN = 0.1  # chosen: the distance from an end of an interval, of 2 or of its length


@attrs.frozen
class DrawnArray:
    """An array that is drawn: its name and its shape; `source` moves it, {x}, to where it must be."""

    name: str
    shape: str
    source: str = "{x}"
    interval: Interval | None = None
    structure: str = ""

    def inside(self, interval: Interval | None) -> DrawnArray:
        """The array moved into an interval."""
        return attrs.evolve(self, interval=interval, source=inside(interval))


@attrs.frozen
class GuessedCall:
    """A call: the arrays that are drawn, and the source of each argument, with the names of arrays.

    `guessed` says in words what neither annotations nor the docstring say.
    """

    arrays: tuple[DrawnArray, ...]
    arguments: tuple[str, ...]
    least: int = 1
    guessed: tuple[str, ...] = ()

    def is_constant(self, source: str) -> bool:
        """Whether the source of an argument names no array."""
        return not {one.name for one in self.arrays}.intersection(re.findall(r"\w+", source))

    def sizes(self) -> dict[str, int]:
        """A size for each name, all of them different."""
        names = {name for one in self.arrays for name in one.shape.split() if not name.isdecimal()}
        return {name: i + 2 for i, name in enumerate(sorted(names))}

    def sources(self) -> dict[str, str]:
        """The source of each array, by name, where it is not the array that was drawn."""
        first = self.arrays[0].name if self.arrays else ""
        return {one.name: one.source.format(x=one.name, first=first) for one in self.arrays if one.source != "{x}"}

    def drawn(self, rng: np.random.Generator, sizes: dict[str, int], scale: float | None) -> list[Any]:
        """Arguments; numbers are normal of a scale, or between 0.1 and 0.9 without one."""
        shapes = [[int(sizes.get(n, n)) for n in one.shape.split()] for one in self.arrays]
        fill = [
            rng.uniform(0.1, 0.9, s) if scale is None else np.asarray(scale * rng.standard_normal(s)) for s in shapes
        ]
        found = dict(zip([one.name for one in self.arrays], fill, strict=True))
        found.update({name: np.asarray(_value(source, found)) for name, source in self.sources().items()})
        return [_value(source, found) for source in self.arguments]


def _value(source: str, names: dict[str, Any]) -> Any:
    return eval(source, {"np": np}, names)  # noqa: S307  the sources above


def inside(interval: Interval | None) -> str:
    """The source of an array that is moved into an interval."""
    if interval is None:
        return "{x}"
    low, high = interval
    if high is None:
        return f"{low + MARGIN:g} + abs({{x}})" if low is not None else "{x}"
    if low is None:
        return f"{high - MARGIN:g} - abs({{x}})"
    half = (high - low) / 2
    centre = f"{(high + low) / 2:g} + " if high != -low else ""
    return f"{centre}{half * (1 - MARGIN / 2):g} * np.tanh({{x}})"
