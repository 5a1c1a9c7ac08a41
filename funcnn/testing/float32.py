"""Gradients in float32: checked last, so that a lack of digits does not hide a wrong formula."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.constants import (
    EPS_32,
    FLOOR_32,
    GRADIENT_32,
    LARGEST_32,
    LARGEST_ARGUMENT_32,
    PERTURBATIONS_32,
    RESIDUE_32,
    SPREAD_32,
    VALUE_32,
)
from funcnn.testing.differentiation.rounding import distance_to_zero, perturbed
from funcnn.testing.differentiation.vector_function import VectorFunction, cotangent, sealed
from funcnn.testing.domain import OutsideDomainError
from funcnn.testing.numbers import entry_of, told_apart
from funcnn.testing.verdict import GradientError, Raised, RefusedDtype, WrongForFloat32


def check_float32(function: VectorFunction) -> None:
    """Check that gradients in float32 are near those in float64, if the values of f in both are near each other.

    Rounding to float32 may move the arguments to the edge of a domain. So an exception or nan counts only if it
    occurs at all nearby arguments.
    """
    if not all(_fits(function.args[i]) for i in function.floats):
        return
    narrow = tuple([sealed(a.astype(np.float32)) if a.dtype.kind == "f" else a for a in function.args])
    wide = function.fitted(tuple([sealed(a.astype(np.float64)) if a.dtype.kind == "f" else a for a in narrow]))
    try:
        out, exact = np.asarray(function.f(*narrow)), np.asarray(function.f(*wide))
    except GradientError:
        raise
    except Exception:  # noqa: BLE001  a function may refuse float32 by any exception
        return
    if out.dtype != np.float32 or out.shape != exact.shape or not np.isfinite(out).all():
        return
    dA = cotangent(function.rng, out)
    places = [(wide, narrow)]
    for _ in range(PERTURBATIONS_32):
        moved = function.fitted(tuple([perturbed(a, function.rng, EPS_32) if a.dtype.kind == "f" else a for a in wide]))
        places.append((moved, tuple([sealed(a.astype(b.dtype)) for a, b in zip(moved, narrow, strict=True)])))
    own = _gradients_or_error(function, narrow, dA)
    if not _near(out, exact):
        return
    near = [_gradients_or_error(function, args, dA.astype(exact.dtype)) for args, _ in places]
    nearby = [own] + [_gradients_or_error(function, args, dA) for _, args in places[1:]]
    if isinstance(own, Raised) and not any([isinstance(found, list) for found in nearby]):
        raise RefusedDtype(f"{own}, for float32 arguments") from own.__cause__
    if not all([isinstance(found, list) for found in near + nearby]):
        return
    distance = abs(out - exact).max(initial=0)  # the gradient is rounded at least as much as f
    size = float(abs(dA).ravel() @ np.maximum(abs(exact.ravel()), 1.0) * EPS_32 + abs(dA).sum() * distance)
    for i in function.floats:
        wanted, got = ([gradients[i].astype(np.float64) for gradients in found] for found in (near, nearby))
        _refuse_far(function.names[i], wanted, got, RESIDUE_32 * size / distance_to_zero(wide[i]))


def _fits(a: Array) -> bool:
    """Whether float32 can hold an array: no entry overflows when it is squared, and none becomes 0."""
    return bool(((abs(a) < LARGEST_ARGUMENT_32) & ((a == 0) | (a.astype(np.float32) != 0))).all())


def _gradients_or_error(function: VectorFunction, args: tuple[Array, ...], dA: Array) -> Any:
    """The gradients, or the error that says what vjp raised, or that the arguments lie outside the domain."""
    try:
        return function.vjp(args, dA)
    except (Raised, OutsideDomainError) as error:
        return error


def _near(a: Array, b: Array) -> bool:
    return bool((abs(a - b) <= VALUE_32 * abs(b).max(initial=FLOOR_32)).all())


def _refuse_far(name: str, wanted: list[Array], got: list[Array], residue: Array) -> None:
    """Refuse a gradient in float32 that is far off, by more than the spread of nearby gradients and cancellation."""
    low, high = np.minimum.reduce(wanted), np.maximum.reduce(wanted)
    size = np.maximum(abs(low), abs(high)).max(initial=0)
    if not size < LARGEST_32:
        return
    slack = SPREAD_32 * (high - low) + SPREAD_32 * np.ptp(got, axis=0) + GRADIENT_32 * size + residue
    lost = ~np.isfinite(got).any(axis=0)
    outside = np.where(lost, np.inf, np.maximum(low - got[0], got[0] - high) - slack)
    if (outside > 0).any():  # not where the slack is nan
        k = int(np.nan_to_num(outside, nan=-np.inf).argmax())
        narrow, wide = told_apart(got[0].flat[k], wanted[0].flat[k])
        raise WrongForFloat32(
            f"the gradient of {entry_of(name, k, low.shape)} is {narrow} in float32, but {wide} in float64"
        )
