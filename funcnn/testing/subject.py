"""The function under test and its vjp, seen as one function of one vector: all entries of all float arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array

Vjp = Callable[[tuple[Any, ...], Any], Sequence[Any]]


class Direction(NamedTuple):
    """Which entries of x move, and how far for a step of 1."""

    where: Array
    by: Array

    def moved(self, x: Array, h: float) -> Array:
        """X after a step of h."""
        x = x.copy()
        x[self.where] += h * self.by
        return x


@attrs.frozen(eq=False)
class Subject:
    """`f(*args)` and `vjp(args, dA)` at `args`, whose floats are float64; `out` is the value there."""

    f: Callable[..., Any]
    vjp: Vjp
    args: tuple[Array, ...]
    names: tuple[str, ...]
    out: Array

    @property
    def floats(self) -> list[int]:
        """Which arguments have gradients."""
        return [i for i, a in enumerate(self.args) if a.dtype.kind == "f"]

    @property
    def x(self) -> Array:
        """Every entry of every float argument, one after the other."""
        return np.concatenate([self.args[i].ravel() for i in self.floats])

    def arguments(self, x: Array) -> tuple[Array, ...]:
        """The arguments whose entries are x, read-only."""
        x.flags.writeable = False
        args, start = list(self.args), 0
        for i in self.floats:
            shape, size = self.args[i].shape, self.args[i].size
            args[i] = x[start : start + size].reshape(shape)
            start += size
        return tuple(args)

    def value(self, x: Array) -> Array:
        """The outputs at x, one after the other; nan where f is not defined and says so by raising."""
        try:
            out = np.asarray(self.f(*self.arguments(x)))
        except Exception:  # noqa: BLE001  a step may leave the domain, and f say so in its own way
            return np.full(self.out.size, np.nan)
        if out.shape != self.out.shape:
            return np.full(self.out.size, np.nan)
        return out.ravel().astype(np.float64, copy=False)

    def complex_value(self, x: Array) -> Array:
        """The outputs at a complex x; nan where f does not know such numbers."""
        try:
            out = np.asarray(self.f(*self.arguments(x)))
        except Exception:  # noqa: BLE001  most functions were never meant for this
            return np.full(self.out.size, complex(np.nan, np.nan))
        fits = out.shape == self.out.shape and out.dtype.kind == "c"
        return out.ravel() if fits else np.full(self.out.size, complex(np.nan, np.nan))

    def gradient(self, x: Array, dA: Array) -> Array:
        """The gradient at x for the cotangent dA, one entry after the other."""
        gradients = self.vjp(self.arguments(x), sealed(dA.reshape(self.out.shape)))
        return np.concatenate([np.asarray(gradients[i], np.float64).ravel() for i in self.floats])

    def places(self) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """Of every float argument its name, where its entries begin in x, and its shape."""
        start = 0
        for i in self.floats:
            yield self.names[i], start, self.args[i].shape
            start += self.args[i].size


def scales(x: Array) -> Array:
    """The natural size of a step for each entry: its magnitude, at least 1, rounded up to a power of two."""
    return 2.0 ** np.ceil(np.log2(np.where(np.isfinite(x), np.maximum(1.0, abs(x)), 1.0)))


def proportions(x: Array) -> Array:
    """The magnitude of each entry, rounded up to a power of two: a step that takes a large one a little way must not
    fling a small one across 0. For 0, 1.
    """
    return np.where((x == 0) | ~np.isfinite(x), 1.0, 2.0 ** np.ceil(np.log2(np.clip(abs(x), 1e-150, None))))


def generator(args: Sequence[Array]) -> np.random.Generator:
    """Random numbers that follow from the arguments, so that a failure replays."""
    digest = hashlib.blake2b(digest_size=8)
    for a in args:
        digest.update(np.ascontiguousarray(a).tobytes())
    return np.random.default_rng(list(digest.digest()))


def sealed(a: Array) -> Array:
    """A read-only copy."""
    a = np.array(a)
    a.flags.writeable = False
    return a
