"""A function of several arrays and its vjp as functions of one vector, and directions in which that vector moves."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import attrs
import numpy as np
from numpy.typing import NDArray

SMALLEST_MAGNITUDE = 1e-290  # derived: the smallest step, 2^-48 times it, is above the denormal numbers
# Derived: beside numbers above 2^53, 1 vanishes; with a margin. Below it, x - mean(x) cancels, as in layer norm at 1e8.
# Numbers below 2^-53 vanish beside 1; larger ones lose digits there, which only steps of 1 show, as in log(1 + x^2).
EXTREMES = (-60, 64)
LARGEST_EXTREME = 960  # derived: 2^-960 times a number of 53 digits is no denormal number

Array = NDArray[Any]
Value = Callable[[Array], Array]  # a function of one vector, whose value is one vector
Vjp = Callable[[tuple[Any, ...], Any], Sequence[Any]]


class Direction(NamedTuple):
    """Which entries of x move, and how far for a step of 1."""

    where: Array
    by: Array

    def moved(self, x: Array, h: float) -> Array:
        """X after a step of h."""
        if self.where.size == x.size:
            return x + h * self.by
        x = x.copy()
        x[self.where] += h * self.by
        return x


def computed(f: Callable[[Any], Any], *, init: bool = False) -> Any:
    """A field whose value, if it is not given, is computed from the fields before it."""
    return attrs.field(init=init, default=attrs.Factory(f, takes_self=True))


@attrs.frozen(eq=False)
class VectorFunction:
    """`f(*args)` and `vjp(args, dA)` at `args`, whose floats are float64; `out` is f(*args).

    `floats` are the indices of the arguments that have gradients, and `x` holds all their entries, one after the other.
    `rng` follows from `args`, so that a failure replays. Arguments move through `fitted`, which leaves `args` as they
    are; `pulled_back(args, gradients)` are the gradients of f(*fitted(args)) if those of f are `gradients`. `x` and
    `out` are in units of powers of two: of `exponents`, one for each argument, and of `out_exponent`.
    """

    f: Callable[..., Any]
    vjp: Vjp
    args: tuple[Array, ...]
    names: tuple[str, ...]
    out: Array
    fitted: Callable[[tuple[Array, ...]], tuple[Array, ...]] = lambda args: args
    pulled_back: Callable[[tuple[Array, ...], Sequence[Any]], Sequence[Any]] = lambda _, gradients: gradients
    shown: Callable[[Array], Any] = np.asarray  # a cotangent as the caller's vjp takes it
    exponents: tuple[int, ...] = computed(lambda self: (0,) * len(self.args), init=True)
    out_exponent: int = 0
    floats: tuple[int, ...] = computed(lambda self: tuple([i for i, a in enumerate(self.args) if a.dtype.kind == "f"]))
    x_exponent: Array = computed(  # by entry of x
        lambda self: np.concatenate([np.full(self.args[i].size, self.exponents[i]) for i in self.floats])
    )
    x: Array = computed(
        lambda self: sealed(np.ldexp(np.concatenate([self.args[i].ravel() for i in self.floats]), -self.x_exponent))
    )
    rng: np.random.Generator = computed(lambda self: generator(self.args))
    _spans: tuple[tuple[int, slice, tuple[int, ...]], ...] = attrs.field(init=False)

    @_spans.default
    def _entries(self) -> tuple[tuple[int, slice, tuple[int, ...]], ...]:
        spans, start = [], 0
        for i in self.floats:
            stop = start + self.args[i].size
            spans.append((i, slice(start, stop), self.args[i].shape))
            start = stop
        return tuple(spans)

    def arguments(self, x: Array) -> tuple[Array, ...]:
        """The arguments whose entries are x, fitted and read-only."""
        return self.fitted(self._unfitted(x))

    def _unfitted(self, x: Array) -> tuple[Array, ...]:
        x = x * np.ldexp(1.0, self.x_exponent) if any(self.exponents) else x.copy()
        x.flags.writeable = False
        args = list(self.args)
        for i, span, shape in self._spans:
            args[i] = x[span].reshape(shape)
        return tuple(args)

    def value(self, x: Array) -> Array:
        """The outputs at x, one after the other; nan where f raises an exception."""
        try:
            out = np.asarray(self.f(*self.arguments(x)))
        except Exception:  # noqa: BLE001  a step may leave the domain of f, and any exception may say so
            return np.full(self.out.size, np.nan)
        if out.shape != self.out.shape:
            return np.full(self.out.size, np.nan)
        return np.ldexp(out.ravel().astype(np.float64, copy=False), -self.out_exponent)

    def complex_value(self, x: Array) -> Array:
        """The outputs at a complex x; nan where f does not take complex numbers."""
        try:
            out = np.asarray(self.f(*self.arguments(x)))
        except Exception:  # noqa: BLE001  most functions are written for real numbers
            return np.full(self.out.size, complex(np.nan, np.nan))
        fits = out.shape == self.out.shape and out.dtype.kind == "c"
        unit = 2.0**-self.out_exponent
        return out.ravel() * unit if fits else np.full(self.out.size, complex(np.nan, np.nan))

    def gradient(self, x: Array, dA: Array) -> Array:
        """The gradient at x for the cotangent dA, one entry after the other."""
        args = self._unfitted(x)
        gradients = self.pulled_back(args, self.vjp(self.fitted(args), sealed(dA.reshape(self.out.shape))))
        found = np.concatenate([np.asarray(gradients[i], np.float64).ravel() for i in self.floats])
        return np.ldexp(found, self.x_exponent - self.out_exponent)

    def gradient_or_nan(self, x: Array, dA: Array) -> Array:
        """The gradient at an x that the checker made; nan where vjp raises an exception."""
        try:
            return self.gradient(x, dA)
        except Exception:  # noqa: BLE001  such an x may lie outside the domain of vjp
            return np.full(self.x.size, np.nan)

    @property
    def one(self) -> float:
        """The number 1 in the unit of out."""
        return float(np.ldexp(1.0, -self.out_exponent))

    @property
    def large(self) -> Array:
        """By entry of x: whether its argument is extremely large."""
        return np.concatenate([np.full(self.args[i].size, _exponent(self.args[i]) > 0) for i in self.floats])

    @property
    def gradient_unit(self) -> Array:
        """By entry of x: the unit of a gradient."""
        return np.ldexp(1.0, self.out_exponent - self.x_exponent)

    def places(self) -> Iterator[tuple[str, int, tuple[int, ...]]]:
        """For every float argument its name, where its entries begin in x, and its shape."""
        for i, span, shape in self._spans:
            yield self.names[i], span.start, shape


def rescaled(function: VectorFunction) -> VectorFunction | None:
    """The same function in units in which the largest entries of its arguments and its value are about 1.

    None if no argument is extreme. Steps of 1, and errors relative to 1, then fit f. Powers of two are exact; None too
    if entries differ by so much that the smallest ones would lose digits.
    """
    exponents, e = tuple([_exponent(a) for a in function.args]), _exponent(function.out)
    units = zip((*function.args, function.out), (*exponents, e), strict=True)
    if not any(exponents) or not all(
        [np.array_equal(np.ldexp(np.ldexp(a, -n), n), a, equal_nan=True) for a, n in units if n]
    ):
        return None
    out = sealed(np.ldexp(function.out.astype(np.float64), -e))
    return attrs.evolve(function, out=out, exponents=exponents, out_exponent=e)


def _exponent(a: Array) -> int:
    """The power of two of the largest entry, if it is extreme; else 0."""
    e = int(np.frexp(abs(a).max(initial=0))[1]) if a.dtype.kind == "f" else 0
    low, high = EXTREMES
    return 0 if low <= e <= high else max(-LARGEST_EXTREME, min(e, LARGEST_EXTREME))


def step_scales(x: Array) -> Array:
    """The unit of the steps of each entry: its magnitude, at least 1, rounded up to a power of two."""
    return 2.0 ** np.ceil(np.log2(np.where(np.isfinite(x), np.maximum(1.0, abs(x)), 1.0)))


def magnitudes(x: Array) -> Array:
    """The magnitude of each entry, rounded up to a power of two; for 0, 1.

    A unit for joint steps: each entry moves in proportion to itself, so that a step for a large entry does not move a
    small entry across 0.
    """
    return np.where((x == 0) | ~np.isfinite(x), 1.0, 2.0 ** np.ceil(np.log2(np.clip(abs(x), SMALLEST_MAGNITUDE, None))))


def generator(args: Sequence[Array]) -> np.random.Generator:
    """A random generator whose seed is computed from the arguments, so that a failure can be replayed."""
    digest = hashlib.blake2b(digest_size=8)
    for a in args:
        digest.update(np.ascontiguousarray(a).tobytes())
    return np.random.default_rng(list(digest.digest()))


def each_float(f: Callable[[Array], Any], arrays: Iterable[Array]) -> tuple[Any, ...]:
    """The arrays, with f of each one that holds floats in its place."""
    return tuple([f(a) if a.dtype.kind == "f" else a for a in arrays])


def wide(arrays: Iterable[Array]) -> tuple[Array, ...]:
    """The arrays, with floats in float64; read-only copies."""
    return tuple([sealed(a.astype(np.float64) if a.dtype.kind == "f" else a) for a in arrays])


def sealed(a: Array) -> Array:
    """A read-only copy."""
    a = np.array(a)
    a.flags.writeable = False
    return a


def cotangent(rng: np.random.Generator, out: Array) -> Array:
    """A random cotangent: numbers of few bits, exact in every dtype, and none near 0."""
    return sealed((rng.integers(128, 385, out.shape) / 256 * rng.choice([-1.0, 1.0], out.shape)).astype(out.dtype))
