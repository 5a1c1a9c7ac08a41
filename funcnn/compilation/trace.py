"""The trace of a network and a loss: their own rules, applied to symbolic arrays, and numbers that change by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np

from funcnn.compilation.evaluation import Calculation, reached
from funcnn.compilation.shapes import NUMBER, Untraceable, unrefused
from funcnn.compilation.structure import symbolic
from funcnn.compilation.symbols import Symbol, is_number, is_step_number
from funcnn.compilation.text import LINE
from funcnn.conditions import recorded
from funcnn.core import Loss, forward_only, value_and_grad
from funcnn.records import getters, plans
from funcnn.trees.walks import leaves


class SymbolicStates:
    """Symbolic numbers, and for each the value after a step, computed from them."""

    def __init__(self, symbols: list[Symbol], following: list[Any]) -> None:
        self.symbols, self.following = symbols, following
        self.places = {id(s): i for i, s in enumerate(symbols)}
        self.after = Calculation(self.places).function(following) if symbols else list
        """The function from the numbers to those one step later."""

    def run(self, numbers: list[Any], steps: int) -> list[list[Any]]:
        """The numbers before each step, and after the last."""
        if not numbers:
            return [numbers] * (steps + 1)
        run = [numbers]
        for _ in range(steps):
            run.append(self.after(run[-1]))
        if list(map(type, run[-1])) != list(map(type, numbers)):
            raise Untraceable("a state that becomes a number of another class")
        return run


def states(symbols: list[Symbol], before: Any, after: Any) -> SymbolicStates:
    """The states of a tree, given the tree before and after a step; in `after`, None means unchanged."""
    following = [s if one is None else one for s, one, _ in pairs(before, after) if getattr(s, "op", "") == "state"]
    if len(following) != len(symbols) or not all(
        [is_number(s) or getattr(s, "dtype", None) == NUMBER for s in following]
    ):
        raise Untraceable("a state that is not a number after the step")
    if not {id(s) for s in reached(following) if s.op == "state"} <= set(map(id, symbols)):
        raise Untraceable("a state that follows from a state of something else")
    return SymbolicStates(symbols, following)


def pairs(before: Any, after: Any, *, is_state: bool = False) -> Iterator[tuple[Any, Any, bool]]:
    """What a tree holds besides records and tuples, each with what it is after a step, and whether it is in a state."""
    cls = type(before)
    if cls is not tuple and cls not in plans:
        yield before, after, is_state
        return
    contents: Any = tuple if cls is tuple else getters[cls]
    parts, are_states = contents(before), [False] * len(before) if cls is tuple else [s for _, s in plans[cls]]
    others = [None] * len(parts) if after is None else contents(after)
    for part, other, part_is_state in zip(parts, others, are_states, strict=True):
        yield from pairs(part, other, is_state=is_state or part_is_state)


@attrs.frozen(eq=False)
class Traced:
    """The cost and the gradient of a network as symbolic arrays, or its output.

    `params` is the network with symbolic arrays, whose indices count up to `count` with gaps, since each array begins
    at a panel; `grads` is its gradient, with the symbolic arrays `gradients`. `faults` are true where a check of
    numbers would have raised an error. `out` has numbers for each row: the gradient with respect to x, if it is asked
    for, or the output, which has no cost.
    """

    params: Any
    count: int
    x: Symbol
    y: Symbol | tuple[Symbol, ...]
    faults: list[Symbol]
    states: SymbolicStates
    out: Any
    grads: Any = ()
    cost: Any = None
    gradients: list[Symbol] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Check that the cost and the gradients are sums over the rows, and the output is an array of rows."""
        arrays: list[Any] = leaves(self.grads)
        object.__setattr__(self, "gradients", [a for a in arrays if not is_step_number(a)])
        for name, arrays in (("cost", [self.cost] * (self.cost is not None)), ("gradient", self.gradients)):
            if not all([isinstance(a, Symbol) and not a.features for a in arrays]):
                raise Untraceable(f"a {name} that is not a sum over the rows")
            for a in arrays:
                a.check_unchanged()
        if self.out is not None:
            if not isinstance(self.out, Symbol) or not self.out.features or self.out.op == "transpose":
                raise Untraceable("an output that is not an array of rows")
            if self.out.dtype != self.dtype:
                raise Untraceable(f"an output of {self.out.dtype}, in a network of {self.dtype}")
            self.out.check_unchanged()

    @property
    def widths(self) -> dict[str, int]:
        """The numbers of a row of x and of y."""
        parts = [("x", (self.x,)), ("y", self.y if isinstance(self.y, tuple) else (self.y,))]
        return {name: sum([one.size // len(one) for one in ones]) for name, ones in parts if ones}

    @property
    def dtype(self) -> Any:
        """The dtype of all arrays but y."""
        return self.x.dtype


def trace(loss: Loss, params: Any, x: Any, y: Any, *, inputs: bool = False) -> Traced:
    """What `value_and_grad(loss, inputs=inputs)(params, x, y)` computes.

    Raises:
        Untraceable: a rule or the loss does what a kernel cannot do.
    """
    layers, count, counters = _symbolic(params)
    rows = _input("x", x, 0), _inputs(y)
    with unrefused(), recorded() as faults:
        cost, grads = value_and_grad(loss, inputs=inputs)(layers, *rows)
    following = states(counters, layers, grads.params)
    return Traced(layers, count, *rows, faults, following, grads.x, grads.params, cost)


def trace_prediction(params: Any, x: Any) -> Traced:
    """What `forward_only(params, x)` computes.

    Raises:
        Untraceable: a rule does what a kernel cannot do.
    """
    layers, count, numbers = _symbolic(params)
    rows = _input("x", x, 0)
    with unrefused(), recorded() as faults:
        out = forward_only(layers, rows)
    return Traced(layers, count, rows, (), faults, SymbolicStates(numbers, numbers), out)


def _symbolic(params: Any) -> tuple[Any, int, list[Symbol]]:
    """The network with symbolic arrays, the length of their vector, and the symbolic numbers."""
    count, counters = 0, list[Symbol]()

    def numbered(array: Any) -> Symbol:
        nonlocal count
        index = np.arange(count, count + array.size).reshape(array.shape)
        count = padded(count + array.size, array.dtype)
        return Symbol("parameter", (), array.shape, array.dtype, None, index)

    return symbolic(params, numbered, counters), count, counters


def _input(name: str, rows: Any, first: int) -> Symbol:
    """Rows whose numbers are those of an input, from feature `first` on."""
    return Symbol(name, (), rows.shape, rows.dtype, rows.size // len(rows), first)


def _inputs(y: Any) -> Any:
    """y, or the parts of y, whose rows stand beside one another."""
    if type(y) is not tuple:
        return _input("y", y, 0)
    widths = [one.size // len(one) for one in y]
    return tuple([_input("y", one, sum(widths[:i])) for i, one in enumerate(y)])


def padded(n: int, dtype: Any) -> int:
    """n, or the next number of floats that fill panels."""
    panel = 2 * LINE // dtype.itemsize
    return -(-n // panel) * panel
