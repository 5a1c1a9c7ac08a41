"""Functions with a wrong and a right vjp each, at fixed points, for testing a gradient checker."""

from . import (
    activations,
    contrasts,
    linear_algebra,
    losses,
    magnitudes,
    mixtures,
    physics,
    projections,
    reductions,
    scales,
    sequences,
    statistics,
    subtle,
    systems,
    windows,
)

CASES = (
    *activations.CASES,
    *contrasts.CASES,
    *linear_algebra.CASES,
    *losses.CASES,
    *magnitudes.CASES,
    *mixtures.CASES,
    *physics.CASES,
    *projections.CASES,
    *reductions.CASES,
    *scales.CASES,
    *sequences.CASES,
    *statistics.CASES,
    *subtle.CASES,
    *systems.CASES,
    *windows.CASES,
)
