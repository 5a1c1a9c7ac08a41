"""Initial weights of a seed that JAX traces, as in `jax.vmap` over seeds: the NumPy draw, called from the program."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from funcnn.errors import KindError
from funcnn.initializers import DRAWS


def in_jax(function: str, make: Callable[[tuple[int, ...]], Any], words: Any, shape: Any, dtype: Any) -> Any:
    """make(words) as an array of JAX of this shape and dtype, with the bits of NumPy."""
    if dtype.itemsize > 4 and not jax.config.jax_enable_x64:
        needed = "float32 or smaller for a traced seed, since jax_enable_x64 is off"
        raise KindError(f"{function}: dtype must be {needed}, not {dtype}; write dtype=np.float32")
    result = jax.ShapeDtypeStruct(shape, dtype)
    return jax.pure_callback(partial(_made, make), result, *words, vmap_method="sequential")


def _made(make: Callable[[tuple[int, ...]], Any], *words: Any) -> Any:
    return make(tuple([int(np.asarray(word)) for word in words]))


DRAWS[jnp] = in_jax
