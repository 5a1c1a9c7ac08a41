"""A function that a hunt checks, with its derivative, its arguments and its known issues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from typing import Annotated, Any

import attrs
from hypothesis.strategies import SearchStrategy

from funcnn.arrays import kind, short
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError
from funcnn.needs import Text, as_text, passing
from funcnn.testing import verdict
from funcnn.testing.mutation import Pair
from funcnn.testing.tensors import Strategy
from funcnn.testing.vjp import check_vjp

OPTIONS = [name for name in signature(check_vjp).parameters if name not in {"f", "vjp", "args", "inconclusive"}]
INCONCLUSIVE, ERROR, CRASHED, HUNG = "Inconclusive", "Error", "Crashed", "Hung"
KINDS = [
    *[name for name, cls in vars(verdict).items() if isinstance(cls, type) and issubclass(cls, verdict.GradientError)],
    INCONCLUSIVE,  # no example was decided
    ERROR,  # another exception: of the forward pass, or of the strategy
    CRASHED,  # the process ended
    HUNG,  # one example took longer than `patience`
]
_REASONS = "a dict of reasons by kinds of findings"


def _check_known(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise KindError(f"{function}: {argument} must be {_REASONS}, not {kind(value)}")
    for which, reason in value.items():
        if which not in KINDS:
            kinds = ", ".join(KINDS)
            raise RangeError(f"{function}: {argument} must name kinds of findings ({kinds}), not {short(which)}")
        as_text(function, f"{argument}[{which!r}]", reason)


Known = Annotated[Mapping[str, str], passing(_REASONS, _check_known)]


@attrs.frozen(eq=False, init=False)
class Target:
    """A function to check: its name, the pair `(f, vjp)`, a strategy for its arguments, and options of `check_vjp`.

    The pair is written by hand or made by an adapter, such as `funcnn.testing.torch.pair`. `known` gives the reason of
    each finding that is expected, by its kind: the name of an error, such as "WrongGradient", or "NoDerivative"
    if the library has no derivative; "Inconclusive", if no example was decided; "Error", if another exception was
    raised; "Crashed", if the process ended; "Hung", if an example took too long.

    >>> import numpy as np
    >>> from funcnn.testing import strategies as fst
    >>> from funcnn.testing.hunt import Target
    >>> log = (np.log, lambda args, dA: [dA / args[0]])
    >>> Target("log", log, fst.tensors("n").map(lambda args: [abs(args[0]) + 1]), domain={"x": (0, None)}).name
    'log'

    Raises:
        KindError: a field is of the wrong kind, or `options` names no option of `check_vjp`.
        RangeError: `known` names no kind of finding.
    """

    name: str
    pair: tuple[Callable[..., Any], Callable[..., Any]]
    arguments: SearchStrategy[Sequence[Any]]
    known: Mapping[str, str]
    options: Mapping[str, Any]

    @checked
    def __init__(
        self,
        name: Text,
        pair: Pair,
        arguments: Strategy[Sequence[Any]],
        *,
        known: Known | None = None,
        **options: Any,
    ) -> None:
        for option in options:
            if option not in OPTIONS:
                raise KindError(f"Target: there is no option {option} of check_vjp; there are {', '.join(OPTIONS)}")
        self.__attrs_init__(name, pair, arguments, dict(known or {}), options)
