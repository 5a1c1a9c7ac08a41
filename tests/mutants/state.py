"""Backward passes that change memory, keep state between calls, or overwrite the cotangent."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.dense import dense
from tests.mutants.family import family, indexed, sigmoid

X = fst.tensors("m n")

sine = family("sine", X)(np.sin, lambda x, dA: [dA * np.cos(x)])
tanh = family("tanh kept", X)(np.tanh, lambda x, dA: [dA * (1 - np.tanh(x) ** 2)])
centred = family("x - mean of rows", X)(lambda x: x - x.mean(axis=1, keepdims=True), lambda x, dA: [by_rows(dA)])
scaled = family("rows by whole numbers", indexed("m n", ids="m", below="4"))(
    lambda x, k: x * k[:, None], lambda x, k, dA: [dA * k[:, None], None]
)
logistic = family("sigmoid of any dtype", X)(sigmoid, lambda x, dA: [dA * sigmoid(x) * sigmoid(-x)])
ramp = family(  # its entries are weighted by their position
    "ramp", X
)(lambda x: np.sin(x.ravel()) * np.arange(x.size), lambda x, dA: [ramp_vjp(x, dA)])

by_rows = lambda dA: dA - dA.mean(axis=1, keepdims=True)


def ramp_vjp(x, dA, order="C"):
    return (dA * np.arange(x.size)).reshape(x.shape) * np.cos(x.ravel(order).reshape(x.shape))


def dense_in_a_buffer():
    kept = {}

    def f(x, W, b):
        kept.setdefault(x.shape, np.empty(x.shape))[...] = x
        return x @ W + b

    return f, lambda x, W, b, dA: [dA @ W.T, kept.get(x.shape, x).T @ dA, dA.sum(axis=0)]


def gradient_in_a_buffer(*, locked=False):
    """The same memory for every call."""
    buffers = {}

    def vjp(x, dA):
        buffer = buffers.setdefault(x.shape, np.empty(x.shape))
        np.multiply(dA, np.cos(x), out=buffer)
        view = buffer[:]
        view.flags.writeable = not locked
        return [view]

    return vjp


def remembered(key):
    """The gradient of the last call, if the key is the same."""
    last = {}

    def vjp(x, dA):
        if last.get("key") != key(x):
            last.update(key=key(x), gradient=dA * np.cos(x))
        return [last["gradient"].copy()]

    return vjp


def accumulated(x, dA, total={}):  # noqa: B006  the mistake
    total[x.shape] = total.get(x.shape, 0) + dA * np.cos(x)
    return [total[x.shape].copy()]


def output_reused():
    """The slope overwrites the output."""
    kept = {}

    def f(x):
        kept["out"] = np.tanh(x)
        return kept["out"]

    def vjp(x, dA):
        t = kept["out"] if kept and kept["out"].shape == x.shape else np.tanh(x)
        np.multiply(t, -t, out=t)
        t += 1
        return [dA * t]

    return f, vjp


def forward_in_place(x):
    x -= x.mean(axis=1, keepdims=True)
    return x


def backward_in_place(x, dA):
    dA -= dA.mean(axis=1, keepdims=True)
    return [dA]


def argument_in_place(x, dA):
    np.cos(x, out=x)
    return [dA * x]


def random_rounding(noise):
    rng = np.random.default_rng(0)
    return lambda x, dA: [dA * np.cos(x) * (1 + noise * rng.standard_normal(x.shape))]


def overflow_of_float32(x, dA):
    with np.errstate(all="ignore"):
        e = np.exp(np.clip(x, -300, 300))
        return [dA * e / (1 + e) ** 2]


def cotangent(change):
    """The right vjp for a changed cotangent."""
    return lambda x, dA: [change(dA) * np.cos(x)]


buffered, buffered_vjp = dense_in_a_buffer()
reused, reused_vjp = output_reused()

MUTANTS = [
    dense.but("forward keeps x in a reused buffer: saves an allocation")(buffered_vjp, buffered),
    dense.but("float32 params get float64 gradients: np.zeros returns float64")(
        lambda x, W, b, dA: [d.astype(np.float64) for d in dense.vjp(x, W, b, dA)], narrow=False
    ),
    sine.but("a view of a buffer that the next call reuses: saves an allocation")(gradient_in_a_buffer()),
    sine.but("a locked view of such a buffer: looks safe")(gradient_in_a_buffer(locked=True)),
    sine.but("remembered by shape: a cache with too short a key")(remembered(lambda x: x.shape)),
    sine.but("remembered by x alone: the cotangent is not in the key")(remembered(lambda x: (x.shape, x.tobytes()))),
    sine.but("added to the last one: the gradient is not reset")(accumulated),
    sine.but("x overwritten in backward: it is not needed any more")(argument_in_place),
    sine.but("random in its last digits: stochastic rounding")(random_rounding(1e-9)),
    sine.but("random: dropout that was left on")(random_rounding(0.1)),
    tanh.but("the output overwritten in backward: it is not needed any more")(reused_vjp, reused),
    centred.but("x overwritten in forward: an in-place option")(f=forward_in_place),
    centred.but("the cotangent overwritten: -= for -")(backward_in_place),
    sine.but("|dA|: a magnitude")(cotangent(np.abs)),
    sine.but("sign(dA): sign descent inside the vjp")(cotangent(np.sign)),
    sine.but("relu(dA): guided backpropagation")(cotangent(lambda dA: np.maximum(dA, 0))),
    sine.but("dA of length 1: clipping by norm, always")(cotangent(lambda dA: dA / max(np.linalg.norm(dA), 1e-9))),
    sine.but("dA clipped to a norm of 10: clipping by norm")(
        cotangent(lambda dA: dA / max(np.linalg.norm(dA) / 10, 1))
    ),
    sine.but("dA of ones: y.sum().backward()")(cotangent(np.ones_like)),
    sine.but("dA uniform: its mean stands for all")(cotangent(lambda dA: np.full_like(dA, dA.mean()))),
    sine.but("dA[0, 0]: one number is enough for a loss")(cotangent(lambda dA: np.full_like(dA, dA.flat[0]))),
    sine.but("dA of whole numbers: a cast to the dtype of labels")(cotangent(np.trunc)),
    sine.but("dA in float32: a cast too many")(cotangent(lambda dA: dA.astype("f4").astype("f8"))),
    sine.but("dA's zeros replaced: a guard for a later division")(cotangent(lambda dA: np.where(dA == 0, 1e-3, dA))),
    sine.but("dA plus 1e-6: a guard for a later division")(cotangent(lambda dA: dA + 1e-6)),
    sine.but('dA in the order of memory: ravel("K")')(cotangent(lambda dA: dA.ravel("K").reshape(dA.shape))),
    ramp.but('x in the order of memory: ravel("A")')(lambda x, dA: [ramp_vjp(x, dA, "A")]),
    sine.but("float32 inside: a cast too many")(lambda x, dA: [dA * np.cos(x.astype("f4")).astype(dA.dtype)]),
    sine.but("float32 returned: half the memory")(lambda x, dA: [(dA * np.cos(x)).astype("f4")]),
    sine.but("whole numbers returned: zeros_like of labels")(lambda x, dA: [(dA * np.cos(x)).astype(int)]),
    sine.but("flat: a ravel without its reshape")(lambda x, dA: [(dA * np.cos(x)).ravel()]),
    sine.but("summed to one row: broadcasts like a gradient")(
        lambda x, dA: [(dA * np.cos(x)).sum(axis=0, keepdims=True)]
    ),
    sine.but("None: a branch without return")(lambda x, dA: [None]),
    sine.but("a gradient too many: one for a setting")(lambda x, dA: [dA * np.cos(x), 0.0]),
    scaled.of(1).but("a gradient of whole numbers: every argument gets one")(lambda x, k, dA: (dA * x).sum(axis=1)),
    logistic.but("nan in float32: clipped where float64 overflows")(overflow_of_float32),
]
