"""Comparisons of a network with the model that it was read from, for other x than the example."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from funcnn.arrays import Array
from funcnn.errors import FuncnnError
from funcnn.interop.onnx.reading.graph import OnnxGraph


def are_near(ours: Array, theirs: Array) -> bool:
    """Whether two arrays are equal but for rounding."""
    if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype) or ours.dtype.kind != "f":
        return ours.dtype.kind != "f" and theirs.dtype.kind != "f" and np.array_equal(ours, theirs)
    finite = np.nan_to_num(theirs, posinf=0, neginf=0)
    reach = np.finfo(theirs.dtype).eps ** 0.5 * max(1.0, abs(finite).max(initial=0))
    return np.allclose(ours, theirs, rtol=0, atol=reach, equal_nan=True)


def check_rows(graph: OnnxGraph, x: Array, rows: int, output: str) -> None:
    """Refuse a model whose rows depend on their number, if it is free."""
    size = graph.inputs[0].type.tensor_type.shape.dim[rows]
    if size.HasField("dim_value"):
        return
    m, theirs = x.shape[rows], graph.values[output]
    graph.run(np.take(x, [*range(m), 0], axis=rows), output)
    more = graph.values[output]
    axes = [i for i, n in enumerate(theirs.shape) if more.ndim == theirs.ndim and more.shape[i] != n]
    if len(axes) != 1 or not are_near(np.take(more, range(theirs.shape[axes[0]]), axis=axes[0]), theirs):
        raise FuncnnError(f"from_onnx: each row of {output!r} must depend on its row of x alone, at any number of rows")


def check_lengths(graph: OnnxGraph, x: Array, rows: int, output: str, ours: Callable[[Array], Array]) -> None:
    """Refuse a model that computes something else than its layers at other lengths of free axes.

    A length at which one of them fails, as at a product with a matrix, is not compared. Numbers are compared in
    ascending order, since the network may have them in another order of axes.
    """
    sizes = graph.inputs[0].type.tensor_type.shape.dim
    free = [i for i, size in enumerate(sizes) if i != rows and not size.HasField("dim_value")]
    for is_twice in (False, True) if free else ():  # one position more, and twice as many
        longer = x
        for i in free:
            n = x.shape[i]
            longer = np.take(longer, [*range(n), *range(n if is_twice else 1)], axis=i)
        try:
            out = ours(longer)
            graph.run(longer, output)
        except FuncnnError:
            continue
        if not are_near(np.sort(out, axis=None), np.sort(graph.values[output], axis=None)):
            needed = "compute what its layers compute at each length of a free axis"
            given = f"something else for x {longer.shape}; give the axes of its input fixed lengths"
            raise FuncnnError(f"from_onnx: model must {needed}, not {given}")
