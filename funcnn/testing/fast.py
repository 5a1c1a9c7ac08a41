"""The fast check: few calls of f and vjp, after which a gradient passes, or the full check runs."""

from __future__ import annotations

import attrs
import numpy as np

from funcnn.testing.claim import Claim
from funcnn.testing.comparison.quick import compare_quickly
from funcnn.testing.differentiation.vector_function import cotangent
from funcnn.testing.memory import check_apart
from funcnn.testing.options import SECTIONS, Options
from funcnn.testing.purity import FirstResults, equal
from funcnn.testing.verdict import GradientError, Report
from funcnn.testing.verification import in_float64


def fast_report(claim: Claim, options: Options) -> Report | None:
    """The report of a gradient that agrees with f by few calls; None if something seems wrong, or nothing is decided.

    Its `left_out` names the parts of the full check that did not run.
    """
    claim = attrs.evolve(claim, vjp=claim.quick_vjp or claim.vjp)
    try:
        with np.errstate(all="ignore"):
            report = _report(claim, options)
            if claim.kind == "function":  # the other promises call f many times
                claim.promises()
            return report
    except GradientError:  # the full check finds it, and names other mistakes too
        return None


def _report(claim: Claim, options: Options) -> Report | None:
    function = in_float64(claim, attrs.evolve(options, purity=False))
    args, dA, vjp = function.args, cotangent(function.rng, function.out), function.vjp
    if not np.isfinite(function.out).all():
        return None
    first = FirstResults(function, dA, function.out, vjp(args, dA), options.nondeterministic)
    if not options.aliasing:
        check_apart(function, args, first.gradients, dA)
    statistics = compare_quickly(function, options, claim.quick_calls)
    if statistics is None:
        return None
    if options.purity:
        first.check_same(first.gradients, "vjp changes an earlier gradient")
        first.check_same(vjp(args, dA), "vjp gives another result when it is called again")
        if not equal(function.f(*args), function.out, options.nondeterministic):
            return None
    return attrs.evolve(statistics.report(function), left_out=tuple(_left_out(claim, options)))


def _left_out(claim: Claim, options: Options) -> list[str]:
    """The parts of the full check that a fast one leaves out."""
    names = {"purity": "purity beyond one repeated call"}
    off = [names.get(name, name) for name in SECTIONS if getattr(options, name)]
    rules = {"layer": ["the rules of layers"], "loss": ["blocks of rows"]}.get(claim.kind, [])
    return [*off, "kinks beyond the slopes on both sides", *rules]
