"""Verification of a claim: structure, then the numbers, what lasts, float32, then the protocol of a layer or a loss.

A mistake does not hide another one: all are collected, and one error reports them, the numbers first.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import short
from funcnn.errors import FuncnnError, KindError
from funcnn.testing.checked_pair import CheckedPair
from funcnn.testing.claim import Claim
from funcnn.testing.comparison.gradient import gradient_statistics
from funcnn.testing.comparison.statistics import Statistics
from funcnn.testing.differentiation.vector_function import VectorFunction, sealed, wide
from funcnn.testing.domain import OutsideDomainError
from funcnn.testing.float32 import FLOAT16, FLOAT32, check_narrow
from funcnn.testing.numbers import change
from funcnn.testing.options import Options
from funcnn.testing.purity import equal
from funcnn.testing.structure import ROUGH, first_results, structure_checks
from funcnn.testing.verdict import GradientError, Inconclusive, NotDeterministic, NotPure, Report, WrongDtype, rank

Found = dict[type[GradientError], tuple[GradientError, Any]]  # the first mistake of each kind, and the dtype it is in


def verify(claim: Claim, options: Options) -> Report:
    """The report if the claim holds; otherwise the most important one of the errors that `check_vjp` lists is raised.

    A gradient of a wrong dtype ends a run. Then the checks run once more with casts, to find other mistakes.
    """
    found: Found = {}
    with np.errstate(all="ignore"):  # a value that is not finite is checked, without a warning
        run = _run(claim, options, found)
        if WrongDtype in found:
            _run(claim, attrs.evolve(options, casts=True, tolerance=max(options.tolerance, ROUGH)), found)
    if run is None or found:
        raise combined_error(claim, found)
    function, statistics = run
    report = statistics.report(function, options.resolution)
    claim.promises()
    return report


def _run(claim: Claim, options: Options, found: Found) -> tuple[VectorFunction, Statistics] | None:
    """Run the checks and add the first mistake of each kind to `found`; None if a mistake makes the others moot."""
    statistics = Statistics()
    try:
        function = in_float64(claim, options)
        if not np.isfinite(function.out).all():
            raise Inconclusive("f is not finite at these arguments: draw arguments at which it is")
        if options.oracle:
            options.oracle.check(function)
        first, other_dA = first_results(function, options)
        for check in structure_checks(first, other_dA, options):
            with _collected(found):
                check()
        with _collected(found):
            statistics = gradient_statistics(function, options)
        if options.purity:
            with _collected(found):
                first.check_lasting()
        if options.float32:
            with _collected(found, np.float32):
                check_narrow(function, FLOAT32)
        if options.float32 and claim.has_halves:
            with _collected(found, np.float16):
                check_narrow(function, FLOAT16)
    except GradientError as error:
        found.setdefault(type(error), (error, np.float64))
        return None
    return function, statistics


@contextmanager
def _collected(found: Found, dtype: Any = np.float64) -> Iterator[None]:
    try:
        yield
    except GradientError as error:
        found.setdefault(type(error), (error, dtype))
        if isinstance(error, WrongDtype):
            raise


def combined_error(claim: Claim, found: Found) -> GradientError:
    """The most important mistake, whose message lists the others."""
    for one, dtype in found.values():
        claim.complete(one, dtype)
    mistakes = [one for one, _ in found.values()]
    error, *others = sorted(mistakes, key=rank)
    if others:
        error.others = tuple(others)
        error.args = (f"{error}\n    and also:\n" + "\n".join([claim.paragraph(other) for other in others]),)
    return error


def in_float64(claim: Claim, options: Options) -> VectorFunction:
    """Check that f returns one array of floats, equal in two calls; the result is the function in float64."""
    domain = options.limits
    pair = CheckedPair(claim.f, claim.vjp, claim.names, domain, options.casts)
    args = domain.fitted(wide(claim.args))
    try:
        returned = pair.forward(*args)
    except OutsideDomainError:
        raise Inconclusive("the arguments are outside domain: draw arguments inside it") from None
    except (GradientError, FuncnnError):
        raise
    except Exception as error:
        is_narrow = any([a.dtype.kind == "f" and a.itemsize < 8 for a in claim.args])
        who = f"{claim.function}{', which calls it in float64' if is_narrow else ''}"
        error.add_note(f"raised by {claim.name} itself, not by {who}\n{claim.source_in(np.float64)}")
        raise
    out = np.array(returned)
    if out.dtype.kind != "f":
        raise KindError(f"{claim.function}: f must return floats, not {short(returned)}")
    again = pair.forward(*args) if options.purity else returned
    if not equal(out, again, options.nondeterministic):
        raise NotDeterministic(f"f gives another result when it is called again: {change('out', out, again)}")
    if not equal(out, returned):
        raise NotPure(f"f changes an earlier result when it is called again: {change('out', out, returned)}")
    return VectorFunction(
        pair.forward, pair.backward, args, pair.names, sealed(out), domain.fitted, domain.pulled_back, claim.cotangent
    )
