"""Optimizers transform the gradient and carry their memory: `grads, optimizer = update(optimizer, grads, params)`.

`sgd` then steps along the gradient they give. A tuple of optimizers is one, each transforming what the one before it
gives; `()` leaves the gradient as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

from funcnn.dispatch import no_rule, verb
from funcnn.gradients import Grads

Opt = TypeVar("Opt")  # an optimizer
P = TypeVar("P")


class Update(Protocol):
    """`update(optimizer, grads, params) -> (grads, optimizer)`."""

    def __call__(self, optimizer: Opt, grads: Grads[P], params: P, /) -> tuple[Grads[P], Opt]: ...
    def register(
        self, cls: type[Opt], /
    ) -> Callable[[Callable[[Opt, Grads[P], P], tuple[Grads[P], Opt]]], Callable[..., Any]]: ...


@cast("Callable[[Any], Update]", verb(returns=(tuple, "(grads, optimizer)")))
def update(optimizer: Any, grads: Grads[Any], params: Any, /) -> tuple[Grads[Any], Any]:
    """`(grads, optimizer)`: the gradient to step along, and the optimizer with what it remembers of it.

    An optimizer is a record with a rule; what it remembers are its states.

    >>> from funcnn import Grads, evolve, map_parameters, record, state, update
    >>> @record
    ... class Momentum:
    ...     beta: float = 0.9
    ...     memory: object = state(default=None)
    >>> @update.register(Momentum)
    ... def momentum_update(optimizer, grads, params):
    ...     memory = grads.params
    ...     if optimizer.memory is not None:
    ...         memory = map_parameters(lambda g, m: g + optimizer.beta * m, memory, optimizer.memory)
    ...     return Grads(memory, grads.x), evolve(optimizer, memory=memory)

    Raises:
        KindError: `optimizer` has no rule: a class, a list, another record.
    """
    raise no_rule("update", optimizer)


@update.register(tuple)
def chain_update(optimizer: tuple[Any, ...], grads: Grads[P], params: P) -> tuple[Grads[P], tuple[Any, ...]]:
    """Each optimizer transforms what the one before it gives"""
    after = []
    for part in optimizer:
        grads, part = update(part, grads, params)  # noqa: PLW2901  the same optimizer, one step on
        after.append(part)
    return grads, tuple(after)
