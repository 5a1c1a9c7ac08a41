"""Parts of messages: long numbers, and remedies for values that are not arrays of floats, empty if none is certain."""

from __future__ import annotations

import math
from typing import Any

import attrs
import numpy as np


def for_kind(argument: str, x: Any, *, floats: bool = False) -> str:
    """The end of a sentence about a value that is not an array: a tuple, a table, a list, a number; of floats."""
    if has_mask(x):
        written = f"for ({argument}, mask) write {_FOR_PAIRS[argument]}" if argument in _FOR_PAIRS else ""
        written = f"write ({argument}, mask), a tuple" if type(x) is list and argument == "x" else written
        return written and f"; {written}"
    if isinstance(x, np.ma.MaskedArray):
        return f"; write {argument}.filled(...), with a value for its gaps"
    if type(x) is tuple:
        return f"; {_FOR_TUPLES[argument]}" if argument in _FOR_TUPLES else ""
    if hasattr(type(x), "to_numpy"):
        return for_table(argument, x)
    if hasattr(type(x), "collect"):
        return f"; write {argument}.collect().to_numpy()"
    is_number = argument == "x" and isinstance(x, int | float)
    code = _kind_of_array(x, is_number=is_number)
    as_floats = ", float" if floats and code != "f" else ""
    return f"; write np.asarray({argument}{as_floats})" if code else _for_parts(argument, x)


def _for_parts(argument: str, x: Any) -> str:
    """The end of a sentence about a list that is not an array: of arrays, or of rows of unequal lengths."""
    if type(x) is not list or not x:
        return ""
    if all(map(_is_array, x)) and argument not in {"out", "y"}:
        if any([isinstance(part, np.memmap) for part in x]):  # np.stack would read all files into memory
            return "; to join the rows of files, copy them into one of np.lib.format.open_memmap"
        return f"; to join arrays of one shape write np.stack({argument})"
    rows = [len(part) for part in x if isinstance(part, list | tuple)]
    return "; its rows have unequal lengths" if len(rows) == len(x) and len(set(rows)) > 1 else ""


def _kind_of_array(x: Any, *, is_number: bool) -> str:
    """The kind of the array to which np.asarray converts x, if that is of real numbers and nothing is lost."""
    is_list = type(x) is list and not any(map(_is_array, x))  # a list of arrays may mean several inputs or several rows
    is_other = hasattr(type(x), "__array__") and not hasattr(x, "mask")  # a masked array would lose its mask
    has_axes = is_number or isinstance(x, np.generic) or getattr(x, "shape", None) != ()
    if not (is_number or is_list or is_other) or not has_axes:
        return ""
    try:
        code = np.asarray(x).dtype.kind
    except (TypeError, ValueError, RuntimeError):  # uneven rows, a key of JAX, a tensor that requires a gradient
        return ""
    return code if code in "biuf" else ""


def _is_array(part: Any) -> bool:
    return hasattr(type(part), "__array_namespace__") and not isinstance(part, np.generic)


def has_mask(x: Any) -> bool:
    """Whether x is a tuple or a list (x, mask, ...), the form of a sequence with a mask."""
    return type(x) in {tuple, list} and len(x) > 1 and _is_array(x[1]) and is_bool(x[1])


def is_bool(array: Any) -> bool:
    """Whether an array holds bools, also one of a library whose dtypes are not NumPy's."""
    code = getattr(array.dtype, "kind", None)
    return code == "b" if code is not None else str(array.dtype).endswith(".bool")


_FOR_PAIRS = {
    "out": "masked(loss), or metric(out[mask], y[mask])",
    "memory": "(queries, memory, mask)",
}
_FOR_TUPLES = {
    "x": "for several inputs put Concat(), Sum(), Take(i) or Parallel(...) before it",
    "out": "for several outputs write joint(loss, ...)",
    "y": "for several outputs write joint(loss, ...)",
}


def for_table(argument: str, x: Any) -> str:
    """The end of a sentence about a table or a column of another library, such as a DataFrame."""
    try:
        array = np.asarray(x)
        if array.ndim == 2 and array.dtype == object:  # columns of several types
            np.asarray(x, float)
            return f"; write np.asarray({argument}, float)"
    except (TypeError, ValueError):
        return "; its columns of text must become numbers"
    return f"; write {argument}.to_numpy()"


def for_entries(argument: str, x: Any) -> str:
    """The end of a sentence about an array whose entries are not floats."""
    return f"; write {argument}.astype(float)" if becomes_floats(x) else ""


def becomes_floats(x: Any) -> bool:
    """Whether the entries of an array are real numbers or bools, including numbers in an array of objects."""
    if getattr(x.dtype, "kind", "no") != "O":
        return getattr(x.dtype, "kind", "no") in "biu"
    return all([isinstance(entry, int | float | np.number) for entry in x.ravel().tolist()])


def call_of(cls: type) -> str:
    """The call that makes a value of a class: with dots if it needs arguments."""
    if hasattr(cls, "init"):
        return f"{cls.__name__}.init(...)"
    needs = any([field.init and field.default is attrs.NOTHING for field in getattr(cls, "__attrs_attrs__", ())])
    return f"{cls.__name__}({'...' if needs else ''})"


def span(values: Any) -> str:
    """The numbers of an array for messages: from the least to the largest, one number, or NaN."""
    low, high = values.min(), values.max()
    if low != low:  # noqa: PLR0124  only NaN differs from itself
        return "NaN"
    return f"{low}" if low == high else f"{low} .. {high}"


def dtype_word(dtype: Any) -> str:
    """A dtype for messages: `float64`; a word for a dtype without numbers, whose name is a code such as `<U4`."""
    words: dict[Any, str] = {
        np.str_: "str",
        np.bytes_: "bytes",
        np.void: "structured" if getattr(dtype, "fields", ()) else "void",
    }
    return words.get(getattr(dtype, "type", None), str(dtype))


def place(argument: str, path: str = "") -> str:
    """`params[1].W`: the part of an argument at a path of a tree, as an expression.

    The path may also stand in the argument, behind a dot: `params.1.W`.
    """
    argument, *steps = f"{argument}.{path}".removesuffix(".").split(".")
    return argument + "".join([f"[{step}]" if step.isdigit() else f".{step}" for step in steps])


def written(number: Any) -> str:
    """A whole number for messages: a long one as a power of ten, since Python refuses to print 4301 digits.

    >>> from funcnn.remedies import written
    >>> written(-12), written(10**5000)
    ('-12', 'about 10**5000')
    """
    digits = math.log10(abs(number) or 1)
    return f"{number}" if digits < 40 else f"about {'-' * (number < 0)}10**{digits:.0f}"
