"""Generation: a network takes one part of a sequence after another, with a memory of the parts before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, overload

from funcnn.arrays import Array, short
from funcnn.core import forward_only, is_layer
from funcnn.dispatch import trait, verb
from funcnn.errors import KindError, ShapeError
from funcnn.refusals import check_tree_of_layers, no_rule_error
from funcnn.sizes import check_sizes
from funcnn.traits import Trait

__all__ = [
    "fixed_memory",
    "maps_alone",
    "mixes_positions",
    "no_step",
    "only_trains",
    "pads_with_zeros",
    "positionwise",
    "step",
]

P = TypeVar("P")
X = TypeVar("X")


class StepVerb(Protocol):
    """`step(params, x, memory) -> (out, memory)`."""

    @overload
    def __call__(self, params: Any, x: Array, memory: Any = None, /) -> tuple[Array, Any]: ...
    @overload
    def __call__(self, params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X, Any], Any]], Callable[[P, X, Any], Any]]: ...


@verb(StepVerb, gives=tuple, needed="(out, memory)")
def step(params: Any, x: Any, memory: Any = None, /) -> tuple[Any, Any]:
    """`(out, memory)`: the output for the next part of a sequence, and the memory that later parts need.

    x is (m, t, ...), mostly with t = 1; the memory is None at first, then the memory that the last step returned. For
    recurrent layers and causal attention, the outputs of consecutive parts equal the output of `forward` for the whole
    sequence. A layer that maps each position alone, such as Dense, has no memory.

    A layer without a rule is refused. For a layer of your own whose out at each position depends on x at that position
    only, write `step.register(Layer)(positionwise)`; for a layer with a memory, write a rule. Layers that differ
    between training and prediction, such as dropout, are refused: call `step(inference(net), x, memory)`.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.generation import step
    >>> out, memory = step(mlp([2, 3, 1], seed=0), np.ones((5, 1, 2)))
    >>> out.shape, memory
    ((5, 1, 1), (None, None, None))

    Raises:
        KindError: a layer has no rule for `step`, mixes positions, or differs between training and prediction.
        Any error that `forward` raises.
    """
    if not is_layer(params):
        raise no_rule_error("step", params)
    cls = type(params).__name__
    raise KindError(
        f"step: there is no rule for {cls}; if out at each position depends on x at that position only, write "
        f"step.register({cls})(positionwise), else a rule with @step.register({cls})"
    )


class FixedMemoryVerb(Protocol):
    """`fixed_memory(params, m, t_most) -> memory`."""

    def __call__(self, params: Any, m: int, t_most: int, /) -> Any: ...
    def dispatch(self, cls: type, /) -> Callable[..., Any]: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, int, int], Any]], Callable[[P, int, int], Any]]: ...


def _check_sizes(params: Any, m: Any, t_most: Any) -> None:
    check_sizes("fixed_memory", {"m": m, "t_most": t_most})


@verb(FixedMemoryVerb, check=_check_sizes)
def fixed_memory(params: Any, m: int, t_most: int, /) -> Any:
    """The memory for the first call of `step`, which keeps its shapes: with room for t_most positions of m sequences

    The memory that `step` makes by itself grows with each position of an attention, so that `jax.jit` compiles anew for
    each. From this memory on, the shapes stay, and the outputs are the same. An attention refuses a position beyond
    t_most; under `jax.jit`, where the number of positions so far is not known, out is NaN instead at all positions of
    a call that goes beyond t_most.

    By default None, which is the first memory of every layer. For a layer of your own whose memory grows, register a
    rule.

    >>> import numpy as np
    >>> from funcnn import transformer_block
    >>> from funcnn.generation import fixed_memory, step
    >>> net = transformer_block(4, 2, 8, seed=0, causal=True)
    >>> memory = fixed_memory(net, 1, 10)
    >>> out, memory = step(net, np.ones((1, 3, 4)), memory)
    >>> np.array_equal(out, step(net, np.ones((1, 3, 4)))[0])
    True

    Raises:
        KindError: m or t_most is not a whole number, or `step` refuses a layer.
        RangeError: m or t_most is less than 1.
    """
    check_tree_of_layers("fixed_memory", params)
    return check_can_step(params)


def check_can_step(params: Any) -> None:
    """Raise the error of a rule for `step` that is declared by `refuses`, as an error of `fixed_memory`."""
    rule = step.dispatch(type(params))
    if rule is only_trains:
        raise mode_error("fixed_memory", params)
    if rule not in _refusing:
        return
    try:
        rule(params, None)
    except KindError as error:
        raise KindError(f"fixed_memory: {str(error).removeprefix('step: ')}") from None


_refusing: set[Callable[..., Any]] = {step.dispatch(object)}


def refuses(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a rule for `step` refuses the layer whatever x is, so that `fixed_memory` refuses it too."""
    _refusing.add(rule)
    return rule


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
    if memory is not None:
        raise ShapeError(f"{AS_RETURNED}; {type(params).__name__} needs None, not {short(memory)}")
    return forward_only(params, x), None


AS_RETURNED = "step: memory must be what the last step returned, or None in the first"  # of all sentences about it


def only_trains(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` that refuses a layer that differs between training and prediction."""
    raise mode_error("step", params)


def mode_error(function: str, params: Any) -> KindError:
    """The error of `step` or `fixed_memory` for a layer that differs between training and prediction."""
    call = f"{function}(inference(net), {'x, memory' if function == 'step' else 'm, t_most'})"
    return KindError(f"{function}: {type(params).__name__} differs between training and prediction; write {call}")


@refuses
def no_step(params: Any, x: Any, memory: Any = None) -> Any:
    """The rule for `step` that refuses a layer whose out depends on later positions."""
    raise KindError(f"step: {type(params).__name__} mixes positions, so it cannot take one part of a sequence alone")


@cast("Callable[[Any], Trait]", trait)
def mixes_positions(params: Any, /) -> Any:
    """Whether out at one position may depend on x at other positions of the sequence: True or False.

    By default False for a layer whose rule for `step` is `positionwise`, and True for every other layer. If x has a
    mask, `First` refuses a layer that mixes positions, since the padding would enter the result. The result for dropout
    is False: dropout maps each position alone, though `step` refuses dropout.

    >>> from funcnn import BatchNorm, Dense, Dropout, Tanh
    >>> from funcnn.generation import mixes_positions
    >>> net = (Dense.init(2, 3, seed=0), Tanh(), Dropout(0.5, seed=0))
    >>> mixes_positions(net), mixes_positions((*net, BatchNorm.init(3)))
    (False, True)

    Raises:
        KindError: `params` is not a layer.
    """
    check_tree_of_layers("mixes_positions", params)
    return step.dispatch(type(params)) is not positionwise


@mixes_positions.register(tuple)
def chain_mixes_positions(params: tuple[Any, ...]) -> bool:
    """Whether one of the layers mixes positions"""
    return any(map(mixes_positions, params))


def maps_alone(params: Any) -> bool:
    """The rule for `mixes_positions` of a layer that maps each position alone, though `step` refuses it."""
    return False


@cast("Callable[[Any], Trait]", trait)
def pads_with_zeros(params: Any, /) -> Any:
    """Whether zeros at the padded positions of x act as the layer's own zero padding, as in a convolution over time.

    By default False. If x has a mask, `First` accepts such a layer as the first of a chain, since x is 0 at padded
    positions there, and refuses it behind another layer.

    Raises:
        KindError: `params` is not a layer.
    """
    check_tree_of_layers("pads_with_zeros", params)
    return False
