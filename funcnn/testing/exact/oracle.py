"""An oracle, a function of mpmath's numbers, which tells whether f or its vjp is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import mpmath
import numpy as np
from mpmath import mpf

from funcnn.arrays import Array, short
from funcnn.errors import KindError, ShapeError
from funcnn.testing.comparison.finding import GradientFinding
from funcnn.testing.differentiation.vector_function import VectorFunction

DIGITS = 80  # chosen: a slope then has about 50 digits
STEPS = mpf(2) ** -90, mpf(2) ** -95  # chosen: relative to x or to 1; their slopes differ by 1e-50 where f is smooth
SETTLED = 1e-18  # chosen: relative difference of the slopes at both steps
DOUBLE = 17  # digits that tell two float64 apart


@attrs.frozen(eq=False)
class Oracle:
    """The function of the oracle, and the arguments of f and its keyword arguments from the arrays of a check.

    `arranged` gives its numbers the shape of the value of f.
    """

    function: str
    entry: Callable[..., Any]
    called: Callable[[Sequence[Array]], tuple[tuple[Any, ...], Mapping[str, Any]]]
    arranged: Callable[[Array], Array] = np.asarray

    def check(self, function: VectorFunction) -> None:
        """Raise an error unless the oracle gives a real number for each output of f."""
        needed = f"{self.function}: oracle must take a number of mpmath for each argument of f and return one"
        try:
            made = self.values(function, _exact(function.x))
        except Exception as error:
            raise KindError(f"{needed}; it raised {type(error).__name__}: {error}") from error
        for number in made.flat:
            if not isinstance(number, mpf):
                raise KindError(f"{needed}, which is real; it returned {short(number)}")
        if made.shape != function.out.shape:
            raise ShapeError(
                f"{self.function}: oracle is applied entry by entry, which gives the shape {made.shape}; "
                f"the value of f has the shape {function.out.shape}"
            )

    def values(self, function: VectorFunction, x: Array) -> Array:
        """The numbers of the oracle, applied entry by entry, where the entries of the arguments are x."""
        args, kwargs = self.called(function.arguments(x))
        entries = [np.asarray(a).astype(object) for a in args]
        with mpmath.workdps(DIGITS):
            made = np.frompyfunc(lambda *numbers: self.entry(*numbers, **kwargs), len(args), 1)(*entries)
            return self.arranged(np.asarray(made, object))

    def opinion(self, function: VectorFunction, finding: GradientFinding, u: Array) -> str:
        """Which of both sides differs from the oracle along the direction of a finding, as a line of its message."""
        with mpmath.workdps(DIGITS):
            try:
                slope, other = [self._slope(function, finding, u, h) for h in STEPS]
                settled = abs(slope - other) <= SETTLED * abs(slope)
            except (ArithmeticError, TypeError, ValueError):
                settled = False
            if not settled:
                return "    the oracle has no slope at these arguments"
            backward = abs(finding.analytic - slope) <= finding.bound
            forward = finding.low - finding.bound <= slope <= finding.high + finding.bound
            length = mpf(float(abs(finding.probe.direction.by[0]))) if finding.probe.entry is not None else mpf(1)
            digits = [_agreeing(number, slope) for number in (finding.analytic, finding.numeric)]
            return (
                f"    {_SAYS[backward, forward]}: slope {mpmath.nstr(slope / length, DOUBLE)}, "
                f"{digits[0]} digits of analytic agree, {digits[1]} of numeric"
                f"{'' if forward else self._of_values(function)}"
            )

    def _slope(self, function: VectorFunction, finding: GradientFinding, u: Array, h: mpf) -> mpf:
        """The slope of <u, f> by a central difference."""
        where, by = finding.probe.direction
        ends = []
        for step in (h, -h):
            x = _exact(function.x)
            x[where] += step * _exact(by)
            ends.append(self.values(function, x).ravel())
        used = u != 0
        return mpf((_exact(u[used]) * (ends[0] - ends[1])[used]).sum()) / (2 * h)

    def _of_values(self, function: VectorFunction) -> str:
        """The output of f that agrees with the oracle in the fewest digits."""
        wanted, got = self.values(function, _exact(function.x)).ravel(), function.out.ravel()
        digits = [_agreeing(a, b) for a, b in zip(got, wanted, strict=True)]
        k = int(np.argmin(digits))
        return f"\n    f gives {got[k]:.17g}, the oracle {mpmath.nstr(wanted[k], DOUBLE)}: {digits[k]} digits agree"


_SAYS = {
    (True, False): "forward differs from the oracle, backward agrees",
    (False, True): "backward differs from the oracle, forward agrees",
    (False, False): "forward and backward differ from the oracle",
    (True, True): "the oracle lies between forward and backward",
}


def _exact(x: Array) -> Array:
    """The entries as numbers of mpmath."""
    return np.array([mpf(float(entry)) for entry in x], object)


def _agreeing(got: Any, wanted: mpf) -> int:
    """The number of digits in which a float64 agrees with the number of the oracle."""
    if got == wanted:
        return DOUBLE
    if not mpmath.isfinite(got) or not mpmath.isfinite(wanted):
        return 0
    return max(0, min(DOUBLE, int(-mpmath.log10(abs(got - wanted) / max(abs(got), abs(wanted))))))
