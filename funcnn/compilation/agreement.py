"""When a kernel may be used: for which arrays, if its result is NumPy's, and while what the rules read is unchanged."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import numpy as np

from funcnn.compilation.shapes import FLOATS, Untraceable
from funcnn.core import backward, backward_params, forward, forward_only, inference, reseed
from funcnn.generation import step
from funcnn.identity.guard import guard
from funcnn.optimizers.base import update
from funcnn.trees.walks import leaves

_HERE = str(Path(__file__).parent)

MOST_COMPARED = 4096
"""Rows on which the first result of a kernel is compared with NumPy's, which needs memory for each layer's output."""


DIFFERS = "the kernel's result differs from that of NumPy"


def first_rows(rows: Any) -> Any:
    """The first rows of an array, or of each array of a tuple."""
    return tuple(map(first_rows, rows)) if type(rows) is tuple else rows[:MOST_COMPARED]


def are_alike(a: Any, b: Any) -> bool:
    """Whether two arrays may be the input of one kernel."""
    if type(a) is tuple:
        return type(b) is tuple and len(a) == len(b) and all(map(are_alike, a, b))
    return a is b or (type(b) is np.ndarray and (a.shape, a.dtype) == (b.shape, b.dtype))


def agree(made: Any, plain: Any, dtype: Any) -> bool:
    """Whether two results of a step in this dtype are equal but for its rounding errors, relative to the largest one.

    The cost is a Python float for any dtype, and a frozen network has no gradients.
    """
    (cost, grads), (plain_cost, plain_grads) = made, plain
    pairs = [(np.asarray(cost), np.asarray(plain_cost)), *zip(leaves(grads), leaves(plain_grads), strict=True)]
    return are_close(pairs, dtype)


def are_close(pairs: list[tuple[Any, Any]], dtype: Any) -> bool:
    """Whether arrays in pairs are equal but for rounding errors of a dtype, relative to the largest of the second."""
    if any([(a.shape, a.dtype) != (b.shape, b.dtype) for a, b in pairs]):
        return False
    if not all([np.array_equal(np.isfinite(a), np.isfinite(b)) for a, b in pairs]):
        return False
    largest = max([float(abs(b[np.isfinite(b)]).max(initial=0)) for _, b in pairs])
    bound = float(np.finfo(dtype).eps) ** 0.5 * largest
    return all([bool((abs(a - b)[np.isfinite(a)] <= bound).all()) for a, b in pairs])


def unsuited(x: Any, y: Any, arrays: list[Any], *, any_width: bool = False) -> str:
    """Why there is no kernel for arrays of these shapes and dtypes."""
    if reason := _unsuited_x(x, arrays):
        return reason
    if reason := next(filter(None, [_unsuited_part(x, one) for one in (y if type(y) is tuple else (y,))]), ""):
        return reason
    return "" if any_width else too_wide([*[(n,) for n in x.shape[1:]], *[a.shape for a in arrays]])


def _unsuited_x(x: Any, arrays: list[Any]) -> str:
    if type(x) is tuple:
        return "x is a tuple"
    if x.dtype not in FLOATS:
        return f"kernels compute in float32 and float64, x is {x.dtype}"
    if any([a.dtype != x.dtype for a in arrays]):
        return "the arrays of the network are not all of the dtype of x"
    return "" if x.ndim > 1 and x.size else f"x must be (m, ..., n), with at least one row, not {x.shape}"


def _unsuited_part(x: Any, y: Any) -> str:
    if y.dtype.kind not in "biuf":
        return f"y must hold numbers, not {y.dtype}"
    return "" if y.shape[:1] == x.shape[:1] and y.size else f"y must have the rows of x, {len(x)}; y: {y.shape}"


def tried(function: Any, *arguments: Any) -> Any:
    """The result of a step or a fold; None if it ends in an error, which NumPy's steps raise where they meet it."""
    try:
        return function(*arguments)
    except Exception:  # noqa: BLE001  of numbers, such as a division by a state that is 0, or a state that is too large
        return None


def reason_of(error: Exception) -> str:
    """What a rule or a loss did that a kernel cannot do, and where: the last line outside this package."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [frame for frame in frames if not frame.filename.startswith((_HERE, "<"))]
    what = error if isinstance(error, Untraceable) else f"{type(error).__name__}: {error}"
    notes = "".join([f"; {note}" for note in getattr(error, "__notes__", [])])
    return f"{what}{notes}" + (f", {Path(places[-1].filename).name}:{places[-1].lineno}" if places else "")


# The most features of a layer; with more, the products of BLAS are faster. Measured on an Intel Xeon, beside kernels of
# OpenBLAS for AVX-512, with 32 to 1,024 rows.
WIDEST = 256
NARROW, WIDEST_BESIDE_NARROW = 32, 1024  # if one side of a matrix is narrow, the other may be wider


def too_wide(shapes: list[tuple[int, ...]]) -> str:
    """Why the first of these arrays that is too wide is left to NumPy, or an empty string."""
    for shape in shapes:
        widest = WIDEST if len(shape) > 1 and min(shape) > NARROW else WIDEST_BESIDE_NARROW
        if max(shape, default=0) > widest:
            what = "a row of" if len(shape) < 2 else "a matrix of"
            return f"{what} {' x '.join(map(str, shape))} is wider than {widest}, where NumPy is faster"
    return ""


_PLAIN = {bool, int, str, bytes, type(None)}
_RULES: tuple[Any, ...] = forward, forward_only, backward, backward_params, inference, reseed, step, update


@attrs.frozen(eq=False)
class Itself:
    """A value that equals itself alone."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return type(other) is Itself and other.value is self.value

    __hash__ = None  # type: ignore[assignment]  # it is compared, and nothing else


def parts_of(setting: Any, form: list[Any]) -> None:
    """Append a setting to a form, such that equal forms have equal settings; an object that may change is itself."""
    cls = type(setting)
    if cls in _PLAIN:
        form += (cls, setting)
    elif cls is float or cls is complex:  # 0.0 equals -0.0, but rules may tell them apart
        form += (cls, repr(setting))
    else:
        form.append(Itself(setting))


def guarded(make: Callable[[], Any], form: list[Any], *others: Any) -> tuple[Any, Callable[[], bool]]:
    """What `make` makes, and a function: whether `others` and the classes and objects of a form are as they were.

    If that cannot be compared, a reason takes the place of what is made.
    """
    classes = [part for part in form if isinstance(part, type)]
    objects = [part.value for part in form if type(part) is Itself]
    for _ in range(2):  # again where the first call keeps something, as a cached property does
        try:
            is_unchanged = guard([*others, *classes, *objects], _RULES)
        except Exception as reason:  # noqa: BLE001  UnknownError, or the error of an object that a function reads
            return f"what the loss and the rules read cannot be compared in each step: {reason}", always
        with _uncollected():
            made = make()
        if is_unchanged():
            return made, is_unchanged
    return "the loss or a rule changes what it reads", always


@contextmanager
def _uncollected() -> Iterator[None]:
    """A block without garbage collection, which takes a quarter of the time where a deep network is compiled."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def always() -> bool:
    """True, for a reason that does not change."""
    return True
