"""The embedding: a trained row of numbers for each symbol."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.annotations import Seed
from funcnn.arrays import Array, in_float32, kind, namespace
from funcnn.core import backward, forward
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.fields import check_sizes
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, normal
from funcnn.layers.checks import only_array, unpacked
from funcnn.layers.sequences import blank, check_mask, closed, opened, out_gradient
from funcnn.records import record


@record
class Embedding:
    """out = W[ids]

    ids: whole numbers (m, ...), W: (n_symbols, n), out: (m, ..., n). With a mask, (ids, mask) -> (out, mask), mask bool
    of the shape of ids, False at padded positions, where out is 0 and the id is not read.

    out is the product of one-hot rows with W, so dW is the dW of a dense layer, computed without the product: row i is
    the sum of dA over all positions with id i. Ids have no gradient: `Grads.x` is None.

    Bengio, Ducharme, Vincent & Jauvin 2003, A Neural Probabilistic Language Model, section 2.

    >>> import numpy as np
    >>> from funcnn import Embedding, backward, forward
    >>> layer = Embedding(np.array([[0.0], [2.0], [4.0]]))
    >>> out, cache = forward(layer, np.array([[2, 0, 2]]))
    >>> out.ravel(), backward(layer, cache, np.ones((1, 3, 1))).params.W.ravel()
    (array([4., 0., 4.]), array([1., 0., 2.]))

    Raises:
        ShapeError: W is not (n_symbols, n), or the mask does not have the shape of ids.
        KindError: W is not an array of floats, the ids are not whole numbers, or the mask does not hold bools.
        RangeError: an id is negative, or W has no row for it. Ids of JAX are not checked, since under `jax.jit` their
            values are unknown: a negative id counts from the end, and an id beyond the last row takes the last row.
    """

    W: Array

    def __attrs_post_init__(self) -> None:
        if len(self.W.shape) != 2 or not self.W.size:
            raise ShapeError(f"Embedding: W must be (n_symbols, n); it is {self.W.shape}")

    @classmethod
    def init(
        cls,
        n_symbols: int,
        n: int,
        *,
        seed: Seed,
        weights: Initializer = normal(1.0),  # noqa: B008  an immutable value
        dtype: Any = np.float64,
    ) -> Embedding:
        """W is drawn by an initializer.

        >>> Embedding.init(27, 8, seed=0)
        Embedding(W=<f64 27x8>)

        Raises:
            RangeError: a size is less than 1.
        """
        check_sizes("Embedding.init", {"n_symbols": n_symbols, "n": n})
        return cls(draw("Embedding.init", weights, seed, (n_symbols, n), dtype))


@forward.register(Embedding)
def embedding_forward(params: Embedding, given: Any) -> tuple[Any, tuple[Any, Array]]:
    """out = W[ids]; the cache is x, and the ids with 0 at padded positions"""
    ids, mask, _ = opened("Embedding", given)
    xp, n = namespace(ids, "ids", "Embedding: "), len(params.W)
    if ids.dtype.kind not in "iu":
        raise KindError(f"Embedding: ids must be an array of whole numbers, not {kind(ids)}")
    check_mask("Embedding", mask, ids.shape, "ids")
    if mask is not None:
        ids = xp.where(mask, ids, 0)
    if xp is np and ids.size and not 0 <= ids.min() <= ids.max() < n:
        raise RangeError(f"Embedding: ids must be from 0 to {n - 1}; they are from {ids.min()} to {ids.max()}")
    return closed(given, blank(params.W[ids], mask), mask), (given, ids)


@backward.register(Embedding)
def embedding_backward(params: Embedding, cache: tuple[Any, Array], dA: Any) -> Grads[Embedding]:
    """dW_i = the sum of dA over all positions with id i"""
    (given, ids), n = unpacked(params, cache, 2), params.W.shape[1]
    only_array(params, ids)
    dout = blank(out_gradient(params, given, dA, (*ids.shape, n), params.W.dtype), opened("", given)[1])
    dW = rows_added(ids.reshape(-1), dout.reshape(-1, n), len(params.W))
    return Grads(gradient(params, W=dW), closed(given, None))


def rows_added(ids: Array, rows: Array, n: int) -> Array:
    """(n, k): row i is the sum of all rows with id i; ids: (m,), rows: (m, k).

    In NumPy, ids are sorted and runs of equal ids are summed, in 0.2 to 0.67 of the time of `np.add.at`.
    """
    if rows.dtype.itemsize < 4:
        return in_float32(lambda rows: rows_added(ids, rows, n), rows)
    xp = namespace(rows)
    total: Any = xp.zeros((n, rows.shape[1]), dtype=rows.dtype)
    if xp is not np:
        return total.at[ids].add(rows)
    if ids.size:
        order = np.argsort(ids, kind="stable")
        in_order = ids[order]
        begins = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
        total[in_order[begins]] = np.add.reduceat(rows[order], begins, axis=0)
    return total


step.register(Embedding)(positionwise)
