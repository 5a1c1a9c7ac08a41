"""The loop of recurrent layers as `lax.scan`, where JAX traces it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.tree_util import register_pytree_node

from funcnn.layers.recurrent.loop import LOOPS, Scanned, Series, Step, in_python
from funcnn.layers.recurrent.steps import Stacked


def in_jax(
    step: Step, t: int, fixed: Any, carry: Any, series: tuple[Series, ...], *, reverse: bool = False
) -> tuple[Any, tuple[Series, ...]]:
    """As `in_python`; arrays that are not traced go through the loop in Python, where a step may look at their values.

    Series that are not `Scanned` are stacked.
    """
    if not any([isinstance(a, jax.core.Tracer) for a in jax.tree.leaves((fixed, carry, series))]):
        return in_python(step, t, fixed, carry, series, reverse=reverse)
    carry, results = _scanned(step, t, fixed, carry, tuple(map(_stacked, series)), reverse)
    return carry, tuple(map(Scanned, results))


def _stacked(series: Series) -> Any:
    if type(series) is Scanned:
        return series.tree
    return jax.tree.map(lambda *parts: jnp.stack(parts), *series) if type(series) is tuple else series


# Compiled, so that `jax.grad` and `jax.vmap` outside `jax.jit` compile each loop once, and not at every call.
@partial(jax.jit, static_argnums=(0, 1, 5))
def _scanned(step: Step, t: int, fixed: Any, carry: Any, series: Any, reverse: bool) -> Any:  # noqa: FBT001  static
    return jax.lax.scan(lambda carry, xs: step(fixed, carry, *xs), carry, series, t, reverse)


LOOPS[jnp] = in_jax
# The widths of a kernel's cache are numbers, which must not be traced.
register_pytree_node(
    Stacked, lambda cache: (cache[:3], cache.gates), lambda gates, parts: Stacked._make((*parts, gates))
)
