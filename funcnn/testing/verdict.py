"""The verdicts of a check: a report, an error for each kind of mistake, or inconclusive."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import attrs

MOST_NAMED = 3  # chosen: entries that a report names


class GradientError(AssertionError):
    """A backward pass is wrong. Each kind of mistake has its own class, so that hypothesis reports them separately.

    A check that finds several mistakes raises the most important one. `findings` holds it and the others, which the
    message lists. `pasted` is the source of what the check drew, which follows the source of the arguments.
    """

    others: tuple[GradientError, ...] = ()
    pasted: str = ""

    @property
    def findings(self) -> tuple[GradientError, ...]:
        """All mistakes that the check found, the most important one first."""
        return (self, *self.others)


class WrongGradient(GradientError):
    """A gradient differs from the slopes of the function, its numeric derivatives along directions."""


class WrongAtKink(WrongGradient):
    """At a kink of the function, a gradient lies outside the interval of slopes."""


class WrongTogether(WrongGradient):
    """Each entry alone is right, and several together are wrong: a tie is counted twice, or not at all."""


class NotFinite(GradientError):
    """A gradient is nan or infinite where the slopes of the function are bounded."""


class WrongShape(GradientError):
    """A gradient does not have the shape of its argument, or there are too few or too many gradients."""


class WrongDtype(GradientError):
    """A gradient does not have the dtype of its argument."""


class NotPure(GradientError):
    """A function writes to its arguments or results, or depends on earlier calls."""


class NotDeterministic(GradientError):
    """The same call gives another result the second time."""


class Aliased(GradientError):
    """A gradient shares writeable memory with an argument or another result."""


class NotLinear(GradientError):
    """A backward pass must be linear in the cotangent dA; this one is not linear."""


class NotTransposed(GradientError):
    """<u, J v> = <J' u, v> does not hold: a vjp is not the transpose of a jvp."""


class NotSymmetric(GradientError):
    """A Hessian must be symmetric; this one is not symmetric."""


class WrongForLayout(GradientError):
    """The gradient depends on the memory layout of an argument or of the cotangent."""


class WrongForFloat32(GradientError):
    """The gradient in float32 differs from the gradient in float64."""


class WrongForFloat16(GradientError):
    """The gradient in float16 differs from the gradient in float64."""


class Raised(GradientError):
    """The backward pass raised an exception where the forward pass did not."""


class RefusedLayout(Raised):
    """The backward pass raises an exception for arrays of the same entries in another memory layout."""


class RefusedDtype(Raised):
    """The backward pass raises an exception in float32 or float16 where the forward pass does not."""


class NoDerivative(GradientError):
    """A library has no derivative of a function."""


class BrokenPromise(GradientError):
    """A layer, a loss or an optimizer breaks a rule of its protocol."""


def rank(error: GradientError) -> int:
    """The place of a mistake among several: first if there is no Jacobian to compare, second if numbers are wrong."""
    moot = (WrongShape, Raised, NoDerivative, NotPure, NotDeterministic, NotLinear)
    return 0 if type(error) in moot else 1 if isinstance(error, WrongGradient | NotFinite) else 2


class Inconclusive(Exception):
    """No probe, a direction with a cotangent, was decided; the message says why, and what to change."""


@attrs.frozen
class Report:
    """The result of a check that found no mistake.

    `leaf` is the decided entry at which the check was least sensitive, `resolved` the relative error and `bound` the
    absolute error of its gradient that would have been found. An entry is decided if its slope is above its bound, or
    if f is flat along it. `unresolved` has the bounds of the other entries, by name. `sees` is the relative error that
    would have been found in every entry, decided or not: 1 and more, or infinite, if an entry is not decided. `probes`
    counts pairs of a direction and a cotangent, `inconclusive` the undecided pairs, and `kinks` the pairs that were
    decided by an interval of slopes. `decided` names the arguments with a decided probe, `undecided` the other
    arguments; a probe of slope 0 does not count if other probes of the argument are inconclusive. `probed` says along
    which directions the arguments were moved. `tolerated` has the largest relative error below the `tolerance`, by the
    name of the argument. `left_out` names the parts of a check that did not run, with `fast=True`.
    """

    probed: str
    probes: int
    inconclusive: int
    decided: tuple[str, ...]
    undecided: tuple[str, ...] = ()
    verdict: str = "pass"
    leaf: str = ""
    bound: float = 0.0
    sees: float = 0.0
    kinks: int = 0
    resolved: float = 0.0
    unresolved: Mapping[str, float] = attrs.field(factory=dict)
    tolerated: Mapping[str, float] = attrs.field(factory=dict)
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The report in one line."""
        counts = f"{self.probes} probes, {self.kinks} at kinks, {self.inconclusive} inconclusive"
        zero = self.bound and self.sees == inf and not self.kinks
        sees = f"; every slope is 0 within {self.bound:.0e}" if zero else ""
        if self.leaf:
            sees = f"; an error of {self.resolved:.0e} would have been found, least sensitive at {self.leaf}"
        errors = ", ".join([f"{error:.0e} in the gradient of {name}" for name, error in self.tolerated.items()])
        tolerated = f"; relative errors tolerated: {errors}" if errors else ""
        undecided = f"; nothing was decided of {', '.join(self.undecided)}" if self.undecided else ""
        left_out = f"; fast: without {', '.join(self.left_out)}" if self.left_out else ""
        return f"{self.verdict}: {self.probed}: {counts}{sees}{tolerated}{self._entries()}{undecided}{left_out}"

    def _entries(self) -> str:
        """The entries that are not decided."""
        if not self.unresolved:
            return ""
        some = [f"{where} (bound {bound:.0e})" for where, bound in [*self.unresolved.items()][:MOST_NAMED]]
        more = len(self.unresolved) - len(some)
        return f"; not decided: {', '.join(some)}" + (f" and {more} more" if more else "")
