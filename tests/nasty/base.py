"""The form of a nasty function, and the strategies of its arguments."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import attrs
import numpy as np
from hypothesis import strategies as st

from funcnn import Array
from funcnn.testing import strategies as fst

Pair = tuple[Callable[..., Array], Callable[[tuple[Any, ...], Array], Sequence[Any]]]
Fill = Callable[[np.random.Generator, tuple[int, ...]], Array]


def fitted(pair: Pair) -> Pair:
    """The pair, with float gradients cast to the dtypes of their arguments, which may be float32."""
    f, vjp = pair

    def cast(gradient: Any, arg: Array) -> Any:
        is_other = isinstance(gradient, np.ndarray) and gradient.dtype != arg.dtype
        return gradient.astype(arg.dtype) if is_other else gradient

    def fitted_vjp(args: tuple[Any, ...], dA: Array) -> Sequence[Any]:
        return [cast(gradient, arg) for gradient, arg in zip(vjp(args, dA), args, strict=True)]

    return f, fitted_vjp


@attrs.frozen
class Nasty:
    """A correct function that finite differences find hard.

    Its vjp is the derivative, up to the rounding that its arguments make inevitable. At a kink the gradient of every
    output is a member of Clarke's subdifferential of that output; at a jump it is the slope on one of the sides.
    """

    name: str
    why: str
    arguments: st.SearchStrategy[tuple[Array, ...]]
    pair: Pair = attrs.field(converter=fitted)
    decidable: bool = True  # at some of its arguments; at others rounding or jumps may hide every slope
    options: dict[str, Any] = attrs.field(factory=dict)  # of the check: what f takes, and what it leaves open


def each(value: Callable[[Array], Array], slope: Callable[[Array], Array]) -> Pair:
    """The pair of an elementwise function."""
    return value, lambda args, dA: (dA * slope(args[0]),)


def drawn(make: Callable[[np.random.Generator], tuple[Array, ...]]) -> st.SearchStrategy[tuple[Array, ...]]:
    """The values that `make` draws from one seed."""
    return st.integers(0, 2**32 - 1).map(lambda seed: make(np.random.default_rng(seed)))


def arrays(fill: Fill, *shapes: str, least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[Array, ...]]:
    """Arrays whose shapes are named sizes, as those of `fst.tensors`, filled from one seed."""
    names = sorted({name for shape in shapes for name in shape.split() if not name.isdecimal()})

    def filled(sizes: dict[str, int], seed: int) -> tuple[Array, ...]:
        rng = np.random.default_rng(seed)
        return tuple([fill(rng, tuple([int(sizes.get(n, n)) for n in shape.split()])) for shape in shapes])

    return st.builds(filled, fst.dims(*names, least=least, most=most), st.integers(0, 2**32 - 1))


def nasty(name: str, why: str) -> Callable[..., Nasty]:
    """A row of a table: `nasty(name, why)(arguments, pair)`."""
    return partial(Nasty, name, why)


def elementwise(name: str, why: str) -> Callable[..., Nasty]:
    """A row for an elementwise function: `elementwise(name, why)(fill, value, slope, shape)`."""

    def made(fill: Fill, value: Any, slope: Any, shape: str = "n", *, most: int = 4, **others: Any) -> Nasty:
        return Nasty(name, why, arrays(fill, shape, most=most), each(value, slope), **others)

    return made


def normal(mean: float = 0.0, scale: float = 1.0) -> Fill:
    return lambda rng, shape: np.asarray(mean + scale * rng.standard_normal(shape))


def between(low: float, high: float) -> Fill:
    return lambda rng, shape: np.asarray(rng.uniform(low, high, shape))


def among(*pool: float) -> Fill:
    """Entries from these numbers alone, so that there are many ties."""
    return lambda rng, shape: np.asarray(rng.choice(np.array(pool), shape))


def decades(low: int, high: int, *, signed: bool = True, around: float = 0.0) -> Fill:
    """`around` plus numbers of magnitude 10^low to 10^high, each decade equally likely."""

    def fill(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        sign = rng.choice([-1.0, 1.0], shape) if signed else 1.0
        return np.asarray(around + sign * 10.0 ** rng.uniform(low, high, shape))

    return fill


def mixed(*fills: Fill) -> Fill:
    """Every entry from one of these fills, each equally likely."""

    def fill(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        which = rng.integers(0, len(fills), shape).astype(np.intp)
        return np.asarray(np.choose(which, [one(rng, shape) for one in fills]))

    return fill
