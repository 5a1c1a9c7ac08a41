"""Factors where they do not belong: slopes of other functions, factors that come too late, paths that are multiplied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.regions import Region, regions, slope_of
from funcnn.teach.parts.reverse import Contributions, Rule, Run, Site
from funcnn.teach.parts.rules import pulled_back, summed
from funcnn.teach.parts.wrong import Local, Wrong, at_edge, edges

OWN: tuple[tuple[str, Callable[[Array], Array]], ...] = (
    ("a (1 - a), as of a sigmoid", lambda a: a * (1 - a)),
    ("1 - a^2, as of tanh", lambda a: 1 - a**2),
    ("1 where it is positive, as of the Relu", lambda a: (a > 0) * 1.0),
)


def extra_slopes(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """The gradient of an argument times a slope of its own, or of a function on another path of it."""
    trace = run.trace
    parts = [one for one in regions(trace, run.values) if one.is_elementwise]
    for group, j in edges(trace):
        place = trace.operation(group[0]).args[j]
        of = f"{trace.name(place, names)}, on the path from `{trace.code(group[0])}`"
        for region in [one for one in parts if one.u == place and one.v != group[0]]:
            slope = slope_of(run, region)
            if np.ptp(slope) > 1e-9 * abs(slope).max():
                what = f"the slope of {trace.name(region.v, names)} in the gradient of {of}"
                yield Wrong("slope too much", what, dict.fromkeys(group, at_edge(j, _times_slope(j, region))))
        if place in trace.floats:
            for text, slope_at in OWN:
                rules = dict.fromkeys(group, at_edge(j, _times(j, slope_at)))
                yield Wrong("slope too much", f"{text}, in the gradient of {of}", rules)


def _times(j: int, slope_at: Callable[[Array], Array]) -> Local:
    def local(run: Run, site: Site) -> Array | None:
        part = pulled_back(run.trace.operation(site.place), j, site.args, site.out, site.g)
        return None if part is None else part * slope_at(site.args[j])

    return local


def _times_slope(j: int, region: Region) -> Local:
    return lambda run, site: _times(j, lambda _: slope_of(run, region))(run, site)


def late_factors(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """A factor that comes after a normalisation or a softmax has its place before the sums of the backward pass."""
    trace = run.trace
    for region in regions(trace, run.values):
        for place, j in trace.uses[region.v]:
            one = trace.operation(place)
            if one.name == "multiply" and not region.is_elementwise and one.args[1 - j] not in {region.u, region.v}:
                what = f"{trace.name(one.args[1 - j], names)}, for the gradient of {trace.name(region.u, names)}"
                rules = {place: at_edge(j, _alone(j)), region.v: _late(region, one.args[1 - j])}
                yield Wrong("factor too late", what, rules)


def _alone(j: int) -> Local:
    return lambda run, site: summed(site.g * np.ones_like(site.out), site.args[j].shape)


def _late(region: Region, factor: int) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        return [(region.u, run.between(region.u, region.v, site.g) * run.values[factor])]

    return rule


def multiplied(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """The gradients of the two uses of an argument are multiplied."""
    trace = run.trace
    for i in trace.floats:
        if len({user for user, _ in trace.uses[i]}) == 2:
            first = max(user for user, _ in trace.uses[i])
            what = f"those of the uses of {trace.name(i, names)}"
            yield Wrong("paths multiplied", what, {first: _as_factor(i, first)}, product_of=i)


def _as_factor(i: int, first: int) -> Rule:
    """The rule that leaves out the gradient of a use; it is the other factor."""
    return lambda run, site: [(k, part) for k, part in run.right(site) if k != i]
