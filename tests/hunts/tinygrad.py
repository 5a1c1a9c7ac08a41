"""Functions of tinygrad, on its device that computes in Python, so that no C compiler is needed."""

import os

os.environ.setdefault("DEV", "PYTHON")

from operator import methodcaller

import numpy as np
from tinygrad import Tensor, dtypes

from tests.hunts.draws import *

LIBRARIES = ["tinygrad", "numpy"]
tensor = lambda a: Tensor(np.array(a, float), dtype=dtypes.float64)
INDEX = Tensor([[0, 0, 1]], dtype=dtypes.int32)


def pair(f):
    def vjp(args, dA):
        xs = [tensor(a) for a in args]
        found = f(*xs).gradient(*xs, gradient=tensor(dA))
        # a gradient that is a constant has another device
        return [(g * tensor(np.ones(a.shape))).numpy() for a, g in zip(args, found, strict=True)]

    return lambda *args: f(*[tensor(a) for a in args]).numpy(), vjp


def methods(names, arguments, which=""):
    return {name + which: (methodcaller(name), arguments) for name in names.split()}


def labels(x):
    return Tensor(np.arange(x.shape[0]) % x.shape[1], dtype=dtypes.int32)


SMALL = each(REAL, "m n", most=3)
SMOOTH = each(GENERIC, "m n", most=3)
IMAGES = {"image": (GENERIC, "1 2 4 4"), "kernel": (GENERIC, "3 2 2 2"), "back": (GENERIC, "2 3 2 2")}
TABLE = {
    **methods(
        """
        abs neg exp exp2 sin cos tan sinh cosh tanh atan asinh erf square sigmoid sign celu elu gelu hardsigmoid
        hardswish hardtanh leaky_relu logsigmoid mish quick_gelu relu relu6 selu silu softplus softsign swish
        softmax log_softmax softmin logsumexp sum mean max min
        """,
        SMALL,
    ),
    **methods("log log2 log10 sqrt rsqrt reciprocal", each(POSITIVE, most=3)),
    **methods("acos asin atanh", each(between(-0.9, 0.9), most=3)),
    **methods("acosh", each(ABOVE_1, most=3)),
    **methods("prod cumsum logcumsumexp", SMOOTH),
    **methods("var std", each(GENERIC, least=2, most=3)),
    **methods("max min prod softmax logsumexp", each(TIES, "m n", most=3), " of ties"),
    "cumprod": (lambda x: x.cumprod(0), SMOOTH),
    "sort of ties": (lambda x: x.sort()[0], each(TIES, "m n", most=3)),
    **methods("sum mean max logsumexp log_softmax softmax", each(normal(0, 200), most=3), " of large x"),
    **methods("sigmoid tanh softplus mish silu gelu elu logsigmoid", each(between(-800.0, 800.0), "n"), " of large x"),
    "cumprod of zeros": (lambda x: x.cumprod(0), each(TIES, "m n", most=3)),
    "cummax": (lambda x: x.cummax(0)[0], SMOOTH),
    "cummin": (lambda x: x.cummin(0)[0], SMOOTH),
    "cummax of ties": (lambda x: x.cummax(0)[0], each(TIES, "m n", most=3)),
    "std_mean": (lambda x: x.std_mean(0)[0], each(GENERIC, least=2, most=3)),
    "var of axis 0, no correction": (lambda x: x.var(0, correction=0), SMOOTH),
    "sort": (lambda x: x.sort()[0], SMOOTH),
    "topk": (lambda x: x.topk(2)[0], each(GENERIC, "m 3")),
    "diag": (lambda x: x.diag(), each(GENERIC, "n")),
    "diagonal": (lambda x: x.diagonal(), each(GENERIC, "n n", most=3)),
    "tril": (lambda x: x.tril(), SMOOTH),
    "triu": (lambda x: x.triu(1), SMOOTH),
    "clip": (lambda x: x.clip(-0.5, 0.7), SMOOTH),
    "flip": (lambda x: x.flip(0), SMOOTH),
    "roll": (lambda x: x.roll(1, 0), SMOOTH),
    "repeat": (lambda x: x.repeat((2, 3)), SMOOTH),
    "repeat_interleave": (lambda x: x.repeat_interleave(2, 0), SMOOTH),
    "unfold": (lambda x: x.unfold(0, 2, 1), each(GENERIC, "4")),
    "lerp": (lambda x, y, w: x.lerp(y, w), of(*[(GENERIC, "n")] * 3)),
    "masked_fill": (lambda x: x.masked_fill(Tensor([True, False]), 3.0), each(GENERIC, "m 2")),
    "where": (lambda x, y: (x > 0.3).where(x, y), of((GENERIC, "m n"), (GENERIC, "n"), most=3)),
    "getitem": (lambda x: x[1:, ::2], each(GENERIC, least=2, most=4)),
    "getitem of repeated rows": (lambda x: x[Tensor([0, 0, 1])], each(GENERIC, "2 n")),
    "gather": (lambda x: x.gather(1, INDEX), each(GENERIC, "1 3")),
    "scatter": (lambda x, y: x.scatter(1, Tensor([[0, 2]]), y), of((GENERIC, "1 3"), (GENERIC, "1 2"))),
    "scatter, add": (
        lambda x, y: x.scatter_reduce(1, INDEX, y, "sum"),
        of((GENERIC, "1 3"), (GENERIC, "1 3")),
    ),
    **{
        f"scatter_reduce, {how}": (
            lambda x, y, how=how: x.scatter_reduce(1, INDEX, y, how),
            of((GENERIC, "1 3"), (GENERIC, "1 3")),
        )
        for how in ("prod", "mean", "amax", "amin")
    },
    "add": (lambda x, y: x + y, of((GENERIC, "m n"), (GENERIC, "n"), most=3)),
    "mul": (lambda x, y: x * y, of((GENERIC, "m 1"), (GENERIC, "n"), most=3)),
    "mul by itself": (lambda x: x * x, SMOOTH),
    "div": (lambda x, y: x / y, of((GENERIC, "m n"), (ABOVE_1, "n"), most=3)),
    "pow": (lambda x, y: x.pow(y), of((between(0.1, 3.0), "n"), (REAL, "n"))),
    "pow 3": (lambda x: x.pow(3), SMALL),
    "pow 2 of zero": (lambda x: x.pow(2), each(TIES, "n")),
    "pow of a number": (lambda x: 2.0**x, SMALL),
    "maximum": (lambda x, y: x.maximum(y), of((TIES, "n"), (TIES, "n"))),
    "minimum": (lambda x, y: x.minimum(y), of((GENERIC, "n"), (GENERIC, "n"))),
    "logaddexp": (lambda x, y: x.logaddexp(y), of((REAL, "n"), (REAL, "n"))),
    "copysign": (lambda x, y: x.copysign(y), of((GENERIC, "n"), (GENERIC, "n"))),
    "fmod": (lambda x, y: x.fmod(y), of((GENERIC, "n"), (between(0.3, 2.0), "n"))),
    "mod": (lambda x, y: x.mod(y), of((GENERIC, "n"), (between(0.3, 2.0), "n"))),
    "matmul": (lambda x, y: x @ y, of((GENERIC, "m k"), (GENERIC, "k n"), most=3)),
    "matmul of stacks": (lambda x, y: x @ y, of((GENERIC, "2 m k"), (GENERIC, "k n"), most=2)),
    "einsum": (lambda x, y: Tensor.einsum("ij,kj->ki", x, y), of((GENERIC, "m k"), (GENERIC, "n k"), most=3)),
    "linear": (lambda x, w, b: x.linear(w, b), of((GENERIC, "m k"), (GENERIC, "k n"), (GENERIC, "n"), most=3)),
    "normalize": (lambda x: x.normalize(), each(GENERIC, "m n", most=3)),
    "layernorm": (lambda x: x.layernorm(), each(GENERIC, "m 3", most=3)),
    "qr, R": (lambda x: x.qr()[1], each(GENERIC, "3 2")),
    "qr, Q": (lambda x: x.qr()[0], each(GENERIC, "2 2")),
    "svd, S": (lambda x: x.svd()[1], each(GENERIC, "2 2")),
    **{
        f"pad, {mode}": (lambda x, mode=mode: x.pad((1, 2), mode=mode), each(GENERIC, "1 4"))
        for mode in ("constant", "reflect", "replicate", "circular")
    },
    "conv2d": (lambda x, w: x.conv2d(w, padding=1), of(IMAGES["image"], IMAGES["kernel"])),
    "conv2d, stride 2": (lambda x, w: x.conv2d(w, stride=2), of(IMAGES["image"], IMAGES["kernel"])),
    "conv2d, dilation 2": (lambda x, w: x.conv2d(w, dilation=2), of(IMAGES["image"], IMAGES["kernel"])),
    "conv_transpose2d": (lambda x, w: x.conv_transpose2d(w, stride=2), of((GENERIC, "1 2 2 2"), IMAGES["back"])),
    "avg_pool2d": (lambda x: x.avg_pool2d(), of(IMAGES["image"])),
    "avg_pool2d, padded": (lambda x: x.avg_pool2d(3, 2, padding=1, count_include_pad=False), of(IMAGES["image"])),
    "max_pool2d": (lambda x: x.max_pool2d(), of(IMAGES["image"])),
    "max_pool2d, overlapping": (lambda x: x.max_pool2d(3, 1), of(IMAGES["image"])),
    "max_pool2d of ties": (lambda x: x.max_pool2d(), each(TIES, "1 1 4 4")),
    **{
        f"interpolate, {mode}": (lambda x, mode=mode: x.interpolate((5,), mode=mode), each(GENERIC, "1 1 3"))
        for mode in ("linear", "nearest", "nearest-exact")
    },
    "attention": (
        lambda q, k, v: q.scaled_dot_product_attention(k, v, is_causal=True),
        of((GENERIC, "1 2 2"), (GENERIC, "1 2 2"), (GENERIC, "1 2 3")),
    ),
    "cross_entropy": (lambda x: x.cross_entropy(labels(x), label_smoothing=0.1), each(GENERIC, "m 3", most=3)),
    "sparse_categorical_crossentropy": (
        lambda x: x.sparse_categorical_crossentropy(labels(x), label_smoothing=0.1),
        each(GENERIC, "m 3", most=3),
    ),
    "nll_loss": (lambda x: x.log_softmax().nll_loss(labels(x)), each(GENERIC, "m 3", most=3)),
    "binary_crossentropy": (lambda x, y: x.binary_crossentropy(y), of((between(0.05, 0.95), "n"), (UNIT, "n"))),
    "binary_crossentropy_logits": (lambda x, y: x.binary_crossentropy_logits(y), of((REAL, "n"), (UNIT, "n"))),
    "binary_crossentropy_logits, weighted": (
        lambda x, y, w: x.binary_crossentropy_logits(y, pos_weight=w),
        of((REAL, "n"), (UNIT, "n"), (between(0.5, 2.0), "n")),
    ),
}
FOUND = "see docs/found/tinygrad.md"
KNOWN = {
    **{name: {"WrongGradient": FOUND} for name in ("erf", "elu")},
    "acosh": {"Inconclusive": "values near 1 lose digits"},
    "sort of ties": {"Hung": "a device that computes in Python sorts slowly"},
    "elu of large x": {"NotFinite": FOUND, "WrongGradient": FOUND},
}
TARGETS = targets({name: (*row, {"float32": False}) for name, row in TABLE.items()}, pair, KNOWN)
