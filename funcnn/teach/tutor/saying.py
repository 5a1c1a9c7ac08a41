"""Which gradients are wrong, and what to try next where no mistake has a name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcnn.teach.tutor.draws import Draw
from funcnn.teach.tutor.fitting import is_wrong
from funcnn.testing.claim import Claim


def where_of(claim: Claim, draws: Sequence[Draw], i: int) -> str:
    """Which entries of the gradient of argument i are wrong, in the first draw in which some are."""
    name = short(claim, i)
    draw = next(draw for draw in draws if is_wrong(draw, i))
    learner, J = draw.gradients[i], draw.jacobians[i]
    shape = J.shape[draw.function.out.ndim :]
    if learner is None:
        return f"d{name} is not an array of finite floats."
    if learner.jacobian.shape != J.shape:
        return f"d{name} has the shape {learner.jacobian.shape[draw.function.out.ndim :]}; {name} has {shape}."
    if not learner.is_linear:
        return f"d{name} is wrong: it is not linear in dA."
    apart = abs(learner.jacobian - J).reshape(draw.function.out.size, -1).max(axis=0)
    wrong = apart > 1e-6 * max(abs(J).max(initial=0), abs(learner.jacobian).max(initial=0))
    first = np.unravel_index(int(wrong.argmax()), shape)
    if not shape:
        return f"d{name} is wrong."
    entry = f"d{name}{[int(k) for k in first]}"
    return f"d{name} is wrong: {int(wrong.sum())} of {wrong.size} entries, first {entry}."


def advice(draws: Sequence[Draw], wrong: Sequence[int], names: Sequence[str]) -> str:
    """What agrees, and what to try next, where no mistake has a name."""
    text = "no known mistake explains the gradient alone."
    agree = [_agreeing(draws, i, names[i]) for i in wrong]
    text += "".join([f" {one}" for one in agree if one])
    rows = draws[0].function.out.shape[:1]
    if any(n > 1 and draws[0].function.args[i].shape[:1] != rows for n in rows for i in wrong):
        text += " Try one row: if the gradient is right there, the mistake is in a sum over the rows."
    return text


def _agreeing(draws: Sequence[Draw], i: int, name: str) -> str:
    """How many entries of a gradient are right in every draw."""
    kept = []
    for draw in draws:
        learner, J = draw.gradients[i], draw.jacobians[i]
        if learner is None or learner.jacobian.shape != J.shape or not learner.is_linear:
            return ""
        apart = abs(learner.jacobian - J).reshape(draw.function.out.size, -1).max(axis=0, initial=0)
        kept.append(apart <= 1e-6 * abs(J).max(initial=0))
    agree = np.array(kept).all(axis=0)
    if not agree.any() or agree.size < 2:
        return ""
    places = [
        [int(k) for k in at]
        for at in np.argwhere(agree.reshape(draws[0].jacobians[i].shape[draws[0].function.out.ndim :]))
    ]
    shown = ", ".join([f"d{name}{place}" for place in places[:3]])
    return f"{shown}{' and others' * (len(places) > 3)} agree; look at what the others need and these do not."


def listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def short(claim: Claim, i: int) -> str:
    """The name of argument i; a parameter of a layer that is checked alone is W, not params.W."""
    return claim.names[i].removeprefix("params.")
