"""Mistakes in what a backward pass returns: the order of the gradients, their shapes, no product with dA."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.draws import Draw, Learner
from funcnn.teach.tutor.view import View, factor_of, same, subsets


def in_another_order(draws: Sequence[Draw], wrong: Sequence[int], names: Sequence[str]) -> str | None:
    """Which gradients stand in the place of which, if the wrong ones are right in another order."""
    place = {}
    for i in wrong:
        found = [k for k in wrong if k != i and all(_is_gradient_of(draw, i, k) for draw in draws)]
        if len(found) != 1:
            return None
        place[i] = found[0]
    if sorted(place.values()) != sorted(place):
        return None
    return ", ".join([f"the gradient of {names[k]} in the place of that of {names[i]}" for i, k in place.items()])


def _is_gradient_of(draw: Draw, i: int, k: int) -> bool:
    learner = draw.gradients[i]
    is_alike = factor_of(draw.jacobians[k], draw.jacobians[i]) is not None  # then a sign or a factor is wrong
    return learner is not None and learner.is_linear and same(learner.jacobian, draw.jacobians[k]) and not is_alike


def by_shape(draws: Sequence[Draw], i: int) -> dict[str, str]:
    """Names of mistakes in the shape of a gradient: an axis of length 1 too much or too few, or entries added."""
    kept = [draw.gradients[i] for draw in draws]
    if any(learner is None or not learner.is_linear for learner in kept):
        return {}
    learners = [learner for learner in kept if learner is not None]
    shape = draws[0].function.args[i].shape
    own = learners[0].jacobian.shape[draws[0].function.out.ndim :]
    if own == shape:
        return {}
    pairs = [(learner.jacobian, draw.jacobians[i]) for learner, draw in zip(learners, draws, strict=True)]
    if all(L.size == J.size and same(L.reshape(J.shape), J) for L, J in pairs) and _long(own) == _long(shape):
        return {"shape": f"it has the shape {own}, and must have {shape}{_remedy(own, shape)}"}
    outer = draws[0].function.out.ndim
    for axes in subsets(range(outer, outer + len(shape)), pairs[0][1].shape):
        for how, total in (("added", np.sum), ("averaged", np.mean)):
            for keep in (False, True):
                if all(same(L, total(J, axis=axes, keepdims=keep)) for L, J in pairs):
                    entries = f"the entries along axis {_list(axes, outer)}"
                    return {"wrong sum": f"{entries} are {how}; each has a gradient of its own"}
    return {}


def _long(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n > 1]


def _remedy(own: tuple[int, ...], shape: tuple[int, ...]) -> str:
    return ": keepdims=True keeps the axis" if len(own) < len(shape) else ": without keepdims the axis goes"


def _list(axes: Sequence[int], outer: int) -> str:
    return " and ".join([str(axis - outer) for axis in axes])


def by_dA(draws: Sequence[Draw], i: int) -> dict[str, str]:  # noqa: N802  dA is its name everywhere
    """Names of mistakes for a gradient that is not linear in dA: it does not depend on dA, or dA is added."""
    learners = [draw.gradients[i] for draw in draws]
    if any(learner is None or learner.is_linear for learner in learners):
        return {}
    if all(_is_constant(g for _, g in samples) for samples in _samples(learners)):
        is_moving = not all(same(draw.jacobians[i], draws[0].jacobians[i]) for draw in draws)
        if is_moving and (all(_is_first(draw, i) for draw in draws) or _is_kept(draws, i)):
            return {}  # that of the first call, which a rule may have kept
        return {"missing dA": "it is the same for each dA"}
    return _affine(draws, i) or _added(draws, i)


def _affine(draws: Sequence[Draw], i: int) -> dict[str, str]:
    """Gradients that are the right one, but for a term or for entries without dA."""
    pairs = [*_with_samples(draws, i)]
    if all(_is_constant(_beside(g, dA, draw.jacobians[i]) for dA, g in samples) for draw, samples in pairs):
        return {"term without dA": "for dA = 0 it is not 0"}
    entries = _without_dA(draws, i)
    return {"missing dA": entries} if entries else {}


def _added(draws: Sequence[Draw], i: int) -> dict[str, str]:
    """Gradients of an elementwise function to which dA is added."""
    learners = [draw.gradients[i] for draw in draws]
    if all(View(draw, i).slopes is not None for draw in draws) and all(
        _is_constant(_less(dA, g) for dA, g in samples) for samples in _samples(learners)
    ):
        return {"dA added": "without dA it is the same for each dA"}
    return {}


def _is_first(draw: Draw, i: int) -> bool:
    """Whether a gradient of several outputs is that of the first cotangent, whatever dA is."""
    learner, J = draw.gradients[i], draw.jacobians[i]
    first = J.reshape(draw.function.out.size, *J.shape[draw.function.out.ndim :])[0]
    return learner is not None and draw.function.out.size > 1 and same(learner.samples[0][1], first)


def _is_kept(draws: Sequence[Draw], i: int) -> bool:
    """Whether a gradient is the same at all arguments."""
    given = [learner.samples[0][1] for draw in draws if (learner := draw.gradients[i]) is not None]
    return all(same(g, given[0]) for g in given)


def _with_samples(draws: Sequence[Draw], i: int) -> Iterator[tuple[Draw, Sequence[tuple[Array, Array]]]]:
    yield from [(draw, learner.samples) for draw in draws if (learner := draw.gradients[i]) is not None]


def _beside(g: Array, dA: Array, J: Array) -> Array:
    """What is in a gradient beside the right one."""
    right = np.tensordot(dA, J, dA.ndim)
    return g - right if g.shape == right.shape else g * np.nan


def _without_dA(draws: Sequence[Draw], i: int) -> str:  # noqa: N802  dA is its name everywhere
    """How many entries do not depend on dA, if the others are right."""
    counts = []
    for draw, samples in _with_samples(draws, i):
        beside = np.array([_beside(g, dA, draw.jacobians[i]) for dA, g in samples])
        is_right = abs(beside).max(axis=0) <= 1e-6 * max(abs(g).max(initial=0) for _, g in samples)
        is_constant = np.ptp(np.array([g for _, g in samples]), axis=0) == 0 if not np.isnan(beside).any() else is_right
        if not (is_right | is_constant).all():
            return ""
        counts.append(int((~is_right).sum()))
    return (
        f"in {counts[0]} of {draws[0].function.args[i].size} entries it is the same for each dA" if any(counts) else ""
    )


def _samples(learners: Sequence[Learner | None]) -> Iterator[Sequence[tuple[Array, Array]]]:
    yield from [learner.samples for learner in learners if learner is not None]


def _less(dA: Array, g: Array) -> Array:
    return g - dA if g.shape == dA.shape else dA * np.nan


def _is_constant(found: Iterator[Array]) -> bool:
    first, *others = list(found)
    return bool(first.any()) and all(same(first, other) for other in others)
