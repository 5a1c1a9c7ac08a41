"""The protocol of optimizers: `grads, optimizer = update(optimizer, grads, params)`.

An optimizer transforms the gradient and carries its memory; `sgd` then steps along the transformed gradient. A tuple of
optimizers is an optimizer, which applies them one after the other; `()` leaves the gradient unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter
from itertools import repeat
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np

from funcnn.arrays import Array, freeze, kind, owned, short, wide
from funcnn.constructors import remedies
from funcnn.dispatch import verb
from funcnn.errors import KindError, ShapeError
from funcnn.fields import call_text, check_function, parameters_of
from funcnn.gradients import Grads, foreign_error, grads_error
from funcnn.paths import Where, map_chosen
from funcnn.records import build, plans, record, state, values
from funcnn.refusals import no_rule_error
from funcnn.trees.walks import check_tree

Opt = TypeVar("Opt")  # an optimizer
P = TypeVar("P")
PA = TypeVar("PA", bound="PerArray")


class Update(Protocol):
    """`update(optimizer, grads, params) -> (grads, optimizer)`."""

    def __call__(self, optimizer: Opt, grads: Grads[P], params: P, /) -> tuple[Grads[P], Opt]: ...
    def dispatch(self, cls: type, /) -> Any: ...
    def register(
        self, cls: type[Opt], /
    ) -> Callable[[Callable[[Opt, Grads[P], P], tuple[Grads[P], Opt]]], Callable[..., Any]]: ...


def _check_update(optimizer: Any, grads: Any, params: Any) -> None:
    if type(grads) is not Grads:
        raise grads_error("update", grads)
    if (cls := type(params)) is tuple:  # a rule may not look at the parameters
        check_tree("update", "params", params)
    if cls is not type(grads.params) or (cls is tuple and len(params) != len(grads.params)):
        raise foreign_error("update", params, grads.params)


@verb(Update, gives=tuple, needed="(grads, optimizer)", check=_check_update)
def update(optimizer: Any, grads: Grads[Any], params: Any, /) -> tuple[Grads[Any], Any]:
    """`(grads, optimizer)`: the gradient to step along, and the optimizer with its new memory.

    An optimizer is a record with a rule; its memory is in its states.

    >>> from funcnn import Grads, evolve, record, state, update
    >>> from funcnn.trees import map_parameters
    >>> @record
    ... class Inertia:
    ...     beta: float = 0.9
    ...     memory: object = state(default=None)
    >>> @update.register(Inertia)
    ... def inertia_update(optimizer, grads, params):
    ...     memory = grads.params
    ...     if optimizer.memory is not None:
    ...         memory = map_parameters(lambda g, m: g + optimizer.beta * m, memory, optimizer.memory)
    ...     return Grads(memory, grads.x), evolve(optimizer, memory=memory)

    Raises:
        KindError: `optimizer` is not an optimizer (but a class, a list or a layer), or `grads` is not a Grads.
        ShapeError: `grads` are the gradients of another network.
    """
    raise no_rule_error("update", optimizer, "optimizer")


@update.register(tuple)
def chain_update(optimizer: tuple[Any, ...], grads: Grads[P], params: P) -> tuple[Grads[P], tuple[Any, ...]]:
    """Each optimizer transforms the result of the one before it"""
    after = []
    for part in optimizer:
        grads, part = update(part, grads, params)  # noqa: PLW2901  the same optimizer, one step later
        after.append(part)
    return grads, tuple(after)


@record
class PerArray:
    """The base of optimizers whose rule computes with one array at a time.

    A subclass gives the rule as its paper writes it, for the gradient g of array p in update t = 1, 2, ...:

        step(self, g, p, t, m=0, v=0) -> (g', m', v')

    `step` returns g', the gradient to step along, and the memory for the next update, here m' and v'. Each part of the
    memory is an array like p, or a number; its default is its value before the first update. `step` may write to arrays
    that it has made, and to no others. If p is float16 or bfloat16, `step` gets g and p in float32, the memory is
    float32, and g' is rounded to the dtype of p.

    p may have no axes. NumPy then returns scalars, such as np.float64 for `b * m + g`, which `namespace` refuses: take
    the namespace of g, as in `namespace(g).sign(b * m + g)`.

    >>> import numpy as np
    >>> from funcnn import Dense, Grads, gradient, record, update
    >>> from funcnn.optimizers import PerArray
    >>> @record
    ... class Mean(PerArray):
    ...     '''s' = s + g, g' = s' / t'''
    ...     def step(self, g, p, t, s=0):
    ...         s = s + g
    ...         return s / t, s
    >>> net, mean = Dense(np.ones((1, 1)), None), Mean()
    >>> for g in (4.0, 2.0):
    ...     grads, mean = update(mean, Grads(gradient(net, W=np.array([[g]])), None), net)
    >>> grads.params, mean
    (Dense(W=<f64 [[3.]]>, b=None), Mean(memory=((<f64 [[6.]]>,),), t=2))
    """

    step: ClassVar[Callable[..., tuple[Array, ...]]]
    memory: tuple[tuple[Array, ...], ...] = state(default=(), kw_only=True)
    t: int = state(default=0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check `step`, and that the memory is a tuple with one tuple for each parameter."""
        needed = "a method (self, g, p, t, ...), with a default for each argument after t"
        check_function(_name(self), "step", getattr(self, "step", None), needed, takes=3)
        found = parameters_of(self.step)
        if found and [*found.parameters.values()][2].default is not Parameter.empty:  # the memory would begin with t
            raise KindError(f"{_name(self)}: step must be {needed}, not {call_text(self.step)}")
        if type(self.memory) is not tuple or not all([type(part) is tuple for part in self.memory]):
            raise KindError(f"{_name(self)}: memory must be () or what update returned, not {short(self.memory)}")


remedies[PerArray] = "; lr is an argument of sgd and train"


@update.register(PerArray)
def per_array_update(optimizer: PA, grads: Grads[P], params: P) -> tuple[Grads[P], PA]:
    """`step` for each array, with the memory that the last `step` returned for this array"""
    before = optimizer.t
    t, new = (int(before) if isinstance(before, np.ndarray) else before) + 1, []
    past = iter(optimizer.memory) if optimizer.memory else repeat(())

    def step(g: Array, p: Array) -> Array:
        memory = next(past, None)
        if memory is None or not _can_be_a_memory(memory, p):
            raise _foreign_memory_error(optimizer, memory, p)
        made = optimizer.step(g, p, t, *memory)
        if type(made) is not tuple or not made or not _is_like(made[0], p) or not _can_be_a_memory(made[1:], p):
            given = short(made) if type(made) is tuple else kind(made)
            raise KindError(
                f"{_name(optimizer)}: step must return (g, *memory), where g is like p, {short(p)}, and each part "
                f"of memory is like p or a number, not {given}"
            )
        new.append(tuple([owned(part) if part is g else freeze(part) for part in made[1:]]))
        return made[0]

    steps = per_parameter(step, grads, params)
    if optimizer.memory and len(new) != len(optimizer.memory):
        raise _foreign_memory_error(optimizer, optimizer.memory[len(new)], params)
    after = {"memory": tuple(new), "t": t}
    fields = zip(plans[type(optimizer)], values(optimizer), strict=True)
    return steps, build(type(optimizer), [after.get(name, value) for (name, _), value in fields])


def per_parameter(f: Callable[[Array, Array], Any], grads: Grads[P], params: P, *, where: Where = "*") -> Grads[P]:
    """`grads` with `f(g, p)` in place of the gradient g of each parameter p that `where` chooses.

    float16 and bfloat16 are passed to f as float32, and the result is rounded to the dtype of the gradient.
    """

    def checked(g: Array, p: Array) -> Any:
        if not _is_like(g, p):
            raise ShapeError(f"update: each gradient must be like its parameter, {short(p)}, not {short(g)}")
        if g.dtype.itemsize < 4:  # in float16 1e-8 rounds to 0, and 256 squared overflows
            return f(wide(g), wide(p)).astype(g.dtype)
        new = f(g, p)
        return owned(new) if new is g else new  # the caller may write to g

    return Grads(map_chosen(checked, where, grads.params, params, function="update"), grads.x)


def _is_like(part: Any, p: Array) -> bool:
    return getattr(part, "shape", None) == p.shape and part.dtype == p.dtype


def _can_be_a_memory(memory: Any, p: Array) -> bool:
    """Whether each part of the memory is an array like p, or a number, which jit returns as a 0-d array."""
    return all(
        [_is_like(part, p) or isinstance(part, int | float) or getattr(part, "shape", None) == () for part in memory]
    )


def _foreign_memory_error(optimizer: Any, memory: Any, p: Any) -> ShapeError:
    return ShapeError(
        f"update: the memory of {_name(optimizer)} is of another network: it holds {short(memory)} for the parameter "
        f"{short(p)}; start anew with {_name(optimizer)}(...)"
    )


def _name(optimizer: Any) -> str:
    return type(optimizer).__name__
