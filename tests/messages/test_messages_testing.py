"""Error messages of checks and strategies for invalid arguments, pinned word for word."""

import numpy as np
import pytest

from funcnn import Array, Dense, Grads, Momentum, Relu, backward, forward, gradient, mse, record
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.layers import Reshape
from funcnn.testing import (
    BrokenPromise,
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_optimizer,
    check_vjp,
    every_layer,
)
from funcnn.testing import strategies as fst
from funcnn.testing.mutation import Mutant, is_caught, score
from tests.says import assert_says

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


def call(function, *given, **settings):
    return lambda: function(*given, **settings)


@record
class Gain:
    """A layer that multiplies any numbers, whole ones too."""

    factor: Array


forward.register(Gain)(lambda params, x: (params.factor * x, x))
backward.register(Gain)(lambda params, x, dA: Grads(gradient(params, factor=(x * dA).sum(axis=0)), params.factor * dA))

ROWS = {
    "a word in a list": (
        call(check_vjp, half, half_vjp, [["1.0"]]),
        KindError,
        "check_vjp: x[0] must be an array of numbers, not str",
    ),
    "an argument in a set": (
        call(check_vjp, half, half_vjp, [{1.0}]),
        KindError,
        "check_vjp: x must be an array of numbers, not set",
    ),
    "complex without convention": (
        call(check_vjp, half, half_vjp, [{"z": 1j * x}]),
        KindError,
        'check_vjp: x["z"] is complex; choose convention="jax" or convention="torch"',
    ),
    "complex values without convention": (
        call(check_vjp, lambda x: 1j * x, half_vjp, [x]),
        KindError,
        'check_vjp: f returns complex numbers; choose convention="jax" or convention="torch"',
    ),
    "a convention of nobody": (
        call(check_vjp, half, half_vjp, [x], convention="numpy"),
        KindError,
        'check_vjp: convention must be "jax" or "torch", not \'numpy\'',
    ),
    "complex numbers that are exact": (
        call(check_vjp, half, half_vjp, [x], convention="jax", exact=True),
        RangeError,
        "check_vjp: convention must be None for exact=True, which computes with real numbers",
    ),
    "an oracle of complex numbers": (
        call(check_vjp, half, half_vjp, [x], convention="jax", oracle=abs),
        RangeError,
        "check_vjp: convention must be None with an oracle, which computes with real numbers",
    ),
    "an oracle of a structure": (
        call(check_vjp, half, half_vjp, [np.eye(2)], structure={"x": "symmetric"}, oracle=abs),
        RangeError,
        "check_vjp: structure must be None with an oracle, whose entries move one by one",
    ),
    "an oracle in exact arithmetic": (
        call(check_vjp, half, half_vjp, [x], oracle=abs, exact=True),
        RangeError,
        "check_vjp: oracle has no effect with exact=True; leave it out",
    ),
    "an oracle that returns text": (
        call(check_vjp, half, half_vjp, [x], oracle=lambda number: "1"),
        KindError,
        "check_vjp: oracle must take a number of mpmath for each argument of f and return one, which is real; "
        "it returned '1'",
    ),
    "an oracle of two arguments": (
        call(check_vjp, half, half_vjp, [x], oracle=lambda a, b: a),
        KindError,
        "check_vjp: oracle must take a number of mpmath for each argument of f and return one; "
        "it raised TypeError: <lambda>() missing 1 required positional argument: 'b'",
    ),
    "an oracle of a sum": (
        call(check_vjp, np.sum, lambda args, dA: [dA + 0 * args[0]], [np.ones(3)], oracle=abs),
        ShapeError,
        "check_vjp: oracle is applied entry by entry, which gives the shape (3,); the value of f has the shape ()",
    ),
    "argnums by a name": (
        call(check_vjp, half, half_vjp, [x], argnums="x"),
        KindError,
        "check_vjp: argnums must be a whole number or a tuple of them, not str",
    ),
    "argnums of nothing": (
        call(check_vjp, half, half_vjp, [x], argnums=()),
        KindError,
        "check_vjp: argnums must be a whole number or a tuple of them, not ()",
    ),
    "argnums beyond": (
        call(check_vjp, half, half_vjp, [x], argnums=1),
        RangeError,
        "check_vjp: argnums must be in [-1, 1), since f has 1 argument; it has 1",
    ),
    "argnums twice": (
        call(check_vjp, half, half_vjp, [x], argnums=(0, -1)),
        RangeError,
        "check_vjp: argnums must name each argument once; it is (0, -1)",
    ),
    "argnums of whole numbers": (
        call(check_vjp, half, half_vjp, [x, np.arange(2)], argnums=(0, 1)),
        KindError,
        "check_vjp: argnums has 1, but args[1] holds no floats, so it has no gradient",
    ),
    "keywords in a list": (
        call(check_vjp, half, half_vjp, [x], kwargs=["axis"]),
        KindError,
        "check_vjp: kwargs must be a dict of keyword arguments of f, not list",
    ),
    "keywords by number": (
        call(check_vjp, half, half_vjp, [x], kwargs={0: 1}),
        KindError,
        "check_vjp: kwargs must have names of keyword arguments as keys, not int",
    ),
    "a jvp of whole numbers": (
        call(check_jvp, half, half_jvp, [np.arange(2)]),
        KindError,
        "check_jvp: no argument holds floats, so there is no gradient to check",
    ),
    "a jvp of nothing": (
        call(check_jvp, half, half_jvp, []),
        KindError,
        "check_jvp: no argument holds floats, so there is no gradient to check",
    ),
    "a jvp of no floats": (
        call(check_jvp, lambda x: None, half_jvp, [x]),
        KindError,
        "check_jvp: f must return floats; it returned None",
    ),
    "a gradient by a word": (
        call(check_gradient, half, "2-point", x),
        KindError,
        "check_gradient: grad must be a function or True, not str",
    ),
    "several numbers": (
        call(check_gradient, half, half, x[0]),
        KindError,
        "check_gradient: f must return one number, not <f64 [0.5 0.5]>",
    ),
    "value and gradient without True": (
        call(check_gradient, lambda x: (1.0, x), half, x[0]),
        KindError,
        "check_gradient: f must return one number, not (1.0, <f64 [1. 1.]>)",
    ),
    "None for a number": (
        call(check_gradient, lambda x: None, half, x),
        KindError,
        "check_gradient: f must return one number, not None",
    ),
    "a value alone with True": (
        call(check_gradient, lambda x: 2.0, yes, x[0]),
        KindError,
        "check_gradient: f must return value and gradient if grad is True, not 2.0",
    ),
    "x in a dict": (
        call(check_gradient, np.sum, np.ones_like, {"x": "1"}),
        KindError,
        "check_gradient: x must be an array or a list of numbers, not dict",
    ),
    "x of words": (
        call(check_gradient, np.sum, np.ones_like, ["1.0"]),
        KindError,
        "check_gradient: x must be an array or a list of numbers, not list",
    ),
    "a complex x": (
        call(check_gradient, np.sum, np.ones_like, [1j]),
        KindError,
        "check_gradient: x must be an array or a list of numbers, not list",
    ),
    "True for x": (
        call(check_gradient, np.sum, np.ones_like, yes),
        KindError,
        "check_gradient: x must be an array or a list of numbers, not bool",
    ),
    "args of a gradient alone": (
        call(check_gradient, np.sum, np.ones_like, x, args=3.0),
        KindError,
        "check_gradient: args must be a tuple of further arguments, not float",
    ),
    "ragged rows": (
        call(check_hessian, half, half, [[1.0], [1.0, 2.0]]),
        KindError,
        "check_hessian: x must be an array or a list of numbers, not list",
    ),
    "a gradient of another shape": (
        call(check_hessian, np.sum, half, x[0]),
        KindError,
        "check_hessian: grad must return an array of shape (2,), as x has; it is <f64 2.>",
    ),
    "True for a number": (
        call(check_vjp, half, half_vjp, [True]),
        KindError,
        "check_vjp: x must be an array of numbers, not bool",
    ),
    "True beside an array": (
        call(check_vjp, lambda x, twice: x, half_vjp, [x, True]),
        KindError,
        "check_vjp: twice must be an array of numbers, or not in argnums, not bool",
    ),
    "a mode beside an array": (
        call(check_vjp, lambda x, mode: x, half_vjp, [x, "mean"]),
        KindError,
        "check_vjp: mode must be an array of numbers, or not in argnums, not str",
    ),
    "a column": (
        call(check_vjp, half, half_vjp, [Column(np.ones(2))]),
        KindError,
        "check_vjp: x must be an array of numbers, not Column; write np.asarray(x)",
    ),
    "a column that is no array": (
        call(check_vjp, half, half_vjp, [Column(None)]),
        KindError,
        "check_vjp: x must be an array of numbers, not Column",
    ),
    "an array of objects": (
        call(check_vjp, half, half_vjp, [np.array([1.0, None])]),
        KindError,
        "check_vjp: x must be an array of numbers, not object array",
    ),
    "a masked array": (
        call(check_vjp, half, half_vjp, [np.ma.array([1.0, 2.0], mask=[False, True])]),
        KindError,
        "check_vjp: x must be an array of numbers, not MaskedArray",
    ),
    "a masked x": (
        call(check_gradient, np.sum, np.ones_like, np.ma.array([1.0, 2.0], mask=[False, True])),
        KindError,
        "check_gradient: x must be an array or a list of numbers, not MaskedArray",
    ),
    "an interval without a name": (
        call(check_vjp, half, half_vjp, [x], domain=(0, 1)),
        KindError,
        "check_vjp: domain must be a function of the arguments or a dict by names of arguments, not tuple",
    ),
    "an interval of another argument": (
        call(check_vjp, half, half_vjp, [x], domain={"y": (0, 1)}),
        RangeError,
        "check_vjp: domain names 'y', but the arguments are x",
    ),
    "one end for an interval": (
        call(check_vjp, half, half_vjp, [x], domain={"x": 0}),
        KindError,
        "check_vjp: domain of x must be a pair (low, high), not int",
    ),
    "the ends of an interval exchanged": (
        call(check_vjp, half, half_vjp, [x], domain={"x": (1, 0)}),
        RangeError,
        "check_vjp: domain of x must be (low, high) with low < high, not (1, 0)",
    ),
    "an end by a word": (
        call(check_vjp, half, half_vjp, [x], domain={"x": ("0", 1)}),
        KindError,
        "check_vjp: an end of the domain of x must be a number, not str",
    ),
    "a structure without a name": (
        call(check_vjp, half, half_vjp, [x], structure="symmetric"),
        KindError,
        "check_vjp: structure must be a dict by names of arguments, not str",
    ),
    "a structure of another argument": (
        call(check_vjp, half, half_vjp, [x], structure={"A": "symmetric"}),
        RangeError,
        "check_vjp: structure names 'A', but the arguments are x",
    ),
    "an unknown structure": (
        call(check_vjp, half, half_vjp, [x], structure={"x": "hermitian"}),
        KindError,
        'check_vjp: structure of x must be a projection or one of "symmetric", "skew", "orthogonal", "positive '
        'definite", "lower triangular", "upper triangular", "simplex", "unit norm", "sorted", not \'hermitian\'',
    ),
    "a structure by its number": (
        call(check_vjp, half, half_vjp, [x], structure={"x": 1}),
        KindError,
        'check_vjp: structure of x must be a projection or one of "symmetric", "skew", "orthogonal", "positive '
        'definite", "lower triangular", "upper triangular", "simplex", "unit norm", "sorted", not int',
    ),
    "a structure of whole numbers": (
        call(check_vjp, lambda x, i: x[i], half_vjp, [x, np.arange(2)], structure={"i": "sorted"}),
        KindError,
        "check_vjp: structure of i needs floats; i is int64",
    ),
    "a matrix that is not square": (
        call(check_vjp, half, half_vjp, [x], structure={"x": "symmetric"}),
        RangeError,
        "check_vjp: structure of x needs square matrices; x has shape (3, 2)",
    ),
    "whole numbers for a layer of floats": (
        call(check_layer, Reshape((6,)), np.arange(6).reshape(1, 2, 3)),
        KindError,
        "check_layer: no argument holds floats, so there is no gradient to check",
    ),
    "whole numbers for a layer of one's own": (
        call(check_layer, Gain(np.ones(3)), np.arange(6).reshape(2, 3)),
        KindError,
        "check_layer: x must be floats, not int64 array; write x.astype(float)",
    ),
    "whole numbers for a Dense": (
        call(check_layer, Dense.init(3, 2, seed=0), np.arange(6).reshape(2, 3)),
        KindError,
        "Dense: x is int64, W is float64; write x.astype('float64')",
    ),
    "a number for a vector": (
        call(check_vjp, half, half_vjp, [1.0], structure={"x": "sorted"}),
        RangeError,
        "check_vjp: structure of x needs arrays with an axis; x has shape ()",
    ),
    "a matrix that is not symmetric": (
        call(check_vjp, half, half_vjp, [np.arange(4.0).reshape(2, 2)], structure={"x": "symmetric"}),
        RangeError,
        'check_vjp: x must be "symmetric", as structure says; it is not',
    ),
    "an indefinite matrix": (
        call(check_vjp, half, half_vjp, [-np.eye(2)], structure={"x": "positive definite"}),
        RangeError,
        'check_vjp: x must be "positive definite", as structure says; it is not',
    ),
    "a sum of 2": (
        call(check_vjp, half, half_vjp, [x], structure={"x": "simplex"}),
        RangeError,
        'check_vjp: x must be "simplex", as structure says; it is not',
    ),
    "a probability below 0": (
        call(check_vjp, half, half_vjp, [np.array([-0.5, 1.5])], structure={"x": "simplex"}),
        RangeError,
        'check_vjp: x must be "simplex", as structure says; it is not',
    ),
    "a resolution for a layer": (
        call(check_layer, dense, x, resolution=2),
        RangeError,
        "check_layer: resolution must be in [1e-15, 1), not 2",
    ),
    "True for the inconclusive": (
        call(check_loss, mse, x, x, inconclusive=True),
        KindError,
        'check_loss: inconclusive must be "reject" or "error", not bool',
    ),
    "float32 of SciPy's functions": (
        call(check_gradient, np.sum, np.ones_like, x, float32=True),
        RangeError,
        "check_gradient: float32 must be False, since its functions are called in float64, as SciPy calls them",
    ),
    "an oracle of a loss": (
        call(check_loss, mse, x, x, oracle=abs),
        RangeError,
        "check_loss: oracle must be None, since an oracle gives a number for each entry of out, and a loss is a mean",
    ),
    "a layer without aliases": (
        call(check_layer, dense, x, aliasing=False),
        RangeError,
        "check_layer: aliasing must be True, since what backward returns is read-only",
    ),
    "layers that are not deterministic": (
        call(every_layer, "funcnn", nondeterministic=1e-6),
        RangeError,
        "every_layer: nondeterministic must be 0, since the seed of a layer is a part of it",
    ),
    "a fast check with a part that it leaves out": (
        call(check_vjp, half, half_vjp, [x], fast=True, layouts=True),
        RangeError,
        "check_vjp: layouts=True has no effect with fast=True, which leaves it out",
    ),
    "a vjp beside a jvp in exact arithmetic": (
        call(check_jvp, half, half_jvp, [x], vjp=half_vjp, exact=True),
        RangeError,
        "check_jvp: vjp must be None for exact=True; write check_vjp(f, vjp, args, exact=True)",
    ),
    "a projection that moves the argument": (
        call(check_vjp, half, half_vjp, [x], structure={"x": np.negative}),
        RangeError,
        "check_vjp: x must be in its structure, which its projection leaves as it is; it is not",
    ),
    "a structure that is no projection": (
        call(check_vjp, half, half_vjp, [x], structure={"x": lambda a: 1 + (a - 1) / 2}),
        RangeError,
        "check_vjp: structure of x must be a projection, P(P(x)) = P(x); it is not",
    ),
    "a projection to another shape": (
        call(check_vjp, half, half_vjp, [x], structure={"x": lambda a: None}),
        KindError,
        "check_vjp: structure of x must return an array of floats of shape (3, 2), as x has; it returned None",
    ),
    **{
        f"{name} in exact arithmetic": (
            call(check_vjp, half, half_vjp, [x], exact=True, **{name: value}),
            RangeError,
            f"check_vjp: {name} has no effect with exact=True; leave it out",
        )
        for name, value in {
            "resolution": 1e-3,
            "aliasing": False,
            "nondeterministic": 1e-6,
            "at_kinks": "skip",
            "tolerance": 0.5,
        }.items()
    },
    "an interval for an array that a layer does not have": (
        call(check_layer, dense, x, domain={"W": (0, 1)}),
        RangeError,
        "check_layer: domain names 'W', but the arguments are params.W, params.b, x",
    ),
    "a domain of x alone for a layer": (
        call(check_layer, dense, x, domain=lambda x: x > 0),
        KindError,
        "check_layer: domain must be a function (params, x), not a function (x)",
    ),
    "a domain of out alone for a loss": (
        call(check_loss, mse, x, x, domain=lambda out: out > 0),
        KindError,
        "check_loss: domain must be a function (out, y), not a function (out)",
    ),
    "a structure of the targets": (
        call(check_loss, mse, x, x, structure={"y": "simplex"}),
        RangeError,
        "check_loss: structure names 'y', but the arguments are out",
    ),
    "a resolution of a layer in exact arithmetic": (
        call(check_layer, dense, x, resolution=1e-3, exact=True),
        RangeError,
        "check_layer: resolution has no effect with exact=True; leave it out",
    ),
    "a domain that returns None": (
        call(check_vjp, half, half_vjp, [x], domain=lambda x: None),
        KindError,
        "check_vjp: domain must return a bool or an array of bools, not None",
    ),
    "a domain of another function": (
        call(check_vjp, half, half_vjp, [x], domain=lambda x, y: x < y),
        KindError,
        "check_vjp: domain must be a function (x), not a function (x, y)",
    ),
    "a structure in exact arithmetic": (
        call(check_vjp, half, half_vjp, [np.eye(2)], structure={"x": "symmetric"}, exact=True),
        RangeError,
        "check_vjp: structure must be None for exact=True, which moves every entry",
    ),
    "too many numbers for exact arithmetic": (
        call(check_layer, Relu(), np.ones((11, 91)), exact=True),
        RangeError,
        "check_layer: exact=True takes at most 1000 numbers in all arrays; it got 1001",
    ),
    "a list of layers": (
        call(check_layer, [dense], x),
        KindError,
        "check_layer: params must be a layer or a tuple of layers, not list; write tuple(params)",
    ),
    "x in a list": (
        call(check_layer, dense, [[1.0]]),
        KindError,
        "check_layer: x must be an array, not list; write np.asarray(x)",
    ),
    "a layer without floats": (
        call(check_layer, Relu(), np.ones((2, 2), int)),
        KindError,
        "check_layer: no argument holds floats, so there is no gradient to check",
    ),
    "a cost alone": (
        call(check_loss, lambda out, y: float(((out - y) ** 2).mean()), x, x),
        KindError,
        "check_loss: the loss must return (cost, dA), dA being the gradient of cost, not float",
    ),
    "a cost for each entry": (
        call(check_loss, lambda out, y: ((out - y) ** 2, 2 * (out - y)), x, x),
        KindError,
        f"check_loss: the loss must return (cost, dA), cost being one number, not float64 array of shape {x.shape}",
    ),
    "a number for dA": (
        call(check_loss, lambda out, y: (0.0, 1.0), x, x),
        BrokenPromise,
        "loss: dA must be an array of the shape of out, (3, 2), not 1.0"
        "\n    out = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])"
        "\n    y = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]])",
    ),
    "a dA as wide as y": (
        call(check_loss, lambda out, y: (float(((out - y) ** 2).mean()), 2 * (out - y) / out.size), x, x),
        BrokenPromise,
        f"dA must have the dtype and shape of out, float32 {x.shape}; it is float64 {x.shape}; "
        "write y.astype(out.dtype)",
    ),
    "out in a list": (
        call(check_loss, mse, [1.0], x),
        KindError,
        "check_loss: out must be an array, not list; write np.asarray(out)",
    ),
    "complex out": (
        call(check_loss, mse, 1j * x, x),
        KindError,
        "check_loss: out must hold real numbers; it is complex128",
    ),
    "a network in a list": (
        call(check_optimizer, Momentum(), [dense]),
        KindError,
        "check_optimizer: params must be a record, a tuple or an array, not list; write tuple(params)",
    ),
    "a module that is not there": (call(every_layer, "mine"), KindError, "every_layer: there is no module mine"),
    "a module without a name": (call(fst.layers, ""), KindError, "layers: there is no module "),
    "a layer for its class": (
        call(fst.cases, dense),
        KindError,
        "cases: layer must be a class of layers, not Dense; write cases(Dense)",
    ),
    "a name for a class": (
        call(fst.register, "Dense", names),
        KindError,
        "register: layer must be a class of layers, not str",
    ),
    "a case for a strategy": (
        call(fst.register, Dense, (dense, x)),
        KindError,
        "register: strategy must be a strategy of hypothesis, not tuple",
    ),
    "sizes with commas": (
        call(fst.tensors, "m n", "n,k"),
        KindError,
        "tensors: shapes[1] must be names or numbers with spaces between them, not 'n,k'; write 'n k'",
    ),
    "two names in one": (call(fst.dims, "m n"), KindError, "dims: names[0] must be one word, not 'm n'"),
    "a size that is computed": (
        call(fst.tensors, "m 2*n"),
        KindError,
        "tensors: shapes[0] must be names or numbers with spaces between them, not 'm 2*n'",
    ),
    "most below least": (
        call(fst.tensors, "m", least=5),
        RangeError,
        "tensors: most must be at least 5, the value of least, not 4",
    ),
    "a number for a shape": (call(fst.tensor, 3), KindError, "tensor: shape must be a tuple of sizes, not int"),
    "half a size": (call(fst.tensor, (2, 1.5)), KindError, "tensor: shape[1] must be a whole number, not float"),
    "a mutant without a name": (
        call(Mutant, None, "forgotten", names, (half, half_vjp), (half, forgotten)),
        KindError,
        "Mutant: name must be a string, not None",
    ),
    "arguments for a strategy": (
        call(Mutant, "half", "forgotten", (x,), (half, half_vjp), (half, forgotten)),
        KindError,
        "Mutant: arguments must be a strategy of hypothesis, not tuple",
    ),
    "a mutant without a vjp": (
        call(Mutant, "half", "forgotten", names, (half, half_vjp), half),
        KindError,
        "Mutant: wrong must be a pair of functions (f, vjp), not function",
    ),
    "functions for a mutant": (
        call(is_caught, (half, forgotten)),
        KindError,
        "is_caught: mutant must be a Mutant, not tuple",
    ),
    "one mutant for several": (
        call(score, mutant),
        KindError,
        "score: mutants must be an iterable of Mutants, not Mutant",
    ),
    "no mutants": (call(score, []), RangeError, "score: mutants must not be empty"),
    "a seed by its name": (
        call(score, [mutant], seeds=["0"]),
        KindError,
        "score: seeds[0] must be a whole number, not str",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_says(row):
    assert_says(row, dense, x)
