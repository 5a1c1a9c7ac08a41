"""The four lines: forward, a loss, backward, sgd.

A network is a value, and the functions of this module map values to values, without changing anything in place:

    out, cache = forward(params, x)
    cost, dA   = mse(out, y)
    grads      = backward(params, cache, dA)
    params     = sgd(params, grads, lr)

dA is the gradient of the cost by `out`, dW that by W. In `funcnn.layers` the rules of a layer follow its class; the
rules of a tuple, the chain rule among them, are in `layers/chain.py`. `step` in `funcnn.generation` is a position of a
sequence, not of training.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import Annotated, Any, TypeVar

import numpy as np

from funcnn.arrays import freeze, in_float32, is_array, kind, short
from funcnn.bound import BoundFunction
from funcnn.checked import checked
from funcnn.dispatch import verb
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.gradients import Grads, foreign_error, grads_error
from funcnn.logits import check_end, squashed_twice
from funcnn.losses.protocol import check_of_out_and_y, evaluated
from funcnn.needs import Flag, as_learning_rate, passing
from funcnn.nested import inside, is_made_of_layers
from funcnn.records import build, plans
from funcnn.refusals import layer_error, no_rule_error
from funcnn.seeds import check_block
from funcnn.signatures import Backward, BackwardParams, Forward, ForwardOnly, Inference, Reseed, ValueAndGrad
from funcnn.tracebacks import end_at_caller

P = TypeVar("P")

# loss(out, y) -> (cost, dA), dA the gradient of the cost with respect to out
Loss = Annotated[Callable[[Any, Any], tuple[Any, Any]], passing("a function (out, y)", check_of_out_and_y)]


@verb(Forward, gives=tuple, needed="(out, cache)")
def forward(params: Any, x: Any, /) -> tuple[Any, Any]:
    """`(out, cache)`: the output of the layer for x, and the arrays that its `backward` needs.

    A layer registers its rule with `@forward.register(Layer)`. A tuple of layers is a layer, the chain.

    >>> import numpy as np
    >>> from funcnn import Relu, forward
    >>> out, cache = forward(Relu(), np.array([[-1.0, 2.0]]))
    >>> out
    array([[0., 2.]])

    Raises:
        KindError: `params` is not a layer, but a class, a list, or a record without a rule; or `x` is not an array of
            the dtype of the parameters.
        ShapeError: `x` does not fit the layer. In a chain a note on any error names the layer.
    """
    raise no_rule_error("forward", params)


@verb(Backward, gives=Grads, needed="Grads(params, x)")
def backward(params: Any, cache: Any, dA: Any, /) -> Grads[Any]:
    """`Grads(params, x)`, given `dA`, the gradient of the cost with respect to `out`.

    `cache` is the second value of `forward(params, x)`. There is no other memory: a forward in between has no effect.
    A cache holds arrays, but neither the layer nor x: the cache of another layer, or of another batch, is refused only
    if its arrays do not fit. If they fit, as a cache of Tanh fits Relu, the result is not a gradient.

    >>> import numpy as np
    >>> from funcnn import Relu, backward, forward
    >>> out, cache = forward(Relu(), np.array([[-1.0, 2.0]]))
    >>> backward(Relu(), cache, np.ones((1, 2))).x
    array([[0., 1.]])

    Raises:
        KindError: as `forward`; or `dA` is not an array of the dtype of out.
        ShapeError: `dA` has another shape than `out`, or the cache is of another network.
    """
    raise no_rule_error("backward", params)


@verb(ForwardOnly, of=forward)
def forward_only(params: Any, x: Any) -> Any:
    """`forward(params, x)[0]`, without the caches: a chain drops each cache before it makes the next."""
    return forward(params, x)[0]


@verb(BackwardParams, of=backward)
def backward_params(params: Any, cache: Any, dA: Any) -> Any:
    """`backward(params, cache, dA).params`; a layer registers a rule if computing dx is extra work."""
    return backward(params, cache, dA).params


def _is_layer(_: Any, made: Any) -> bool:
    return is_made_of_layers(made)


@verb(Inference, accepts=_is_layer, needed="a layer")
def inference(params: Any, /) -> Any:
    """The network for prediction; for most layers it is the layer itself.

    A layer that differs between training and prediction registers a rule: dropout becomes the identity, batch
    normalisation a fixed affine map. By default `inference` is applied to every layer inside.
    """
    return inside(inference, params)


@verb(Reseed, accepts=_is_layer, needed="a layer")
def reseed(params: Any, i: int, /) -> Any:
    """The network for row block `i`: every `seed` inside becomes its child `(*seed, i)`. `i` may be a key of JAX.

    >>> from funcnn import Dropout, reseed
    >>> reseed((Dropout(0.5, seed=3),), 7)
    (Dropout(seed=(3, 7), step=0, rate=0.5),)

    Raises:
        KindError: `params` is not a layer, or `i` is not an int in [0, 2**31) or a key.
    """
    check_block(i)
    return inside(reseed, params, i)


@checked
def value_and_grad(loss: Loss, *, inputs: Flag = False) -> ValueAndGrad[float]:
    """The first three of the four lines as one function `(params, x, y) -> (cost, Grads)`; it pickles if `loss` does.

    `Grads.x` is None, which saves its computation, or with `inputs=True` the gradient of the cost with respect to x.

    >>> import numpy as np
    >>> from funcnn import Dense, mse, value_and_grad
    >>> cost, grads = value_and_grad(mse)(Dense(np.eye(1), np.zeros(1)), np.array([[3.0]]), np.array([[1.0]]))
    >>> cost, grads.params
    (4.0, Dense(W=<f64 [[12.]]>, b=<f64 [4.]>))

    Raises:
        KindError: `loss` is not a loss, or takes logits where the net gives probabilities; `inputs` is not a bool.
        ShapeError: the network ends in a Softmax over one output.
    """
    return BoundFunction(_value_and_grad, loss, inputs)


def _value_and_grad(loss: Loss, inputs: Any, params: P, x: Any, y: Any) -> tuple[Any, Grads[P]]:
    check_is_layer("value_and_grad", "params", params)
    if found := squashed_twice("the loss", loss, params):
        raise KindError(f"value_and_grad: {found}")
    out, cache = forward(params, x)
    check_end("value_and_grad", params, out)
    cost, dA = evaluated("value_and_grad", loss, out, y)
    if inputs:
        return cost, backward(params, cache, dA)
    return cost, Grads(backward_params(params, cache, dA), None)  # without dx


def sgd(params: P, grads: Grads[P], lr: float) -> P:
    """`p - lr g` for each trained array p with gradient g; each state takes its next value, whatever `lr` is.

    It is the only step: an optimizer transforms the gradient before it, a constraint acts after it. Robbins & Monro
    1951, A Stochastic Approximation Method.

    >>> import numpy as np
    >>> from funcnn import Dense, Grads, gradient, sgd
    >>> p = Dense(np.array([[2.0]]), np.array([1.0]))
    >>> sgd(p, Grads(gradient(p, W=np.array([[10.0]]), b=np.array([5.0])), None), 0.1)
    Dense(W=<f64 [[1.]]>, b=<f64 [0.5]>)

    Raises:
        ShapeError: `grads` are gradients of another network.
        RangeError: `lr` is negative or not finite.
        KindError: `lr` is not a single number, `grads` not a Grads, or `params` not a tree.
    """
    try:
        if type(grads) is not Grads:
            raise grads_error("sgd", grads)
        if type(lr) is not float or not 0 <= lr < math.inf:
            lr = as_learning_rate("sgd", "lr", lr)
        try:
            stepped: P = _step(params, grads.params, lr)
        except ShapeError as error:
            raise foreign_error("sgd", params, grads.params, error) from None
    except FuncnnError as error:
        end_at_caller(error)
        raise
    return stepped


def _step(p: Any, g: Any, lr: Any) -> Any:
    """Each array by `down`; records and tuples part by part; a state takes its next value, None for unchanged."""
    if (cls := type(p)) is type(g):
        if cls is np.ndarray and p.shape == g.shape:
            return down(p, g, lr)
        if cls in plans:
            new = []
            for name, is_state in plans[cls]:
                old, change = getattr(p, name), getattr(g, name)
                if is_state:
                    new.append(old if change is None else change)
                else:
                    new.append(_step(old, change, lr))
            return build(cls, new) if new else p
        if cls is tuple and len(p) == len(g):
            return tuple(map(_step, p, g, repeat(lr)))
    if is_array(p) and p.shape == getattr(g, "shape", None):
        return down(p, g, lr)
    if cls is not type(g) or cls is tuple or is_array(p):
        raise ShapeError(f"sgd: grads must be gradients of these params; params: {short(p)}, grads: {short(g)}")
    return p  # a setting stays


def down(p: Any, g: Any, lr: Any) -> Any:
    """p - lr g in the dtype of p, whatever the dtype of lr; p itself if lr is 0, even if g is not finite"""
    if type(lr) is float and lr == 0:
        return p
    if not type(p) is type(g) is np.ndarray and not (hasattr(p, "astype") and hasattr(g, "astype")):
        if type(p) is not type(g):  # arrays that have nothing but the array API standard mix with no others
            raise KindError(f"sgd: grads must be arrays of the library of params, {kind(p)}, not {kind(g)}")
        return p - lr * g
    if p.dtype.itemsize < 4:  # in float16 a small lr rounds to 0, and lr g may overflow
        return freeze(in_float32(lambda p, g: p - lr * g, p, g))
    lr_g = lr * g
    lr_g = lr_g if lr_g.dtype == p.dtype else lr_g.astype(p.dtype)
    if type(lr_g) is type(p) is np.ndarray:
        after: Any = np.subtract(p, lr_g, lr_g)  # p - lr g, written over lr g
        after.setflags(0)  # write=False, twice as fast as by keyword
        return after
    return freeze(p - lr_g)


def is_layer(value: Any) -> bool:
    """Whether `value` is a record with a rule for `forward`."""
    return type(value) in plans and forward.dispatch(type(value)) is not _NO_RULE


_NO_RULE = forward.dispatch(object)  # the rule of classes without one


def check_is_layer(function: str, argument: str, params: Any, x: Any = None) -> None:
    """Check that `params` is a layer or a tuple of layers, and not the x of `function(x, params)`."""
    if type(params) is not tuple and not is_layer(params):
        raise layer_error(function, argument, params, x)


Layer = Annotated[P, passing("a layer or a tuple of layers", check_is_layer)]
