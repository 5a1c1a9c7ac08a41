"""Comparison of a gradient along every direction: quickly for all, then more thoroughly for the undecided ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.bends import doubtful
from funcnn.testing.comparison.comparison import (
    SLOPES_IN_MEMORY,
    Comparison,
    Measurement,
    compare,
    first_slopes,
    measure,
)
from funcnn.testing.comparison.directions import MOST_ENTRIES, ProbeDirection, place_of, probes, single_entries
from funcnn.testing.comparison.finding import GradientFinding, certain_finding, may_be_certain, nonlinearity
from funcnn.testing.comparison.flat import flat
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.comparison.together import Restriction, restricted, tested_blocks
from funcnn.testing.comparison.tried import lengthened, small, tried
from funcnn.testing.differentiation.constants import FIRST_STEPS
from funcnn.testing.differentiation.vector_function import Direction, VectorFunction, rescaled
from funcnn.testing.options import Options


def gradient_statistics(function: VectorFunction, options: Options) -> Statistics:
    """The statistics, if no gradient is wrong; otherwise raises a GradientError.

    If arguments are extreme, the gradient is compared in units that fit them, and as it is if that does not decide.
    """
    statistics = Statistics()
    if not (function.out.size and function.x.size):
        return statistics
    for own in filter(None, (rescaled(function), function)):
        found = _compared(own, function, options)
        statistics = statistics.joined(found)
        every = {leaf for leaf, _, shape in function.places() if prod(shape)}
        if every <= statistics.telling and function.x.size <= MOST_ENTRIES:  # so that no entry was left out
            break
    return statistics


def _compared(function: VectorFunction, plain: VectorFunction, options: Options) -> Statistics:
    """The statistics of a function, which may be `plain` in other units; then blocks are not sought."""
    statistics = Statistics(function.gradient_unit)
    measurement = measure(function, options)
    tested = tested_blocks(measurement) if function is plain else []
    for one in tested:
        statistics.count_blocks(function, one)
    if some := restricted(measurement, tested):
        _check_suspects(function, some, statistics)
    suspected = len(statistics.findings)
    done = [one.blocks.leaf for one in tested if suspected or one.decided]
    coupled = [k for one in tested for k in one.blocks.entries_of(np.array(one.coupled, int)).tolist()]
    alone = single_entries(function, ProbeDirection("", None, Direction(np.array(coupled, int), np.array(coupled))))
    _check_all(measurement, [*alone, *probes(function, done)], statistics)
    if statistics.findings:
        if some and suspected:
            measurement, statistics.findings = some.restored(measurement, statistics.findings, suspected)
        if function is not plain:
            measurement, statistics.findings = _without_units(plain, measurement, statistics.findings)
        from funcnn.testing.comparison.explanation import gradient_error  # noqa: PLC0415  only a failure needs it

        raise gradient_error(measurement, statistics)
    return statistics


def _check_suspects(function: VectorFunction, some: Restriction, statistics: Statistics) -> None:
    """Add the directions of a restriction, whose entries have the names that they have in the whole function."""

    def named(probe: ProbeDirection) -> ProbeDirection:
        if probe.entry is None:
            return probe
        return probe._replace(entry=place_of(function, int(some.entries[probe.direction.where[0]]))[1])

    every = [*probes(some.measurement.function)]
    _check_all(some.measurement, [probe for probe in every if probe.entry is not None], statistics, named)
    if not statistics.findings:
        _check_all(some.measurement, [probe for probe in every if probe.entry is None], statistics, named)


def _check_all(
    measurement: Measurement,
    every: Sequence[ProbeDirection],
    statistics: Statistics,
    named: Callable[[ProbeDirection], ProbeDirection] = lambda probe: probe,
) -> None:
    """Add directions, in blocks that fit into memory."""
    every = sorted(map(named, every), key=lambda probe: probe.entry is None)
    before = len(statistics.findings)
    at_once = max(1, SLOPES_IN_MEMORY // (2 * len(FIRST_STEPS) * measurement.function.out.size))
    for start in range(0, len(every), at_once):
        _check_some(measurement, every[start : start + at_once], statistics)
    findings, unknown = statistics.findings[before:], _unknown(measurement)
    if findings and all([finding.probe.entry is None for finding in statistics.findings]):
        # In a joint direction a small entry moves little; alone it is measured more precisely.
        for probe in single_entries(measurement.function, findings[0].probe):
            _check_thoroughly(measurement, named(probe), statistics, unknown, np.zeros(unknown.shape, bool))
        if statistics.reasons["stairs"]:  # then no slope along several entries is known either
            statistics.findings = [finding for finding in statistics.findings if finding.probe.entry is not None]


def _without_units(
    function: VectorFunction, measurement: Measurement, findings: Sequence[GradientFinding]
) -> tuple[Measurement, list[GradientFinding]]:
    """The measurement, and findings in it, in the units of the function itself."""
    gradients = np.array([function.gradient(function.x.copy(), dA) for dA in measurement.cotangents])
    plain = attrs.evolve(measurement, function=function, gradients=gradients)
    return plain, [finding.without_units(measurement.function, gradients) for finding in findings]


def _check_some(measurement: Measurement, some: Sequence[ProbeDirection], statistics: Statistics) -> None:
    """Add some directions, which are measured together, those of single entries first."""
    slopes = first_slopes(measurement, some)
    first, deviation, measured = compare(measurement, some, slopes), _unknown(measurement), False
    settled = first.settled
    if measurement.options.casts:  # then no report names errors that are tolerated
        settled = settled | first.tolerated(measurement.options.tolerance)
    decided = _decided(measurement, some, first, settled)
    for k, probe in enumerate(some):
        found = first.of(k)
        if settled[k].all() and decided[k].all():
            statistics.count(probe, found, settled[k], decided[k])
            continue
        alone = any(finding.probe.entry is not None for finding in statistics.findings)
        if probe.entry is None:
            if not alone:  # otherwise the message speaks of single entries
                _check_thoroughly(measurement, probe, statistics, deviation, decided[k])
            continue
        if not measured and may_be_certain(found).any():
            deviation, measured = nonlinearity(measurement, some, slopes), True
        certain = alone and not small(measurement.function, probe)
        if certain and (finding := certain_finding(measurement, probe, found, deviation)):
            statistics.findings.append(finding)
        elif alone and (settled[k].all() or doubtful(found).any()):
            # Many second checks would only make a message longer.
            statistics.count(probe, found, settled[k], decided[k])
            statistics.undecided[probe.leaf] += not settled[k].all()
        else:
            _check_thoroughly(measurement, probe, statistics, deviation, decided[k])


def _decided(measurement: Measurement, some: Sequence[ProbeDirection], found: Comparison, settled: Array) -> Array:
    """Which pairs, (probe, cotangent), are settled by a visible slope, or of an output that is flat along an entry."""
    entries = [k for k, probe in enumerate(some) if probe.entry is not None]
    counted = measurement.counted
    faint = found.faint[entries] & counted
    moving = lengthened(measurement.function, [some[k].direction for k in entries])
    decided = settled.copy()
    decided[entries] = (settled[entries] & ~faint) | flat(measurement, moving, faint) | ~counted
    return decided


def _unknown(measurement: Measurement) -> Array:
    return np.full(len(measurement.cotangents), np.inf)


def _check_thoroughly(
    measurement: Measurement, probe: ProbeDirection, statistics: Statistics, deviation: Array, decided: Array
) -> None:
    one = tried(measurement, probe, deviation, decided, thorough=not statistics.findings)
    finding, settled = one.outcome.finding, one.outcome.settled
    if finding and finding.distance <= measurement.options.tolerance * finding.size:
        statistics.tolerate(finding)
    elif finding:
        statistics.findings.append(finding)
    elif probe.entry is not None and not settled.all():
        statistics.undecided[probe.leaf] += 1
    statistics.count(one.probe, one.shown, settled, one.decided, one.outcome.kink)
    if not settled.all():
        statistics.count_undecided(one.found, settled, one.slopes, one.outcome)
