"""The differences between two trees, by path."""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, same, short
from funcnn.checked import checked
from funcnn.errors import ShapeError
from funcnn.records import is_record, plans
from funcnn.trees.walks import Tree


@checked
def difference(a: Tree[Any], b: Tree[Any]) -> dict[str, float]:
    """The largest `|a - b|` of each array, state and setting in which two trees of one shape differ, by its path.

    The dict is empty if the trees are equal by `==`: NaN equals NaN, and 0.0 equals -0.0. A difference is infinite if
    one value is NaN or infinite and the other is not, or if the settings are not numbers. A number may be compared with
    a 0-d array, since `jax.jit` converts numbers to 0-d arrays.

    >>> import numpy as np
    >>> from funcnn import mlp
    >>> from funcnn.layers import LeakyRelu
    >>> from funcnn.trees import difference, replace
    >>> net = mlp([2, 3, 1], hidden=LeakyRelu(0.01), seed=0)
    >>> difference(net, replace(replace(net, "2.b", np.array([0.25])), "1.alpha", 0.51))
    {'1.alpha': 0.5, '2.b': 0.25}

    Raises:
        ShapeError: the trees differ in a class, a number of parts, a shape or a dtype.
    """
    return differences("difference", a, b)


def differences(function: str, a: Any, b: Any) -> dict[str, float]:
    """`difference` without checks of its arguments; errors name `function`."""
    found: dict[str, float] = {}
    _collect(function, a, b, "", found)
    return found


def _collect(function: str, a: Any, b: Any, path: str, found: dict[str, float]) -> None:
    """Add the differences between a and b to `found`, by path."""
    if is_array(a) or is_array(b):
        p, q = _numbers(a), _numbers(b)
        if p is None or q is None or p.shape != q.shape or (is_array(a) and is_array(b) and p.dtype != q.dtype):
            raise _unlike_trees_error(function, a, b, path)
        if distance := _distance(p, q):
            found[path] = distance
    elif type(a) is tuple or type(b) is tuple or is_record(a) or is_record(b):
        if type(a) is not type(b) or (type(a) is tuple and len(a) != len(b)):
            raise _unlike_trees_error(function, a, b, path)
        for name, p, q in _parts(a, b):
            _collect(function, p, q, f"{path}.{name}" if path else name, found)
    elif not same(a, b):
        p, q = _numbers(a), _numbers(b)
        found[path] = np.inf if p is None or q is None else _distance(p, q)


def _parts(a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    if type(a) is tuple:
        return [(str(i), p, q) for i, (p, q) in enumerate(zip(a, b, strict=True))]
    return [(name, getattr(a, name), getattr(b, name)) for name, _ in plans[type(a)]]


def _numbers(value: Any) -> Array | None:
    """An array, or a number as a 0-d array."""
    return np.asarray(value) if is_array(value) or isinstance(value, Number) else None


def _distance(p: Array, q: Array) -> float:
    """The largest |p - q|; 0 only if all entries are equal, NaN to NaN."""
    where = (p != q) & ((p == p) | (q == q))  # noqa: PLR0124  only NaN differs from itself
    if not where.any():
        return 0.0
    p, q = p[where], q[where]
    if p.dtype.kind in "biuO" and q.dtype.kind in "biuO":  # as Python ints: large ones may be equal in float64
        return float(max([abs(i - j) for i, j in zip(p.tolist(), q.tolist(), strict=True)]))
    wide = np.result_type(p.dtype, q.dtype, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # the difference may overflow
        largest = float(abs(p.astype(wide) - q.astype(wide)).max())
    return np.inf if np.isnan(largest) else largest


def _unlike_trees_error(function: str, a: Any, b: Any, path: str) -> ShapeError:
    what = "the states of run_a and run_b" if function == "compare" else "a and b"
    where = f"at {path!r} " if path else ""
    given = f"{where}they have {_outline(a)} and {_outline(b)}"
    return ShapeError(f"{function}: {what} must have the same structure, shapes and dtypes; {given}")


def _outline(value: Any) -> str:
    if type(value) is tuple:
        return f"a tuple of {len(value)}"
    return type(value).__name__ if is_record(value) else short(value)
