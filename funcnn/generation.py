"""Generation: a network takes one part of a sequence after another, with a memory of the parts before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from funcnn.core import forward_only
from funcnn.dispatch import no_rule, verb
from funcnn.errors import KindError
from funcnn.records import is_record

__all__ = ["no_step", "only_trains", "positionwise", "step"]

P = TypeVar("P")
X = TypeVar("X")


class Step(Protocol):
    """`step(params, x, memory) -> (out, memory)`."""

    def __call__(self, params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X, Any], Any]], Callable[[P, X, Any], Any]]: ...


@cast("Callable[[Any], Step]", verb(returns=(tuple, "(out, memory)")))
def step(params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]:
    """`(out, memory)`: the output for the next part of a sequence, and what the parts after it need.

    x is (m, t, ...), of which t is mostly 1; the memory is None at first, then what the last step returned. Parts given
    one after another give what `forward` gives for the whole sequence, of recurrent layers and of causal attention. A
    layer that maps each position alone, such as Dense, has no memory.

    By default a layer is refused. A layer of your own that maps each position alone, whatever stands at the others,
    says so with `step.register(Layer)(positionwise)`; one with a memory has a rule of its own. Layers that train
    otherwise than they predict, such as dropout, are refused: call `step(inference(net), x, memory)`.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.generation import step
    >>> out, memory = step(mlp([2, 3, 1], seed=0), np.ones((5, 1, 2)))
    >>> out.shape, memory
    ((5, 1, 1), (None, None, None))

    Raises:
        KindError: a layer does not say how it goes on, looks at several positions at once, or trains otherwise than it
            predicts.
        What `forward` raises.
    """
    if not is_record(params):
        raise no_rule("step", params)
    cls = type(params).__name__
    raise KindError(
        f"step: {cls} does not say that it maps each position alone; if it does, write "
        f"step.register({cls})(positionwise), else a rule with @step.register({cls})"
    )


def positionwise(params: Any, x: Any, memory: Any = None) -> tuple[Any, None]:
    """The rule for `step` of a layer that maps each position alone: `(forward_only(params, x), None)`

    >>> import numpy as np
    >>> from funcnn import Array, Elementwise, record
    >>> from funcnn.generation import step
    >>> @record
    ... class Cube(Elementwise):  # every Elementwise has this rule
    ...     def value(self, x: Array) -> Array:
    ...         return x * x
    ...     def slope(self, kept: Array) -> Array:
    ...         return 2 * kept
    >>> step(Cube(), np.array([[[3.0]]]))
    (array([[[9.]]]), None)
    """
    return forward_only(params, x), None


def only_trains(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of a layer that predicts otherwise than it trains: it is refused."""
    raise KindError(
        f"step: {type(params).__name__} predicts otherwise than it trains; write step(inference(net), x, memory)"
    )


def no_step(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` of a layer that looks ahead, or at all positions at once: it is refused."""
    raise KindError(f"step: {type(params).__name__} looks at several positions at once, so it takes no part alone")
