"""A function of your own as a layer, without a record and rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcnn.arrays import as_array, check_arrays, counted, is_array, kind, short
from funcnn.core import backward, forward
from funcnn.errors import KindError, ShapeError
from funcnn.generation import refuses, step
from funcnn.gradients import Grads
from funcnn.layers.checks import as_cache_parts
from funcnn.layers.outlines import as_gradient_like, outline
from funcnn.records import record
from funcnn.traits import takes_complex


@record
class Function:
    """out = f(x), dx = vjp(x, dA)

    `f` and `vjp` must be functions at the top of a module, so that pickle finds them by name in every process, and
    `jax.jit` compiles once. A lambda, a function inside a function, a partial and a method are refused. The cache is x;
    there are no parameters. `check_layer` tests vjp against finite differences of f. `save` refuses a Function, since a
    file that names functions to call would be a program. For a layer with parameters, write a record with two rules.

    >>> import numpy as np
    >>> from funcnn import backward, forward, layers
    >>> def cube(x):
    ...     return x**3
    >>> def cube_vjp(x, dA):
    ...     return 3 * x**2 * dA
    >>> layer, x = layers.Function(cube, cube_vjp), np.array([[2.0]])
    >>> out, cache = forward(layer, x)
    >>> out, backward(layer, cache, np.ones((1, 1))).x
    (array([[8.]]), array([[12.]]))

    Raises:
        KindError: f or vjp is not a function at the top of a module, or vjp is a ufunc of x alone, such as np.cos.
        ShapeError: dA is not like out, or dx not like x.
    """

    f: Callable[[Any], Any]
    vjp: Callable[[Any, Any], Any]

    def __attrs_post_init__(self) -> None:
        for name, function in (("f", self.f), ("vjp", self.vjp)):
            if not callable(function) or isinstance(function, type):
                raise KindError(f"{type(self).__name__}: {name} must be a function, not {_called(function)}")
            path = getattr(function, "__qualname__", "<none>")
            if "<" in path or "." in path:
                needed = "a function at the top of a module, where pickle finds it by its name"
                raise KindError(f"{type(self).__name__}: {name} must be {needed}, not {_called(function)}")
        if (n := getattr(vjp := self.vjp, "nin", 2)) != 2:  # a ufunc of one argument would write its result into dA
            taken = f"the ufunc {_called(vjp)} takes {counted(n, 'argument')}"
            raise KindError(f"{type(self).__name__}: vjp must take x and dA, but {taken}")

    def __repr__(self) -> str:
        """The names of the functions, since their addresses differ between processes."""
        return f"Function({_called(self.f)}, {_called(self.vjp)})"


def _called(function: Any) -> str:
    return getattr(function, "__qualname__", kind(function))


@forward.register(Function)
def function_forward(params: Function, x: Any) -> tuple[Any, tuple[Any, Any]]:
    """out = f(x)"""
    check_arrays("Function", "x", x)
    out = as_array(params.f(x))
    return out, (x, outline(out))


@backward.register(Function)
def function_backward(params: Function, cache: tuple[Any, Any], dA: Any) -> Grads[Function]:
    """dx = vjp(x, dA)"""
    x, of_out = as_cache_parts(params, cache, 2)
    dx = params.vjp(x, as_gradient_like(params, dA, of_out))
    if is_array(x) and dx is not None and getattr(dx, "shape", None) != x.shape:
        raise ShapeError(
            f"Function: {_called(params.vjp)} must return dx in the shape of x, {x.shape}, not {short(dx)}"
        )
    return Grads(params, as_array(dx))


@step.register(Function)
@refuses
def function_step(params: Function, x: Any, memory: Any = None) -> Any:
    """Refused, since f may mix positions"""
    raise KindError(
        f"step: there is no rule for Function, since {_called(params.f)} may mix positions; "
        "write a record with a rule for step in its place"
    )


takes_complex.register(Function)(lambda _: False)
