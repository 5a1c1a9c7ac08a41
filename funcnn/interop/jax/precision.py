"""Float64 arrays of NumPy in JAX, whose 64-bit types are off by default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import jax
import numpy as np

from funcnn.arrays import is_float, kind
from funcnn.errors import FuncnnError, KindError
from funcnn.remedies import place

_in_float64: Any = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the name before 0.8


@contextmanager
def running(function: str, arrays: Iterable[tuple[str, Any]]) -> Iterator[None]:
    """The context in which functions that JAX has compiled run with these arrays, given with their names.

    Float64 stays float64, as `precision` says. Errors of funcnn lose the note of JAX about frames that are not shown.
    """
    try:
        with precision(function, arrays):
            yield
    except FuncnnError as error:
        error.__notes__ = [note for note in getattr(error, "__notes__", ()) if "JAX_TRACEBACK_FILTERING" not in note]
        raise


def precision(function: str, arrays: Iterable[tuple[str, Any]]) -> AbstractContextManager[Any]:
    """The context in which JAX computes with these arrays, given with their names, without rounding them.

    If an array of NumPy is float64 and `jax_enable_x64` is off, it is on in the context.

    Raises:
        KindError: JAX does not have the dtype of an array, or an array of NumPy is float64 beside arrays of JAX that
            cannot be float64, since `jax_enable_x64` is off.
    """
    given = list(arrays)
    for name, a in given:
        is_number = is_float(a) or a.dtype.kind in "biu"
        if not is_number or a.dtype.itemsize > (16 if a.dtype.kind == "c" else 8):
            raise KindError(f"{function}: {place(name)} must be an array of a dtype that JAX has, not {kind(a)}")
    wide = [(name, a) for name, a in given if isinstance(a, np.ndarray) and a.dtype.char in "dD"]
    if not wide or jax.config.jax_enable_x64:
        return nullcontext()
    if all([isinstance(a, np.ndarray) for _, a in given]):
        return _in_float64(True)  # noqa: FBT003  JAX takes no keyword here
    name, a = wide[0]
    needed = "a smaller dtype beside arrays of JAX, since jax_enable_x64 is off"
    raise KindError(f"{function}: {place(name)} must have {needed}, not {kind(a)}")


def as_given(array: Any, *, numpy: bool) -> Any:
    """A result of JAX as an array of NumPy, which shares its memory, if `numpy`; a tracer is returned unchanged."""
    return np.asarray(array) if numpy and not isinstance(array, jax.core.Tracer) else array
