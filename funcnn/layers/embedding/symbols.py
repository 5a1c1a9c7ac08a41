"""The embedding: a trained row of numbers for each symbol."""

from __future__ import annotations

from typing import Any

import numpy as np

from funcnn.arrays import Array, as_dtype, in_float32, kind, namespace
from funcnn.checked import checked
from funcnn.conditions import has_numbers
from funcnn.core import backward, forward
from funcnn.errors import KindError, RangeError
from funcnn.generation import positionwise, step
from funcnn.gradients import Grads, gradient
from funcnn.initializers import Initializer, draw, normal
from funcnn.layers.checks import as_cache_array, as_cache_parts, check_out_gradient
from funcnn.layers.sequences import as_out_gradients, as_triple, blank, check_mask, in_form_of
from funcnn.needs import FloatDtype, Seed
from funcnn.records import record
from funcnn.shapes import axes
from funcnn.sizes import Size


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

    W: Array = axes("n_symbols n", nonempty=True)

    @classmethod
    @checked
    def init(
        cls,
        n_symbols: Size,
        n: Size,
        *,
        seed: Seed,
        weights: Initializer = normal(1.0),  # noqa: B008  an immutable value
        dtype: FloatDtype = np.float64,
    ) -> Embedding:
        """W is drawn by an initializer.

        >>> Embedding.init(27, 8, seed=0)
        Embedding(W=<f64 27x8>)
        """
        return cls(draw(f"{cls.__name__}.init", "weights", weights, seed, (n_symbols, n), dtype))


@forward.register(Embedding)
def embedding_forward(params: Embedding, given: Any) -> tuple[Any, tuple[Any, Array]]:
    """out = W[ids]; the cache is x, and the ids with 0 at padded positions"""
    ids, mask, _ = as_triple("Embedding", given)
    xp, n = namespace(ids, "ids", "Embedding: "), len(params.W)
    if ids.dtype.kind not in "iu":
        raise KindError(f"Embedding: ids must be an array of whole numbers, not {kind(ids)}")
    check_mask("Embedding", mask, {"like ids": ids.shape}, "ids")
    if mask is not None:
        ids = xp.where(mask, ids, 0)
    rows = params.W if xp is np else xp.asarray(params.W)  # traced ids do not index an array of NumPy
    if has_numbers(ids) and ids.size and not 0 <= ids.min() <= ids.max() < n:
        raise RangeError(f"Embedding: ids must be from 0 to {n - 1}; they are from {ids.min()} to {ids.max()}")
    return in_form_of(given, blank(rows[ids], mask), mask), (given, ids)


@backward.register(Embedding)
def embedding_backward(params: Embedding, cache: tuple[Any, Array], dA: Any) -> Grads[Embedding]:
    """dW_i = the sum of dA over all positions with id i"""
    (given, ids), n = as_cache_parts(params, cache, 2), params.W.shape[1]
    as_cache_array(params, ids)
    dout, _ = as_out_gradients(params, given, dA)
    check_out_gradient(params, dout, (*ids.shape, n), params.W.dtype)
    dout = blank(dout, as_triple("", given)[1])
    dW = rows_added(ids.reshape(-1), dout.reshape(-1, n), len(params.W))
    return Grads(gradient(params, W=dW), in_form_of(given, None))


def rows_added(ids: Array, rows: Array, n: int) -> Array:
    """(n, k): row i is the sum of all rows with id i; ids: (m,), rows: (m, k)."""
    if rows.dtype.itemsize < 4:
        return in_float32(lambda rows: rows_added(ids, rows, n), rows)
    xp = namespace(rows)
    total: Any = xp.zeros((n, rows.shape[1]), dtype=rows.dtype)
    if xp is not np:
        return total.at[ids].add(rows)
    ids = as_dtype(ids, np.intp)  # `take` refuses uint64
    if n <= FEW:
        with np.errstate(invalid="ignore"):  # 0 * inf is NaN, also in rows of other ids
            product = np.eye(n, dtype=rows.dtype).take(ids, axis=0).T @ rows
        if (product == product).all():  # noqa: PLR0124  only NaN differs from itself
            return product
    return _runs_added(ids, rows, total) if ids.size else total


def _runs_added(ids: Array, rows: Array, total: Any) -> Array:
    """`rows_added` to zeros. Sorting makes equal ids a run; row i of all short runs is added at once, i = 0, 1, ...

    With 10,000 symbols this takes 0.1 to 0.3 of the time of `reduceat` alone, which is faster for long runs.
    """
    order = (ids.astype(np.uint16) if len(total) <= 1 << 16 else ids).argsort(
        kind="stable"
    )  # a radix sort, for 16 bits
    in_order = ids[order]
    begins = np.flatnonzero(np.concatenate([[True], in_order[1:] != in_order[:-1]]))
    symbols, lengths = in_order[begins], np.append(begins[1:], ids.size) - begins
    long = lengths > (LONG if ids.size > SMALL else 0)
    if long.any():
        of_long = rows.take(order[np.repeat(long, lengths)], axis=0)
        total[symbols[long]] = np.add.reduceat(of_long, lengths[long].cumsum() - lengths[long], axis=0)
    i, more = 0, ~long
    while more.any():
        symbols, begins, lengths = symbols[more], begins[more], lengths[more]
        total[symbols] = total.take(symbols, axis=0) + rows.take(order[begins + i], axis=0)
        i += 1
        more = lengths > i
    return total


# Measured: the product with one-hot rows is faster for up to FEW symbols, `reduceat` for runs of more than LONG rows,
# and for up to SMALL ids.
FEW, LONG, SMALL = 32, 8, 256


step.register(Embedding)(positionwise)
