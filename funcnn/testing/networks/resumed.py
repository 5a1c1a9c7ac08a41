"""Values of a chain at moved parameters, computed from the first layer whose parameters moved.

A difference quotient moves the parameters of one layer. The layers before it compute what they computed before.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from funcnn.arrays import Array
from funcnn.core import forward
from funcnn.testing.networks.template import Template, template
from funcnn.trees.walks import parameters


class ResumedChain:
    """A chain, and the outputs of its layers at `args`, the arrays of its parameters and of x, as far as needed.

    The outputs are computed from the arrays of a later call that are equal, not from those of the layers, whose order
    in memory may be another one, and with it the rounding of a product.
    """

    def __init__(self, layers: tuple[Any, ...], x_of: Template, args: Sequence[Array]) -> None:
        counts = [len(parameters(layer)) for layer in layers]
        self._layers: list[Template] = [template(layer, states=False) for layer in layers]
        self._x_of = x_of
        self._starts = [0, *accumulate(counts)]  # by layer, where its arrays begin
        self._layer_of = [i for i, count in enumerate(counts) for _ in range(count)]  # by array
        self._dtypes, self._bytes = [a.dtype for a in args], [a.tobytes() for a in args]
        self._outputs: list[Any] = []

    def first_moved(self, args: Sequence[Array]) -> int:
        """The first layer whose parameters differ; 0 if none do, or if x does, or a dtype."""
        count = len(self._layer_of)
        order = (*range(count, len(args)), *range(count))
        if [a.dtype for a in args] != self._dtypes:
            return 0
        moved = next((k for k in order if args[k].tobytes() != self._bytes[k]), count)
        return self._layer_of[moved] if moved < count else 0

    def out(self, args: Sequence[Array], first: int) -> Any:
        """The output at arrays that differ from layer `first` on; `first` is not 0."""
        start = min(first, len(self._outputs))
        rest = iter(args[self._starts[start] :])
        layers = [fill(rest) for fill in self._layers[start:]]
        x = self._outputs[start - 1] if start else self._x_of(rest)
        for layer in layers[: first - start]:
            x = forward(layer, x)[0]
            self._outputs.append(x)
        return forward(tuple(layers[first - start :]), self._outputs[first - 1])[0]
