"""Python source of values, to paste into a test."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from funcnn.arrays import is_array
from funcnn.testing.pytrees import fields_of

MOST_SHOWN = 100  # chosen: entries of an array that a message writes out


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
    dtype = "" if value.dtype in (np.float64, np.int64, np.bool_, np.complex128) else f", np.{value.dtype}"
    numbers = re.sub(r"\b(inf|nan)\b", r"np.\1", str(value.tolist()))
    return f"np.array({numbers}{dtype})"
