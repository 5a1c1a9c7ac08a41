"""Layers of thinc with their parameters, kernels of `NumpyOps` with their backprops, and losses."""

import numpy as np
from thinc import api
from thinc.backends import Ops
from thinc.layers.array_getitem import floats_getitem

from funcnn.testing.hunt import Target
from funcnn.testing.pytrees import map_leaves
from funcnn.testing.thinc import pair, parameters_of
from tests.hunts.draws import GENERIC, OPEN, REAL, each, of
from tests.nasty.base import drawn

LIBRARIES = ["thinc", "numpy"]
FOUND = "see docs/found.md"
CONTIGUOUS = {"RefusedLayout": "the kernels take C-contiguous arrays, and say so"}
LOGITS = {"WrongGradient": "backward takes the gradient by the logits, as the losses of thinc give it"}
DIGITS = {"WrongGradient": "erf, or its constants, have seven digits"}
KNOWN = {
    **dict.fromkeys(["Maxout", "HashEmbed", "expand_window", "expand_window of 2"], CONTIGUOUS),
    **dict.fromkeys(["expand_window of sequences", "reduce_sum", "reduce_mean", "reduce_max"], CONTIGUOUS),
    **dict.fromkeys(["ops.softmax_sequences", "ops.reduce_sum", "ops.reduce_mean", "ops.reduce_max"], CONTIGUOUS),
    **dict.fromkeys(["ops.seq2col", "ops.seq2col with lengths"], CONTIGUOUS),
    **dict.fromkeys(["Softmax", "Softmax_v2 of temperature 2"], LOGITS),
    **dict.fromkeys(["Gelu", "ops.gelu", "ops.gelu_approx", "ops.gelu in NumPy", "ops.gelu_approx in NumPy"], DIGITS),
    **{name: {"WrongForLayout": FOUND} for name in ["Mish", "ops.mish", "ops.mish of threshold 5"]},
    **{
        name: {"NotLinear": FOUND, "WrongGradient": FOUND}
        for name in ["LSTM", "LSTM of depth 2", "LSTM, both directions"]
    },
    **{name: {"Raised": FOUND} for name in ["Dish", "with_reshape"]},
    **{name: {"WrongGradient": FOUND} for name in ["Dish of as many outputs", "add of Relu"]},
    **{f"ops.clipped_linear of a negative slope{which}": {"WrongGradient": FOUND} for which in ["", " in NumPy"]},
    "LSTM, initial state": {"NoDerivative": "the initial state has no gradient"},
    "L2Distance": {"WrongGradient": "the gradient is of half the sum of squares, the loss has its own scale"},
}

matrix = lambda rng: REAL(rng, (int(rng.integers(1, 5)), 3))


def gentle(rng):
    """Its products with weights are below 20, at which thinc's sigmoid ends."""
    return OPEN(rng, (int(rng.integers(1, 5)), 3))


def sequences(rng):
    return [GENERIC(rng, (int(rng.integers(1, 5)), 3)) for _ in range(rng.integers(1, 4))]


pairs = lambda rng: [GENERIC(rng, (2, 2)), GENERIC(rng, (1, 2))]


def two(rng):
    rows = int(rng.integers(1, 4))
    return tuple([GENERIC(rng, (rows, 3)) for _ in range(2)])


whole = lambda rng: rng.integers(0, 4, int(rng.integers(1, 5)))


def layer(name, model, arguments=matrix, *, without=(), **options):
    """A target of all parameters but those in `without`, which keep their values."""
    model.initialize(X=single(arguments(np.random.default_rng(0))))
    shapes = {key: a.shape for key, a in parameters_of(model).items() if key not in without}
    every = drawn(lambda rng: ({key: rng.standard_normal(shape) for key, shape in shapes.items()}, arguments(rng)))
    return Target(name, pair(model), every, **options)


def lstm(name, *, without=("lstm.HC0",), **sizes):
    """An LSTM, whose kernel reads its arguments as float32."""
    made = layer(name, api.with_padded(api.LSTM(nI=2, **sizes)), pairs, without=without)
    f, vjp = made.pair

    def wide(X):
        return map_leaves(lambda a: a.astype("f8"), X)

    rounded = lambda params, X: wide(f(single(params), single(X))), lambda args, dA: wide(vjp(single(args), single(dA)))
    return Target(name, rounded, made.arguments, known=KNOWN.get(name), resolution=1e-2, float32=False)


