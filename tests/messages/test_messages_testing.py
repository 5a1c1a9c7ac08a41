"""Error messages of checks and strategies for invalid arguments, pinned word for word."""

from functools import partial

import numpy as np

from funcnn import Array, Dense, Grads, Relu, backward, forward, gradient, mse, record
from funcnn.layers import Reshape
from funcnn.testing import (
    BrokenPromise,
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_vjp,
    every_layer,
)
from funcnn.testing import strategies as fst
from funcnn.testing.mutation import Mutant, score
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

yes = True
x, dense = np.ones((3, 2)), Dense.init(2, 1, seed=0)


def half(x):
    return x / 2


def half_vjp(args, dA):
    return [dA / 2]


def half_jvp(args, tangents):
    return tangents[0] / 2


def forgotten(args, dA):
    return [dA]


def checked(args, **options):
    return lambda: check_vjp(half, half_vjp, args, **options)


names = fst.tensors("m n")
mutant = Mutant("half: the factor", "forgotten", names, (half, half_vjp), (half, forgotten))


class Column:
    """A value of another library, which NumPy may convert."""

    def __init__(self, held):
        self.held = held

    def __array__(self, dtype=None, copy=None):
        if self.held is None:
            raise TypeError("these are not numbers")
        return self.held


@record
class Gain:
    """A layer that multiplies any numbers, whole ones too."""

    factor: Array


forward.register(Gain)(lambda params, x: (params.factor * x, x))
backward.register(Gain)(lambda params, x, dA: Grads(gradient(params, factor=(x * dA).sum(axis=0)), params.factor * dA))

