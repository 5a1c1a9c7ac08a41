"""Generation: a network that is given one symbol after another, and remembers what it needs of those before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from funcnn.core import forward_only
from funcnn.dispatch import verb
from funcnn.errors import KindError

P = TypeVar("P")
X = TypeVar("X")


class Step(Protocol):
    """`step(params, x, memory) -> (out, memory)`."""

    def __call__(self, params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X, Any], Any]], Callable[[P, X, Any], Any]]: ...


@cast("Callable[[Any], Step]", verb(returns=(tuple, "(out, memory)")))
def step(params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]:
    """`(out, memory)`: what the network makes of the next part of a sequence, and of what it remembers of the others.

    x is (m, t, ...), of which t is mostly 1; the memory is None at first, then what the last step returned. Parts given
    one after another lead to what `forward` makes of the whole: of recurrent layers, and of attention that is causal.
    What looks at each place alone, as most layers do, remembers nothing. Call it with `inference(params)`.

    >>> import numpy as np
    >>> from funcnn import mlp, step
    >>> out, memory = step(mlp([2, 3, 1], seed=0), np.ones((5, 1, 2)))
    >>> out.shape, memory
    ((5, 1, 1), (None, None, None))

    Raises:
        What `forward` raises.
    """
    return forward_only(params, x), None


def no_step(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of what looks ahead, or at all places at once."""
    raise KindError(f"step: {type(params).__name__} looks at several places at once, so it cannot go on step by step")
