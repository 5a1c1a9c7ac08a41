"""Initial weights of a seed that JAX traces, as in `jax.vmap` over seeds: the NumPy draw, called from the program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from funcnn.errors import KindError
from funcnn.initializers import DRAWS


def in_jax(function: str, draw: Callable[..., Any], words: Any, shape: Any, dtype: Any) -> Any:
    """draw(*words) as an array of JAX of this shape and dtype, with the bits of NumPy."""
    if dtype.itemsize > 4 and not jax.config.jax_enable_x64:
        needed = "float32 or smaller for a traced seed, since jax_enable_x64 is off"
        raise KindError(f"{function}: dtype must be {needed}, not {dtype}; write dtype=np.float32")
    result = jax.ShapeDtypeStruct(shape, dtype)
    return jax.pure_callback(draw, result, *words, vmap_method="sequential")


DRAWS[jnp] = in_jax
