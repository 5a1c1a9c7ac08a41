"""Gradients in float32, and in float16 if it was given: checked last, since few digits would hide a wrong formula."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.differentiation.constants import EPS_32
from funcnn.testing.differentiation.rounding import distance_to_zero, perturbed
from funcnn.testing.differentiation.vector_function import VectorFunction, cotangent, each_float, sealed, wide
from funcnn.testing.domain import OutsideDomainError
from funcnn.testing.numbers import entry_of, told_apart
from funcnn.testing.verdict import GradientError, Raised, RefusedDtype, WrongForFloat16, WrongForFloat32

PERTURBATIONS = 4  # calibrated, as those of gradients in float64
SPREAD = 8  # calibrated: margin on the changes of a gradient under perturbed arguments


@attrs.frozen(kw_only=True)
class Narrow:
    """A dtype narrower than float64. Without a comment, a number says the same of each dtype."""

    dtype: type[np.floating[Any]]
    eps: float
    largest_argument: float  # chosen: squares of larger numbers overflow, or nearly
    largest: float  # chosen: so do products of a larger gradient
    value: float  # where the values of f differ by more, relative to the largest one, gradients are not compared
    floor: float  # chosen: but not relative to less than this
    gradient: float  # allowed, relative to the largest entry
    residue: float  # margin on the rounding error left by cancelled terms


# Chosen: 645 right functions with 12 examples each pass; residue is calibrated.
FLOAT32 = Narrow(
    dtype=np.float32,
    eps=EPS_32,
    largest_argument=1e18,
    largest=1e30,
    value=1e-3,
    floor=1e-30,
    gradient=2e-4,
    residue=64,
)
# Calibrated: of 686 right functions with 15 examples each, the two whose exp overflows in float16 are reported.
FLOAT16 = Narrow(
    dtype=np.float16,
    eps=2.0**-10,
    largest_argument=2.0**7,
    largest=1e3,
    value=1e-2,
    floor=1e-4,
    gradient=2e-2,
    residue=8,
)
ERRORS = {FLOAT32: WrongForFloat32, FLOAT16: WrongForFloat16}


def check_narrow(function: VectorFunction, own: Narrow) -> None:
    """Check that gradients in a dtype are near those in float64, if the values of f in both are near each other.

    Rounding to the dtype may move the arguments to the edge of a domain. So an exception or nan counts only if it
    occurs at all nearby arguments.
    """
    if not all(_fits(function.args[i], own) for i in function.floats):
        return
    narrow = each_float(lambda a: sealed(a.astype(own.dtype)), function.args)
    exactly = function.fitted(wide(narrow))
    try:
        out, exact = np.asarray(function.f(*narrow)), np.asarray(function.f(*exactly))
    except GradientError:
        raise
    except Exception:  # noqa: BLE001  a function may refuse the dtype by any exception
        return
    if out.dtype != own.dtype or out.shape != exact.shape or not np.isfinite(out).all():
        return
    dA = cotangent(function.rng, out)
    places = [(exactly, narrow)]
    for _ in range(PERTURBATIONS):
        moved = function.fitted(each_float(lambda a: perturbed(a, function.rng, own.eps), exactly))
        places.append((moved, tuple([sealed(a.astype(b.dtype)) for a, b in zip(moved, narrow, strict=True)])))
    found = _gradients_or_exception(function, narrow, dA)
    wide_out = out.astype(np.float64)
    if not (abs(wide_out - exact) <= own.value * abs(exact).max(initial=own.floor)).all():
        return
    near = [_gradients_or_exception(function, args, sealed(dA.astype(exact.dtype))) for args, _ in places]
    nearby = [found] + [_gradients_or_exception(function, args, dA) for _, args in places[1:]]
    if isinstance(found, Raised) and not any([isinstance(one, list) for one in nearby]):
        raise RefusedDtype(f"{found}, for {np.dtype(own.dtype)} arguments") from found.__cause__
    if not all([isinstance(one, list) for one in near + nearby]):
        return
    distance = abs(wide_out - exact).max(initial=0)  # the gradient is rounded at least as much as f
    weight = abs(dA).astype(np.float64)
    size = float(weight.ravel() @ np.maximum(abs(exact.ravel()), 1.0) * own.eps + weight.sum() * distance)
    for i in function.floats:
        wanted, got = ([gradients[i].astype(np.float64) for gradients in several] for several in (near, nearby))
        _check_near(function.names[i], wanted, got, own.residue * size / distance_to_zero(exactly[i]), own)


def _fits(a: Array, own: Narrow) -> bool:
    """Whether the dtype can hold an array: no entry overflows when it is squared, and none becomes denormal or 0."""
    size = abs(a)
    return bool(((size < own.largest_argument) & ((a == 0) | (size >= np.finfo(own.dtype).tiny))).all())


def _gradients_or_exception(function: VectorFunction, args: tuple[Array, ...], dA: Array) -> Any:
    """The gradients, or the error that says what vjp raised, or that the arguments lie outside the domain."""
    try:
        return function.vjp(args, dA)
    except (Raised, OutsideDomainError) as error:
        return error


def _check_near(name: str, wanted: list[Array], got: list[Array], residue: Array, own: Narrow) -> None:
    """Refuse a gradient in the dtype that is far off, by more than the spread of nearby gradients and cancellation."""
    low, high = np.minimum.reduce(wanted), np.maximum.reduce(wanted)
    size = np.maximum(abs(low), abs(high)).max(initial=0)
    if not size < own.largest:
        return
    slack = SPREAD * (high - low) + SPREAD * np.ptp(got, axis=0) + own.gradient * size + residue
    lost = ~np.isfinite(got).any(axis=0)
    outside = np.where(lost, np.inf, np.maximum(low - got[0], got[0] - high) - slack)
    if (outside > 0).any():  # not where the slack is nan
        k = int(np.nan_to_num(outside, nan=-np.inf).argmax())
        narrow, wide = told_apart(got[0].flat[k], wanted[0].flat[k])
        where = entry_of(name, k, low.shape)
        raise ERRORS[own](f"the gradient of {where} is {narrow} in {np.dtype(own.dtype)}, but {wide} in float64")
