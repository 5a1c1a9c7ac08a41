"""The mistakes that explain the gradient of one argument in every draw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from funcnn.teach.hypotheses.rivals import exchanged, exponent, in_the_same_direction, of_another, offset, rescaled
from funcnn.teach.tutor.draws import NEEDED, Draw
from funcnn.teach.tutor.mistake import Hypothesis, Mistake
from funcnn.teach.tutor.mistakes import MISTAKES
from funcnn.teach.tutor.view import View, factor_of, same

# Mistakes without a name that may give the same gradient: then there is no name.
RIVALS = {
    "factor": [exchanged],
    "wrong sum": [of_another],
    "missing sum": [of_another],
    "transposed": [rescaled, of_another, offset],
    "flipped": [offset, of_another, in_the_same_direction],
    "kernel not flipped": [offset, of_another],
    "slope at out": [exponent],
    "slope at x": [exponent],
}
WHOLE = {"zero gradient", "sign", "factor"}  # names of what is proportional to the gradient


def wrong_arguments(draws: Sequence[Draw]) -> list[int]:
    """The arguments whose gradients differ from the Jacobian in a draw."""
    return [i for i in draws[0].jacobians if any(is_wrong(draw, i) for draw in draws)]


def is_wrong(draw: Draw, i: int) -> bool:
    """Whether the gradient of argument i differs from the Jacobian."""
    learner, jacobian = draw.gradients[i], draw.jacobians[i]
    if learner is None or learner.jacobian.shape != jacobian.shape:
        return True
    apart = float(abs(learner.jacobian - jacobian).max(initial=0))
    if apart <= draw.uncertainty:
        return not learner.is_linear_up_to(draw.uncertainty)
    return not (learner.is_linear and same(learner.jacobian, jacobian))


def fitting(draws: Sequence[Draw], i: int) -> dict[str, str]:
    """The names of the mistakes that fit argument i in every draw, each with its details."""
    if any(draw.gradients[i] is None for draw in draws):
        return {}
    views = [View(draw, i) for draw in draws]
    with np.errstate(all="ignore"):
        if not all(view.learner.is_linear for view in views):
            return {mistake.name: "" for mistake in MISTAKES if mistake.by_dA and _fits_by_dA(mistake, views)}
        found = {}
        for mistake in MISTAKES:
            details = _common(mistake, views)
            if details and not any(_explained(rival, views) for rival in RIVALS.get(mistake.name, ())):
                found[mistake.name] = details[0]
    return found


def _fits_by_dA(mistake: Mistake, views: Sequence[View]) -> bool:  # noqa: N802  dA is its name everywhere
    return all(
        same(predict(view, dA), g) for view in views for dA, g in view.learner.samples for predict in mistake.by_dA
    )


def _common(mistake: Mistake, views: Sequence[View]) -> list[str]:
    """The details of the hypotheses of a mistake that fit every view in which it predicts anything."""
    common: list[str] | None = None
    count = 0
    for view in views:
        details = _details(mistake, view, common)
        if details is not None:
            common, count = details, count + 1
        if not common and common is not None:
            return []
    return common if common and count >= NEEDED else []


def _details(mistake: Mistake, view: View, only: list[str] | None) -> list[str] | None:
    """The details of the hypotheses that fit a view, among `only`; None if nothing is predicted for any of them.

    A prediction that is proportional to the gradient is a factor, whatever led to it.
    """
    L, J = view.learner.jacobian, view.jacobian
    found: list[str] = []
    is_predicted, is_unknown = False, False
    for hypothesis in mistake.hypotheses:
        for prediction in hypothesis(view):
            if only is not None and prediction.detail not in only:
                is_predicted = True
                continue
            jacobian = prediction.computed()
            if jacobian is None:
                is_unknown = True
                continue
            fits = same(jacobian, L)
            if not fits or mistake.name in WHOLE or factor_of(jacobian, J) is None:
                is_predicted = True
                found += [prediction.detail] if fits else []
    return found if found or (is_predicted and not is_unknown) else None


def _explained(rival: Hypothesis, views: Sequence[View]) -> bool:
    """Whether a mistake without a name fits every view."""
    return all(_one_fits(rival, view) for view in views)


def _one_fits(rival: Hypothesis, view: View) -> bool:
    for prediction in rival(view):
        jacobian = prediction.computed()
        if jacobian is not None and same(jacobian, view.learner.jacobian):
            return True
    return False
