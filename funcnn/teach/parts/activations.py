"""Mistakes in a part that is a function of one value: an activation, a softmax, a normalisation, a maximum."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.formulas import KNOWN, Formula, Known, Sums, deviation
from funcnn.teach.parts.regions import Region, diagonal_of, regions, slope_of
from funcnn.teach.parts.reverse import Contributions, Rule, Run, Site
from funcnn.teach.parts.rules import positions_of
from funcnn.teach.parts.wrong import Wrong, at_edge
from funcnn.teach.tutor.view import same

Part = Callable[[Run, Region, Array], Array]


def inner_slopes(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """The slope of a part is missing, at another point, reversed, or taken from dA."""
    every = [*regions(run.trace, run.values)]
    for found in _in_each_round(run, every):
        yield from _by_formula(run, found, run.trace.name(found[0].v, names))
    for found in _in_each_round(run, every):
        region = found[0]
        what = f"{run.trace.name(region.v, names)}"
        if region.is_elementwise and _is_whole(run, region, every):
            slope = slope_of(run, region)
            if np.ptp(slope) <= 1e-9 * abs(slope).max():
                continue
            yield _wrong("slope missing", f"of {what}", found, lambda run, region, g: g)
            yield _wrong("slope at out", f"of {what}", found, _slope_at(lambda run, region, g: run.values[region.v]))
            yield _wrong("slope of dA", f"of {what}", found, _slope_at(lambda run, region, g: g))
            g = np.random.default_rng(0).standard_normal(slope.shape)
            if not same(
                _alone(run, region, 2 * g), 2 * _alone(run, region, g)
            ):  # else a factor is missing, as 2 dA for 2 u dA
                yield _wrong("slope of dA", f"of {what}, and is not multiplied by dA", found, _alone)
            yield _wrong("wrong slope", f"the value {what} in place of its slope", found, _by_value)
            if np.unique(slope.round(9)).size == 2:
                yield _wrong("branch reversed", f"of {what}", found, _reversed)
            for inner in [one for one in every if one.u == region.u and one.v < region.v and one.is_elementwise]:
                of = f"only the slope of {run.trace.name(inner.v, names)} in place of that of {what}"
                yield _wrong("wrong slope", of, found, _of_inner(inner))


def _of_inner(inner: Region) -> Part:
    return lambda run, region, g: g * slope_of(run, inner)


def _is_whole(run: Run, region: Region, every: list[Region]) -> bool:
    """Whether a part has a name in the code, or is no part of a larger one of the same value."""
    one = run.trace.operation(region.v)
    is_part = any([other.u == region.u and other.v > region.v and other.is_elementwise for other in every])
    return bool(one and one.variable) or run.trace.is_last(region.v) or not is_part


def _by_formula(run: Run, found: list[Region], part: str) -> Iterator[Wrong]:
    region, u, v = found[0], run.values[found[0].u], run.values[found[0].v]
    g = np.random.default_rng(0).standard_normal(v.shape)
    right = run.between(region.u, region.v, g)
    every = [axes for n in range(1, v.ndim + 1) for axes in combinations(range(v.ndim), n)]
    for axes in region.axes[:1] or ((),):
        own = Sums(axes)
        for known in KNOWN:
            if known.is_elementwise != region.is_elementwise or not same(known.right(u, v, g, own), right, 1e-9):
                continue
            for name, detail, formula in known.wrong:
                yield _wrong(name, detail, found, _formula(formula, own))
            if known.by_out is not None:
                yield from _by_other_value(run, found, known.name, known.by_out)
            if axes:
                yield _wrong(
                    "diagonal only", f"of {known.name}", found, lambda run, region, g: g * diagonal_of(run, region)
                )
                yield _wrong("slope missing", f"of {known.name}", found, lambda run, region, g: g)
                for other in [other for other in every if other != axes]:
                    yield _wrong(
                        "wrong sum",
                        f"over axis {_list(other)} in place of axis {_list(axes)}, of {known.name}",
                        found,
                        _formula(known.right, Sums(other)),
                    )
                    yield _wrong(
                        "wrong sum",
                        f"over axis {_list(other)} in place of axis {_list(axes)}, of {known.name}",
                        found,
                        _formula(_with_own_deviation(known, own), Sums(other)),
                    )
                if v.ndim == 2 and len(axes) == 1 and v.shape[0] == v.shape[1]:
                    yield _wrong(
                        "missing keepdims",
                        f"in the sum over axis {_list(axes)} of {known.name}",
                        found,
                        _formula(known.right, Sums(axes, keepdims=False)),
                    )


def _by_other_value(run: Run, found: list[Region], of: str, by_out: Callable[[Array], Array]) -> Iterator[Wrong]:
    """The slope of an activation as a formula of its output, given another value of the program."""
    shape = run.values[found[0].v].shape
    for w, value in enumerate(run.values):
        if (
            value.dtype.kind == "f"
            and value.shape == shape
            and w not in {found[0].u, found[0].v}
            and len(found) == 1
            and not run.trace.is_inner(w)
        ):
            what = f"{run.trace.name(w, run.names)} in place of {run.trace.name(found[0].v, run.names)} in the slope of {of}"
            yield _wrong("wrong value", what, found, _of_value(by_out, w))


def _of_value(by_out: Callable[[Array], Array], w: int) -> Part:
    return lambda run, region, g: g * by_out(run.values[w])


def _with_own_deviation(known: Known, own: Sums) -> Formula:
    """The formula of a normalisation with its own deviation, and means over other axes."""
    if known.name != "a normalisation":
        return known.right
    return lambda u, v, g, k: (g - k.mean(g) - v * k.mean(g * v)) / deviation(u, v, own)


def _list(axes: Sequence[int]) -> str:
    return " and ".join(map(str, axes))


def _formula(formula: Formula, sums: Sums) -> Part:
    return lambda run, region, g: formula(run.values[region.u], run.values[region.v], g, sums)


def _slope_at(where: Part) -> Part:
    def part(run: Run, region: Region, g: Array) -> Array:
        moved = run.at(region.u, region.v, where(run, region, g))
        return g * slope_of(moved, region)

    return part


def _alone(run: Run, region: Region, g: Array) -> Array:
    return slope_of(run.at(region.u, region.v, g), region)


def _by_value(run: Run, region: Region, g: Array) -> Array:
    return g * run.values[region.v]


def _reversed(run: Run, region: Region, g: Array) -> Array:
    slope = slope_of(run, region)
    return g * (slope.min() + slope.max() - slope)


def _in_each_round(run: Run, found: list[Region]) -> Iterator[list[Region]]:
    """Regions between the same lines, one for each round of a loop."""
    group_of = {place: k for k, group in enumerate(run.trace.groups) for place in group}
    together: dict[tuple[int, int], list[Region]] = {}
    for region in found:
        key = group_of.get(region.u, -1 - region.u), group_of[region.v]
        together.setdefault(key, []).append(region)
    yield from together.values()


def _wrong(name: str, detail: str, found: list[Region], part: Part) -> Wrong:
    return Wrong(name, detail, {region.v: _jump(region, part) for region in found})


def _jump(region: Region, part: Part) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        return [(region.u, part(run, region, site.g))]

    return rule


def overwritten(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """Of entries that are taken several times, only the gradient that was written last is there."""
    trace = run.trace
    for place, one in trace.operations:
        if place in trace.moving and one.name in {"take", "view"} and one.args[0] in trace.moving:
            of = f"`{trace.code(place)}` takes entries several times"
            yield Wrong("missing sum", of, {place: at_edge(0, _assigned)})


def _assigned(run: Run, site: Site) -> Array:
    one = run.trace.operation(site.place)
    made = np.zeros(site.args[0].size)
    made[positions_of(one, site.args, site.out.shape).ravel()] = site.g.ravel()
    return made.reshape(site.args[0].shape)


def maxima(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """The gradient of a maximum goes to all entries, or to others than the largest ones."""
    trace = run.trace
    for place, one in trace.operations:
        if place in trace.moving and one.name in {"maximum_of", "minimum_of"}:
            axes = tuple(one.settings["axes"])
            of = f"of `{trace.code(place)}`"
            for name, detail, rule in _OF_MAXIMUM:
                yield Wrong(name, detail + of, {place: _spread(axes, rule)})


_OF_MAXIMUM = (
    ("max to all", "", lambda x, out, g: g * np.ones_like(x)),
    ("max to all", "in equal parts, ", lambda x, out, g: g * np.ones_like(x) * (out.size / x.size)),
    ("wrong slope", "the maximum in place of 1, ", lambda x, out, g: g * (x == out) * x),
    ("wrong slope", "1 where x is positive, in place of 1 at the maximum, ", lambda x, out, g: g * (x > 0)),
)


def _spread(axes: tuple[int, ...], part: Callable[..., Array]) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        i = run.trace.operation(site.place).args[0]
        out, g = [np.expand_dims(a.reshape(site.out.shape), axes) for a in (site.out, site.g)]
        return [(i, part(site.args[0], out, g))]

    return rule
