"""Verification of a claim: structure, then the numbers, what lasts, float32, then the protocol of a layer or a loss."""

from __future__ import annotations

import numpy as np

from funcnn.arrays import Array, short
from funcnn.errors import KindError
from funcnn.testing.checked_pair import CheckedPair
from funcnn.testing.claim import Claim
from funcnn.testing.comparison.gradient import check_gradient
from funcnn.testing.differentiation.vector_function import VectorFunction, sealed
from funcnn.testing.domain import OutsideDomainError
from funcnn.testing.float32 import check_float32
from funcnn.testing.options import Options
from funcnn.testing.purity import equal
from funcnn.testing.structure import check_structure
from funcnn.testing.verdict import Inconclusive, NotDeterministic, NotPure, Report


def verify(claim: Claim, options: Options) -> Report:
    """The report if the claim holds; otherwise one of the errors that `check_vjp` lists is raised."""
    args = claim.arrays()
    with np.errstate(all="ignore"):  # a value that is not finite is checked, without a warning
        with claim.named():
            function = _in_float64(claim, args, options)
        if not np.isfinite(function.out).all():
            raise Inconclusive("f is not finite at these arguments: draw arguments at which it is")
        with claim.named():
            first = check_structure(function, aliasing=options.aliasing, tolerance=options.nondeterministic)
        statistics = check_gradient(function, options, claim.name, claim.source)
        with claim.named():
            first.check_lasting()
            check_float32(function)
    if statistics.inconclusive and not statistics.telling:
        raise Inconclusive(statistics.why_inconclusive(options.resolution))
    report = statistics.report(function)
    claim.promises()
    return report


def _in_float64(claim: Claim, args: tuple[Array, ...], options: Options) -> VectorFunction:
    """Check that f returns one array of floats, equal in two calls; the result is the function in float64."""
    domain = options.domain
    pair = CheckedPair(claim.f, claim.vjp, claim.names, domain)
    args = tuple([sealed(a.astype(np.float64) if a.dtype.kind == "f" else a) for a in args])
    try:
        returned = pair.forward(*args)
    except OutsideDomainError:
        raise Inconclusive("the arguments are outside domain: draw arguments inside it") from None
    out = np.array(returned)
    if out.dtype.kind != "f":
        raise KindError(f"{claim.whose}: f must return floats; it returned {short(returned)}")
    again = pair.forward(*args)
    if not equal(out, again, options.nondeterministic):
        raise NotDeterministic("f gives another result when it is called again")
    if not equal(out, returned):
        raise NotPure("f changes an earlier result when it is called again")
    return VectorFunction(
        pair.forward, pair.backward, args, pair.names, sealed(out), domain.fitted, domain.pulled_back, claim.cotangent
    )