ROWS = [
    kind_error(checked([{"z": 1j * x}]))
    >> 'check_vjp: x["z"] is complex; choose convention="jax" or convention="torch"',
    kind_error(lambda: check_vjp(lambda x: 1j * x, half_vjp, [x]))
    >> 'check_vjp: f returns complex numbers; choose convention="jax" or convention="torch"',
    kind_error(checked([x], convention="numpy")) >> 'check_vjp: convention must be "jax" or "torch", not \'numpy\'',
    range_error(checked([x], convention="jax", exact=True))
    >> "check_vjp: convention must be None for exact=True, which computes with real numbers",
    range_error(checked([x], convention="jax", oracle=abs))
    >> "check_vjp: convention must be None with an oracle, which computes with real numbers",
    range_error(checked([np.eye(2)], structure={"x": "symmetric"}, oracle=abs))
    >> "check_vjp: structure must be None with an oracle, whose entries move one by one",
    range_error(checked([x], oracle=abs, exact=True))
    >> "check_vjp: oracle has no effect with exact=True; leave it out",
    kind_error(checked([x], oracle=lambda number: "1")) >> "check_vjp: oracle must take a "
    "number of mpmath for each argument of f and return one, which is real; it returned '1'",
    kind_error(partial(check_vjp, half, half_vjp, [x], oracle=lambda a, b: a))
    >> "check_vjp: oracle must take a number of mpmath for each argument of f and return one; it raised TypeError: "
    "<lambda>() missing 1 required positional argument: 'b'",
    shape_error(lambda: check_vjp(np.sum, lambda args, dA: [dA + 0 * args[0]], [np.ones(3)], oracle=abs))
    >> "check_vjp: oracle is applied entry by entry, which gives the shape (3,); the value of f has the shape ()",
    kind_error(checked([x], argnums="x")) >> "check_vjp: argnums must be a whole number or a tuple of them, not str",
    kind_error(checked([x], argnums=())) >> "check_vjp: argnums must be a whole number or a tuple of them, not ()",
    range_error(checked([x], argnums=1)) >> "check_vjp: argnums must be in [-1, 1), as f has 1 argument; 1 is not",
    range_error(checked([x], argnums=(0, -1))) >> "check_vjp: argnums must name each argument once, not (0, -1)",
    kind_error(checked([x, np.arange(2)], argnums=(0, 1)))
    >> "check_vjp: argnums has 1, but args[1] holds no floats, so it has no gradient",
    kind_error(checked([x], kwargs=["axis"])) >> "check_vjp: kwargs must be a dict of keyword arguments of f, not list",
    kind_error(checked([x], kwargs={0: 1}))
    >> "check_vjp: kwargs must have names of keyword arguments as keys, not int",
    kind_error(lambda: check_jvp(half, half_jvp, [np.arange(2)]), lambda: check_jvp(half, half_jvp, []))
    >> "check_jvp: no argument holds floats, so there is no gradient to check",
    kind_error(lambda: check_jvp(lambda x: None, half_jvp, [x])) >> "check_jvp: f must return floats, not None",
    kind_error(lambda: check_gradient(half, half, x[0]))
    >> "check_gradient: f must return one number, not <f64 [0.5 0.5]>",
    kind_error(lambda: check_gradient(lambda x: (1.0, x), half, x[0]))
    >> "check_gradient: f must return one number, not (1.0, <f64 [1. 1.]>)",
    kind_error(lambda: check_gradient(lambda x: 2.0, yes, x[0]))
    >> "check_gradient: f must return value and gradient if grad is True, not 2.0",
    kind_error(lambda: check_gradient(np.sum, np.ones_like, ["1.0"]))
    >> "check_gradient: x must be an array or a list of numbers, not ['1.0']",
    kind_error(lambda: check_gradient(np.sum, np.ones_like, [1j]))
    >> "check_gradient: x must be an array or a list of numbers, not [1j]",
    kind_error(lambda: check_hessian(np.sum, half, x[0]))
    >> "check_hessian: grad must return an array of shape (2,), as x has, not <f64 2.>",
    kind_error(lambda: check_vjp(lambda x, twice: x, half_vjp, [x, True])) >> "check_vjp: twice must be an array of "
    "numbers, not bool; to check the gradients of other arguments alone give argnums",
    kind_error(lambda: check_vjp(lambda x, mode: x, half_vjp, [x, "mean"])) >> "check_vjp: mode must be an array of "
    "numbers, not str; to check the gradients of other arguments alone give argnums",
    kind_error(checked([Column(np.ones(2))]))
    >> "check_vjp: x must be an array of numbers, not Column; write np.asarray(x)",
    kind_error(lambda: check_gradient(np.sum, np.ones_like, np.ma.array([1.0, 2.0], mask=[False, True])))
    >> "check_gradient: x must be an array or a list of numbers, not MaskedArray",
    kind_error(checked([x], domain=(0, 1)))
    >> "check_vjp: domain must be a function of the arguments or a dict by names of arguments, not tuple",
    range_error(checked([x], domain={"y": (0, 1)}))
    >> "check_vjp: a key of domain must be an argument, not 'y'; write 'x'",
    kind_error(checked([x], domain={"x": 0})) >> "check_vjp: domain of x must be a pair (low, high), not int",
    range_error(checked([x], domain={"x": (1, 0)}))
    >> "check_vjp: domain of x must be (low, high) with low < high, not (1, 0)",
    kind_error(checked([x], domain={"x": ("0", 1)}))
    >> "check_vjp: an end of the domain of x must be a number, not str",
    kind_error(checked([x], structure="symmetric"))
    >> "check_vjp: structure must be a dict by names of arguments, not str",
    kind_error(checked([x], structure={"x": "hermitian"}))
    >> 'check_vjp: structure of x must be a projection or one of "symmetric", "skew", "orthogonal", "positive '
    'definite", "lower triangular", "upper triangular", "simplex", "unit norm", "sorted", not \'hermitian\'',
    kind_error(checked([x], structure={"x": 1}))
    >> 'check_vjp: structure of x must be a projection or one of "symmetric", "skew", "orthogonal", "positive '
    'definite", "lower triangular", "upper triangular", "simplex", "unit norm", "sorted", not int',
    kind_error(lambda: check_vjp(lambda x, i: x[i], half_vjp, [x, np.arange(2)], structure={"i": "sorted"}))
    >> "check_vjp: structure of i needs floats; i is int64",
    range_error(checked([x], structure={"x": "symmetric"}))
    >> "check_vjp: structure of x needs square matrices; x has shape (3, 2)",
    kind_error(lambda: check_layer(Reshape((6,)), np.arange(6).reshape(1, 2, 3)))
    >> "check_layer: no argument holds floats, so there is no gradient to check",
    kind_error(lambda: check_layer(Gain(np.ones(3)), np.arange(6).reshape(2, 3)))
    >> "check_layer: x must be an array of floats, not int64 array; write x.astype(float)",
    range_error(checked([1.0], structure={"x": "sorted"}))
    >> "check_vjp: structure of x needs arrays with an axis; x has shape ()",
    range_error(checked([np.arange(4.0).reshape(2, 2)], structure={"x": "symmetric"}))
    >> 'check_vjp: x must be "symmetric", as structure says; it is not',
    range_error(checked([-np.eye(2)], structure={"x": "positive definite"}))
    >> 'check_vjp: x must be "positive definite", as structure says; it is not',
    range_error(checked([x], structure={"x": "simplex"}))
    >> 'check_vjp: x must be "simplex", as structure says; it is not',
    range_error(checked([np.array([-0.5, 1.5])], structure={"x": "simplex"}))
    >> 'check_vjp: x must be "simplex", as structure says; it is not',
    range_error(lambda: check_layer(dense, x, resolution=2)) >> "check_layer: resolution must be in [1e-15, 1), not 2",
    range_error(lambda: check_gradient(np.sum, np.ones_like, x, float32=True))
    >> "check_gradient: float32 must be False, since its functions are called in float64, as SciPy calls them",
    range_error(lambda: check_loss(mse, x, x, oracle=abs))
    >> "check_loss: oracle must be None, since an oracle gives a number for each entry of out, and a loss is a mean",
    range_error(lambda: check_layer(dense, x, aliasing=False))
    >> "check_layer: aliasing must be True, since what backward returns is read-only",
    range_error(lambda: every_layer("funcnn", nondeterministic=1e-6))
    >> "every_layer: nondeterministic must be 0, since the seed of a layer is a part of it",
    range_error(checked([x], fast=True, layouts=True))
    >> "check_vjp: layouts=True has no effect with fast=True, which leaves it out",
    range_error(lambda: check_jvp(half, half_jvp, [x], vjp=half_vjp, exact=True))
    >> "check_jvp: vjp must be None for exact=True; write check_vjp(f, vjp, args, exact=True)",
    range_error(checked([x], structure={"x": np.negative}))
    >> "check_vjp: x must equal its projection P in structure, P(x) = x; it does not",
    range_error(checked([x], structure={"x": lambda a: 1 + (a - 1) / 2}))
    >> "check_vjp: structure of x must be a projection, P(P(x)) = P(x); it is not",
    kind_error(checked([x], structure={"x": lambda a: None}))
    >> "check_vjp: structure of x must return an array of floats of shape (3, 2), as x has, not None",
    *[
        range_error(partial(check_vjp, half, half_vjp, [x], exact=True, **{name: value}))
        >> f"check_vjp: {name} has no effect with exact=True; leave it out"
        for name, value in {
            "resolution": 1e-3,
            "aliasing": False,
            "nondeterministic": 1e-6,
            "at_kinks": "skip",
            "tolerance": 0.5,
        }.items()
    ],
    range_error(lambda: check_layer(dense, x, domain={"W": (0, 1)}))
    >> "check_layer: a key of domain must be an argument, not 'W'; write one of 'params.W', 'params.b', 'x'",
    kind_error(lambda: check_layer(dense, x, domain=lambda x: x > 0))
    >> "check_layer: domain must be a function (params, x), not a function (x)",
    range_error(lambda: check_loss(mse, x, x, structure={"y": "simplex"}))
    >> "check_loss: a key of structure must be an argument, not 'y'; write 'out'",
    kind_error(checked([x], domain=lambda x: None))
    >> "check_vjp: domain must return a bool or an array of bools, not None",
    kind_error(checked([x], domain=lambda x, y: x < y))
    >> "check_vjp: domain must be a function (x), not a function (x, y)",
    range_error(checked([np.eye(2)], structure={"x": "symmetric"}, exact=True))
    >> "check_vjp: structure must be None for exact=True, which moves every entry",
    range_error(lambda: check_layer(Relu(), np.ones((11, 91)), exact=True))
    >> "check_layer: exact=True takes at most 1000 numbers in all arrays, not 1001",
    kind_error(lambda: check_loss(lambda out, y: float(((out - y) ** 2).mean()), x, x))
    >> "check_loss: the loss must return a pair, the cost and its gradient dA, not float",
    kind_error(lambda: check_loss(lambda out, y: ((out - y) ** 2, 2 * (out - y)), x, x))
    >> f"check_loss: the loss must return (cost, dA), cost being one number, not float64 array of shape {x.shape}",
    raises(BrokenPromise, lambda: check_loss(lambda out, y: (0.0, 1.0), x, x))
    >> "loss: dA must be an array like out, of shape (3, 2), not 1.0\n    out = np.array([[1.0, 1.0], [1.0, 1.0], "
    "[1.0, 1.0]])\n    y = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])",
    raises(
        BrokenPromise,
        lambda: check_loss(lambda out, y: (float(((out - y) ** 2).mean()), 2 * (out - y) / out.size), x, x),
    )
    >> f"dA must have the dtype and shape of out, float32 {x.shape}; it is float64 {x.shape}; "
    "write y.astype(out.dtype)",
    kind_error(lambda: check_loss(mse, 1j * x, x)) >> "check_loss: out must hold real numbers, not complex128",
    kind_error(lambda: every_layer("mine")) >> "every_layer: there is no module 'mine'",
    kind_error(lambda: fst.cases(dense)) >> "cases: layer must be a class of layers, not Dense; write cases(Dense)",
    kind_error(lambda: fst.tensors("m n", "n,k"))
    >> "tensors: shapes[1] must be names or numbers with spaces between them, not 'n,k'; write 'n k'",
    kind_error(lambda: fst.dims("m n")) >> "dims: names[0] must be one word, not 'm n'",
    kind_error(lambda: fst.tensors("m 2*n"))
    >> "tensors: shapes[0] must be names or numbers with spaces between them, not 'm 2*n'",
    range_error(lambda: fst.tensors("m", least=5)) >> "tensors: most must be at least 5, the value of least, not 4",
    kind_error(lambda: Mutant("half", "forgotten", names, (half, half_vjp), half))
    >> "Mutant: wrong must be a pair of functions (f, vjp), not function",
    kind_error(lambda: score(mutant)) >> "score: mutants must be an iterable of Mutants, not Mutant",
    range_error(lambda: score([])) >> "score: mutants must not be empty",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, dense, x)
