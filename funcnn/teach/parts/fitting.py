"""The wrong backward passes whose gradients are those of the learner."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.activations import inner_slopes, maxima, overwritten
from funcnn.teach.parts.extras import extra_slopes, late_factors, multiplied
from funcnn.teach.parts.paths import paths, rounds, uses
from funcnn.teach.parts.products import other_gradients, other_values, products, updated
from funcnn.teach.parts.reverse import Run
from funcnn.teach.parts.sums import ends, sums
from funcnn.teach.parts.trace import FunctionTrace
from funcnn.teach.parts.wrong import Wrong
from funcnn.teach.tutor.draws import Draw
from funcnn.teach.tutor.view import same

CLOSE = 1e-8  # chosen: both gradients are exact but for rounding errors
MOST_WORK = 60_000  # chosen: operations that are gone through backward for the first comparisons, about 2 s
LEAST = 1e-3  # chosen: a factor that is closer to 1 is a matter of precision
EVERY = (
    paths,
    uses,
    rounds,
    inner_slopes,
    maxima,
    overwritten,
    sums,
    ends,
    products,
    extra_slopes,
    late_factors,
    multiplied,
    other_values,
    other_gradients,
    updated,
)


class Case(NamedTuple):
    """A cotangent in a draw: the run, dA, and the right and the learner's gradients by the index of the argument."""

    run: Run
    dA: Array  # noqa: N815  dA is its name everywhere
    right: dict[int, Array]
    own: dict[int, Array]


Cases = list[Case]
Fits = dict[int, dict[str, str]]


def parts_that_fit(draws: Sequence[Draw], wrong: Sequence[int], trace: FunctionTrace, names: Sequence[str]) -> Fits:
    """For each wrong argument, the names of mistakes in a part of f that give its gradient, each with its details.

    If one mistake gives the gradients of all arguments, those that give only some of them are left out.
    """
    trace = without_shifts(trace, draws[0].function.args)
    cases = [case for draw in draws for case in _cases(draw, trace, names)]
    found: Fits = {i: {} for i in wrong}
    whole: dict[str, str] = {}
    for one in _tried(cases, names):
        fits = _fitting(one, cases, trace.floats, wrong)
        several = {*fits.values()}
        if len(fits) == len(wrong) and len(several) == 1 and _leaves_others(one, cases, trace.floats, wrong):
            whole.setdefault(*several.pop())
        for i, (name, detail) in fits.items():
            found[i].setdefault(name, detail)
    return {i: dict(whole) for i in wrong} if whole else found


def _cases(draw: Draw, trace: FunctionTrace, names: Sequence[str]) -> Iterator[Case]:
    run = Run(trace, trace.values(draw.function.args), names)
    known = {i: learner.samples for i, learner in draw.gradients.items() if learner is not None}
    for k, (dA, _) in enumerate(next(iter(known.values()), [])):
        right = dict(zip(trace.floats, run.backward(dA), strict=True))
        yield Case(run, dA, right, {i: samples[k][1] for i, samples in known.items()})


def _tried(cases: Cases, names: Sequence[str]) -> Iterator[Wrong]:
    """The wrong backward passes, as many as there is time for."""
    for tried, one in enumerate(chain(*[maker(case.run, names) for maker in EVERY for case in cases[:1]])):
        if tried * len(cases[0].run.trace.program) > MOST_WORK:
            return
        yield one


def without_shifts(trace: FunctionTrace, args: Sequence[Array]) -> FunctionTrace:
    """The trace in which a largest entry has no gradient, if none reaches an argument: a softmax subtracts it first."""
    run = Run(trace, trace.values(args))
    dA = np.random.default_rng(0).standard_normal(run.values[trace.out].shape)
    right = run.backward(dA)
    extrema = [place for place, one in trace.operations if one.name == "maximum_of" and place in trace.moving]
    still = []
    for place in extrema:
        made = run.backward(dA, {place: lambda run, site: []})
        still += [place] if all([same(a, b, CLOSE) for a, b in zip(made, right, strict=True)]) else []
    return attrs.evolve(trace, still=frozenset(still))


def _leaves_others(one: Wrong, cases: Cases, floats: Sequence[int], wrong: Sequence[int]) -> bool:
    """Whether the other gradients, which are right, stay right."""
    for run, dA, right, _ in cases[:2]:
        made = dict(zip(floats, run.backward(dA, one.rules), strict=True))
        if not all([same(made[i], right[i], CLOSE) for i in floats if i not in wrong]):
            return False
    return True


def _fitting(one: Wrong, cases: Cases, floats: Sequence[int], wrong: Sequence[int]) -> dict[int, tuple[str, str]]:
    """The arguments whose gradients the wrong rules give in every case, with the name and its details."""
    alive: dict[int, float | None] = {i: None for i in wrong if i in cases[0][3]}
    for run, dA, right, own in cases:
        try:
            with np.errstate(all="ignore"):
                made = dict(zip(floats, run.backward(dA, one.rules), strict=True))
        except (ValueError, IndexError, TypeError):  # shapes that do not fit
            return {}
        for i in [*alive]:
            is_there, c = _compared(one, right[i], made[i], own[i], alive[i])
            if not is_there:
                del alive[i]
            else:
                alive[i] = c
        if not alive:
            return {}
    return {i: _named(one, c) for i, c in alive.items()}


def _compared(one: Wrong, right: Array, made: Array, own: Array, before: float | None) -> tuple[bool, float | None]:
    """Whether the gradient is the learner's, and the factor with which it is."""
    if one.product_of is not None:
        return same((right - made) * made, own, CLOSE), None
    if not (one.is_scaled or one.any_amount):
        return same(made, own, CLOSE), None
    c = _factor(right, made, own)
    if c is not None and not one.any_amount and not _is_usual(c, right.shape + made.shape + own.shape):
        return False, None
    if c is None or abs(c - 1) < (LEAST**2 if one.any_amount else LEAST):
        return False, None
    return before is None or abs(c - before) < 1e-6 * (1 + abs(c)), c


def _is_usual(c: float, lengths: Sequence[int]) -> bool:
    """Whether a factor is one that a rule may have too much: a small number, a length, a root or an inverse of these.

    A negative factor other than -1 is two mistakes.
    """
    if c < -(LEAST**2) and abs(c + 1) >= LEAST**2:
        return False
    usual = {0.0, *range(1, 11), *lengths, *[a * b for a in lengths for b in lengths]}
    every = [d for one in usual for d in (one, one**0.5)]
    return any([abs(abs(c) - d) < LEAST**2 * (1 + d) or abs(abs(c) * d - 1) < LEAST**2 for d in every])


def _named(one: Wrong, c: float | None) -> tuple[str, str]:
    if one.any_amount or c is None or abs(c) < LEAST**2:
        return one.name, one.detail
    return ("sign", one.detail) if abs(c + 1) < LEAST**2 else ("factor", f"{c:.4g} times, {one.detail}")


def _factor(right: Array, without: Array, own: Array) -> float | None:
    """The factor c of the part that is left out, with which the gradient is the learner's; None if there is none."""
    part = right - without
    size = float((part * part).sum())
    if own.shape != right.shape or size <= (1e-9 * abs(right).max(initial=0)) ** 2:
        return None
    c = 1 + float(((own - right) * part).sum()) / size
    return c if same(right + (c - 1) * part, own, CLOSE) else None
