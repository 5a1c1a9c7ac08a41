"""The check in exact arithmetic: at the arguments, and at larger ones if forward accepts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import prod

import mpmath
import numpy as np

from funcnn.arrays import Array
from funcnn.errors import RangeError
from funcnn.testing.checked_pair import write_error
from funcnn.testing.claim import Claim
from funcnn.testing.differentiation.vector_function import generator, wide
from funcnn.testing.domain import Domain, OutsideDomainError
from funcnn.testing.exact.comparison import DIGITS, Agreement, Pullback, culprit, dyadic, pullback
from funcnn.testing.exact.dual import NoExactRuleError
from funcnn.testing.exact.values import FUNCTIONS, with_digits
from funcnn.testing.numbers import as_source, entry_of
from funcnn.testing.options import AGREEING, Options
from funcnn.testing.verdict import Inconclusive, Report, WrongGradient

MOST_NUMBERS = 1000  # chosen: a check then takes milliseconds, and a second at worst
KNOWN = (
    "exact=True computes with arrays of exact numbers, which take NumPy's arithmetic, comparisons, sums, products, "
    f"shapes and assignments, logaddexp, {', '.join(sorted(FUNCTIONS))}"
)
LIMITS = (64, 800)  # of entries drawn anew: far out on a saturated tail, and where e^x overflows in float64


def exact_report(claim: Claim, options: Options) -> Report:
    """The report if backward agrees with forward; otherwise a GradientError, or Inconclusive."""
    args, domain = wide(claim.args), options.limits
    if (n := sum([a.size for a in args])) > MOST_NUMBERS:
        raise RangeError(f"{claim.function}: exact=True takes at most {MOST_NUMBERS} numbers in all arrays, not {n}")
    try:
        domain.check(args)
    except OutsideDomainError:
        raise Inconclusive("the arguments are outside domain: draw arguments inside it") from None
    rng = generator(args)
    with np.errstate(all="ignore"):
        seed = [int(word) for word in rng.integers(2**32, size=2)]
        points = [args, *[drawn for limit in LIMITS if (drawn := _drawn_anew(claim, args, limit, rng, domain))]]
        try:
            found = [_agreement(claim, point, seed, *DIGITS) for point in points]
        except (AttributeError, TypeError) as error:
            error.add_note(KNOWN)
            raise
    decided = [agreement for agreement in found if agreement is not None and agreement.holds]
    if not decided:
        raise Inconclusive(
            "f has a kink at these arguments, where it compares equal numbers with different slopes; or its slopes "
            "vanish, or are not finite: draw other arguments"
        )
    rational = all([agreement.is_rational for agreement in decided])
    probed = f"all entries together, equal {'as fractions' if rational else f'in {AGREEING} digits or more'}"
    moved = tuple([name for name, a in zip(claim.names, args, strict=True) if a.dtype.kind == "f"])
    return Report(probed, len(found), len(found) - len(decided), moved)


def _drawn_anew(
    claim: Claim, args: Sequence[Array], limit: int, rng: np.random.Generator, domain: Domain
) -> list[Array] | None:
    """The arguments with numbers up to the limit in place of the floats of x; None if forward does not take them.

    They are negative only where x has negative numbers.
    """
    drawn = list(args)
    for i, a in enumerate(args):
        if i >= claim.rules.first_drawn and a.dtype.kind == "f":
            drawn[i] = _apart(a.shape, limit, [1.0, -1.0] if (a < 0).any() else [1.0], rng)
    if all([a is b for a, b in zip(args, drawn, strict=True)]) or not domain.has(tuple(drawn)):
        return None
    try:
        outs = claim.rules.f(drawn)
    except (ArithmeticError, LookupError, ValueError):
        return None
    return drawn if all([np.isfinite(out).all() for out in outs]) else None


def _apart(shape: Sequence[int], limit: int, signs: Sequence[float], rng: np.random.Generator) -> Array:
    """Random numbers up to the limit, none of them 0, and no two of the same size, which would be a tie."""
    n = prod(shape)
    steps = 8 << n.bit_length()
    sizes = (rng.permutation(steps)[:n] + 0.5) * (limit / steps)
    return (sizes * rng.choice(signs, n)).reshape(shape)


def _agreement(claim: Claim, args: Sequence[Array], seed: list[int], digits: int, *more: int) -> Agreement | None:
    """The agreement at arguments; None if a slope is infinite. Raises a WrongGradient if the sides differ.

    If numbers were rounded, a difference counts only if a computation with more digits confirms it.
    """
    rng = np.random.default_rng(seed)
    directions = [dyadic(a.shape, rng) for a in args]
    with mpmath.workdps(digits):
        try:
            with claim.named(), _clearer_errors():
                found = pullback(claim.rules, claim.names, args, rng)
                agreement = found.compared(directions)
                if agreement.holds or agreement.is_open:
                    return agreement
                if agreement.is_rational or not more:
                    raise _wrong_gradient_error(claim, found, directions)
        except ZeroDivisionError:
            return None
    return _agreement(claim, args, seed, *more)


@contextmanager
def _clearer_errors() -> Iterator[None]:
    """Replace two errors of NumPy by errors that name the cause: a write to an argument, or a missing exact rule."""
    try:
        yield
    except ValueError as error:
        if isinstance(error.__cause__, NoExactRuleError):
            raise error.__cause__ from None
        raise write_error("f or vjp", error) or error from None


def _wrong_gradient_error(claim: Claim, found: Pullback, directions: Sequence[Array]) -> WrongGradient:
    i, k, at = culprit(found, directions)
    name, a = claim.names[i], found.args[i]
    analytic, exact = [mpmath.nstr(with_digits(side), 20) for side in (at.backward, at.forward)]
    error = WrongGradient(
        f"d{name}, wrong in exact arithmetic at {entry_of(name, k, a.shape)} = {a.flat[k]}\n"
        f"    analytic {analytic}, exact {exact}: {at.digits:.1f} digits agree"
    )
    error.pasted = "".join(_pasted(claim, found))
    return error


def _pasted(claim: Claim, found: Pullback) -> Iterator[str]:
    """The numbers that were drawn in place of arguments, and the cotangent, as source."""
    for name, own, a in zip(claim.names, claim.args, found.args, strict=True):
        if not np.array_equal(own, a):
            yield f"\n    {name} = {as_source(a)}  # in place of {name} above"
    dA = np.concatenate([u.ravel() for u in found.cotangents]).reshape(np.shape(claim.f(*found.args)))
    yield f"\n    dA = {as_source(claim.cotangent(dA))}"
