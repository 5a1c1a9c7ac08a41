"""NumPy's functions of recorded arrays: reductions, products, joins, and functions that only move entries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from funcnn.recording.arrays import RecordedArray, as_recorded, at_place, known, operation
from funcnn.recording.tape import refuse


# Functions that only move entries.


def moved(name: str, *args: Any, **settings: Any) -> Any:
    """A function of NumPy whose first argument is an array, and which moves its entries."""
    a, *rest = args
    f = getattr(np, name) if hasattr(np, name) else getattr(np.lib.stride_tricks, name)
    positions = a.positions
    made = f(positions, *rest, **settings)
    parts = [_shared(a, positions, part) for part in (made if isinstance(made, tuple | list) else [made])]
    return type(made)(parts) if isinstance(made, tuple | list) else parts[0]


def _shared(a: RecordedArray, positions: Any, part: Any) -> RecordedArray:
    view = a.shared(np.asarray(part))
    return view if np.shares_memory(part, positions) else copied(view)


MOVING = (
    *("transpose", "swapaxes", "moveaxis", "rollaxis", "squeeze", "expand_dims", "ravel", "broadcast_to", "repeat"),
    *("tile", "roll", "flip", "fliplr", "flipud", "rot90", "diagonal", "split", "array_split", "hsplit", "vsplit"),
    *("atleast_1d", "atleast_2d", "atleast_3d", "delete", "resize", "sliding_window_view"),
)


def reshape(a: RecordedArray, *shape: Any, **settings: Any) -> RecordedArray:
    """The entries in another shape; of all entries of a store the positions stay implicit."""
    if a.index is None and not settings:
        return RecordedArray(a.store, None, np.empty(a.shape, "b").reshape(*shape).shape)
    return _shared(a, positions := a.positions, positions.reshape(*shape, **settings))


def copied(a: RecordedArray, **_: Any) -> RecordedArray:
    """The same numbers in memory of their own."""
    return known(a.numbers) if a.is_known else at_place(a.place())


def astype(a: RecordedArray, dtype: Any, **_: Any) -> RecordedArray:
    """The numbers in another dtype."""
    dtype = np.dtype(dtype)
    return copied(a) if a.dtype == dtype else operation("astype", a, dtype=dtype)


def as_bits(a: RecordedArray, dtype: Any) -> RecordedArray:
    """The same bits as whole numbers with or without a sign."""
    if not a.dtype.kind + np.dtype(dtype).kind in {"iu", "ui", "ii", "uu"} or np.dtype(dtype).itemsize != a.itemsize:
        return refuse(f"a view of {a.dtype} as {np.dtype(dtype)}")
    return astype(a, dtype)


def pad(a: RecordedArray, widths: Any, mode: str = "constant", constant_values: Any = 0) -> RecordedArray:
    """np.pad"""
    if mode != "constant":
        return moved("pad", a, widths, mode=mode)
    inside = np.pad(np.ones(a.shape, bool), widths)
    made = known(np.full(inside.shape, constant_values, a.dtype))
    made.shared(np.flatnonzero(inside).reshape(a.shape)).assign(a)
    return made


# Joins.


def concatenate(parts: Sequence[Any], axis: int | None = 0) -> RecordedArray:
    """np.concatenate"""
    if axis is None:
        parts, axis = [as_recorded(part).ravel() for part in parts], 0
    arrays = [as_recorded(part) for part in parts]
    dtype = np.result_type(*[a.dtype for a in arrays])
    return operation("concatenate", *[astype(a, dtype) for a in arrays], axes=[axis % arrays[0].ndim])


def stack(parts: Sequence[Any], axis: int = 0) -> RecordedArray:
    """np.stack"""
    return concatenate([moved("expand_dims", as_recorded(part), axis) for part in parts], axis)


def hstack(parts: Sequence[Any]) -> RecordedArray:
    """np.hstack"""
    arrays = [moved("atleast_1d", as_recorded(part)) for part in parts]
    return concatenate(arrays, 0 if arrays[0].ndim == 1 else 1)


def vstack(parts: Sequence[Any]) -> RecordedArray:
    """np.vstack"""
    return concatenate([moved("atleast_2d", as_recorded(part)) for part in parts], 0)


def append(a: Any, b: Any, axis: int | None = None) -> RecordedArray:
    """np.append"""
    return concatenate([a, b], axis)


# Reductions.


def _axes(a: RecordedArray, axis: Any) -> list[int]:
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple | list) else [axis]
    return sorted([int(i) % max(a.ndim, 1) for i in axes])


def _reduced(name: str, a: RecordedArray, axis: Any, keepdims: Any) -> RecordedArray:
    axes = _axes(a, axis)
    made = operation(name, a, axes=axes)
    return moved("expand_dims", made, tuple(axes)) if keepdims is True else made


def _reduction(name: str, joined: np.ufunc) -> Callable[..., RecordedArray]:
    def reduce(
        a: RecordedArray, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False, **settings: Any
    ) -> Any:
        first = settings.pop("initial", np._NoValue)  # noqa: SLF001  NumPy passes it where nothing is given
        left = [key for key, value in settings.items() if value is not np._NoValue]  # noqa: SLF001
        if out is not None or left:
            return refuse(f"a reduction with {', '.join(left) or 'out'}")
        if first is not np._NoValue and a.size == 0:  # noqa: SLF001
            return _reduced(name, known(np.full([n or 1 for n in a.shape], first, a.dtype)), axis, keepdims)
        made = _reduced(name, a if dtype is None else astype(a, dtype), axis, keepdims)
        return made if first is np._NoValue else joined(made, first)  # noqa: SLF001

    return reduce


total, product = _reduction("sum", np.add), _reduction("product_of", np.multiply)
largest, smallest = _reduction("maximum_of", np.maximum), _reduction("minimum_of", np.minimum)


def some(a: RecordedArray, axis: Any = None, out: None = None, keepdims: Any = False) -> RecordedArray:
    """np.any"""
    return largest(a != 0 if a.dtype.kind != "b" else a, axis, None, out, keepdims)


def every(a: RecordedArray, axis: Any = None, out: None = None, keepdims: Any = False) -> RecordedArray:
    """np.all"""
    return smallest(a != 0 if a.dtype.kind != "b" else a, axis, None, out, keepdims)


def mean(
    a: RecordedArray, axis: Any = None, dtype: Any = None, out: None = None, keepdims: Any = False
) -> RecordedArray:
    """np.mean"""
    count = math.prod([a.shape[i] for i in _axes(a, axis)])
    a = a if a.dtype.kind == "f" else astype(a, float)
    return total(a, axis, dtype, out, keepdims) / count


def var(
    a: RecordedArray,
    axis: Any = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: Any = False,
    **_: Any,
) -> RecordedArray:
    """np.var"""
    count = math.prod([a.shape[i] for i in _axes(a, axis)])
    d = a - mean(a, axis, dtype, None, True)
    return total(d * d, axis, None, out, keepdims) / (count - ddof)


def std(*args: Any, **settings: Any) -> RecordedArray:
    """np.std"""
    made: RecordedArray = np.sqrt(var(*args, **settings))
    return made


def argmax(a: RecordedArray, axis: int | None = None, out: None = None, *, keepdims: Any = False) -> RecordedArray:
    """np.argmax"""
    a, axes = (reshape(a, -1), [0]) if axis is None else (a, [axis])
    return _reduced("argmax", a, tuple(axes), keepdims)


def _along(name: str, a: RecordedArray, axis: int | None) -> RecordedArray:
    a = reshape(a, -1) if axis is None else a
    return operation(name, a, axes=_axes(a, -1 if axis is None else axis))


def take_along_axis(a: Any, indices: Any, axis: int = -1) -> Any:
    """np.take_along_axis"""
    a = as_recorded(a)
    shape, axis = np.broadcast_shapes(a.shape[:0]), axis % a.ndim
    grid = list(np.indices((*a.shape[:axis], indices.shape[axis], *a.shape[axis + 1 :]), sparse=True))
    grid[axis] = indices
    return a[(*shape, *grid)]


def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    """np.take"""
    a = as_recorded(a)
    if axis is None:
        return reshape(a, -1)[indices]
    return a[(*[slice(None)] * (axis % a.ndim), indices)]


def sort(a: RecordedArray, axis: int = -1, **_: Any) -> Any:
    """np.sort"""
    return take_along_axis(a, _along("argsort", a, axis), axis)


def bincount(x: Any, weights: Any = None, minlength: int = 0, length: int | None = None) -> RecordedArray:
    """Sums of weights by whole numbers, as jnp.bincount with a length."""
    n = minlength if length is None else length
    rows = known(np.ones(x.shape, int)) if weights is None else as_recorded(weights)
    made = known(np.zeros(n, rows.dtype))
    made.functions.add_at(made, x, rows)
    return made


# Products.


def dot(a: Any, b: Any) -> Any:
    """np.dot"""
    if a.ndim == 0 or b.ndim == 0:
        return a * b
    return tensordot(a, b, ([a.ndim - 1], [max(0, b.ndim - 2)]))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """np.tensordot"""
    a, b = as_recorded(a), as_recorded(b)
    if isinstance(axes, int):
        axes = list(range(a.ndim - axes, a.ndim)), list(range(axes))
    of_a, of_b = [[axis] if isinstance(axis, int) else list(axis) for axis in axes]
    of_a, of_b = [i % a.ndim for i in of_a], [i % b.ndim for i in of_b]
    free_a, free_b = [i for i in range(a.ndim) if i not in of_a], [i for i in range(b.ndim) if i not in of_b]
    n = math.prod([a.shape[i] for i in of_a])
    left = moved("transpose", a, (*free_a, *of_a)).reshape(-1, n)
    right = moved("transpose", b, (*of_b, *free_b)).reshape(n, -1)
    return (left @ right).reshape(*[a.shape[i] for i in free_a], *[b.shape[i] for i in free_b])


def einsum(labels: str, *arrays: Any, **_: Any) -> Any:
    """np.einsum, as a product of all arrays that is summed"""
    there, _, given = labels.replace(" ", "").partition("->")
    parts, order = there.split(","), sorted(set(there) - {",", "."})
    if "." in labels or any([len(set(part)) < len(part) for part in parts]):
        return refuse(f"np.einsum({labels!r})")
    result = given if "->" in labels else "".join([one for one in order if there.count(one) == 1])
    factors = []
    for part, array in zip(parts, arrays, strict=True):
        own = [one for one in order if one in part]
        turned = moved("transpose", as_recorded(array), tuple([part.index(one) for one in own]))
        factors.append(turned[tuple([slice(None) if one in part else None for one in order])])
    made = math.prod(factors[1:], start=factors[0])
    made = total(made, tuple([i for i, one in enumerate(order) if one not in result]))
    left = [one for one in order if one in result]
    return moved("transpose", made, tuple([left.index(one) for one in result]))


def outer(a: Any, b: Any) -> Any:
    """np.outer"""
    return a.reshape(-1, 1) * b.reshape(1, -1)


def norm(a: RecordedArray, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:  # noqa: A002  NumPy's name
    """np.linalg.norm, of all entries or of vectors"""
    if ord not in {None, 2}:
        return refuse(f"np.linalg.norm of order {ord}")
    return np.sqrt(total(a * a, axis, None, None, keepdims))


# Others.


def clip(a: Any, low: Any = None, high: Any = None, **settings: Any) -> Any:
    """np.clip"""
    low, high = settings.get("min", low), settings.get("max", high)
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def nan_to_num(a: RecordedArray, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:  # noqa: FBT001, FBT002  as NumPy has it
    """np.nan_to_num"""
    ends = np.finfo(a.dtype).max if posinf is None else posinf, np.finfo(a.dtype).min if neginf is None else neginf
    made = np.where(a != a, nan, a)  # noqa: PLR0124  only NaN differs from itself
    return np.where(made == math.inf, ends[0], np.where(made == -math.inf, ends[1], made))


def like(name: str, a: Any, *value: Any, dtype: Any = None, shape: Any = None, **_: Any) -> RecordedArray:
    """np.zeros_like and its kind"""
    make = getattr(np, name.removesuffix("_like").replace("empty", "zeros"))
    return known(make(a.shape if shape is None else shape, *value, dtype=dtype or a.dtype))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: partial(moved, name) for name in MOVING},
    **{name: partial(like, name) for name in ("zeros_like", "ones_like", "full_like", "empty_like")},
    **{"reshape": reshape, "copy": copied, "pad": pad, "astype": astype, "view": as_bits},
    **{"concatenate": concatenate, "concat": concatenate, "stack": stack, "hstack": hstack, "vstack": vstack},
    **{"column_stack": hstack, "append": append},
    **{"sum": total, "max": largest, "amax": largest, "min": smallest, "amin": smallest, "prod": product},
    **{"any": some, "all": every, "mean": mean, "average": mean, "var": var, "std": std},
    **{"argmax": argmax, "argmin": lambda a, *rest, **settings: argmax(-a, *rest, **settings)},
    "cumsum": lambda a, axis=None, **_: _along("cumsum", a, axis),
    "argsort": lambda a, axis=-1, **_: _along("argsort", a, axis),
    **{"sort": sort, "take": take, "take_along_axis": take_along_axis, "bincount": bincount},
    **{"dot": dot, "tensordot": tensordot, "einsum": einsum, "outer": outer, "norm": norm},
    "inner": lambda a, b: tensordot(a, b, ([-1], [-1])),
    **{"clip": clip, "nan_to_num": nan_to_num},
    "count_nonzero": lambda a, axis=None, **_: total(a != 0, axis),
    "permute_dims": partial(moved, "transpose"),
    "flatten": lambda a: copied(reshape(a, -1)),
    "tril": lambda a, k=0: np.where(np.tril(np.ones(a.shape, bool), k), a, np.zeros((), a.dtype)),
    "triu": lambda a, k=0: np.where(np.triu(np.ones(a.shape, bool), k), a, np.zeros((), a.dtype)),
    "trace": lambda a: total(moved("diagonal", a)),
    "diff": lambda a: a[..., 1:] - a[..., :-1],
    "shape": lambda a: a.shape,
    "ndim": lambda a: a.ndim,
    "size": lambda a: a.size,
}
"""Functions of NumPy by name; each takes at least one recorded array."""
