"""Numbers, entries of arrays, and arguments as source, in messages."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.testing.pytrees import fields_of

DIGITS = 10  # chosen: of a number in a message, unless two numbers that differ have the same ones
MOST_SHOWN = 100  # chosen: entries of an array that a message writes out


def told_apart(*values: float) -> list[str]:
    """The numbers in 10 digits, or in so many more that different numbers have different texts."""
    values = tuple([float(value) + 0.0 for value in values])  # 0 in place of -0
    for digits in range(DIGITS, 18):
        texts = [f"{value:.{digits}g}" for value in values]
        if len({*texts}) >= len({*values}):
            break
    return texts


def entry_of(name: str, k: int, shape: tuple[int, ...]) -> str:
    """The source of the entry with the flat index k, such as x[1, 0]; the name itself for a number."""
    index = ", ".join([str(int(i)) for i in np.unravel_index(k, shape)])
    return f"{name}[{index}]" if index else name


def contrast(name: str, got: Any, wanted: Any) -> str:
    """Where an array differs most from the one that it must be, with both numbers."""
    k = int(np.nan_to_num(abs(got - wanted)).argmax())
    one, other = told_apart(got.flat[k], wanted.flat[k])
    return f"{entry_of(name, k, got.shape)} is {one}, but must be {other}"


def change(name: str, was: Any, now: Any) -> str:
    """How an array differs from what it was: the entry that changed most, with both numbers."""
    was, now = np.asarray(was), np.asarray(now)
    if was.shape != now.shape:
        return f"the shape of {name} was {was.shape}, and is {now.shape}"
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(abs(now - was), nan=np.inf)
    k = int(np.where(np.isnan(was) & np.isnan(now), 0, apart).argmax())
    before, after = told_apart(was.flat[k], now.flat[k])
    return f"{entry_of(name, k, was.shape)} was {before}, and is {after}"


def as_source(value: Any) -> str:
    """Python source that builds a value; a large array is only described."""
    if is_array(value):
        return _of_array(value) if isinstance(value.dtype, np.dtype) else repr(value)  # JAX has keys of its own dtype
    fields = value._asdict() if hasattr(value, "_asdict") else fields_of(value)
    if fields is not None:
        return f"{type(value).__name__}({', '.join(f'{name}={as_source(v)}' for name, v in fields.items())})"
    if isinstance(value, tuple):
        return f"({', '.join(map(as_source, value))}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(map(as_source, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {as_source(part)}' for key, part in value.items())}}}"
    return repr(value)


def _of_array(value: Any) -> str:
    if value.size > MOST_SHOWN:
        return f"...  # {value.dtype} of shape {value.shape}"
    if not value.size:
        return f"np.zeros({value.shape})"
    dtype = "" if value.dtype in (np.float64, np.int_, np.bool_, np.complex128) else f", np.{value.dtype}"
    numbers = re.sub(r"\b(inf|nan)\b", r"np.\1", str(value.tolist()))
    return f"np.array({numbers}{dtype})"
