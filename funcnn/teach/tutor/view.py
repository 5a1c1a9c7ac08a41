"""One argument in one draw: its Jacobian, and the arrays that a wrong rule could have used."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.draws import Draw, Learner
from funcnn.testing.differentiation.vector_function import computed

CLOSE = 1e-6  # chosen: the relative difference up to which two Jacobians are the same


class Prediction(NamedTuple):
    """The Jacobian that a rule with a mistake has, None if it is not known, and what the mistake is about, in words."""

    detail: str
    computed: Callable[[], Array | None]


def known(detail: str, jacobian: Array) -> Prediction:
    """A prediction that needs no further calls of f."""
    return Prediction(detail, lambda: jacobian)


@attrs.frozen(eq=False)
class View:
    """Argument i of a draw. `jacobian` has the axes of f's value, then those of the argument."""

    draw: Draw
    i: int
    jacobian: Array = computed(lambda self: self.draw.jacobians[self.i])
    learner: Learner = computed(lambda self: self.draw.gradients[self.i])  # only arguments with gradients are viewed

    @property
    def x(self) -> Array:
        """The argument."""
        return self.draw.function.args[self.i]

    @property
    def out(self) -> Array:
        """The value of f."""
        return self.draw.function.out

    @property
    def matrix(self) -> Array:
        """The Jacobian as a matrix (output, entry)."""
        return self.jacobian.reshape(self.out.size, self.x.size)

    @property
    def others(self) -> list[int]:
        """The other arguments of floats."""
        return [j for j in self.draw.jacobians if j != self.i]

    def arg(self, j: int) -> Array:
        """Argument j."""
        return self.draw.function.args[j]

    def name(self, j: int) -> str:
        """The name of argument j."""
        return self.draw.function.names[j]

    def if_at(self, detail: str, j: int, value: Array) -> Prediction:
        """The prediction of the Jacobian of this argument where argument j has another value."""
        return Prediction(detail, partial(self.at, j, value))

    def at(self, j: int, value: Array) -> Array | None:
        """The Jacobian of this argument where argument j has another value; None where it is not known."""
        args = list(self.draw.function.args)
        args[j] = value
        return self.draw.jacobian_at(self.i, args)

    @property
    def slopes(self) -> Array | None:
        """The slope of each entry of an elementwise function, of the shape of x; None for other functions."""
        if self.out.shape != self.x.shape:
            return None
        diagonal = np.diag(self.matrix)
        return diagonal.reshape(self.x.shape) if same(self.matrix, np.diag(diagonal)) else None

    def diagonal(self, slopes: Array) -> Array:
        """The Jacobian of an elementwise function with these slopes."""
        return np.diag(np.broadcast_to(slopes, self.x.shape).ravel()).reshape(self.jacobian.shape)


def same(a: Array, b: Array, tolerance: float = CLOSE) -> bool:
    """Whether two Jacobians are equal but for numeric errors."""
    if a.shape != b.shape:
        return False
    size = max(abs(a).max(initial=0), abs(b).max(initial=0))
    return bool(np.isfinite(a).all() and abs(a - b).max(initial=0) <= tolerance * size)


def factor_of(a: Array, b: Array) -> float | None:
    """The number c with a = c b; None if there is none."""
    square = float((b * b).sum()) if a.shape == b.shape else 0.0
    if not 0 < square < np.inf:
        return None
    c = float((a * b).sum()) / square
    return c if same(a, c * b) else None


def subsets(axes: Sequence[int], shape: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The sets of axes that are longer than 1, the small sets first."""
    long = [axis for axis in axes if shape[axis] > 1]
    for size in range(1, len(long) + 1):
        yield from combinations(long, size)
