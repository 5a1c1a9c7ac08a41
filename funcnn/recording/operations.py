"""The operations of a program: for each name, what NumPy computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import numpy as np
from numpy.lib.stride_tricks import as_strided

from funcnn.arrays import Array
from funcnn.elementary import erfc

Settings = dict[str, Any]
Table = Mapping[str, Callable[..., Any]]


@attrs.frozen(eq=False)
class Operation:
    """One operation: its name, the places of its arguments among the values, and the shape and dtype of its result.

    `settings` are the axes of a reduction or a join, or the strides of a view. `variable` is the name that the result
    has in the source of the rule that computed it, and `step` the index of that rule among the steps of the program.
    `line` is the file and the number of the line that asked for it, and `call` the function of NumPy that the
    operation is a part of, such as "logaddexp", if the tape notes lines.
    """

    name: str
    args: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    settings: Settings
    variable: str = ""
    step: int | None = None
    line: tuple[str, int] | None = None
    call: str = ""

    def __call__(self, *args: Array, table: Table | None = None) -> Array:
        """The result for these arguments, by the functions of a table, which is `OPERATIONS` if it is None."""
        return computed(self.name, args, self.settings, self.shape, self.dtype, table)


def computed(
    name: str,
    args: Sequence[Array],
    settings: Settings,
    shape: tuple[int, ...] | None,
    dtype: Any | None,
    table: Table | None = None,
) -> Array:
    """The result of an operation by the functions of a table, in this shape and this dtype unless they are None."""
    if name == "view" and shape is not None:
        return view(args[0], **settings, shape=shape)
    made = np.asarray((table or OPERATIONS)[name](*args, **settings))
    made = made if shape is None or made.shape == shape else made.reshape(shape)
    return made if dtype is None or made.dtype == dtype else made.astype(dtype)


def view(a: Array, offset: int, strides: list[int], shape: Sequence[int]) -> Array:
    """out[i, j, ...] = a.flat[offset + i s_0 + j s_1 + ...], with strides s counted in entries"""
    flat = np.ascontiguousarray(a).reshape(-1)[offset:]
    return as_strided(flat, shape, [s * flat.itemsize for s in strides], writeable=False)


def positions_of_view(offset: int, strides: list[int], shape: Sequence[int]) -> Array:
    """The position in a.flat of each entry of a view."""
    axes = np.indices(shape, sparse=True)
    return np.asarray(offset + sum([i * s for i, s in zip(axes, strides, strict=True)]), np.intp)


def _put(a: Array, *rest: Array, add: bool = False, **of_view: Any) -> Array:
    rows = rest[-1]
    positions = positions_of_view(**of_view, shape=rows.shape) if of_view else _inside(a, rest[0])
    made = a.copy().reshape(-1)
    if add:
        np.add.at(made, positions, rows)
    else:
        made[positions] = rows
    return made.reshape(a.shape)


def _inside(a: Array, positions: Array) -> Array:
    """Positions in an array; NumPy would count negative ones from the end."""
    if positions.size and positions.min() < 0:
        raise IndexError(f"a position is not in an array of {a.size} entries")
    return positions


def _reduction(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, axes: f(a, axis=tuple(axes))


ELEMENTWISE = (
    *("negative", "absolute", "sign", "sqrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tanh", "arctan", "floor"),
    *("isfinite", "invert", "add", "subtract", "multiply", "divide", "floor_divide", "remainder", "power", "arctan2"),
    *("maximum", "minimum", "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "where"),
    *("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"),
)
OPERATIONS: Table = {
    **{name: getattr(np, name) for name in ELEMENTWISE},
    "erfc": lambda a: np.asarray(erfc(a), a.dtype),
    "astype": lambda a: a,  # the result has the dtype of the operation
    "matmul": np.matmul,
    "sum": _reduction(np.sum),
    "maximum_of": _reduction(np.max),
    "minimum_of": _reduction(np.min),
    "product_of": _reduction(np.prod),
    "argmax": lambda a, axes: np.argmax(a, axes[0]),
    "argsort": lambda a, axes: np.argsort(a, axes[0], kind="stable"),
    "cumsum": lambda a, axes: np.cumsum(a, axes[0]),
    "reshape": lambda a: a,  # the result has the shape of the operation
    "take": lambda a, positions: a.reshape(-1)[_inside(a, positions)],
    "concatenate": lambda *parts, axes: np.concatenate(parts, axes[0]),
    "put": _put,
    "put_add": lambda a, *rest, **of_view: _put(a, *rest, add=True, **of_view),
}
"""What each operation computes, beside `view`. Elementwise functions broadcast as NumPy's do. Positions count the
entries of an array in C order."""


def strides_of(positions: Array) -> tuple[int, list[int]] | None:
    """The offset and the strides of the view that these positions are, or None if they are none."""
    if positions.size == 0:
        return None
    first = int(positions.reshape(-1)[0])
    strides = [
        int(positions.take(1, axis).reshape(-1)[0]) - first if n > 1 else 0 for axis, n in enumerate(positions.shape)
    ]
    grid = positions_of_view(first, strides, positions.shape)
    return (first, strides) if np.array_equal(grid, positions) else None


def at_positions(positions: Array) -> tuple[list[Array], Settings]:
    """What `put` is given to say these positions: strides where they are those of a view, else the positions."""
    if (regular := strides_of(positions)) is None:
        return [positions], {}
    offset, strides = regular
    return [], {"offset": offset, "strides": strides}
