"""Structure of a backward pass: shapes, purity, linearity, independence of the memory layout.

These checks are cheap, so they run before the numbers are compared. A function that writes to its arguments has no
derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from funcnn.arrays import Array, freeze
from funcnn.testing.differentiation.constants import EPS
from funcnn.testing.differentiation.rounding import (
    cancellation_rounding,
    distance_to_zero,
    gradient_change,
    gradient_noise,
    size_of_terms,
)
from funcnn.testing.differentiation.vector_function import VectorFunction, cotangent, each_float, sealed
from funcnn.testing.memory import check_aliases, check_writes
from funcnn.testing.numbers import change, contrast
from funcnn.testing.options import Options
from funcnn.testing.purity import FirstResults, equal, value_or_none
from funcnn.testing.verdict import NotDeterministic, NotLinear, NotPure, Raised, RefusedLayout, WrongForLayout

LINEARITY_ROUNDING = 64  # calibrated: margin on the rounding of a gradient
ROUGH = 1e-3  # chosen: relative error of a gradient that was computed in a narrower dtype than asked for
LINEARITY = 1e-6  # chosen: relative to the largest entry; linear maps that are computed in float32 keep to it
LINEARITY_FLOOR = 1e-290  # chosen: products of smaller numbers are denormal and lose their digits
BESIDE = 1e-6  # chosen: relative distance of the arguments that decide whether a tie explains a difference of layouts

Rounding = Callable[[], list[Any]]
Check = Callable[[], None]


def structure_checks(results: FirstResults, other_dA: Array, options: Options) -> Iterator[Check]:
    """The checks of structure that follow `first_results`, each of which raises a GradientError."""
    function, dA = results.function, results.dA
    rounding = cache(lambda: _rounding(function, dA, ROUGH if options.casts else 0.0))  # computed at the first call
    if options.purity:
        yield lambda: check_writes(results)
    if not options.aliasing:
        yield lambda: check_aliases(results)
    yield lambda: _check_linearity(function, dA, other_dA, results.copies, rounding)
    if options.layouts:
        yield lambda: _check_layouts(function, dA, rounding)


def first_results(function: VectorFunction, options: Options) -> tuple[FirstResults, Array]:
    """Check that a result depends on nothing but the arguments of its call.

    What f and vjp gave first is returned, and another cotangent. A mistake that is found here makes other checks moot.
    """
    args, out, tolerance = function.args, function.out, options.nondeterministic
    dA, other_dA = (cotangent(function.rng, out) for _ in range(2))
    kept = [a.copy() for a in args]
    returned = function.f(*args) if options.purity else out
    results = FirstResults(function, dA, returned, function.vjp(args, dA), tolerance)
    if not options.purity:
        return results, other_dA
    if not equal(returned, out, tolerance):
        raise NotPure(f"vjp changes what f returned before: {change('out', out, returned)}")
    gradients, check_same = results.gradients, results.check_same
    results.keep(function.vjp(args, other_dA))
    check_same(gradients, "vjp changes a gradient that it returned before, when it is called with another dA")
    check_same(function.vjp(args, dA), "vjp gives another result when it is called again", NotDeterministic)
    what = "vjp gives another result after {} was called with other arguments"
    others = list(_other_arguments(function))
    check_same(function.vjp(args, dA), what.format("f"))
    for other in others:
        value_or_none(function.vjp, other, dA)
    check_same(function.vjp(args, dA), what.format("it"))
    for name, a, b in zip(function.names, args, kept, strict=True):
        if not equal(a, b):
            raise NotPure(f"f or vjp changes its arguments: {change(name, b, a)}")
    return results, other_dA


def _other_arguments(function: VectorFunction) -> Iterator[tuple[Array, ...]]:
    """Arguments at which f was called: two kinds, since a function that caches may compare shapes or sums.

    Where f is not finite, nearer arguments follow, since f may store its arguments only inside its domain. Rolled
    arguments come first: a roll does not change an array of one entry, and the last call must be at other arguments.
    """
    moves: list[Callable[[Array], Array]] = [lambda a: a + 1, lambda a: a / 2, lambda a: a * (1 + BESIDE)]
    for ways in ([lambda a: np.roll(a, 1)], moves):
        for way in ways:
            other = function.fitted(tuple(map(sealed, each_float(way, function.args))))
            out = value_or_none(function.f, *other)
            yield other
            if out is not None and np.shape(out) == function.out.shape and np.isfinite(out).all():
                break


def _rounding(function: VectorFunction, dA: Array, rough: float) -> list[Any]:
    """The rounding error of each gradient, None for an argument that has none; at least `rough` times its largest."""
    x = function.x
    hidden = EPS * abs(dA).sum() / distance_to_zero(x)  # terms of size 1 may cancel
    entries = gradient_change(function.gradient_or_nan, x, dA, function.rng)
    entries = entries + cancellation_rounding(size_of_terms(function.value, function.out, x), x, dA) + hidden
    noise = gradient_noise(function.gradient_or_nan, x, dA, function.rng.spawn(1)[0])
    entries = entries + LINEARITY_ROUNDING * np.where(np.isfinite(noise), noise, 0)
    entries = entries + (rough and rough * abs(function.gradient(x.copy(), dA)).max(initial=0))
    found: list[Any] = [None] * len(function.args)
    for i, (_, start, shape) in zip(function.floats, function.places(), strict=True):
        found[i] = entries[start : start + prod(shape)].reshape(shape)
    return found


def _check_linearity(
    function: VectorFunction, dA: Array, other_dA: Array, first: Sequence[Any], rounding: Rounding
) -> None:
    """Check that backward(0) = 0, backward(c dA) = c backward(dA), backward(dA + dB) = backward(dA) + backward(dB)."""
    args = function.args
    for c in (0.0, 2.0, -1.0, 2.0**30, 2.0**-30):
        scaled = function.vjp(args, sealed(np.asarray(c * dA, dA.dtype)))
        wanted = [None if g is None else c * g for g in first]
        what = f"vjp of {c:g} dA is not {c:g} times vjp of dA" if c else "vjp of a dA of zeros is not zero"
        if abs(c) > 1:
            wanted = _where_finite(scaled, wanted)
        _check_linear(function, scaled, wanted, abs(c), rounding, what)
    second = function.vjp(args, other_dA)
    total = function.vjp(args, sealed(dA + other_dA))
    sums = _where_finite(total, [None if a is None else a + b for a, b in zip(first, second, strict=True)])

    def lost() -> list[Any]:  # a sum that cancels keeps the errors of its terms
        parts = zip(rounding(), first, second, strict=True)
        return [None if a is None else r + LINEARITY / LINEARITY_ROUNDING * _size(a - b) for r, a, b in parts]

    _check_linear(function, total, sums, 1.0, lost, "vjp of a sum of cotangents is not the sum of vjp of each")


def _where_finite(got: Sequence[Any], wanted: Sequence[Any]) -> list[Any]:
    """`wanted`, with nan where it or `got` is not finite: a larger cotangent may make intermediate numbers overflow."""
    return [
        None if a is None else np.where(np.isfinite(a) & np.isfinite(b), b, np.nan)
        for a, b in zip(got, wanted, strict=True)
    ]


def _check_linear(
    function: VectorFunction, got: Sequence[Any], wanted: Sequence[Any], scale: float, rounding: Rounding, message: str
) -> None:
    for i, (name, a, b) in enumerate(zip(function.names, got, wanted, strict=True)):
        if a is not None and differ_by_more(a, b) and differ_by_more(a, b, LINEARITY_ROUNDING * scale * rounding()[i]):
            raise NotLinear(f"{message}: the gradient of {contrast(name, a, b)}")


def differ_by_more(a: Array, b: Array, rounding: Any = 0.0) -> bool:
    """Whether a and b differ by more than a millionth of the largest entry, and by more than rounding errors."""
    return bool((abs(a - b) > LINEARITY * _size(b) + rounding + LINEARITY_FLOOR).any())  # NaN compares as equal here


def _size(a: Array) -> float:
    return float(np.where(np.isfinite(a), abs(a), 0).max(initial=0))


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "Fortran-ordered": np.asfortranarray,
    "reversed": lambda a: np.ascontiguousarray(a[::-1])[::-1],
    "strided": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
}


def in_layout(layout: str, a: Array) -> Array:
    """The same entries in another layout of memory, read-only."""
    return freeze(LAYOUTS[layout](a) if a.ndim else a)


def _check_layouts(function: VectorFunction, dA: Array, rounding: Rounding) -> None:
    """Check that gradients do not depend on the memory layout of the cotangent or of an argument."""
    same = np.broadcast_to(dA.ravel()[:1].reshape((1,) * dA.ndim) if dA.size else dA, dA.shape)
    pairs = [(what, dA, in_layout(what, dA)) for what in LAYOUTS if dA.ndim] + [("broadcast", sealed(same), same)]
    for layout, plain, other in pairs:
        wanted = function.vjp(function.args, plain)
        if _differ(_of_layout(function, function.args, other, f"a {layout} dA"), wanted, rounding):
            raise WrongForLayout(f"vjp gives another result for a {layout} dA of the same entries")
    for layout in LAYOUTS:

        def arranged(args: tuple[Array, ...], layout: str = layout) -> tuple[Array, ...]:
            return each_float(partial(in_layout, layout), args)

        # Rounding may break a tie differently for each layout, which is not a mistake: arguments beside the tie decide.
        beside = function.arguments(function.x * (1 + BESIDE * function.rng.uniform(-1, 1, function.x.size)))
        wanted = function.vjp(function.args, dA)
        if not _differ(_of_layout(function, arranged(function.args), dA, f"{layout} arguments"), wanted, rounding):
            continue
        pair = [value_or_none(function.vjp, args, dA) for args in (arranged(beside), beside)]
        if all(found is not None for found in pair) and _differ(pair[0], pair[1], rounding):
            raise WrongForLayout(f"vjp gives another result for {layout} arguments of the same entries")


def _of_layout(function: VectorFunction, args: tuple[Array, ...], dA: Array, layout: str) -> list[Any]:
    try:
        return list(function.vjp(args, dA))
    except Raised as error:
        raise RefusedLayout(f"{error}, for {layout}") from error.__cause__


def _differ(a: Sequence[Any], b: Sequence[Any], rounding: Rounding) -> bool:
    pairs = [(i, p, q) for i, (p, q) in enumerate(zip(a, b, strict=True)) if p is not None]
    return any(differ_by_more(p, q) and differ_by_more(p, q, LINEARITY_ROUNDING * rounding()[i]) for i, p, q in pairs)
