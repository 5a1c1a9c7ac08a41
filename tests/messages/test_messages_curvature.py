"""Error messages of `funcnn.curvature`, pinned word for word."""

from functools import partial

import numpy as np
import pytest

from funcnn import (
    BatchNorm,
    Dense,
    Dropout,
    Elementwise,
    Grads,
    Sigmoid,
    Softmax,
    Tanh,
    binary_cross_entropy_with_logits,
    mlp,
    mse,
    record,
    softmax_cross_entropy,
    value_and_grad,
)
from funcnn.curvature import fisher_diagonal, ggnvp, hvp, per_example
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.losses import of_complex
from funcnn.traits import takes_complex
from funcnn.trees import astype, evolve, map_parameters
from tests.says import assert_says

X, Y = np.linspace(-1, 1, 8).reshape(4, 2), np.linspace(0, 1, 4)[:, None]
NET = mlp([2, 3, 1], hidden=Tanh(), seed=0)
SMALL = (Dense(np.ones((2, 1)), None), Tanh())
OTHER = mlp([2, 4, 1], hidden=Tanh(), seed=0)
APART = "rows must not depend on each other or on their place"
EACH, FISHER = per_example(value_and_grad(mse)), fisher_diagonal(value_and_grad(mse))


def call(function, *given, **options):
    return partial(function, *given, **options)


def with_bias(value):
    return (*NET[:2], evolve(NET[2], b=np.array([value])))


@record
class Refusing(Elementwise):
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


