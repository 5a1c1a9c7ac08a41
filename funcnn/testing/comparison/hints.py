"""Hints: what the wrong entries of a gradient have in common, at the arguments of the check and at other arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from math import ceil, log10, prod

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.comparison.directions import MOST_ENTRIES
from funcnn.testing.comparison.draws import (
    NEARLY_RIGHT,
    SHARED_BOUNDS,
    ComparedDraw,
    draw_of,
    given_draw,
    other_draws,
    place,
    reads_one_triangle,
    redrawn,
)
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.differentiation.vector_function import VectorFunction, generator

SHARED = 1e-9  # chosen: a factor, an offset or an order is common to entries up to this relative difference
VISIBLE_FACTOR = 100  # chosen: a factor is named if the largest numeric value is more than so many times its error
SINGLE = 1e-5  # chosen: a gradient computed in float32 is right to five digits
NEARLY_RIGHT_ELSEWHERE = 1e-2  # chosen: an error that is below NEARLY_RIGHT here may be larger at other arguments
Others = Callable[[], Sequence[ComparedDraw]]
Holds = Callable[[Array, Array, Array], bool]  # of analytic values, numeric values, and the errors of these


def hints(
    measurement: Measurement, leaf: str, findings: Sequence[GradientFinding], undecided: int, every: str
) -> Iterator[str]:
    """The hints about an argument that hold at its given entries, and where it is drawn again."""
    start, shape = place(measurement.function, leaf)
    tested = prod(shape) <= MOST_ENTRIES and not undecided
    given = given_draw(measurement, leaf, findings, tested=tested)
    others = cache(lambda: [*other_draws(measurement, leaf, given)])  # drawn where a hint holds at the given entries
    known = bool(np.isfinite(given.numeric[given.wrong]).all())
    off = max([f.distance / f.size if f.size else np.inf for f in findings])
    relation = known and _relation(measurement, leaf, findings, given, others)
    if relation := relation or (known and _solver(measurement, off, given, others)):
        yield every + relation
    if tested and known:
        yield from _order(given, others)
        hint, apart = measurement.options.limits.hints.get(leaf), given.analytic - given.numeric.reshape(shape)
        error = SHARED_BOUNDS * given.error.max() + SHARED * abs(apart)
        right_along = hint and (abs(apart + np.swapaxes(apart, -1, -2)) <= error).all()  # symmetric directions
        if hint and right_along and reads_one_triangle(measurement.function, start, shape):
            yield hint
    if tested and given.x.size > 1:
        yield from _sign(leaf, given, others)


def _relation(
    measurement: Measurement, leaf: str, findings: Sequence[GradientFinding], given: ComparedDraw, others: Others
) -> str:
    """A factor, a missing precision or an offset that analytic and numeric values share, within the numeric error."""
    single, first = measurement.function.out.size == 1, findings[0]
    a, n, error = given.numbers(given.wrong)
    if not single:  # then the message shows the numbers of another cotangent
        shown = np.array([[first.analytic], [first.numeric], [SHARED_BOUNDS * first.bound]])
        a, n, error = np.hstack([shown / first.probe.direction.by[0], [a, n, error]])
    error = np.full(error.shape, error.max())
    with np.errstate(all="ignore"):
        factor, off, offset = _factor(a, n), float(abs(a / n - 1).max()), float((a - n).mean())
    digits = float(error[0] / abs(n).max() + SHARED) if n.any() else SHARED
    visible = bool((abs(n) > VISIBLE_FACTOR * error).all())

    def holds(relation: Holds, *, of_all: bool = False) -> bool:
        return relation(a, n, error) and _elsewhere(relation, others(), of_all=of_all)

    factors: Callable[[ComparedDraw, float], bool] = lambda draw, by: _elsewhere(_has_factor(by, digits), [draw])
    if holds(lambda a, *_: not a.any()):
        text = "analytic is 0"
    elif off <= SINGLE and holds(_is_single, of_all=True):
        text = "analytic has no more digits than float32 holds"
    elif off <= NEARLY_RIGHT:  # a constant has too few digits, or there is no relation
        text = f"right to a relative error of {off:.0e}" if visible and holds(_has_factor(factor, digits)) else ""
    elif visible and holds(_has_factor(factor, digits)):
        text = f"analytic = {factor:.6g} x numeric{size_clause(measurement, leaf, factor, digits, factors)}"
    elif single and holds(_has_offset(offset, digits)):
        text = f"analytic = numeric {'-' if offset < 0 else '+'} {abs(offset):.6g}"
    elif visible and holds(_has_some_factor):
        text = f"analytic = c x numeric, where c depends on the arguments; here it is {factor:.6g}"
    elif single and holds(_has_some_offset):
        text = f"analytic = numeric + c, where c depends on the arguments; here it is {offset:.6g}"
    else:
        text = ""
    return text


def _factor(a: Array, n: Array) -> float:
    most = abs(n).argmax()
    return float(a[most] / n[most])


def _has_factor(factor: float, digits: float) -> Holds:
    """The relation a = factor n, up to a relative error."""
    return lambda a, n, e: bool(
        (abs(a - factor * n) <= e * abs(factor) + digits * abs(a)).all() and (abs(n) > VISIBLE_FACTOR * e).any()
    )


def _has_offset(offset: float, digits: float) -> Holds:
    """The relation a = n + offset, up to a relative error of the offset."""
    return lambda a, n, e: bool((abs(a - n - offset) <= e + digits * abs(offset)).all())


def _has_some_factor(a: Array, n: Array, e: Array) -> bool:
    return a.size > 1 and _has_factor(_factor(a, n), SHARED)(a, n, e)


def _has_some_offset(a: Array, n: Array, e: Array) -> bool:
    return a.size > 1 and _has_offset(float((a - n).mean()), SHARED)(a, n, e)


def _solver(measurement: Measurement, off: float, given: ComparedDraw, others: Others) -> str:
    """A question if all entries are nearly right, as where f solves equations up to a tolerance of its own.

    One small entry that is wrong by all of its size is a mistake: a solver errs in large entries too.
    """
    a, n, _ = given.numbers(given.wrong)
    if not (abs(a - n) <= NEARLY_RIGHT * abs(n)).any():
        return ""
    if not (off <= NEARLY_RIGHT_ELSEWHERE and _elsewhere(_is_near, others(), of_all=True)):
        return ""
    question = f"; does f iterate until a tolerance? tolerance=1e{ceil(log10(2 * off))}"
    return f"right to {off:.0e} of the largest entry{'' if measurement.options.oracle else question}"


def _is_single(a: Array, n: Array, e: Array) -> bool:
    return bool((a == a.astype(np.float32)).all() and (abs(a - n) <= SINGLE * abs(n) + e).all())


def _is_near(a: Array, n: Array, e: Array) -> bool:
    return bool((abs(a - n) <= NEARLY_RIGHT_ELSEWHERE * abs(n).max() + e).all())


def _elsewhere(holds: Holds, others: Sequence[ComparedDraw], *, of_all: bool = False) -> bool:
    """Whether a relation holds for the wrong entries of other draws, or for all entries; some of them are needed."""
    numbers = [draw.numbers(draw.wrong | of_all) for draw in others]
    some = [each for each in numbers if each[0].size]
    return bool(some) and all([holds(*each) for each in some])


def _order(given: ComparedDraw, others: Others) -> Iterator[str]:
    """A hint if the numbers are right, but at the wrong positions."""
    shape, numeric = given.analytic.shape, given.numeric
    if given.wrong.sum() < 2 or np.allclose(given.analytic.ravel(), numeric, rtol=NEARLY_RIGHT, atol=0):
        return
    ways: list[tuple[str, Callable[[Array], Array]]] = [
        (f"reversed along axis {axis}", partial(np.flip, axis=axis)) for axis in range(len(shape))
    ]
    if shape[-1:] == shape[-2:-1]:
        ways.append(("transposed", lambda a: np.swapaxes(a, -1, -2)))

    def close(draw: ComparedDraw, way: Callable[[Array], Array]) -> bool:
        error = SHARED_BOUNDS * draw.error.max(initial=0)
        return np.allclose(way(draw.analytic).ravel()[draw.places], draw.numeric, rtol=SHARED, atol=error)

    def elsewhere(holds: Callable[[ComparedDraw], bool]) -> bool:
        return any([draw.wrong.any() for draw in others()]) and all(map(holds, others()))

    for what, way in ways:
        if close(given, way) and elsewhere(partial(close, way=way)):
            yield f"analytic is numeric {what}"
            return
    in_order = np.sort(numeric)[np.argsort(np.argsort(given.analytic, axis=None))]
    if close(given._replace(numeric=in_order), np.asarray) and elsewhere(_permuted):
        yield "analytic holds the numeric entries in another order"


def _permuted(draw: ComparedDraw) -> bool:
    """Whether each numeric value is one of the analytic ones."""
    apart = abs(draw.analytic.reshape(-1, 1) - draw.numeric).min(axis=0)
    return bool((apart <= SHARED_BOUNDS * draw.error + SHARED * abs(draw.numeric)).all())


def _sign(leaf: str, given: ComparedDraw, others: Others) -> Iterator[str]:
    """A hint if entries are wrong where x has a sign, and right elsewhere."""
    for what, has in (("is 0", np.equal), ("is negative", np.less), ("is positive", np.greater)):
        if given.wrong.all() or not _exactly(given, has):
            continue
        there = [has(draw.x.ravel()[draw.places], 0)[draw.wrong | draw.right] for draw in others()]
        every = np.concatenate([np.zeros(0, bool), *there])
        if every.any() and not every.all() and all([_exactly(draw, has, partly=True) for draw in others()]):
            yield f"wrong exactly where {leaf} {what}"


def _exactly(draw: ComparedDraw, has: Callable[[Array, float], Array], *, partly: bool = False) -> bool:
    """Whether the entries with a sign are wrong and the others right; `partly` leaves out undecided ones."""
    there, decided = has(draw.x.ravel()[draw.places], 0), draw.wrong | draw.right
    return bool((partly or decided.all()) and (there == draw.wrong)[decided].all())


def size_clause(
    measurement: Measurement, leaf: str, ratio: float, error: float, has_factor: Callable[[ComparedDraw, float], bool]
) -> str:
    """The size that a factor follows when axes become longer by 1, as a clause of a sentence; empty if there is none.

    A factor of 2 and an axis of size 2 are often a coincidence, so f is called with larger arrays. `has_factor` says
    whether the wrong entries of a draw have a factor.
    """
    function, rng = measurement.function, generator(measurement.function.args)
    for size, axis, larger in _sizes(function):
        for text, power in (("1/n", -1), ("n", 1)):
            if abs(abs(ratio) - float(size) ** power) > error * float(size) ** power:
                continue
            longer = [np.pad(a, [(0, int(n == axis)) for n in np.shape(a)] or 0, "wrap") for a in function.args]
            wanted = np.copysign(float(larger) ** power, ratio)
            if any(
                [has_factor(draw, float(wanted)) for draw in draw_of(measurement, redrawn(function, longer, rng), leaf)]
            ):
                return f", which is {'-' if ratio < 0 else ''}{text}, where n = {size} is a size of an array"
    return ""


def _sizes(function: VectorFunction) -> Iterator[tuple[int, int, int]]:
    """Each size of an axis or an array, a size of axes that may become longer by 1, and the size after that."""
    shapes = [a.shape for a in (*function.args, function.out)]
    axes = sorted({n for shape in shapes for n in shape if n > 1})
    yield from [(n, n, n + 1) for n in axes]
    for shape in dict.fromkeys(shape for shape in shapes if len(shape) > 1):
        yield from [(prod(shape), n, prod([m + (m == n) for m in shape])) for n in axes if n in shape]
