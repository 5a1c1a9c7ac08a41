"""Layers, activations, losses and modules of numpy-ml, a library to learn from."""

import collections
import collections.abc

import numpy as np

collections.Hashable = collections.abc.Hashable  # which numpy-ml 0.1.2 imports from its place before Python 3.10

from numpy_ml.linear_models import LogisticRegression
from numpy_ml.neural_nets import activations, layers, losses, wrappers

from funcnn.testing.hunt import Target
from tests.hunts.draws import GENERIC, REAL, TIES, UNIT, between, each, of

LIBRARIES = ["numpy-ml", "numpy"]
FOUND = "see docs/found/numpy_ml.md"
JUMPS = {"Inconclusive": "it is constant but for jumps"}
KNOWN = {
    "Dropout": {"WrongGradient": FOUND},
    "Softmax of dim 0": {"WrongGradient": FOUND},
    "Pool2D, max, pad 1": {"Raised": FOUND, "WrongGradient": FOUND},
    "WGAN_GPLoss of a critic": {"WrongGradient": FOUND},
    "LogisticRegression, l1": {"WrongGradient": FOUND},
    "LogisticRegression, l2": {"WrongGradient": FOUND},
    "LeakyReLU.grad2": JUMPS,
    "HardSigmoid.grad2": JUMPS,
}


def elementwise(name, act):
    """The first derivative, and the second as the derivative of the first."""
    for which, f, slope in [("grad", act.fn, act.grad), ("grad2", act.grad, act.grad2)]:
        if name == "ReLU" and which == "grad2":
            continue  # the slope of ReLU is an integer
        yield target(f"{name}.{which}", f, lambda args, dA, slope=slope: [dA * slope(args[0])], each(REAL))


def target(name, f, vjp, arguments, **options):
    return Target(name, (f, vjp), arguments, known=KNOWN.get(name), float32=False, **options)


def layer(name, make, arguments, names=(), inputs=1, **options):
    """A target of the inputs and of the parameters in `names`; `make` builds the layer."""

    def made(*args):
        one = make()
        xs, parameters = args[:inputs], dict(zip(names, args[inputs:], strict=True))
        if names:
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


def as_three(found, args, dA):
    """The gradients of three arguments, of which a generator has one."""
    return (
        [dA * found, *[np.zeros(a.shape) for a in args[1:]]]
        if isinstance(found, np.ndarray)
        else [dA * g for g in found]
    )


CELLS = {
    "RNNCell": (lambda: layers.RNNCell(2), "Waa Wax ba bx", "2 2", "3 2", "2 1", "2 1"),
    "LSTMCell": (lambda: layers.LSTMCell(2), "Wf Wu Wc Wo bf bu bc bo", *["5 2"] * 4, *["1 2"] * 4),
}


def of_cell(name, make, mode):
    """A cell for three time steps, whose outputs are stacked."""
    names, *shapes = mode
    keys = names.split()

    def made(x, parameters):
        one = make()
        one.forward(x[..., 0])  # which initializes the parameters
        one.flush_gradients()
        one.derived_variables["dLdA_accumulator"] = one.derived_variables["dLdC_accumulator"] = None
        one.parameters.update({key: np.array(a) for key, a in zip(keys, parameters, strict=True)})
        outs = [one.forward(x[..., t]) for t in range(3)]
        return one, np.stack([out[0] if isinstance(out, tuple) else out for out in outs], axis=-1)

    def vjp(args, dA):
        one, _ = made(args[0], args[1:])
        found = [one.backward(dA[..., t]) for t in reversed(range(3))]
        return [np.stack(found[::-1], axis=-1), *[one.gradients[key] for key in keys]]

    arguments = of((GENERIC, "n 3 3"), *[(GENERIC, shape) for shape in shapes], most=2)
    return target(name, lambda x, *parameters: made(x, parameters)[1], vjp, arguments)


def logistic(penalty):
    """The penalized likelihood of `LogisticRegression` by its coefficients."""
    X, y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]]), np.array([1.0, 0.0, 1.0])

    def made(beta):
        model = LogisticRegression(penalty, gamma=0.7, fit_intercept=False)
        model.beta = np.array(beta)
        return model, 1 / (1 + np.exp(-X @ beta))

    def f(beta):
        model, p = made(beta)
        return model._NLL(X, y, p)

    def vjp(args, dA):
        model, p = made(args[0])
        return [dA * model._NLL_grad(X, y, p)]

    return target(f"LogisticRegression, {penalty}", f, vjp, each(GENERIC, "2"))


def of_list(one):
    """A layer that takes a list of arrays, as one that takes two."""
    forward, backward = one.forward, one.backward
    one.forward = lambda *xs: forward(list(xs))
    one.backward = lambda dA: tuple(backward(dA))
    return one


