"""The memory that optimizers have before their first update, as arrays."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any, Protocol, TypeVar

from funcnn.arrays import Array, is_array, namespace
from funcnn.dispatch import verb
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.optimizers.base import PA, Opt, PerArray, update
from funcnn.refusals import no_rule_error
from funcnn.trees.edits import evolve
from funcnn.trees.walks import arrays_in, check_tree, map_arrays

Own = TypeVar("Own")


class Init(Protocol):
    """`init(optimizer, params) -> optimizer`."""

    def __call__(self, optimizer: Opt, params: Any, /) -> Opt: ...
    def register(self, cls: type[Own], /) -> Callable[[Callable[[Own, Any], Own]], Callable[[Own, Any], Own]]: ...


def _check_init(optimizer: Any, params: Any) -> None:
    if type(optimizer) is not tuple and update.dispatch(type(optimizer)) is _NO_RULE:
        raise no_rule_error("init", optimizer, "optimizer")
    check_tree("init", "params", params)


_NO_RULE = update.dispatch(object)


@verb(Init, accepts=lambda optimizer, made: type(made) is type(optimizer), needed="an optimizer", check=_check_init)
def init(optimizer: Any, params: Any, /) -> Any:
    """The optimizer with the memory for these parameters, as arrays, before the first update.

    Without it, the first update makes the memory. With it, an optimizer is the same pytree in each step, as
    `jax.lax.scan` needs; a step is compiled once; and its updates give the same numbers. An optimizer that has a memory
    stays as it is.

    An optimizer whose first update adds arrays to it needs a rule, `@init.register(Class)`; a `PerArray` has one.

    >>> from funcnn import Dense, Momentum
    >>> from funcnn.optimizers import init
    >>> init(Momentum(), Dense.init(2, 1, seed=0))
    Momentum(memory=((<f64 [[0.] [0.]]>,), (<f64 [0.]>,)), t=0, beta=0.9, nesterov=False)

    Raises:
        KindError: `optimizer` is not an optimizer, or has no rule although its first update adds arrays to it; or
            `params` is not a network.
    """
    if len(arrays_in(_updated(optimizer, params))) != len(arrays_in(optimizer)):
        name = type(optimizer).__name__
        raise KindError(f"init: there is no rule for {name}; write one with @init.register({name})")
    return optimizer


def _updated(optimizer: Any, params: Any) -> Any:
    """The optimizer after an update with gradients of 0."""
    zeros = map_arrays(lambda p: namespace(p).zeros_like(p), params, states=False)
    return update(optimizer, Grads(zeros, None), params)[1]


@init.register(tuple)
def chain_init(optimizer: tuple[Any, ...], params: Any) -> tuple[Any, ...]:
    """Each optimizer with its memory"""
    return tuple([init(part, params) for part in optimizer])


@init.register(PerArray)
def per_array_init(optimizer: PA, params: Any) -> PA:
    """Arrays of the defaults of `step`, where its first call returns arrays"""
    if optimizer.memory:
        return optimizer
    defaults = [argument.default for argument in signature(optimizer.step).parameters.values()][3:]

    def first(part: Array, default: Any) -> Any:
        return namespace(part).full_like(part, default) if is_array(part) else default

    made = _updated(optimizer, params).memory
    return evolve(optimizer, memory=tuple([tuple(map(first, parts, defaults)) for parts in made]))
