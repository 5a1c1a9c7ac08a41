"""Gradients in float16, where the arguments are given in it, and gradients of losses in float32."""

import numpy as np
import pytest

from funcnn import Grads, backward, forward, gradient, mlp, mse, record
from funcnn.testing import (
    RefusedDtype,
    WrongDtype,
    WrongForFloat16,
    WrongForFloat32,
    check_layer,
    check_loss,
    check_vjp,
)
from funcnn.trees import astype

X = np.array([[1.0, -2.0, 3.0], [0.5, 2.0, -1.0]])
HALF = X.astype(np.float16)

cosine = lambda args, dA: [dA * np.cos(args[0])]


def in_half(change):
    """The right vjp in float64 and float32, `change` of its gradient in float16."""
    return lambda args, dA: [change(g) if g.dtype == np.float16 else g for g in cosine(args, dA)]


def refuses(g):
    raise ValueError("float32, please")


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda g: 2 * g, WrongForFloat16, r"gradient of x\[.*\] is .* in float16, but .* in float64"),
        (lambda g: g * np.float16(1.25), WrongForFloat16, "in float16"),
        (lambda g: g * np.float16(np.nan), WrongForFloat16, "in float16"),
        (lambda g: g.astype(np.float32), WrongDtype, "gradient of x must be float16, as x is, not float32"),
        (refuses, RefusedDtype, "float32, please, for float16 arguments"),
    ],
)
def test_a_vjp_that_is_wrong_in_float16_alone_is_found(change, error, message):
    with pytest.raises(error, match=message) as caught:
        check_vjp(np.sin, in_half(change), [HALF])
    assert str(caught.value).endswith("x = np.array([[1.0, -2.0, 3.0], [0.5, 2.0, -1.0]], np.float16)")
    assert check_vjp(np.sin, in_half(change), [X]).verdict == "pass"
    assert check_vjp(np.sin, in_half(change), [HALF], float32=False).verdict == "pass"


TOO_FAR = {
    "an argument whose square overflows": (np.sin, np.cos, 1e3 * HALF),
    "a denormal argument": (np.sin, np.cos, HALF * np.float16(1e-5)),
    "a large gradient": (lambda x: 2e3 * x, lambda x: np.full_like(x, 2e3), HALF),
    "values without digits": (lambda x: x - x.dtype.type(1e4) + x.dtype.type(1e4), np.ones_like, HALF),
}


@pytest.mark.parametrize("what", TOO_FAR)
def test_gradients_that_float16_cannot_hold_are_not_compared(what):
    f, slope, x = TOO_FAR[what]
    assert check_vjp(f, lambda args, dA: [dA * slope(args[0]) * (1 + (dA.itemsize == 2))], [x]).verdict == "pass"


@record
class Tripled:
    """2 x"""


@forward.register(Tripled)
def tripled_forward(params, x):
    return 2 * x, None


@backward.register(Tripled)
def tripled_backward(params, cache, dA):
    return Grads(gradient(params), (3 if dA.dtype == np.float16 else 2) * dA)


def test_layers_of_float16_are_checked_in_it():
    with pytest.raises(WrongForFloat16, match="the gradient of x"):
        check_layer(Tripled(), HALF)
    assert check_layer(Tripled(), X).verdict == "pass"
    assert check_layer(astype(mlp([3, 4, 2], seed=0), np.float16), HALF).verdict == "pass"


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, WrongForFloat32), (np.float16, WrongForFloat16)])
def test_a_loss_that_is_wrong_in_a_narrow_dtype_alone_is_found(dtype, error):
    def loss(out, y):
        cost, dA = mse(out, y)
        return cost, dA * (2 if dA.dtype == dtype else 1)

    with pytest.raises(error, match="the gradient of out"):
        check_loss(loss, HALF, HALF - 1)