def dropout():
    np.random.seed(0)  # noqa: NPY002  numpy-ml draws from it
    return Seeded(layers.FullyConnected(2, act_fn="Tanh"), 0.5)


class Seeded(wrappers.Dropout):
    def forward(self, X, retain_derived=True):  # noqa: FBT002  as numpy-ml has it
        state = np.random.get_state()  # noqa: NPY002  numpy-ml draws from it
        np.random.seed(1)  # noqa: NPY002  numpy-ml draws from it
        out = super().forward(X, retain_derived)
        np.random.set_state(state)  # noqa: NPY002  numpy-ml draws from it
        return out


NAMES = "Sigmoid ReLU LeakyReLU Tanh Affine Identity ELU Exponential SELU HardSigmoid SoftPlus"
ACTIVATIONS = {name: getattr(activations, name)() for name in NAMES.split()}
dense = lambda act=None: lambda: layers.FullyConnected(2, act_fn=act)
images = lambda *more, **sizes: of((GENERIC, "n 3 3 2"), *more, **sizes)
kernel = (GENERIC, "2 2 2 2"), (GENERIC, "1 1 1 2")

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
    layer(
        "BatchNorm1D", layers.BatchNorm1D, of((GENERIC, "m n"), *[(GENERIC, "n")] * 2, least=2), ["scaler", "intercept"]
    ),
    layer("BatchNorm2D", layers.BatchNorm2D, of((GENERIC, "2 m n 2"), *[(GENERIC, "2")] * 2), ["scaler", "intercept"]),
    layer(
        "LayerNorm1D", layers.LayerNorm1D, of((GENERIC, "m n"), *[(GENERIC, "n")] * 2, least=2), ["scaler", "intercept"]
    ),
    layer(
        "LayerNorm2D", layers.LayerNorm2D, of((GENERIC, "n 2 3 2"), *[(GENERIC, "2 3 2")] * 2), ["scaler", "intercept"]
    ),
    layer("DotProductAttention", layers.DotProductAttention, of(*[(GENERIC, "m n k")] * 3, most=3), inputs=3),
    layer(
        "DotProductAttention, unscaled",
        lambda: layers.DotProductAttention(scale=False),
        of(*[(GENERIC, "m n k")] * 3, most=3),
        inputs=3,
    ),
    *[
        layer(
            f"Conv2D, {name}",
            lambda o=o: layers.Conv2D(2, (2, 2), act_fn="Tanh", **o),
            images(*kernel, most=2),
            ["W", "b"],
        )
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
        layer(
            f"Conv1D, {name}",
            lambda o=o: layers.Conv1D(2, 2, act_fn="Tanh", **o),
            of((GENERIC, "n 4 2"), (GENERIC, "2 2 2"), (GENERIC, "1 1 2"), most=2),
            ["W", "b"],
        )
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
        layer(
            f"Deconv2D, {name}",
            lambda o=o: layers.Deconv2D(2, (2, 2), act_fn="Tanh", **o),
            images(*kernel, most=2),
            ["W", "b"],
        )
        for name, o in {
            "plain": {},
            "pad 1": {"pad": 1},
            "stride 2": {"stride": 2},
            "stride 2, pad 1": {"stride": 2, "pad": 1},
        }.items()
    ],
    *[
        layer(
            f"Pool2D, {mode}, {name}",
            lambda o=o, mode=mode: layers.Pool2D((2, 2), mode=mode, **o),
            each(GENERIC, "n 3 3 2", most=2),
        )
        for mode in ["max", "average"]
        for name, o in {"plain": {}, "pad 1": {"pad": 1}, "stride 2": {"stride": 2}}.items()
    ],
    layer("Pool2D, max of ties", lambda: layers.Pool2D((2, 2)), each(TIES, "n 3 3 1", most=2)),
    *[of_cell(name, cell, mode) for name, (cell, *mode) in CELLS.items()],
    *[
        target(
            f"WGAN_GPLoss of a {name}",
            lambda fake, real, grad, module=module: losses.WGAN_GPLoss().loss(fake, module, real, grad),
            lambda args, dA, module=module: as_three(losses.WGAN_GPLoss().grad(args[0], module, *args[1:]), args, dA),
            of((GENERIC, "n"), (GENERIC, "n"), (GENERIC, "n 3"), least=2),
        )
        for name, module in [("critic", "C"), ("generator", "G")]
    ],
    target(
        "VAELoss",
        lambda y, p, mean, log_var: losses.VAELoss.loss(y, p, mean, log_var),
        lambda args, dA: (lambda p, log_var, mean: [dA * p, dA * mean, dA * log_var])(*losses.VAELoss.grad(*args)),
        of((UNIT, "m n"), (between(0.1, 0.9), "m n"), (GENERIC, "m k"), (GENERIC, "m k")),
        argnums=(1, 2, 3),
    ),
    *[logistic(penalty) for penalty in ["l1", "l2"]],
]
