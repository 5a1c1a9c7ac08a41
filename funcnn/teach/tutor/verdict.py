"""Verdict of the tutor: the draws of a claim, the arguments that are wrong, and the one mistake that fits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs
import numpy as np

from funcnn.checked import checked
from funcnn.core import forward
from funcnn.errors import RangeError
from funcnn.needs import Function
from funcnn.teach.diagnosing import Diagnosis
from funcnn.teach.tutor.draws import NEEDED, Draw, draws_of
from funcnn.teach.tutor.fitting import fitting, is_wrong, wrong_arguments
from funcnn.teach.tutor.mistakes import NAMED
from funcnn.testing.arguments import Argnums, Arguments, Convention, Keywords, claim_of, flattened
from funcnn.testing.claim import Claim
from funcnn.testing.networks.layer import LayerFunction
from funcnn.testing.options import Inside, Options
from funcnn.testing.verdict import Inconclusive
from funcnn.testing.verification import in_float64

MOST = 400  # chosen: numbers of the arguments, and of f's value, so that a diagnosis takes less than 5 s


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
    return _diagnosed(*claim_of(function, function.gradients(vjp), {"domain": domain}))


def of_layer(params: Any, x: Any, domain: Inside | None) -> Diagnosis:
    """The diagnosis of a layer, whose value keeps its axes if it is one array: sums and transposes are along them."""
    claim, options = LayerFunction(params, x).claimed("diagnose_layer", {"domain": domain})
    out = forward(params, x)[0]
    if type(out) is np.ndarray:
        claim = attrs.evolve(claim, f=_shaped(claim.f, out.shape), vjp=_raveled(claim.vjp))
    return _diagnosed(claim, options)


def _shaped(f: Callable[..., Any], shape: tuple[int, ...]) -> Callable[..., Any]:
    return lambda *args: f(*args).reshape(shape)


def _raveled(vjp: Callable[..., Any]) -> Callable[..., Any]:
    return lambda args, dA: vjp(args, dA.ravel())


def _diagnosed(claim: Claim, options: Options) -> Diagnosis:
    with np.errstate(all="ignore"):  # at arguments that are not the user's own
        return _diagnosis(claim, options)


def _diagnosis(claim: Claim, options: Options) -> Diagnosis:
    function = in_float64(claim, options)
    if not np.isfinite(function.out).all():
        raise Inconclusive("f is not finite at these arguments: choose arguments at which it is")
    for what, size in (("args must hold", function.x.size), ("f must return", function.out.size)):
        if size > MOST:
            raise RangeError(f"{claim.function}: {what} at most {MOST} numbers, got {size}; take smaller arrays")
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
