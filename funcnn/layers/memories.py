"""Checks of the memory of `step`, and the forms of states in words."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import counted, is_array, short
from funcnn.errors import ShapeError
from funcnn.generation import AS_RETURNED


def check_memory(params: Any, memory: Any, shape: tuple[int, ...], dtype: Any, *, parts: int = 1) -> None:
    """Check that the memory of `step` is an array of this shape and dtype, or a tuple of `parts` such arrays.

    The shape begins with the number of sequences of x, and the dtype is the dtype of x.
    """
    arrays = memory if parts > 1 else (memory,)
    are_arrays = type(arrays) is tuple and len(arrays) == parts and all(map(is_array, arrays))
    found = {(tuple(a.shape), a.dtype) for a in arrays} if are_arrays else set()
    if found == {(shape, dtype)}:
        return
    if len(found) == 1:
        [(given, of)] = found
        if given == shape:
            raise memory_dtype_error(of, dtype)
        if (given[1:], of) == (shape[1:], dtype):
            raise memory_sequences_error(given[0], shape[0])
    raise memory_form_error(params, form_of_state(shape, dtype, parts), memory)


def form_of_state(shape: tuple[int, ...], dtype: Any, parts: int) -> str:
    """The form of a state in words: an array, or a tuple of so many arrays."""
    arrays = "a {} array" if parts == 1 else f"{'(h, c), ' * (parts == 2)}a tuple of {parts} {{}} arrays"
    return f"{arrays.format(dtype)} of shape {shape}"


def memory_form_error(params: Any, needed: str, memory: Any) -> ShapeError:
    """The error for a memory of `step` of another form."""
    return ShapeError(f"{AS_RETURNED}; {type(params).__name__} needs {needed}, not {short(memory)}")


def memory_sequences_error(n: int, m: int) -> ShapeError:
    """The error for a memory of `step` of n sequences, where x is of m."""
    remedy = "for other sequences begin with step(params, x)"
    return ShapeError(f"step: memory must be of {counted(m, 'sequence')}, as x is, not of {n}; {remedy}")


def memory_dtype_error(given: Any, dtype: Any) -> ShapeError:
    """The error for a memory of `step` of another dtype than x."""
    return ShapeError(f"step: memory must be {dtype}, as x is, not {given}")
