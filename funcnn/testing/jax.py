"""A function of JAX as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, update_wrapper
from typing import Any

import jax
import numpy as np

from funcnn.arrays import Array
from funcnn.fields import check_flag, check_function

Vjp = Callable[[Sequence[Array], Array], tuple[Array | None, ...]]

_in_float64: Callable[..., AbstractContextManager[Any]] = (
    jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the name before JAX 0.8
)


def pair(function: Callable[..., Any], *, jit: bool = True) -> tuple[Callable[..., Array], Vjp]:
    """The values of a function of arrays, and the gradients that `jax.vjp` finds, as functions of NumPy arrays.

    The function is a `jax.custom_vjp`, or any function that returns one array. Float64 stays float64:
    `jax_enable_x64` is on during a call, unless all arguments are float32; your own setting does not change.

    >>> import jax, numpy as np
    >>> from funcnn.testing import check_vjp
    >>> from funcnn.testing.jax import pair
    >>> print(check_vjp(*pair(jax.nn.softplus), [np.array([-1.0, 2.0])]))
    pass: ...

    f and vjp are compiled once for each function and shape, since a check calls them hundreds of times: a hundred
    examples take a quarter of the time. Define the function outside the test, so that all examples share one object.
    Write `jit=False` if the Python code of the function depends on values. Write `@settings(deadline=None)`, since the
    first example of each shape is slow, and hypothesis would report it as flaky.

    Raises:
        KindError: `function` is not a function, or `jit` neither True nor False.
    """
    check_function("pair", function, "function")
    check_flag("pair", jit, "jit")
    value, gradients = _compiled(function) if jit else (function, _gradients_of(function))

    def f(*args: Array) -> Array:
        with _precision(args):
            return _array(value(*args))

    def vjp(args: Sequence[Array], dA: Array) -> tuple[Array | None, ...]:
        with _precision(args):
            found = iter(gradients(tuple(args), dA))
            return tuple([_array(next(found)) if a.dtype.kind == "f" else None for a in args])

    update_wrapper(f, function, updated=())
    return f, vjp


def _gradients_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """The gradients of the float arguments."""

    def gradients(args: tuple[Any, ...], dA: Any) -> list[Any]:
        found = jax.vjp(function, *args)[1](dA)
        return [g for g, a in zip(found, args, strict=True) if a.dtype.kind == "f"]

    return gradients


@lru_cache(maxsize=64)
def _compiled(function: Callable[..., Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return jax.jit(function), jax.jit(_gradients_of(function))


def _precision(args: Sequence[Array]) -> AbstractContextManager[Any]:
    floats = [a.dtype for a in args if a.dtype.kind in "fc"]
    return nullcontext() if floats and all(dtype == np.float32 for dtype in floats) else _in_float64(True)  # noqa: FBT003  JAX takes no keyword here


def _array(value: Any) -> Any:
    """The value as a NumPy array; a tuple is left for the check to refuse."""
    return value if isinstance(value, tuple | list) else np.asarray(value)
