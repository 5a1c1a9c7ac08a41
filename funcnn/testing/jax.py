"""A function of JAX as the pair (f, vjp) that `check_vjp` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial, update_wrapper
from typing import Any

import numpy as np

from funcnn.checked import checked
from funcnn.extras import needing
from funcnn.needs import Flag, Function
from funcnn.testing.adapting import Vjp, named_without_rule

with needing(__name__, "jax"):
    import jax

_in_float64: Callable[..., AbstractContextManager[Any]] = (
    jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64  # the name before JAX 0.8
)


@checked
def pair(function: Function, *, jit: Flag = True) -> tuple[Callable[..., Any], Vjp]:
    """The values of a function of arrays, and the gradients that `jax.vjp` finds, as functions of NumPy arrays.

    The function is a `jax.custom_vjp`, or any function of arrays and of trees of arrays, with one value or
    several. For complex numbers write `convention="jax"`. Float64 stays float64:
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
        GradientError: from vjp: JAX has no derivative of the function, which is a `NoDerivative`.
    """
    value, gradients, _ = (_compiled if jit else _rules)(function)

    def f(*args: Any) -> Any:
        with _precision(args):
            return jax.tree.map(np.asarray, value(*args))

    def vjp(args: Sequence[Any], dA: Any) -> tuple[Any, ...]:
        with _precision(args), named_without_rule("JAX", *_WITHOUT_RULE):
            found = iter(gradients(tuple(args), jax.tree.leaves(dA)))
        leaves, tree = jax.tree.flatten(tuple(args))
        return tuple(jax.tree.unflatten(tree, [np.asarray(next(found)) if _is_float(a) else None for a in leaves]))

    update_wrapper(f, function, updated=())
    return f, vjp


@checked
def jvp_pair(function: Function, *, jit: Flag = True) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The values of a function, and the tangents that `jax.jvp` finds, as `check_jvp` takes them; otherwise as `pair`.

    >>> import jax, numpy as np
    >>> from funcnn.testing import check_jvp
    >>> from funcnn.testing.jax import jvp_pair, pair
    >>> x = np.array([-1.0, 2.0])
    >>> print(check_jvp(*jvp_pair(jax.nn.softplus), [x], vjp=pair(jax.nn.softplus)[1]))
    pass: ...

    Raises:
        GradientError: as `pair`.
    """
    f, _ = pair(function, jit=jit)
    *_, ahead = (_compiled if jit else _rules)(function)

    def jvp(args: Sequence[Any], tangents: Sequence[Any]) -> Any:
        with _precision(args), named_without_rule("JAX", *_WITHOUT_RULE):
            is_none = lambda a: a is None
            steps = jax.tree.map(_step, tuple(tangents), tuple(args), is_leaf=is_none)
            leaves, tree = jax.tree.flatten(ahead(tuple(args), jax.tree.leaves(steps)), is_leaf=is_none)
        return jax.tree.unflatten(tree, [None if a is None else np.asarray(a) for a in leaves])

    return f, jvp


def _gradients(function: Callable[..., Any], args: tuple[Any, ...], dA: list[Any]) -> list[Any]:
    """The gradients of the leaves that hold floats, from the cotangents of the outputs that hold floats."""
    out, backward = jax.vjp(function, *args)
    found = backward(jax.tree.map(_or_nothing(iter(dA)), out))
    return [g for g, a in zip(jax.tree.leaves(found), jax.tree.leaves(args), strict=True) if _is_float(a)]


def _tangents(function: Callable[..., Any], args: tuple[Any, ...], given: list[Any]) -> Any:
    out, found = jax.jvp(function, args, jax.tree.map(_or_nothing(iter(given)), args))
    return jax.tree.map(lambda a, tangent: tangent if _is_float(a) else None, out, found)


def _step(tangent: Any, arg: Any) -> Any:
    """The tangent of an argument, zeros for a constant that holds floats."""
    if tangent is not None:
        return tangent
    return jax.tree.map(lambda a: np.zeros_like(a) if _is_float(a) else None, arg)


def _or_nothing(rest: Iterator[Any]) -> Callable[[Any], Any]:
    """For a leaf the next of `rest`; for whole numbers the type without values that JAX has for them."""
    return lambda a: next(rest) if _is_float(a) else np.zeros(np.shape(a), jax.dtypes.float0)


def _is_float(a: Any) -> bool:
    return bool(jax.numpy.issubdtype(jax.numpy.result_type(a), np.inexact))


_WITHOUT_RULE = ("Reverse-mode differentiation does not work", "do not support JVP")


def _rules(function: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    return function, partial(_gradients, function), partial(_tangents, function)


@lru_cache(maxsize=64)
def _compiled(function: Callable[..., Any]) -> tuple[Callable[..., Any], ...]:
    return tuple(map(jax.jit, _rules(function)))


def _precision(args: Sequence[Any]) -> AbstractContextManager[Any]:
    floats = [np.asarray(a).dtype for a in jax.tree.leaves(tuple(args)) if _is_float(a)]
    single = (np.float32, np.complex64)
    return nullcontext() if floats and all(dtype in single for dtype in floats) else _in_float64(True)  # noqa: FBT003  JAX takes no keyword here
