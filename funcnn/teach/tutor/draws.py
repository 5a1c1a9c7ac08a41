"""Jacobians of f and of the learner's rule, at the arguments and at arguments near them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from math import prod
from typing import Any, NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.testing.checked_pair import check_count, raising
from funcnn.testing.claim import Claim
from funcnn.testing.differentiation.constants import FIRST_STEPS
from funcnn.testing.differentiation.richardson import difference_quotients, extrapolate
from funcnn.testing.differentiation.rounding import estimate_noise
from funcnn.testing.differentiation.vector_function import (
    Direction,
    VectorFunction,
    cotangent,
    each_float,
    rescaled,
    sealed,
    step_scales,
    wide,
)
from funcnn.testing.domain import Domain
from funcnn.testing.verdict import GradientError

NEEDED = 3  # draws that a hypothesis must fit
MADE = 6  # chosen: draws, in some of which a hypothesis may predict nothing, as where an activation is saturated
TRIED = 4  # chosen: draws of one kind, until f is differentiable at one
LARGE, ALIKE = 10.0, 30.0  # chosen: times the arguments in one draw, if slopes there are up to so many times larger
FEW = 4  # chosen: different slopes, up to which f may be linear between thresholds
LEAST_MOVE = 0.01  # chosen: the least relative distance of a draw from the arguments
LEAST_DIGITS = 1e-5  # chosen: a Jacobian with a larger relative error is not used
SMALL = 1e-3  # chosen: slopes so much smaller than the value of f count as 0 if that is all that is known of them
LINEAR = 1e-8  # chosen: the relative difference up to which a rule counts as linear in dA


class Learner(NamedTuple):
    """The gradient of one argument by the learner's rule.

    `jacobian` has the axes of dA, then those of the gradient: it is the gradient for each unit cotangent. `samples` are
    random cotangents with their gradients.
    """

    jacobian: Array
    samples: Sequence[tuple[Array, Array]]

    @property
    def is_linear(self) -> bool:
        """Whether the gradients of the samples follow from those of unit cotangents."""
        return self.is_linear_up_to(0)

    def is_linear_up_to(self, error: float) -> bool:
        """Whether they follow from those, but for rounding errors and errors of a given size."""
        return all(
            [
                abs(np.tensordot(dA, self.jacobian, dA.ndim) - g).max(initial=0)
                <= max(error, LINEAR * abs(g).max(initial=0))
                for dA, g in self.samples
            ]
        )


@attrs.frozen(eq=False)
class Draw:
    """Arguments with the Jacobian of f for each that has a gradient, and with the learner's gradients.

    Both are by the index of the argument. A gradient is None where the rule gives no array of floats.
    """

    function: VectorFunction
    jacobians: dict[int, Array]
    gradients: dict[int, Learner | None]

    @property
    def uncertainty(self) -> float:
        """A difference between slopes that may be the error of slopes that are small beside the value of f."""
        return LEAST_DIGITS * SMALL * float(abs(self.function.out).max(initial=0))

    def jacobian_at(self, i: int, args: Sequence[Array]) -> Array | None:
        """The Jacobian of argument i at other arguments; None where it is not known."""
        function = self.function
        out = _value(function, args)
        if out is None or out.shape != function.out.shape:
            return None
        moved = attrs.evolve(function, args=tuple([sealed(a) for a in args]), out=sealed(out))
        found = _jacobians(moved, [i])
        return None if found is None else found[i]


def draws_of(claim: Claim, domain: Domain) -> list[Draw]:
    """Draws at the arguments of the claim, near them, and farther off, where f is differentiable; fewer if it is not.

    Far off, entries change their signs and magnitudes, if f is defined there, so that a mistake in one branch of f
    shows. Near the arguments, an entry moves in proportion to itself, and stays in a domain such as that of log.

    Raises:
        GradientError: vjp raises an exception at the arguments, or does not give a gradient for each of them.
    """
    args = wide(claim.args)
    rng, size = np.random.default_rng(0), 0.3
    found = [_draw(claim, domain, args, rng)]

    def moved(move: Callable[[np.random.Generator, Array, float], Array]) -> Draw | None:
        with suppress(GradientError):  # these arguments are not the user's own
            return _draw(claim, domain, each_float(lambda a: move(rng, a, size), args), rng)
        return None

    found += [next(filter(None, (moved(move) for _ in range(TRIED))), None) for move in (_far, _reversed)]
    large = moved(_large)
    found += [large] if found[0] and large and _has_slopes_like(large, found[0]) else []
    while len([*filter(None, found)]) < MADE and size > LEAST_MOVE:
        found.append(moved(_near))
        size *= 1 if found[-1] else 0.7
    return [draw for draw in found if draw is not None]


def _near(rng: np.random.Generator, a: Array, size: float) -> Array:
    by_entry, for_all = rng.standard_normal((2, *a.shape))
    return np.asarray(a * (1 + size * np.tanh(by_entry)) + size / 3 * _size(a) * for_all)


def _far(rng: np.random.Generator, a: Array, size: float) -> Array:
    by = np.exp(3 * size * rng.standard_normal(a.shape)) * rng.choice([-1.0, 1.0], a.shape)
    return np.asarray(a * by + size / 3 * _size(a) * rng.standard_normal(a.shape))


def _reversed(rng: np.random.Generator, a: Array, size: float) -> Array:
    return _near(rng, a * rng.choice([-1.0, 1.0], a.shape), size)


def _large(rng: np.random.Generator, a: Array, size: float) -> Array:
    signs = (-1.0) ** np.arange(a.size).reshape(a.shape)
    return LARGE * signs * abs(_near(rng, a, size))


def _has_slopes_like(large: Draw, near: Draw) -> bool:
    """Whether f has few slopes, and similar ones at a large draw, where thresholds such as that of Relu6 show."""
    sizes = [(abs(large.jacobians[i]).max(initial=0), abs(J).max(initial=0)) for i, J in near.jacobians.items()]
    is_like = all(a <= ALIKE * b and b <= ALIKE * a for a, b in sizes)
    return is_like and all(np.unique(J.round(7)).size <= FEW for J in near.jacobians.values())


def _size(a: Array) -> float:
    return float(np.sqrt((a * a).mean())) if a.any() else 1.0


def _draw(claim: Claim, domain: Domain, args: tuple[Array, ...], rng: np.random.Generator) -> Draw | None:
    args = tuple([sealed(a) for a in args])
    blank = VectorFunction(claim.f, claim.vjp, args, claim.names, np.zeros(()))
    out = _value(blank, args) if domain.has(args) else None
    if out is None:
        return None
    function = attrs.evolve(blank, out=sealed(out))
    measured = _jacobians(function, function.floats)
    return None if measured is None else Draw(function, measured, _gradients(function, rng))


def _value(function: VectorFunction, args: Sequence[Array]) -> Array | None:
    try:
        out = np.array(function.f(*args), np.float64)
    except Exception:  # noqa: BLE001  the arguments are not the user's own: they may lie outside the domain
        return None
    return out if np.isfinite(out).all() else None


def _jacobians(function: VectorFunction, wanted: Sequence[int]) -> dict[int, Array] | None:
    """The Jacobians of some arguments; None where one is not known, as at a kink."""
    own = rescaled(function) or function
    scales, least = step_scales(own.x), SMALL * float(abs(own.out).max(initial=0))
    noise = estimate_noise(own.value, own.x, own.rng, own.one)
    found = {}
    for i, (_, start, shape) in zip(own.floats, own.places(), strict=True):
        if i not in wanted:
            continue
        entries = np.arange(start, start + prod(shape))
        directions = [Direction(np.array([k]), scales[k : k + 1]) for k in entries]
        quotients = difference_quotients(own.value, own.x, directions, FIRST_STEPS, centre=own.out.ravel())
        slopes = extrapolate(quotients, noise)
        size = max(float(abs(slopes.slope).max(initial=0)), least)
        if slopes.kink.any() or not slopes.error.max(initial=0) <= LEAST_DIGITS * size:
            return None
        unit = (own.gradient_unit / scales)[entries]
        found[i] = (slopes.slope * unit[:, None]).T.reshape(function.out.shape + shape)
    return found


def _gradients(function: VectorFunction, rng: np.random.Generator) -> dict[int, Learner | None]:
    shape, size = function.out.shape, function.out.size
    units = [_called(function, unit.reshape(shape)) for unit in np.eye(size)]
    cotangents = [cotangent(rng, function.out) for _ in range(2)]
    cotangents.append(-cotangents[0])  # with one output, both may be positive: then |dA| is not seen
    samples = [_called(function, dA) for dA in cotangents]
    return {i: _learner(i, shape, units, cotangents, samples) for i in function.floats}


def _called(function: VectorFunction, dA: Array) -> Sequence[Any]:
    with raising("vjp"):
        found = function.vjp(function.args, sealed(dA))
    check_count(found, len(function.args))
    return [np.array(g) if isinstance(g, np.ndarray) else g for g in found]  # a rule may reuse its memory


def _learner(
    i: int, shape: tuple[int, ...], units: Sequence[Any], cotangents: Sequence[Array], samples: Sequence[Any]
) -> Learner | None:
    every = [found[i] for found in (*units, *samples)]
    arrays = [np.asarray(g) for g in every if g is not None]
    is_usable = len(arrays) == len(every) and len({a.shape for a in arrays}) == 1
    if not is_usable or any(a.dtype.kind not in "fiub" or not np.isfinite(a).all() for a in arrays):
        return None
    wide = [a.astype(np.float64) for a in arrays]
    table = np.array(wide[: len(units)]).reshape(shape + wide[0].shape)
    return Learner(table, list(zip(cotangents, wide[len(units) :], strict=True)))
