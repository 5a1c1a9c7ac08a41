"""Products of arrays that are sums over common axes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.recording.arrays import as_recorded, cast
from funcnn.recording.tape import refuse


def dot(a: Any, b: Any) -> Any:
    """np.dot"""
    a, b = as_recorded(a), as_recorded(b)
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return tensordot(a, b, ([a.ndim - 1], [max(0, b.ndim - 2)]))


def inner(a: Any, b: Any) -> Any:
    """np.inner"""
    a, b = as_recorded(a), as_recorded(b)
    return a * b if a.ndim == 0 or b.ndim == 0 else tensordot(a, b, ([-1], [-1]))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot"""
    a, b = as_recorded(a), as_recorded(b)
    if isinstance(axes, int):
        axes = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    of_a, of_b = [[axis] if isinstance(axis, int) else list(axis) for axis in axes]
    of_a, of_b = [i % a.ndim for i in of_a], [i % b.ndim for i in of_b]
    free_a, free_b = [i for i in range(a.ndim) if i not in of_a], [i for i in range(b.ndim) if i not in of_b]
    n = math.prod([a.shape[i] for i in of_a])
    shape_a, shape_b = [a.shape[i] for i in free_a], [b.shape[i] for i in free_b]
    left = np.transpose(a, (*free_a, *of_a)).reshape(math.prod(shape_a), n)
    right = np.transpose(b, (*of_b, *free_b)).reshape(n, math.prod(shape_b))
    return (left @ right).reshape((*shape_a, *shape_b))


def einsum(labels: str, *arrays: Any, optimize: Any = False) -> Any:
    """np.einsum, as a product of all arrays that is summed"""
    there, arrow, given = labels.replace(" ", "").partition("->")
    parts, order = there.split(","), sorted(set(there) - {","})
    if "." in labels or any([len(set(part)) < len(part) for part in parts]):
        return refuse(f"np.einsum({labels!r})", "write products and sums")
    result = given if arrow else "".join([one for one in order if there.count(one) == 1])
    dtype = np.result_type(*[as_recorded(a).dtype for a in arrays])
    factors = []
    for part, array in zip(parts, arrays, strict=True):
        own = [one for one in order if one in part]
        turned = np.transpose(cast(as_recorded(array), dtype), tuple([part.index(one) for one in own]))
        factors.append(turned[tuple([slice(None) if one in part else None for one in order])])
    summed = tuple([i for i, one in enumerate(order) if one not in result])
    made = np.sum(math.prod(factors[1:], start=factors[0]), summed, dtype)
    left = [one for one in order if one in result]
    return np.transpose(made, tuple([left.index(one) for one in result]))


def outer(a: Any, b: Any) -> Any:
    """np.outer"""
    return as_recorded(a).reshape(-1, 1) * as_recorded(b).reshape(1, -1)


def norm(x: Any, ord: Any = None, axis: Any = None, *, keepdims: bool = False) -> Any:  # noqa: A002  NumPy's name
    """np.linalg.norm of all entries, or of vectors"""
    x = as_recorded(x)
    is_of_vectors = isinstance(axis, int) or (axis is None and x.ndim == 1)
    if not (ord is None or (ord == 2 and is_of_vectors)):
        return refuse(f"np.linalg.norm of order {ord}", "write sums and square roots")
    x = x if x.dtype.kind == "f" else cast(x, float)
    return np.sqrt(np.sum(x * x, axis, keepdims=keepdims))


def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """np.correlate of all windows, or of those that lie partly outside too"""
    a, v = as_recorded(a), as_recorded(v)
    k = len(v)
    if mode not in {"valid", "full"} or len(a) < k:
        return refuse(f"np.correlate with the mode {mode!r} and these lengths", "write sums of windows")
    a = as_recorded(np.pad(a, k - 1)) if mode == "full" else a
    n = len(a) - k + 1
    terms = [a[i : i + n] * v[i] for i in range(k)]
    return sum(terms[1:], start=terms[0])


def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """np.convolve"""
    a, v = as_recorded(a), as_recorded(v)
    longer, shorter = (v, a) if len(v) > len(a) else (a, v)
    return correlate(longer, shorter[::-1], mode)


PRODUCTS: dict[Any, Callable[..., Any]] = {
    np.dot: dot,
    np.inner: inner,
    np.tensordot: tensordot,
    np.einsum: einsum,
    np.outer: outer,
    np.correlate: correlate,
    np.convolve: convolve,
    np.linalg.norm: norm,
}
"""Functions of NumPy, and what computes them."""