ROWS = {
    "no network": (
        call(hvp(mse), X, X, Y, X),
        KindError,
        "hvp: params must be a layer or a tuple of layers, not float64 array",
    ),
    "a list of layers": (
        call(ggnvp(mse), list(NET), X, Y, NET),
        KindError,
        "ggnvp: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    "too few arguments": (
        call(hvp(mse), NET, X, Y),
        KindError,
        "hvp: the function that it returns takes (params, x, y, v), got 3 by position",
    ),
    "v of another network": (
        call(hvp(mse), NET, X, Y, OTHER),
        ShapeError,
        "hvp: v must have the shape (2, 3) at 0.W, as params, got (2, 4)",
    ),
    "v of other layers": (
        call(hvp(mse), SMALL, X, Y, SMALL[:1]),
        KindError,
        "hvp: v must be of the classes of params, (Dense(W=<f64 [[1.] [1.]]>, b=None), Tanh()), got "
        "(Dense(W=<f64 [[1.] [1.]]>, b=None),)",
    ),
    "v as a vector": (
        call(ggnvp(mse), Dense(np.eye(1), None), X[:, :1], Y, np.ones(2)),
        KindError,
        "ggnvp: v must be of the classes of params, Dense(W=<f64 [[1.]]>, b=None), got <f64 [1. 1.]>",
    ),
    "v as a Grads": (
        call(hvp(mse), Dense(np.eye(1), None), X[:, :1], Y, Grads(Dense(np.eye(1), None), None)),
        KindError,
        "hvp: v must be of the classes of params, Dense(W=<f64 [[1.]]>, b=None), got "
        "Grads(params=Dense(W=<f64 [[1.]]>, b=None), x=None); write v.params",
    ),
    "v without a bias": (
        call(hvp(mse), Dense(np.eye(1), np.ones(1)), X[:, :1], Y, Dense(np.eye(1), None)),
        KindError,
        "hvp: v must have the parameters of params, W, b, got W",
    ),
    "v with a bias": (
        call(hvp(mse), Dense(np.eye(1), None), X[:, :1], Y, Dense(np.eye(1), np.ones(1))),
        KindError,
        "hvp: v must have the parameters of params, W, got W, b",
    ),
    "v of another dtype": (
        call(hvp(mse), NET, X, Y, astype(NET, np.float32)),
        KindError,
        "hvp: v must hold float64 at 0.W, as params, got float32 array",
    ),
    "v with a nan": (
        call(hvp(mse), NET, X, Y, with_bias(np.nan)),
        RangeError,
        "hvp: v must be finite, got nan at 2.b",
    ),
    "complex params": (
        call(hvp(mse), map_parameters(lambda a: a + 0j, NET), X, Y, NET),
        KindError,
        "hvp: params must hold real numbers, got complex128 array",
    ),
    "complex x": (
        call(ggnvp(mse), NET, X + 0j, Y, NET),
        KindError,
        "ggnvp: x must hold real numbers, got complex128 array",
    ),
    "a list as x": (
        call(hvp(mse), NET, X.tolist(), Y, NET),
        KindError,
        "hvp: x must be an array, not list; write np.asarray(x)",
    ),
    "no parameters": (
        call(hvp(mse), (Tanh(),), X, X, (Tanh(),)),
        KindError,
        "hvp: params must have parameters, got (Tanh(),)",
    ),
    "x of another dtype": (
        call(hvp(mse), NET, X.astype(np.float32), Y, NET),
        KindError,
        "Dense: x is float32, W is float64; write x.astype('float64')",
        1,
    ),
    "x of another width": (
        call(hvp(mse), NET, X[:, :1], Y, NET),
        ShapeError,
        "Dense: x must be (m, ..., 2), not (4, 1)",
        1,
    ),
    "y of another shape": (
        call(hvp(mse), NET, X, X, NET),
        ShapeError,
        "mse: out and y must have the same shape; out: (4, 1), y: (4, 2)",
    ),
    "probabilities as logits": (
        call(hvp(binary_cross_entropy_with_logits), (Dense(np.ones((2, 1)), None), Sigmoid()), X, Y, NET),
        KindError,
        "hvp: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1.] [1.]]>, b=None), Sigmoid())",
    ),
    "a softmax over one output": (
        call(hvp(mse), (*NET, Softmax()), X, Y, (*NET, Softmax())),
        ShapeError,
        "hvp: Softmax over one output is always 1, and its dx is 0; write Sigmoid()",
    ),
    "a loss without a gradient": (
        call(ggnvp(lambda out, y: mse(out, y)[0]), NET, X, Y, NET),
        KindError,
        "ggnvp: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    "a cost that is nan": (
        call(hvp(mse), NET, X, Y * np.nan, NET),
        NotFiniteError,
        "hvp: the cost must be finite, got nan",
    ),
    "a cost that is infinite, by differences": (
        call(ggnvp(lambda out, y: (np.inf, mse(out, y)[1])), NET, X, Y, NET),
        NotFiniteError,
        "ggnvp: the cost must be finite, got inf",
    ),
    "a product that overflows": (
        call(hvp(steep), Dense(np.full((1, 1), 20.0), None), np.ones((1, 1)), Y, Dense(np.eye(1), None)),
        NotFiniteError,
        "hvp: the product must be finite, got nan",
    ),
    "a product that float16 cannot hold": (
        call(
            hvp(mse),
            *astype((Dense(np.ones((1, 1)), None), np.full((4, 1), 300.0), Y), np.float16),
            Dense(np.ones((1, 1), np.float16), None),
        ),
        NotFiniteError,
        "hvp: the product must fit into float16, got 1.8e+05",
    ),
    "a wrong declaration": (
        call(hvp(mse), (Refusing(), *NET), X, Y, (Refusing(), *NET)),
        KindError,
        "Refusing: value must return an array of complex128, (4, 2), not <c64 4x2>",
        1,
    ),
    "of_complex of a number": (call(of_complex, 3), KindError, "of_complex: loss must be a function, not int"),
    "of_complex of a method": (
        call(of_complex, [].append),
        KindError,
        "of_complex: loss must be a function, not builtin_function_or_method; put @of_complex above its def",
    ),
    "fisher_diagonal of a loss": (
        call(fisher_diagonal, mse),
        KindError,
        "fisher_diagonal: value_and_grad must be a function (params, x, y) that returns (cost, Grads), "
        "not mse(out, y, weight); write value_and_grad(loss)",
    ),
    "per_example of a Grads alone": (
        call(per_example(lambda *_: (0.0, NET)), NET, X, Y),
        KindError,
        "per_example: value_and_grad must return (cost, Grads), got tuple",
    ),
    "a single row refused": (
        call(EACH, (NET[0], BatchNorm.init(3), NET[2]), X, Y),
        KindError,
        "per_example: rows must not depend on each other, but one row alone raises: BatchNorm: x must have at least "
        "two rows for a variance, not (1, 3); to predict, write inference(params); to train, "
        "leave out a batch of one row",
    ),
    "rows that are normalised together": (
        call(FISHER, (NET[0], BatchNorm.init(3), NET[2]), X[:, None] * np.ones((2, 1)), np.ones((4, 2, 1))),
        KindError,
        f"fisher_diagonal: {APART}, but the mean cost of the rows is not the cost of the batch",
    ),
    "dropout": (
        call(EACH, (NET[0], Dropout(0.5, seed=2), NET[2]), X, Y),
        KindError,
        f"per_example: {APART}, but the mean cost of the rows is not the cost of the batch",
    ),
    "a loss that normalises": (
        call(per_example(value_and_grad(normalising)), NET, X, Y),
        KindError,
        f"per_example: {APART}, but the mean cost of the rows is not the cost of the batch",
    ),
    "a loss that sums": (
        call(fisher_diagonal(value_and_grad(summing)), NET, X, Y),
        KindError,
        f"fisher_diagonal: {APART}, but the mean cost of the rows is not the cost of the batch",
    ),
    "a gradient that sums": (
        call(per_example(value_and_grad(lambda out, y: (0.0, summing(out, y)[1]))), NET, X, Y),
        KindError,
        f"per_example: {APART}, but the mean gradient of the rows is not the gradient of the batch",
    ),
    "unequal rows": (
        call(EACH, NET, X, Y[:3]),
        ShapeError,
        "per_example: (x, y) must hold arrays with equally many rows; rows: [4, 3]",
    ),
    "no rows": (call(FISHER, NET, X[:0], Y[:0]), RangeError, "fisher_diagonal: x must have at least one row, got 0"),
    "examples of a list": (
        call(EACH, list(NET), X, Y),
        KindError,
        "per_example: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    "examples of too few arguments": (
        call(FISHER, NET, X),
        KindError,
        "fisher_diagonal: the function that it returns takes (params, x, y), got 2 by position",
    ),
    "a loss of logits per example": (
        call(per_example(value_and_grad(softmax_cross_entropy)), (SMALL[0], Softmax()), X, np.zeros(4, int)),
        KindError,
        "value_and_grad: the loss takes logits, so leave out the layer at the end of "
        "(Dense(W=<f64 [[1.] [1.]]>, b=None), Softmax())",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_the_message_says_what_is_wrong(name):
    assert_says(ROWS[name], NET, OTHER, X, Y)


def test_arrays_of_jax_are_refused():
    jnp = pytest.importorskip("jax.numpy", reason="its arrays are refused")
    net = map_parameters(jnp.asarray, NET)
    with pytest.raises(KindError, match=r"^hvp: params must hold arrays of NumPy, got ArrayImpl$"):
        hvp(mse)(net, X, Y, net)
    with pytest.raises(KindError, match=r"^ggnvp: x must hold arrays of NumPy, got ArrayImpl$"):
        ggnvp(mse)(NET, jnp.asarray(X), Y, NET)
