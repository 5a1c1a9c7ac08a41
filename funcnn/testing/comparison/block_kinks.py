"""Blocks at kinks of a block-diagonal Jacobian: the slopes around x, of all these blocks together."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.comparison.comparison import Measurement
from funcnn.testing.differentiation.kinks import SAMPLES, Surroundings, contracted
from funcnn.testing.differentiation.vector_function import Direction


class AtKinks(NamedTuple):
    """By block: is it at a kink with a gradient inside the interval of slopes, or is its gradient not compared?"""

    inside: Array
    open: Array


def compare_at_kinks(
    measurement: Measurement, rows: Array, by: Array, slope: Array, analytic: Array, bound: Array, *, several: bool
) -> AtKinks:
    """The comparison of gradients, (block, cotangent), with slopes around x as x moves in a direction.

    `rows` are the outputs of each block, (block, output), and `slope` is the slope of each. `several` says that the
    direction moves several entries of a block.
    """
    function, noise = measurement.function, measurement.noise.of_smallest_steps
    shape, flat = rows.shape, rows.ravel()
    u = measurement.cotangents[:, flat].reshape(-1, *shape)
    gap = abs(analytic - (u * slope).sum(axis=2).T) / abs(u).max(axis=(1, 2))
    around = Surroundings(
        lambda x: function.value(x)[flat],
        function.x,
        Direction(np.arange(by.size), by),
        slope.ravel(),
        float(gap[gap > 0].min(initial=1.0)),
        noise[flat],
        function.rng,
        measurement.scale,
    )
    low, high, error, kink, jump = (a.reshape(shape) for a in around.interval(SAMPLES[0]))
    least, most = contracted(u, kink, slope, np.fmin(low, slope), np.fmax(high, slope))
    slack = bound + (abs(u) * np.where(kink, error, 0)).sum(axis=2).T
    inside = (least.T - slack <= analytic) & (analytic <= most.T + slack)
    left_out = {"subgradient": False, "hull": several, "skip": True}[measurement.options.at_kinks]
    kinked, unknown = (np.any(where, axis=1) for where in (kink, kink & (jump | left_out)))
    return AtKinks(kinked & inside.all(axis=1) & ~unknown, unknown)
