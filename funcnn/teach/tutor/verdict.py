"""Verdict of the tutor: the draws of a claim, the arguments that are wrong, and the one mistake that fits them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import attrs
import numpy as np

from funcnn.checked import checked
from funcnn.core import forward
from funcnn.errors import RangeError
from funcnn.needs import Function
from funcnn.teach.hypotheses.orders import is_reversed_by_transposing
from funcnn.teach.parts.fitting import parts_that_fit
from funcnn.teach.parts.trace import FunctionTrace, traced
from funcnn.teach.progress import Diagnosis
from funcnn.teach.tutor.draws import NEEDED, Draw, draws_of
from funcnn.teach.tutor.fitting import fitting, wrong_arguments
from funcnn.teach.tutor.in_parts import RANKED
from funcnn.teach.tutor.mistakes import NAMED
from funcnn.teach.tutor.quoting import BY_HAND, Facts, quoted
from funcnn.teach.tutor.returned import by_dA, by_shape, in_another_order
from funcnn.teach.tutor.saying import advice, listed, short, where_of
from funcnn.teach.tutor.stops import at_equal_lengths, changes_its_arguments, is_of_shapes, message, stopped
from funcnn.teach.tutor.view import View
from funcnn.testing.arguments import Argnums, Arguments, Convention, Keywords, claim_of, flattened
from funcnn.testing.claim import Claim
from funcnn.testing.networks.layer import LayerFunction
from funcnn.testing.options import Inside, Options
from funcnn.testing.verdict import GradientError, Inconclusive, Raised
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
    claim, options = claim_of(function, function.gradients(vjp), {"domain": domain})
    return _diagnosis(attrs.evolve(claim, rules=function.rules(vjp)), options)


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
    try:
        with claim.named():
            return _compared(claim, draws_of(claim, options.limits))
    except GradientError as error:
        if not (isinstance(error, Raised) or changes_its_arguments(error)):
            raise
        return _of_stopped(claim, options, error)


def _of_stopped(claim: Claim, options: Options, error: GradientError) -> Diagnosis:
    """The diagnosis of a rule that raises an exception: at other arrays, if it stops since shapes do not fit."""
    if changes_its_arguments(error):
        return _named(f"{message(error)}.", "changed in place", "")
    other = at_equal_lengths(claim) if is_of_shapes(error) else None
    if other is None:
        return stopped(error)
    try:
        found = _compared(other, draws_of(other, options.limits))
    except GradientError:
        return stopped(error)
    if not found.name:
        return stopped(error)
    return attrs.evolve(found, where=f"{message(error)}. At square arrays: {found.where}")


def _compared(claim: Claim, draws: Sequence[Draw]) -> Diagnosis:
    if len(draws) < NEEDED:
        why = "f has no derivative at the arguments, or near them"
        return Diagnosis(None, f"no gradient was compared: {why}.", "", "")
    function, wrong = draws[0].function, wrong_arguments(draws)
    if not wrong:
        return Diagnosis(None, "no gradient is wrong at these arguments.", "", "")
    where = " ".join([where_of(claim, draws, i) for i in wrong])
    right = [short(claim, i) for i in draws[0].jacobians if i not in wrong]
    if right:
        where += f" {listed([f'd{name}' for name in right])} {'is' if len(right) == 1 else 'are'} right."
    names = [short(claim, i) for i in range(len(claim.names))]
    if order := in_another_order(draws, wrong, names):
        return _named(where, "order", order)
    outputs = claim.rules.f
    trace = traced(outputs, function.args, function.out, function.floats)
    found = _by_all(draws, wrong, trace, names)
    if found is None:
        return Diagnosis(None, where, advice(draws, wrong, names), "")
    operations = frozenset([one.name for one in trace.program.operations] if trace else [])
    return _named(where, *found, Facts(found[1], draws, wrong, operations))


def _by_all(
    draws: Sequence[Draw], wrong: Sequence[int], trace: FunctionTrace | None, names: Sequence[str]
) -> tuple[str, str] | None:
    """The name of the one mistake that explains every wrong argument, with its details.

    Several results of f are one vector, whose axis says nothing, so mistakes in a part of f come first.
    """
    fits = [by_shape(draws, i) or by_dA(draws, i) or fitting(draws, i) for i in wrong]
    common = set.intersection(*[set(fit) for fit in fits])
    if trace and (not common or trace.is_joined):
        parts: dict[int, dict[str, str]] = {i: {} for i in wrong}
        with suppress(Exception):  # a wrong rule may not fit f, and what is known without it is said
            parts = parts_that_fit(draws, wrong, trace, names)
        parts = {i: _told_apart(draws, i, fit, wrong) for i, fit in parts.items()}
        fits = [{**fit, **parts[i]} for i, fit in zip(wrong, fits, strict=True)]
        found = set.intersection(*[{*parts[i]} for i in wrong] if common else [{*fit} for fit in fits])
        common = set(sorted(found, key=RANKED.index)[:1]) or common
    if len(common) != 1:
        return None if common else _one_each(fits, wrong, names)
    name = common.pop()
    return name, "; ".join(sorted({fit[name] for fit in fits} - {""}))


def _told_apart(draws: Sequence[Draw], i: int, fit: dict[str, str], wrong: Sequence[int]) -> dict[str, str]:
    """The names without those that say of these numbers no more than another one."""
    is_turned = "transposed" in fit and is_reversed_by_transposing(View(draws[0], i))
    is_short = len(wrong) == 1 and {"truncated sequence", "missing sum"} <= fit.keys()
    return {name: text for name, text in fit.items() if not (is_short or (is_turned and name == "transposed"))}


def _one_each(fits: Sequence[dict[str, str]], wrong: Sequence[int], names: Sequence[str]) -> tuple[str, str] | None:
    """A mistake for each wrong argument, if each has one."""
    if not all(fits):
        return None
    chosen = [min(fit, key=RANKED.index) for fit in fits]
    texts = [
        f"d{names[i]}: {name}{f', {fit[name]}' if fit[name] else ''}"
        for i, name, fit in zip(wrong, chosen, fits, strict=True)
    ]
    return "several mistakes", "; ".join(texts)


def _named(where: str, name: str, detail: str, facts: Facts | None = None) -> Diagnosis:
    """The diagnosis of a mistake that has a name, with the line that derives the rule, if one does."""
    mistake = NAMED[name]
    about = f" ({detail})" if detail else ""
    page = BY_HAND
    if facts and mistake.line and mistake.quotes(facts):
        page = quoted(mistake.line.page, mistake.line.section, mistake.line.words)
    return Diagnosis(name, where, f"{name}: {mistake.kind}{about}.", page)
