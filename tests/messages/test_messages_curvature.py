"""Error messages of `funcnn.curvature`, pinned word for word."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import binary_cross_entropy_with_logits, mlp, mse, record, softmax_cross_entropy, value_and_grad
from funcnn.curvature import fisher_diagonal, ggnvp, hvp, per_example
from funcnn.errors import KindError, NotFiniteError
from funcnn.losses import of_complex
from funcnn.traits import takes_complex
from funcnn.trees import astype, evolve, map_parameters
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

X, Y = np.linspace(-1, 1, 8).reshape(4, 2), np.linspace(0, 1, 4)[:, None]
NET = mlp([2, 3, 1], hidden=nn.Tanh(), seed=0)
SMALL = (nn.Dense(np.ones((2, 1)), None), nn.Tanh())
OTHER = mlp([2, 4, 1], hidden=nn.Tanh(), seed=0)
APART = "the output for a row must not depend on other rows or on the place of the row"
EACH, FISHER = per_example(value_and_grad(mse)), fisher_diagonal(value_and_grad(mse))


def with_bias(value):
    return (*NET[:2], evolve(NET[2], b=np.array([value])))


@record
class Refusing(nn.Elementwise):
    """It says that it takes complex numbers, which is wrong."""

    def value(self, x):
        return x if x.dtype.kind == "f" else x.astype(np.complex64)

    def slope(self, kept):
        return np.ones_like(kept)


takes_complex.register(Refusing)(lambda _: True)


def normalising(out, y):
    """A loss that is not a mean over rows."""
    return mse(out / abs(out).max(), y)


def summing(out, y):
    e = out - y
    return (e * e).sum(), 2 * e


@of_complex
def steep(out, y):
    with np.errstate(over="ignore"):
        return out.sum(), 1e300 * np.exp(out)


ROWS = [
    kind_error(lambda: hvp(mse)(NET, X, Y)) >> "hvp: the returned function takes (params, x, y, v), not 3 arguments",
    shape_error(lambda: hvp(mse)(NET, X, Y, OTHER))
    >> "hvp: v must have the shape (2, 3) at '0.W', as params have, not (2, 4)",
    kind_error(lambda: hvp(mse)(SMALL, X, Y, SMALL[:1])) >> "hvp: v must be of the classes of params, (Dense(W=<f64 "
    "[[1.] [1.]]>, b=None), Tanh()), not (Dense(W=<f64 [[1.] [1.]]>, b=None),)",
    kind_error(lambda: ggnvp(mse)(nn.Dense(np.eye(1), None), X[:, :1], Y, np.ones(2)))
    >> "ggnvp: v must be of the classes of params, Dense(W=<f64 [[1.]]>, b=None), not <f64 [1. 1.]>",
    kind_error(lambda: hvp(mse)(nn.Dense(np.eye(1), None), X[:, :1], Y, nn.Grads(nn.Dense(np.eye(1), None), None)))
    >> "hvp: v must be of the classes of params, Dense(W=<f64 [[1.]]>, b=None), not Grads(params=Dense(W=<f64 "
    "[[1.]]>, b=None), x=None); write v.params",
    kind_error(lambda: hvp(mse)(nn.Dense(np.eye(1), np.ones(1)), X[:, :1], Y, nn.Dense(np.eye(1), None)))
    >> "hvp: v must have the parameters (W, b) of params, not (W)",
    kind_error(lambda: hvp(mse)(nn.Dense(np.eye(1), None), X[:, :1], Y, nn.Dense(np.eye(1), np.ones(1))))
    >> "hvp: v must have the parameters (W) of params, not (W, b)",
    kind_error(lambda: hvp(mse)(NET, X, Y, astype(NET, np.float32)))
    >> "hvp: v must hold float64 at '0.W', as params do, not float32 array",
    range_error(lambda: hvp(mse)(NET, X, Y, with_bias(np.nan))) >> "hvp: v must be finite, not nan at '2.b'",
    kind_error(lambda: hvp(mse)(map_parameters(lambda a: a + 0j, NET), X, Y, NET))
    >> "hvp: params must hold real numbers, not complex128 array",
    kind_error(lambda: hvp(mse)((nn.Tanh(),), X, X, (nn.Tanh(),)))
    >> "hvp: params must have a parameter to differentiate by; (Tanh(),) has none",
    shape_error(lambda: hvp(mse)(NET, X[:, :1], Y, NET)) >> "Dense: x must be (m, ..., 2), not (4, 1)" >> 1,
    kind_error(
        lambda: hvp(binary_cross_entropy_with_logits)((nn.Dense(np.ones((2, 1)), None), nn.Sigmoid()), X, Y, NET)
    )
    >> "hvp: the loss takes logits, so leave out the layer at the end of "
    "(Dense(W=<f64 [[1.] [1.]]>, b=None), Sigmoid())",
    shape_error(lambda: hvp(mse)((*NET, nn.Softmax()), X, Y, (*NET, nn.Softmax())))
    >> "hvp: Softmax over one output is always 1, and its dx is 0; write Sigmoid()",
    kind_error(lambda: ggnvp(lambda out, y: mse(out, y)[0])(NET, X, Y, NET))
    >> "ggnvp: the loss must return a pair, the cost and its gradient dA, not float",
    raises(NotFiniteError, lambda: hvp(mse)(NET, X, Y * np.nan, NET)) >> "hvp: the cost must be finite, not nan",
    raises(NotFiniteError, lambda: ggnvp(lambda out, y: (np.inf, mse(out, y)[1]))(NET, X, Y, NET))
    >> "ggnvp: the cost must be finite, not inf",
    raises(
        NotFiniteError,
        lambda: hvp(steep)(nn.Dense(np.full((1, 1), 20.0), None), np.ones((1, 1)), Y, nn.Dense(np.eye(1), None)),
    )
    >> "hvp: the product must be finite, not nan",
    raises(
        NotFiniteError,
        lambda: hvp(mse)(
            *astype((nn.Dense(np.ones((1, 1)), None), np.full((4, 1), 300.0), Y), np.float16),
            nn.Dense(np.ones((1, 1), np.float16), None),
        ),
    )
    >> "hvp: the product must fit into float16, not reach 1.8e+05",
    kind_error(lambda: hvp(mse)((Refusing(), *NET), X, Y, (Refusing(), *NET)))
    >> "Refusing: value must return a complex128 array of shape (4, 2), not <c64 4x2>"
    >> 1,
    kind_error(lambda: per_example(lambda *_: (0.0, NET))(NET, X, Y))
    >> "per_example: value_and_grad must return (cost, Grads), not (cost, tuple)",
    kind_error(lambda: EACH((NET[0], nn.BatchNorm.init(3), NET[2]), X, Y)) >> "per_example: the output for a row must "
    "not depend on other rows, but one row alone raises: BatchNorm: x must have at least two rows for a variance, not "
    "(1, 3); to predict, write inference(params); to train, leave out a batch of one row",
    kind_error(lambda: FISHER((NET[0], nn.BatchNorm.init(3), NET[2]), X[:, None] * np.ones((2, 1)), np.ones((4, 2, 1))))
    >> f"fisher_diagonal: {APART}, but the mean cost of single rows is not the cost of the batch",
    kind_error(lambda: per_example(value_and_grad(normalising))(NET, X, Y))
    >> f"per_example: {APART}, but the mean cost of single rows is not the cost of the batch",
    kind_error(lambda: per_example(value_and_grad(lambda out, y: (0.0, summing(out, y)[1])))(NET, X, Y))
    >> f"per_example: {APART}, but the mean gradient of single rows is not the gradient of the batch",
    shape_error(lambda: EACH(NET, X, Y[:3]))
    >> "per_example: (x, y) must hold arrays with equally many rows; rows: [4, 3]",
    range_error(lambda: FISHER(NET, X[:0], Y[:0])) >> "fisher_diagonal: x must have at least one row, not 0",
    kind_error(
        lambda: per_example(value_and_grad(softmax_cross_entropy))((SMALL[0], nn.Softmax()), X, np.zeros(4, int))
    )
    >> "value_and_grad: the loss takes logits, so leave out the layer at the end of "
    "(Dense(W=<f64 [[1.] [1.]]>, b=None), Softmax())",
]


@each_row(ROWS)
def test_the_message_says_what_is_wrong(row):
    assert_says(row, NET, OTHER, X, Y)


def test_arrays_of_jax_are_refused():
    jnp = pytest.importorskip("jax.numpy", reason="its arrays are refused")
    net = map_parameters(jnp.asarray, NET)
    with pytest.raises(KindError, match=r"^hvp: params must hold arrays of NumPy, not ArrayImpl$"):
        hvp(mse)(net, X, Y, net)
    with pytest.raises(KindError, match=r"^ggnvp: x must hold arrays of NumPy, not ArrayImpl$"):
        ggnvp(mse)(NET, jnp.asarray(X), Y, NET)
