"""Networks that are not one kernel: their layers one after another, and the last of them with the loss as a kernel."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from operator import attrgetter
from typing import Any, Self

import numpy as np

from funcnn.compilation.agreement import agree, tried
from funcnn.compilation.inside import Log, inside
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.shapes import Untraceable
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.structure import flattened
from funcnn.compilation.trace import Traced
from funcnn.core import backward, backward_params, forward
from funcnn.gradients import Grads
from funcnn.trees.walks import leaves

Trace = Callable[..., Traced]
# Imported by its user, since it imports more of the package:
HEADS = "funcnn.compilation.kernels.images"
FEWEST = 1 << 12  # numbers of the input of a tail without parameters: for fewer NumPy is as fast


class Segments:
    """`value_and_grad(loss)` by the rules of the layers, of which some leave large arrays to kernels of their own.

    The layers from number `first` on are one kernel together with the loss, `tail`, if there is one, and the first
    layers may be a `head`. The others get a copy of what the head gives, which the next step overwrites. `reason` says
    why the network is not one kernel.
    """

    rows: list[Any]  # the form of the batches
    is_unchanged: Callable[[], bool]  # whether the loss and the rules are as they were

    def __init__(self, plain: Any, reason: str, tail: CompiledStep | None, first: int, head: Any) -> None:
        self.plain, self.reason, self.tail, self.first, self.head = plain, reason, tail, first, head
        self.until = len(head.layers) if head else 0  # the number of the first layer after the head
        self.folds: list[tuple[list[Any], Any, Callable[[], bool]]] = []  # by the form of the optimizer

    def __call__(self, params: Any, x: Any, y: Any, log: Log | None = None) -> tuple[Any, Grads[Any]]:
        """The cost and the gradient.

        Raises:
            Untraceable: a check of the tail fails, whose error the plain path has.
        """
        with inside([] if log is None else log):
            if self.tail is None:
                made: tuple[Any, Grads[Any]] = self.plain(params, x, y)
                return made
            head, middle = params[: self.until], params[self.until : self.first]
            memory = self.head.memory() if self.head else None
            given = memory.forward(head, x) if memory else x
            out, cache = forward(middle, given.copy() if memory and middle else given)
            cost, grads = self.end(params, out, y)
            if memory is None:
                before = backward_params(middle, cache, grads.x)
            else:
                between = backward(middle, cache, grads.x)
                before = *memory.backward(head, between.x), *between.params
                self.head.ready.append(memory)
        return cost, Grads((*before, *grads.params), None)

    def end(self, params: Any, out: Any, y: Any) -> tuple[Any, Grads[Any]]:
        """The tail for the output of the layers before it."""
        arrays, numbers, _ = flattened(params[self.first :])
        made = self.tail(arrays, numbers, out, y) if self.tail else None
        if made is None:
            raise Untraceable("a check of numbers")
        return made


class Plain(str):
    """The reason why NumPy computes the gradient, by `value_and_grad(loss)`, the function `plain`."""

    __slots__ = "folds", "is_unchanged", "plain", "rows"
    plain: Any
    rows: list[Any]
    is_unchanged: Callable[[], bool]
    folds: list[tuple[list[Any], Any, Callable[[], bool]]]  # as in Segments

    def __new__(cls, reason: str, plain: Any) -> Self:
        made = super().__new__(cls, reason)
        made.plain, made.folds = plain, []
        return made


Way = CompiledStep | Segments | Plain
"""How a gradient is computed."""


def segments(
    plain: Any, reason: str, params: Any, x: Any, y: Any, trace: Trace | None = None, make: Any = None
) -> Segments | str:
    """The segments of a network that is not one kernel for this reason; or the reason, if no layer has a kernel.

    `trace` gives the trace of the last layers and the loss, for the output of the layers before them, and `make`
    compiles it.
    """
    expected, log = plain(params, x, y), Log()
    traced, first = (None, 0) if trace is None else _tail(params, x, y, trace)
    tail = None if traced is None else tried(make, traced)
    if tail is not None:
        tail.number = type(expected[0])
    head = None if tail is None else tried(import_module(HEADS).head_of, params[:first], x)
    made = Segments(plain, reason, tail, first, head)
    found = tried(made, params, x, y, log)
    if tail is None and all([why for _, why in log]):
        return reason
    floats = [array.dtype for array in leaves(params) if array.dtype.kind == "f"]
    dtype = min(floats, key=attrgetter("itemsize"), default=np.dtype(np.float64))
    is_right = found is not None and agree(found, expected, dtype)
    return made if is_right else f"{reason}, and the kernels of single layers give another result than NumPy"


def _tail(params: Any, x: Any, y: Any, trace: Trace) -> tuple[Traced | None, int]:
    """The trace of as many layers at the end as can be compiled, and the number of the first of them."""
    if type(params) is not tuple or not params:
        return None, 0
    inputs = [x]
    for layer in params:
        inputs.append(forward(layer, inputs[-1])[0])
    found, low, high = None, 1, len(params) + 1  # if some last layers are one kernel, fewer are one as well
    while low < high:
        middle = (low + high) // 2
        try:
            traced = trace(params[middle:], inputs[middle], y)
            TracedGraph(traced)
        except Exception:  # noqa: BLE001  of a rule, which raises its errors again where it runs plain
            low = middle + 1
        else:
            found, high = traced, middle
    if found is not None and not leaves(params[high:]) and inputs[high].size < FEWEST:
        return None, 0
    return found, high
