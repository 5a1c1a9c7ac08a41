"""Layers, activations, losses and modules of numpy-ml, a library to learn from."""

import collections
import collections.abc

import numpy as np

collections.Hashable = collections.abc.Hashable  # which numpy-ml 0.1.2 imports from its place before Python 3.10

from numpy_ml.neural_nets import activations, layers, losses, modules, wrappers  # noqa: E402

from funcnn.testing.hunt import Target  # noqa: E402
from tests.hunts.draws import GENERIC, REAL, TIES, UNIT, each, of  # noqa: E402

LIBRARIES = ["numpy-ml", "numpy"]
FOUND = "see docs/found/numpy_ml.md"
KNOWN = {
    **dict.fromkeys(["LSTM"], {"Error": FOUND, "WrongGradient": FOUND, "Raised": FOUND}),
}


def elementwise(name, act):
    """The first derivative, and the second as the derivative of the first."""
    for which, f, slope in [("grad", act.fn, act.grad), ("grad2", act.grad, act.grad2)]:
        yield target(f"{name}.{which}", f, lambda args, dA, slope=slope: [dA * slope(args[0])], each(REAL))


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


def layer(name, make, arguments, names=(), inputs=1, **options):
    """A target of the inputs and of the parameters in `names`; `make` builds the layer."""

    def made(*args):
        one = make()
        xs, parameters = args[:inputs], dict(zip(names, args[inputs:], strict=True))
        one.forward(*xs)  # which initializes the parameters
        one.flush_gradients()
        one.parameters.update({key: np.array(a) for key, a in parameters.items()})
        return one, xs

    def f(*args):
        one, xs = made(*args)
        return one.forward(*xs)

    def vjp(args, dA):
        one, xs = made(*args)
        one.forward(*xs)
        found = one.backward(np.array(dA))
        return [*(found if isinstance(found, tuple) else [found]), *[one.gradients[key] for key in names]]

    return target(name, f, vjp, arguments, **options)


def of_list(one):
    """A layer that takes a list of arrays, as one that takes two."""
    forward, backward = one.forward, one.backward
    one.forward = lambda *xs: forward(list(xs))
    one.backward = lambda dA: tuple(backward(dA))
    return one


def dropout():
    np.random.seed(0)  # noqa: NPY002
    return Seeded(layers.FullyConnected(2, act_fn="Tanh"), 0.5)


class Seeded(wrappers.Dropout):
    def forward(self, X, retain_derived=True):
        state = np.random.get_state()
        np.random.seed(1)  # noqa: NPY002
        out = super().forward(X, retain_derived)
        np.random.set_state(state)
        return out


ACTIVATIONS = {
    name: getattr(activations, name)()
    for name in "Sigmoid ReLU LeakyReLU Tanh Affine Identity ELU Exponential SELU HardSigmoid SoftPlus".split()
    if hasattr(activations, name)
}
dense = lambda act=None: lambda: layers.FullyConnected(2, act_fn=act)
images = lambda *more, **sizes: of((GENERIC, "n 4 3 2"), *more, **sizes)
kernel = (GENERIC, "2 2 2 3"), (GENERIC, "1 1 1 3")

