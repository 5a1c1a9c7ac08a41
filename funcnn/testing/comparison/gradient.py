"""Comparison of a gradient along every direction: quickly for all, then more thoroughly for the undecided ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.certain import certain_finding, nonlinearity
from funcnn.testing.comparison.comparison import (
    Measurement,
    compare,
    compare_complex,
    first_slopes,
    measure,
    refined_slopes,
)
from funcnn.testing.comparison.directions import Probe, probes, single_entries
from funcnn.testing.comparison.explanation import gradient_error
from funcnn.testing.comparison.second_checks import check_again
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.differentiation.constants import FIRST_STEPS, SLOPES_IN_MEMORY
from funcnn.testing.differentiation.vector_function import VectorFunction
from funcnn.testing.options import Options


def check_gradient(function: VectorFunction, options: Options, name: str, source: str) -> Statistics:
    """The statistics, if no gradient is wrong; otherwise raises a GradientError."""
    statistics = Statistics()
    if not (function.out.size and function.x.size):
        return statistics
    measurement = measure(function, options)
    every = sorted(probes(function), key=lambda probe: probe.entry is None)
    at_once = max(1, SLOPES_IN_MEMORY // (2 * len(FIRST_STEPS) * function.out.size))
    for start in range(0, len(every), at_once):
        _check_some(measurement, every[start : start + at_once], statistics)
    findings, unknown = statistics.findings, _unknown(measurement)
    if findings and all([finding.probe.entry is None for finding in findings]):
        # In a joint direction a small entry moves little; alone it is measured more precisely.
        for probe in single_entries(function, findings[0].probe):
            _check_thoroughly(measurement, probe, statistics, unknown)
    if findings:
        raise gradient_error(measurement, name, findings, source)
    return statistics


def _check_some(measurement: Measurement, some: Sequence[Probe], statistics: Statistics) -> None:
    """Add some directions, which are measured together, those of single entries first."""
    slopes = first_slopes(measurement, some)
    first, deviation, measured = compare(measurement, some, slopes), _unknown(measurement), False
    for k, probe in enumerate(some):
        found = first.of(k)
        if found.settled.all():
            statistics.count(probe, found, found.settled)
            continue
        alone = any(finding.probe.entry is not None for finding in statistics.findings)
        if probe.entry is None:
            if not alone:  # otherwise the message speaks of single entries
                _check_thoroughly(measurement, probe, statistics, deviation)
            continue
        if not measured and found.wrong.any():
            deviation, measured = nonlinearity(measurement, some, slopes), True
        if alone and (finding := certain_finding(measurement, probe, found, deviation)):
            statistics.findings.append(finding)
        else:
            _check_thoroughly(measurement, probe, statistics, deviation)


def _unknown(measurement: Measurement) -> Array:
    return np.full(len(measurement.cotangents), np.inf)


def _check_thoroughly(measurement: Measurement, probe: Probe, statistics: Statistics, deviation: Array) -> None:
    probe, quotients, slopes = refined_slopes(measurement, probe)
    outcome = check_again(measurement, probe, quotients, slopes, deviation, thorough=not statistics.findings)
    found, settled = compare(measurement, [probe], slopes).of(0), outcome.settled
    finding = outcome.finding
    if finding and finding.distance <= measurement.options.tolerance * finding.size:
        statistics.tolerate(finding)
    elif finding:
        statistics.findings.append(finding)
    elif not settled.all():
        found = compare_complex(measurement, probe, slopes)
        settled = settled | found.settled
    statistics.count(probe, found, settled, outcome.kink)
    if not settled.all():
        statistics.count_undecided(found, settled, slopes, left_out=bool(outcome.left_out.any()))
