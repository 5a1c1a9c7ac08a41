"""Rows of data, dense or sparse: batches of them, what a network gives for them, and its cost on rows held out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np
from scipy import sparse

from funcnn.arrays import Array, is_float
from funcnn.data.rows import batches
from funcnn.interop.sklearn.tables import Encoded
from funcnn.prediction import predict
from funcnn.training.loop import TrainState
from funcnn.trees.walks import leaves

ENTRIES = 2**22  # of x in a block of rows, 32 MiB of float64


@attrs.frozen(eq=False)
class Rows:
    """Rows of data: X, dense or sparse, the codes of y, and a weight for each row, or None.

    `given` are X and y as they were given, if a scorer takes them.
    """

    X: Any
    codes: Array
    weight: Array | None
    given: tuple[Any, ...] = ()

    def part(self, rows: Array, given: tuple[Any, ...] = ()) -> Rows:
        """Some of the rows."""
        return Rows(self.X[rows], self.codes[rows], None if self.weight is None else self.weight[rows], given)

    def normalised(self) -> Rows:
        """The rows with weights whose mean is 1, so that a weighted mean cost is a mean of weighted costs."""
        if self.weight is None:
            return self
        return attrs.evolve(self, weight=self.weight * (len(self.weight) / self.weight.sum()))

    def batches(
        self, labels: Callable[[Array], Any], dtype: Any, *, size: int, seed: int, epochs: range
    ) -> tuple[Iterator[Any], int]:
        """The batches `(x, y)`, or `(x, (y, weight))`, of some epochs, made one by one; and how many make an epoch.

        The order of the rows in epoch e is that of `funcnn.data.batches`, which depends on the seed and e alone.
        """
        index = np.arange(len(self.codes))
        order = batches(index, index, min(size, len(index)), epochs=epochs.stop, seed=seed)
        chosen = order[epochs.start * order.per_epoch :]
        return (self._batch(rows, labels, dtype) for rows, _ in chosen), order.per_epoch

    def _batch(self, rows: Array, labels: Callable[[Array], Any], dtype: Any) -> tuple[Any, Any]:
        y = labels(self.codes[rows])
        return dense(self.X[rows], dtype), y if self.weight is None else (y, self.weight[rows])


def dense(X: Any, dtype: Any) -> Any:
    """X as an array of this dtype; or as ids and numbers, if it is encoded."""
    if isinstance(X, Encoded):
        return X.parts(dtype)
    x: Array = X.toarray() if sparse.issparse(X) else X
    return x.astype(dtype, copy=False)


def dtype_of(network: Any, otherwise: Any) -> Any:
    """The dtype of the first array of floats in a network; `otherwise` if it has none."""
    return next((leaf.dtype for leaf in leaves(network) if is_float(leaf)), otherwise)


def outputs(network: Any, X: Any, dtype: Any) -> Any:
    """What the network predicts for all rows, in blocks of rows; for several outputs, a tuple of arrays."""
    size = max(1, ENTRIES // X.shape[1])
    blocks: list[Any] = [predict(network, dense(X[i : i + size], dtype)) for i in range(0, X.shape[0], size)]
    if type(blocks[0]) is tuple:
        return tuple(map(np.concatenate, zip(*blocks, strict=True)))
    return np.concatenate(blocks)


def of_prediction(out: Any) -> Array:
    """The output that predicts y: the first, if there are several, as for a mean and its variance."""
    return out[0] if type(out) is tuple else out


@attrs.frozen(eq=False)
class HeldOut:
    """The score of a state: what `scored(state, X, y)` gives for the rows held out, or without it their cost."""

    rows: Rows
    loss: Any
    labels: Callable[[Array], Any]
    dtype: Any
    scored: Callable[..., float] | None
    found: dict[int, float] = attrs.field(factory=dict)  # by the step

    def __call__(self, state: TrainState[Any]) -> float:
        """The score, computed once for each step."""
        if state.step not in self.found:
            self.found[state.step] = self.scored(state, *self.rows.given) if self.scored else self._cost(state)
        return self.found[state.step]

    def as_cost(self, state: TrainState[Any]) -> float:
        """The score, negative where higher is better."""
        return -self(state) if self.scored else self(state)

    def _cost(self, state: TrainState[Any]) -> float:
        y = self.labels(self.rows.codes)
        given = (y,) if self.rows.weight is None else (y, self.rows.weight)
        return float(self.loss(outputs(state.params, self.rows.X, self.dtype), *given)[0])