TARGETS = [
    *[one for name, act in ACTIVATIONS.items() for one in elementwise(name, act)],
    *[
        layer(
            f"FullyConnected, {act}",
            dense(act),
            of((GENERIC, "n 3"), (GENERIC, "3 2"), (GENERIC, "1 2")),
            ["W", "b"],
        )
        for act in [None, "Tanh", "Sigmoid", "ReLU"]
    ],
    layer("Dropout", dropout, of((GENERIC, "n 3"), (GENERIC, "3 2"), (GENERIC, "1 2")), ["W", "b"]),
    layer("Softmax", layers.Softmax, each(GENERIC)),
    layer("Softmax of dim 0", lambda: layers.Softmax(dim=0), each(GENERIC)),
    layer("Softmax of three axes", layers.Softmax, each(GENERIC, "m n k")),
    layer("Add", lambda: of_list(layers.Add("Tanh")), of((GENERIC, "m n"), (GENERIC, "m n")), inputs=2),
    layer("Multiply", lambda: of_list(layers.Multiply("Tanh")), of(*[(GENERIC, "m n")] * 3), inputs=3),
    layer("Flatten", layers.Flatten, each(GENERIC, "m n 2")),
    layer("Flatten, last", lambda: layers.Flatten("last"), each(GENERIC, "m n 2")),
    layer("BatchNorm1D", layers.BatchNorm1D, of((GENERIC, "m n"), *[(GENERIC, "n")] * 2, least=2), ["scaler", "intercept"]),
    layer("BatchNorm2D", layers.BatchNorm2D, of((GENERIC, "2 m n 2"), *[(GENERIC, "2")] * 2), ["scaler", "intercept"]),
    layer("LayerNorm1D", layers.LayerNorm1D, of((GENERIC, "m n"), *[(GENERIC, "n")] * 2, least=2), ["scaler", "intercept"]),
    layer("LayerNorm2D", layers.LayerNorm2D, of((GENERIC, "n 2 3 2"), *[(GENERIC, "2 3 2")] * 2), ["scaler", "intercept"]),
    layer("DotProductAttention", layers.DotProductAttention, of(*[(GENERIC, "m n k")] * 3, most=3), inputs=3),
    layer("DotProductAttention, unscaled", lambda: layers.DotProductAttention(scale=False), of(*[(GENERIC, "m n k")] * 3, most=3), inputs=3),
    *[
        layer(f"Conv2D, {name}", lambda o=o: layers.Conv2D(3, (2, 2), act_fn="Tanh", **o), images(*kernel, most=2), ["W", "b"])
        for name, o in {
            "plain": {},
            "pad 1": {"pad": 1},
            "pad of two": {"pad": (1, 0)},
            "same": {"pad": "same"},
            "stride 2": {"stride": 2, "pad": 1},
            "dilation 1": {"dilation": 1},
            "dilation and stride": {"dilation": 1, "stride": 2, "pad": 1},
        }.items()
    ],
    *[
        layer(f"Conv1D, {name}", lambda o=o: layers.Conv1D(3, 2, act_fn="Tanh", **o), of((GENERIC, "n 5 2"), (GENERIC, "2 2 3"), (GENERIC, "1 1 3"), most=2), ["W", "b"])
        for name, o in {
            "plain": {},
            "pad 1": {"pad": 1},
            "same": {"pad": "same"},
            "causal": {"pad": "causal"},
            "stride 2": {"stride": 2, "pad": 1},
            "dilation 1": {"dilation": 1},
            "causal, dilated": {"pad": "causal", "dilation": 1},
        }.items()
    ],
    *[
        layer(f"Deconv2D, {name}", lambda o=o: layers.Deconv2D(3, (2, 2), act_fn="Tanh", **o), images(*kernel, most=2), ["W", "b"])
        for name, o in {"plain": {}, "pad 1": {"pad": 1}, "stride 2": {"stride": 2}, "stride 2, pad 1": {"stride": 2, "pad": 1}}.items()
    ],
    *[
        layer(f"Pool2D, {mode}, {name}", lambda o=o, mode=mode: layers.Pool2D((2, 2), mode=mode, **o), each(GENERIC, "n 4 3 2", most=2))
        for mode in ["max", "average"]
        for name, o in {"plain": {}, "pad 1": {"pad": 1}, "stride 2": {"stride": 2}}.items()
    ],
    layer("Pool2D, max of ties", lambda: layers.Pool2D((2, 2)), each(TIES, "n 3 3 1", most=2)),
    layer("RNN", lambda: layers.RNN(2), of((GENERIC, "n 3 2"), (GENERIC, "2 2"), (GENERIC, "3 2"), (GENERIC, "2 1"), (GENERIC, "2 1")), ["Waa", "Wax", "ba", "bx"]),
    layer("LSTM", lambda: layers.LSTM(2), of((GENERIC, "n 3 2"), *[(GENERIC, "5 2")] * 4, *[(GENERIC, "1 2")] * 4), ["Wf", "Wu", "Wc", "Wo", "bf", "bu", "bc", "bo"]),
]