def single(X):
    """The floats of X in float32, in which thinc initializes layers."""
    return map_leaves(lambda a: a.astype("f4") if a.dtype.kind == "f" else a, X)


def of_lists(*layers):
    return api.chain(api.list2ragged(), *layers)


twice = lambda one: api.add(one, one)

LAYERS = {
    "Linear": (api.Linear(2, 3), matrix),
    "Relu": (api.Relu(2, 3), matrix),
    "Relu, normalized": (api.Relu(2, 3, normalize=True), matrix),
    "Mish": (api.Mish(2, 3), matrix),
    "Mish, normalized": (api.Mish(2, 3, normalize=True), matrix),
    "Swish": (api.Swish(2, 3), gentle),
    "Gelu": (api.Gelu(2, 3), matrix),
    "Dish": (api.Dish(2, 3), matrix),
    "Dish of as many outputs": (api.Dish(3, 3), matrix),
    "HardSwish": (api.HardSwish(2, 3), matrix),
    "HardSwishMobilenet": (api.HardSwishMobilenet(2, 3), matrix),
    "ClippedLinear": (api.ClippedLinear(2, 3, slope=0.7, offset=0.2, min_val=-1.0, max_val=1.5), matrix),
    "ReluK": (api.ReluK(2, 3), matrix),
    "HardTanh": (api.HardTanh(2, 3), matrix),
    "HardSigmoid": (api.HardSigmoid(2, 3), matrix),
    "Sigmoid": (api.Sigmoid(2, 3), gentle),
    "Softmax": (api.Softmax(2, 3), matrix),
    "Softmax_v2 of temperature 2": (api.Softmax_v2(2, 3, temperature=2.0), matrix),
    "MultiSoftmax": (api.MultiSoftmax((2, 3), 3), matrix),
    "Logistic": (api.Logistic(), gentle),
    "sigmoid_activation": (api.sigmoid_activation(), gentle),
    "softmax_activation": (api.softmax_activation(), matrix),
    "LayerNorm": (api.LayerNorm(3), matrix),
    "Maxout": (api.Maxout(2, 3, 2), matrix),
    "Maxout, normalized": (api.Maxout(2, 3, 2, normalize=True), matrix),
    "Embed": (api.Embed(2, 4), whole),
    "HashEmbed": (api.HashEmbed(2, 5), lambda rng: whole(rng).astype("uint64")),
    "expand_window": (api.expand_window(1), matrix),
    "expand_window of 2": (api.expand_window(2), matrix),
    "add": (api.add(api.Linear(2, 3), api.Linear(2, 3)), matrix),
    "add, one layer twice": (twice(api.Linear(2, 3)), matrix),
    "add of Relu": (api.add(api.Relu(2, 3), api.Relu(2, 3)), matrix),
    "concatenate": (api.concatenate(api.Linear(2, 3), api.Swish(4, 3)), gentle),
    "residual": (api.residual(api.Swish(3, 3)), gentle),
    "clone": (api.clone(api.Swish(3, 3), 2), gentle),
    "siamese": (api.siamese(api.Linear(2, 3), api.CauchySimilarity(2)), two),
    "CauchySimilarity": (api.CauchySimilarity(3), two),
    "tuplify": (api.tuplify(api.Linear(2, 3), api.Swish(1, 3)), gentle),
    "map_list": (api.map_list(api.Linear(2, 3)), sequences),
    "array_getitem": (floats_getitem((slice(0, None), slice(1, 3))), matrix),
    "with_array": (api.with_array(api.Swish(2, 3)), sequences),
    "with_array, padded": (api.with_array(api.Swish(2, 3), pad=2), sequences),
    "with_list": (api.with_list(api.map_list(api.Linear(2, 3))), sequences),
    "with_reshape": (api.with_reshape(api.Linear(2, 3)), lambda rng: rng.standard_normal((2, 2, 3))),
    "uniqued": (api.uniqued(api.Embed(2, 4, column=0), column=0), lambda rng: rng.integers(0, 4, (3, 2))),
    "expand_window of sequences": (of_lists(api.expand_window(1), api.ragged2list()), sequences),
    "reduce_sum": (of_lists(api.reduce_sum()), sequences),
    "reduce_mean": (of_lists(api.reduce_mean()), sequences),
    "reduce_max": (of_lists(api.reduce_max()), sequences),
    "reduce_first": (of_lists(api.reduce_first()), sequences),
    "reduce_last": (of_lists(api.reduce_last()), sequences),
    "ParametricAttention": (of_lists(api.ParametricAttention(3), api.ragged2list()), sequences),
    "ParametricAttention_v2": (of_lists(api.ParametricAttention_v2(nO=3), api.ragged2list()), sequences),
    "ParametricAttention_v2 of keys": (
        of_lists(api.ParametricAttention_v2(key_transform=api.Linear(3, 3), nO=3), api.ragged2list()),
        sequences,
    ),
    "list2array": (api.list2array(), sequences),
    "list2padded and back": (api.chain(api.list2padded(), api.padded2list()), sequences),
    "list2ragged and back": (of_lists(api.ragged2list()), sequences),
}


