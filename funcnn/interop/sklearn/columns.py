"""Targets of several parts: columns, each with classes of its own, and numbers for several losses."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, counted
from funcnn.bound import BoundFunction
from funcnn.errors import ShapeError
from funcnn.interop.sklearn.targets import Classes, Numbers, Task
from funcnn.losses.combinators import joint
from funcnn.losses.protocol import declared, takes_logits


@attrs.frozen(eq=False)
class Columns:
    """Several classes for each row, one for each column of y; a network has an output for each class of each column."""

    parts: tuple[Classes, ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs a network may have."""
        return (sum([part.outputs for part in self.parts]),)

    @property
    def values(self) -> list[Array]:
        """The classes of each column."""
        return [part.values for part in self.parts]

    @property
    def _ends(self) -> list[int]:
        return np.cumsum([part.outputs for part in self.parts])[:-1].tolist()

    def for_outputs(self, n: int) -> Columns:
        """The target of a network with n outputs."""
        return self

    def codes(self, function: str, y: Array) -> Array:
        """The index of the class of each row in each column, (m, c)."""
        if y.shape[1:] != (len(self.parts),):
            raise ShapeError(
                f"{function}: y must have {counted(len(self.parts), 'column')}, as in the first fit; y: {y.shape}"
            )
        return np.stack([part.codes(function, y[:, j]) for j, part in enumerate(self.parts)], axis=1)

    def columns(self, codes: Array) -> list[tuple[Array, Array]]:
        """The classes and the codes of each column."""
        return [(part.values, codes[:, j]) for j, part in enumerate(self.parts)]

    def task(self, loss: Any) -> Task:
        """The sum of the losses of the columns."""
        tasks = [part.task(loss) for part in self.parts]
        sides = joint(*[loss for loss, _ in tasks])
        logits = all([takes_logits(loss) for loss, _ in tasks])
        labels = tuple([labels for _, labels in tasks])
        return declared(BoundFunction(_side_by_side, sides, self._ends), logits), BoundFunction(_of_columns, labels)

    def _each(self, method: Any, out: Array, **how: bool) -> list[Array]:
        outs = np.split(out, self._ends, axis=1)
        return [method(part, o, **how) for part, o in zip(self.parts, outs, strict=True)]

    def scores(self, out: Array, *, squashed: bool) -> list[Array]:
        """The scores of each column."""
        return self._each(Classes.scores, out, squashed=squashed)

    def prediction(self, out: Array, *, squashed: bool) -> Array:
        """The class with the highest score in each column, (m, c)."""
        return np.stack(self._each(Classes.prediction, out, squashed=squashed), axis=1)

    def probabilities(self, out: Array, *, squashed: bool, log: bool = False) -> list[Array]:
        """The probability of each class of each column."""
        return self._each(Classes.probabilities, out, squashed=squashed, log=log)


@attrs.frozen(eq=False)
class SeveralNumbers(Numbers):
    """The target of a regression by the losses of `joint`: a network has n outputs for each loss, side by side."""

    parts: int

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs a network may have."""
        return (self.n * self.parts,)

    def task(self, loss: Any) -> Task:
        """The joint loss, and the numbers once for each of its losses."""
        ends = [self.n * i for i in range(1, self.parts)]
        return BoundFunction(_side_by_side, loss, ends), BoundFunction(_repeated, self.parts)

    def part(self, out: Array, i: int) -> Array:
        """The outputs for loss i, (m, n) or (m,)."""
        return self.prediction(out[:, i * self.n : (i + 1) * self.n])


def _of_columns(labels: tuple[Any, ...], codes: Array) -> tuple[Any, ...]:
    return tuple([of_column(codes[:, j]) for j, of_column in enumerate(labels)])


def _repeated(parts: int, codes: Array) -> tuple[Array, ...]:
    return (codes,) * parts


def _side_by_side(loss: Any, ends: list[int], out: Array, y: Any, weight: Any = None) -> tuple[Any, Array]:
    cost, dA = loss(tuple(np.split(out, ends, axis=-1)), y, *(() if weight is None else (weight,)))
    return cost, np.concatenate(dA, axis=-1)
