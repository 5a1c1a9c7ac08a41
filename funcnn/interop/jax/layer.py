"""Functions of JAX as layers: out = f(params, x), and the gradients that `jax.vjp` finds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import attrs
import jax
import numpy as np

from funcnn.arrays import check_arrays, counted, is_array, is_float, kind, short
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError, ShapeError
from funcnn.fields import check_function
from funcnn.generation import refuses, step
from funcnn.gradients import Grads
from funcnn.interop.jax.precision import as_given, running
from funcnn.layers.checks import as_cache_parts, check_out_gradient, dtype_error
from funcnn.layers.outlines import outline
from funcnn.records import build, is_record, plans, record, values
from funcnn.remedies import place
from funcnn.trees.walks import arrays_in, map_arrays, row_count, walk


@record
class JaxLayer(ABC):
    """out = value(x), computed by JAX; the gradients of x and of the parameters are those of `jax.vjp`

    The base of layers of your own that are written in JAX. The parameters are the fields that hold arrays, as in any
    record; `value` uses them as `self.W`. It is compiled once for each shape and dtype of x and of the parameters, and
    for each value of the settings.

    >>> import jax.numpy as jnp
    >>> import numpy as np
    >>> from funcnn import Array, backward, forward, record
    >>> from funcnn.interop.jax import JaxLayer
    >>> @record
    ... class Decayed(JaxLayer):
    ...     rate: Array
    ...     def value(self, x):
    ...         return x * jnp.exp(-self.rate)
    >>> layer, x = Decayed(np.zeros(1)), np.array([[3.0], [4.0]])
    >>> out, cache = forward(layer, x)
    >>> backward(layer, cache, np.ones((2, 1))).params
    Decayed(rate=<f64 [-7.]>)

    x is an array, or a tuple of arrays; out is an array with as many rows as x and with the dtype of x and of the
    parameters. Arrays of NumPy give arrays of NumPy, arrays of JAX give arrays of JAX. Float64 arrays of NumPy are
    computed in float64, also if `jax_enable_x64` is off. The cache is x, so `backward` computes out once more.
    `check_layer` tests the gradients. `save` and pickle find the class by its name. States are constants of `value`.

    Raises:
        KindError: an array has a dtype that JAX does not have or another dtype than x, or is float64 beside arrays of
            JAX that cannot be float64; or `value` does not return an array of floats of that dtype.
        ShapeError: `value` returns another number of rows than x has, or dA is not like out.
    """

    @abstractmethod
    def value(self, x: Any) -> Any:
        """The output for x, as a function of JAX."""


@record
class JaxFunction(JaxLayer):
    """out = f(*params, x), computed by JAX; the gradients of x and of params are those of `jax.vjp`

    A function without a class, otherwise as `JaxLayer`. `params` is a tuple of arrays, of records and of tuples. The
    layer pickles if f does, as functions at the top of a module do. `save` refuses it, since a file that names
    functions to call would be a program; a `JaxLayer` of your own can be saved.

    >>> import jax
    >>> import numpy as np
    >>> from funcnn import forward
    >>> from funcnn.interop.jax import JaxFunction
    >>> def dense(W, b, x):
    ...     return jax.nn.silu(x @ W + b)
    >>> layer = JaxFunction(dense, (np.ones((2, 1)), np.zeros(1)))
    >>> layer
    JaxFunction(dense, (<f64 [[1.] [1.]]>, <f64 [0.]>))
    >>> forward(layer, np.zeros((3, 2)))[0].shape
    (3, 1)

    Raises:
        KindError: f is not a function of the parameters and x, or `params` is not a tuple of arrays, records and
            tuples. Also as `JaxLayer`.
        ShapeError: as `JaxLayer`.
    """

    f: Callable[..., Any]
    params: tuple[Any, ...] = attrs.field(default=(), metadata={"traced": True})

    def __attrs_post_init__(self) -> None:
        """Check that f takes the parameters and x, and that there is nothing but parameters in `params`."""
        function = type(self).__name__
        for i, part in enumerate(self.params):
            _check_parameter(function, f"params[{i}]", part)
        n = len(self.params)
        needed = f"a function of the {counted(n, 'part')} of params and x" if n else "a function (x), as params is ()"
        check_function(function, "f", self.f, needed, takes=n + 1)

    def __repr__(self) -> str:
        """The name of the function, since its address differs between processes."""
        return f"{type(self).__name__}({getattr(self.f, '__qualname__', kind(self.f))}, {short(self.params)})"

    def value(self, x: Any) -> Any:
        return self.f(*self.params, x)


def _check_parameter(function: str, argument: str, part: Any) -> None:
    if type(part) is tuple:
        for i, inner in enumerate(part):
            _check_parameter(function, f"{argument}[{i}]", inner)
    elif not is_array(part) and not is_record(part):
        raise KindError(f"{function}: {argument} must be an array, a record or a tuple of them, not {kind(part)}")


@forward.register(JaxLayer)
def jax_layer_forward(params: JaxLayer, x: Any) -> tuple[Any, tuple[Any, Any]]:
    """out = value(x)"""
    check_arrays(type(params).__name__, "x", x)
    out = _called(_COMPILED, params, x)
    return out, (x, outline(out))


@backward.register(JaxLayer)
def jax_layer_backward(params: JaxLayer, cache: tuple[Any, Any], dA: Any) -> Grads[JaxLayer]:
    """The gradients of `jax.vjp`, None for integers"""
    x, own, of_x = _pulled_back(params, cache, dA, with_x=True)
    found = iter(of_x)
    dx = map_arrays(lambda a: next(found) if is_float(a) else None, x)
    return Grads(_gradient(params, iter(own)), dx)


@backward_params.register(JaxLayer)
def jax_layer_backward_params(params: JaxLayer, cache: tuple[Any, Any], dA: Any) -> JaxLayer:
    """The gradients of the parameters alone"""
    _, own, _ = _pulled_back(params, cache, dA, with_x=False)
    return _gradient(params, iter(own))


@step.register(JaxLayer)
@refuses
def jax_layer_step(params: JaxLayer, x: Any, memory: Any = None) -> Any:
    """Refused, since `value` may mix positions"""
    raise KindError(
        f"step: there is no rule for {type(params).__name__}, since {_spoken(params)} may mix positions; "
        f"write one with @step.register({type(params).__name__})"
    )


def _pulled_back(params: JaxLayer, cache: Any, dA: Any, *, with_x: bool) -> tuple[Any, list[Any], list[Any]]:
    """x, the gradients of the parameters, and the gradients of the arrays of floats in x."""
    x, of_out = as_cache_parts(params, cache, 2)
    check_out_gradient(params, dA, of_out.shape[1:], of_out.dtype)
    own, of_x = _called(_GRADIENTS[with_x], params, x, dA)
    return x, own, of_x


def _called(rule: Any, params: JaxLayer, x: Any, *rest: Any) -> Any:
    """rule(params, x, *rest) in the precision of these arrays, as arrays of NumPy if they are."""
    function = type(params).__name__
    own, given = list(walk(params, states=False)), list(walk(x, "x"))
    floats = [(name, a) for name, a in (*given, *own) if is_float(a)]
    for name, a in floats[1:]:
        if a.dtype != floats[0][1].dtype:
            raise dtype_error(function, place(floats[0][0]), floats[0][1], place(name), a)
    arrays = [*given, *own, *[("dA", a) for a in rest]]
    with running(function, arrays):
        made = rule(params, x, *rest)
        numpy = all([isinstance(a, np.ndarray) for _, a in arrays])
        return jax.tree.map(partial(as_given, numpy=numpy), made)


# The functions that JAX compiles, once for each shape and dtype of the arrays and each value of the settings.


def _value(params: JaxLayer, x: Any) -> Any:
    return _as_out(params, x, params.value(x))


def _gradients(params: JaxLayer, x: Any, dA: Any, *, with_x: bool) -> tuple[list[Any], list[Any]]:
    """The gradients of the parameters, and with `with_x` those of the arrays of floats in x."""
    floats = [a for a in arrays_in(x) if is_float(a)] if with_x else []

    def value(own: list[Any], floats: list[Any]) -> Any:
        rest, some = iter(own), iter(floats)
        layer = map_arrays(lambda _: next(rest), params, states=False)
        return layer.value(map_arrays(lambda a: next(some) if is_float(a) else a, x) if with_x else x)

    return jax.vjp(value, _arrays_of(params), floats)[1](dA)


def _arrays_of(params: Any) -> list[Any]:
    """The parameters of a layer."""
    return [a for _, a in walk(params, states=False)]


def _gradient(tree: Any, rest: Iterator[Any]) -> Any:
    """`tree` with the next gradient in place of each parameter, and None, which means unchanged, in place of states."""
    if is_array(tree):
        return next(rest)
    if type(tree) is tuple:
        return tuple([_gradient(part, rest) for part in tree])
    if not is_record(tree):
        return tree
    fields = zip(plans[type(tree)], values(tree), strict=True)
    return build(type(tree), [None if is_state else _gradient(part, rest) for (_, is_state), part in fields])


def _as_out(params: JaxLayer, x: Any, out: Any) -> Any:
    """Check what `value` returned, while JAX traces it: an array of floats of the dtype and the rows of x."""
    function, f = type(params).__name__, _spoken(params)
    if not is_array(out):
        raise KindError(f"{function}: {f} must return an array, not {kind(out)}")
    dtype = next((a.dtype for a in (*arrays_in(x), *_arrays_of(params)) if is_float(a)), out.dtype)
    if not is_float(out) or out.dtype != dtype:
        needed = f"an array of {dtype if is_float(out) else 'floats'}"
        raise KindError(f"{function}: {f} must return {needed}, not {kind(out)}")
    if out.shape[:1] != (m := row_count(function, "x", x),):
        raise ShapeError(f"{function}: {f} must return as many rows as x has, {m}, not the shape {out.shape}")
    return out


def _spoken(params: JaxLayer) -> str:
    """The name of the function, for messages."""
    return getattr(params.f, "__qualname__", "f") if isinstance(params, JaxFunction) else "value"


_COMPILED: Any = jax.jit(_value)
_GRADIENTS: Any = [jax.jit(partial(_gradients, with_x=with_x)) for with_x in (False, True)]