ELEMENTWISE = {
    "sigmoid": (lambda ops, x: ops.sigmoid(x), lambda ops, dY, x: ops.backprop_sigmoid(dY, ops.sigmoid(x)), GENERIC),
    "relu": (lambda ops, x: ops.relu(x), lambda ops, dY, x: ops.backprop_relu(dY, ops.relu(x)), REAL),
    "relu_k": (lambda ops, x: ops.relu_k(x), lambda ops, dY, x: ops.backprop_relu_k(dY, x), REAL),
    "clipped_linear": (
        lambda ops, x: ops.clipped_linear(x, 0.7, 0.2, -1.0, 1.5),
        lambda ops, dY, x: ops.backprop_clipped_linear(dY, x, 0.7, 0.2, -1.0, 1.5),
        REAL,
    ),
    "clipped_linear of a negative slope": (
        lambda ops, x: ops.clipped_linear(x, -0.7, 0.2, -1.0, 1.5),
        lambda ops, dY, x: ops.backprop_clipped_linear(dY, x, -0.7, 0.2, -1.0, 1.5),
        REAL,
    ),
    "hard_sigmoid": (lambda ops, x: ops.hard_sigmoid(x), lambda ops, dY, x: ops.backprop_hard_sigmoid(dY, x), REAL),
    "hard_tanh": (lambda ops, x: ops.hard_tanh(x), lambda ops, dY, x: ops.backprop_hard_tanh(dY, x), REAL),
    "swish": (lambda ops, x: ops.swish(x), lambda ops, dY, x: ops.backprop_swish(dY, x, ops.swish(x)), GENERIC),
    "hard_swish": (lambda ops, x: ops.hard_swish(x), lambda ops, dY, x: ops.backprop_hard_swish(dY, x), REAL),
    "hard_swish_mobilenet": (
        lambda ops, x: ops.hard_swish_mobilenet(x),
        lambda ops, dY, x: ops.backprop_hard_swish_mobilenet(dY, x),
        REAL,
    ),
    "dish": (lambda ops, x: ops.dish(x), lambda ops, dY, x: ops.backprop_dish(dY, x), REAL),
    "gelu": (lambda ops, x: ops.gelu(x), lambda ops, dY, x: ops.backprop_gelu(dY, x), REAL),
    "gelu_approx": (lambda ops, x: ops.gelu_approx(x), lambda ops, dY, x: ops.backprop_gelu_approx(dY, x), REAL),
    "mish": (lambda ops, x: ops.mish(x), lambda ops, dY, x: ops.backprop_mish(dY, x), REAL),
    "mish of threshold 5": (lambda ops, x: ops.mish(x, 5), lambda ops, dY, x: ops.backprop_mish(dY, x, 5), REAL),
    "tanh": (lambda ops, x: np.tanh(x), lambda ops, dY, x: dY * ops.dtanh(np.tanh(x)), REAL),
    "softmax": (
        lambda ops, x: ops.softmax(x),
        lambda ops, dY, x: ops.backprop_softmax(ops.softmax(x), dY, axis=-1),
        REAL,
    ),
    "softmax of axis 0": (
        lambda ops, x: ops.softmax(x, axis=0),
        lambda ops, dY, x: ops.backprop_softmax(ops.softmax(x, axis=0), dY, axis=0),
        REAL,
    ),
    "softmax of temperature 2": (
        lambda ops, x: ops.softmax(x, temperature=2.0),
        lambda ops, dY, x: ops.backprop_softmax(ops.softmax(x, temperature=2.0), dY, temperature=2.0),
        REAL,
    ),
}

