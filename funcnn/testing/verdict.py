"""What a check can say: it passed, it is wrong (and in which way), or it could not tell."""

from __future__ import annotations

import attrs


class GradientError(AssertionError):
    """A backward pass is wrong. Each way of being wrong is a class of its own, so that hypothesis tells them apart."""


class WrongGradient(GradientError):
    """The numbers are not those that the values of the function imply."""


class WrongAtKink(WrongGradient):
    """At a kink of the function, where an interval of slopes is allowed, the number lies outside."""


class WrongTogether(WrongGradient):
    """No entry is wrong by itself, but several are when they move together: a tie was counted twice, or not at all."""


class NotFinite(GradientError):
    """A gradient is nan or infinite where the slopes of the function are bounded."""


class WrongShape(GradientError):
    """A gradient has not the shape of what it belongs to, or there are too few or too many of them."""


class WrongDtype(GradientError):
    """A gradient has not the dtype of what it belongs to."""


class NotPure(GradientError):
    """A function writes to its arguments or to what it returned, or depends on what was called before."""


class NotDeterministic(GradientError):
    """The same call gives another result."""


class Aliased(GradientError):
    """A gradient shares writeable memory with what somebody else holds."""


class NotLinear(GradientError):
    """A backward pass is linear in the cotangent dA; this one is not."""


class WrongForLayout(GradientError):
    """The numbers depend on how the entries of an argument or of the cotangent lie in memory."""


class WrongForFloat32(GradientError):
    """In float32 the gradient is not what it is in float64."""


class Raised(GradientError):
    """The backward pass raised an exception where the forward pass did not."""


class BrokenPromise(GradientError):
    """A layer, a loss or an optimizer does not do what all of its kind do."""


class Inconclusive(Exception):
    """No probe could tell right from wrong; the message says why, and what to change."""


@attrs.frozen
class Report:
    """What a check that raised nothing has seen.

    `leaf` is the entry at which the check was bluntest, `bound` how far its gradient could be from the truth, and
    `sees` the same relative to the gradient: the smallest relative error that would have been noticed in every entry
    that was decided. `probes` counts pairs of a direction and a cotangent; `inconclusive` those of them that decided
    nothing, `kinks` those that were judged by an interval. `decided` and `undecided` name the arguments of which
    anything, or nothing, was decided; `probed` says along which directions they were moved.
    """

    verdict: str
    leaf: str
    bound: float
    sees: float
    probes: int
    kinks: int
    inconclusive: int
    decided: tuple[str, ...]
    undecided: tuple[str, ...]
    probed: str

    def __str__(self) -> str:
        """One line.

        >>> import numpy as np
        >>> from funcnn.testing import check_vjp
        >>> print(check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [np.ones(3)]))
        pass: ...
        """
        counts = f"{self.probes} probes, {self.kinks} at kinks, {self.inconclusive} inconclusive"
        sees = f"; an error of {self.sees:.0e} would have been seen, bluntest at {self.leaf}" if self.leaf else ""
        return f"{self.verdict}: {self.probed}: {counts}{sees}"
