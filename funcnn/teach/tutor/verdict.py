"""Verdict of the tutor: the draws of a claim, the arguments that are wrong, and the one mistake that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.checked import checked
from funcnn.core import forward
from funcnn.errors import RangeError
from funcnn.needs import Function
from funcnn.teach.hypotheses.rivals import exchanged, exponent, in_the_same_direction, of_another, offset, rescaled
from funcnn.teach.progress import Diagnosis
from funcnn.teach.tutor.draws import NEEDED, Draw, draws_of
from funcnn.teach.tutor.mistakes import MISTAKES, NAMED, Hypothesis, Mistake
from funcnn.teach.tutor.view import View, factor_of, same
from funcnn.testing.arguments import Argnums, Arguments, Convention, Keywords, claim_of, flattened
from funcnn.testing.claim import Claim
from funcnn.testing.networks.layer import LayerFunction
from funcnn.testing.options import Inside, Options
from funcnn.testing.verdict import Inconclusive
from funcnn.testing.verification import in_float64

MOST = 400  # chosen: numbers of the arguments, and of f's value, so that a diagnosis takes less than 5 s
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


@checked
def diagnose(
    f: Function,
    vjp: Function,
    args: Arguments,
    argnums: Argnums | None,
    kwargs: Keywords | None,
    convention: Convention | None,
    domain: Inside | None,
) -> Diagnosis:
    """The diagnosis of a function with its vjp."""
    function = flattened("diagnose", f, args, argnums, kwargs, convention)
    return _diagnosis(*claim_of(function, function.gradients(vjp), {"domain": domain}))


def of_layer(params: Any, x: Any, domain: Inside | None) -> Diagnosis:
    """The diagnosis of a layer, whose value keeps its axes if it is one array: sums and transposes are along them."""
    claim, options = LayerFunction(params, x).claimed("diagnose_layer", {"domain": domain})
    out = forward(params, x)[0]
    if type(out) is np.ndarray:
        f, vjp, shape = claim.f, claim.vjp, out.shape
        claim = attrs.evolve(claim, f=lambda *args: f(*args).reshape(shape), vjp=lambda args, dA: vjp(args, dA.ravel()))
    return _diagnosis(claim, options)


@np.errstate(all="ignore")  # at arguments that are not the user's own
def _diagnosis(claim: Claim, options: Options) -> Diagnosis:
    function = in_float64(claim, options)
    if not np.isfinite(function.out).all():
        raise Inconclusive("f is not finite at these arguments: choose arguments at which it is")
    for what, size in (("args must hold", function.x.size), ("f must return", function.out.size)):
        if size > MOST:
            raise RangeError(f"{claim.function}: {what} at most {MOST} numbers, not {size}; take smaller arrays")
    with claim.named():
        draws = draws_of(claim, options.limits)
    if len(draws) < NEEDED:
        why = "f has no derivative at the arguments, or near them"
        return Diagnosis(None, f"no gradient was compared: {why}.", "", "")
    wrong = wrong_arguments(draws)
    if not wrong:
        return Diagnosis(None, "no gradient is wrong at these arguments.", "", "")
    where = " ".join([_where(claim, draws, i) for i in wrong])
    right = [_short(claim, i) for i in draws[0].jacobians if i not in wrong]
    if right:
        where += f" {_listed([f'd{name}' for name in right])} {'is' if len(right) == 1 else 'are'} right."
    fits = [fitting(draws, i) for i in wrong]
    names = set.intersection(*[set(fit) for fit in fits])
    if len(names) != 1:
        return Diagnosis(None, where, "no known mistake explains the gradient alone.", "")
    name = names.pop()
    return _named(where, name, "; ".join(sorted({fit[name] for fit in fits} - {""})))


def _where(claim: Claim, draws: Sequence[Draw], i: int) -> str:
    """Which entries of the gradient of argument i are wrong, in the first draw in which some are."""
    name = _short(claim, i)
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


def _listed(names: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _short(claim: Claim, i: int) -> str:
    """The name of argument i; a parameter of a layer that is checked alone is W, not params.W."""
    return claim.names[i].removeprefix("params.")


def _named(where: str, name: str, detail: str) -> Diagnosis:
    """The diagnosis of a mistake that has a name."""
    mistake = NAMED[name]
    line = mistake.line
    about = f" ({detail})" if detail else ""
    page = f'docs/{line.page}, "{line.section}":\n{line.words}'
    return Diagnosis(name, where, f"{name}: {mistake.kind}{about}.", page)


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