LENGTHS = np.array([2, 0, 3, 1], "i4")


def at_rows(found, back):
    """The first of two results of a forward pass, and a backprop that takes the second."""
    return (lambda ops, x: found(ops, x)[0], lambda ops, dY, x: back(ops, dY, found(ops, x)[1]))


SEQUENCES = {
    "softmax_sequences": (
        lambda ops, x: ops.softmax_sequences(x, LENGTHS),
        lambda ops, dY, x: ops.backprop_softmax_sequences(dY, ops.softmax_sequences(x, LENGTHS), LENGTHS),
    ),
    "reduce_sum": (lambda ops, x: ops.reduce_sum(x, LENGTHS), lambda ops, dY, x: ops.backprop_reduce_sum(dY, LENGTHS)),
    "reduce_mean": (
        lambda ops, x: ops.reduce_mean(x, LENGTHS),
        lambda ops, dY, x: ops.backprop_reduce_mean(dY, LENGTHS),
    ),
    "seq2col": (lambda ops, x: ops.seq2col(x, 1), lambda ops, dY, x: ops.backprop_seq2col(dY, 1)),
    "seq2col with lengths": (
        lambda ops, x: ops.seq2col(x, 1, lengths=LENGTHS),
        lambda ops, dY, x: ops.backprop_seq2col(dY, 1, lengths=LENGTHS),
    ),
}
FULL = np.array([2, 3, 1], "i4")
SEQUENCES |= {
    "reduce_max": at_rows(
        lambda ops, x: ops.reduce_max(x, FULL), lambda ops, dY, which: ops.backprop_reduce_max(dY, which, FULL)
    ),
    "reduce_first": at_rows(
        lambda ops, x: ops.reduce_first(x, FULL), lambda ops, dY, ends: ops.backprop_reduce_first(dY, ends)
    ),
    "reduce_last": at_rows(
        lambda ops, x: ops.reduce_last(x, FULL), lambda ops, dY, lasts: ops.backprop_reduce_last(dY, lasts)
    ),
}


def of_kernel(ops, forward, backward):
    """The pair of a kernel, which takes arrays that can be written to."""
    return lambda x: forward(ops, np.array(x, order="K")), lambda args, dY: [
        backward(ops, np.array(dY, order="K"), np.array(args[0], order="K"))
    ]


LOSSES = {"L2Distance": api.L2Distance(), "CosineDistance": api.CosineDistance()}


def of_loss(loss):
    """A loss of guesses; truths are constants."""
    return lambda x, y: loss.get_loss(x, y), lambda args, dA: [dA * loss.get_grad(*args)]


TARGETS = [
    *[layer(name, model, every, known=KNOWN.get(name)) for name, (model, every) in LAYERS.items()],
    lstm("LSTM", nO=1),
    lstm("LSTM of depth 2", nO=1, depth=2),
    lstm("LSTM, both directions", nO=2, bi=True),
    lstm("LSTM, initial state", nO=1, without=()),
    *[
        Target(f"ops.{name}{which}", of_kernel(ops, *made), each(fill), known=KNOWN.get(f"ops.{name}{which}"))
        for which, ops in [("", api.NumpyOps()), (" in NumPy", Ops())]
        for name, (*made, fill) in ELEMENTWISE.items()
    ],
    *[
        Target(f"ops.{name}", of_kernel(api.NumpyOps(), *made), each(GENERIC, "6 n"), known=KNOWN.get(f"ops.{name}"))
        for name, made in SEQUENCES.items()
    ],
    *[
        Target(name, of_loss(loss), of((GENERIC, "m n"), (GENERIC, "m n")), argnums=0, known=KNOWN.get(name))
        for name, loss in LOSSES.items()
    ],
]
