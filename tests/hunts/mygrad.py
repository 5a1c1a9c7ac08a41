"""Functions of MyGrad."""

import mygrad as mg
import numpy as np
from mygrad.nnet import activations, layers, losses

from funcnn.testing.mygrad import pair
from tests.hunts.draws import *

LIBRARIES = ["mygrad", "numpy"]
MODULES = ["mygrad"]
TABLE = {
    **named(mg, "arctan arcsinh abs cos cosh exp exp2 expm1 negative positive sin sinh square tan tanh sinc", ANY),
    **named(mg, "log log1p log2 log10 sqrt cbrt reciprocal", each(POSITIVE)),
    **named(mg, "arcsin arccos arctanh", each(OPEN)),
    **named(mg, "arccosh", each(ABOVE_1)),
    **named(mg, "sec csc cot sech csch coth arccsc arccsch arccoth", each(ABOVE_1)),
    **named(mg, "add subtract multiply maximum minimum logaddexp logaddexp2 arctan2", PAIR),
    "divide": (mg.divide, of((REAL, "m n"), (ABOVE_1, "m n"))),
    "power": (mg.power, of((POSITIVE, "m n"), (GENERIC, "m n"))),
    "power, broadcast": (lambda x, y: x**y, of((POSITIVE, "m n"), (GENERIC, "n"))),
    "square by power": (lambda x: x**2, ANY),
    "matmul": (mg.matmul, of((GENERIC, "m k"), (GENERIC, "k n"))),
    "matmul of vectors": (mg.matmul, of((GENERIC, "n"), (GENERIC, "n"))),
    "matmul of stacks": (mg.matmul, of((GENERIC, "2 m k"), (GENERIC, "k n"))),
    "multi_matmul": (lambda *a: mg.multi_matmul(a), of((GENERIC, "m k"), (GENERIC, "k n"), (GENERIC, "n m"))),
    "einsum": (lambda x, y: mg.einsum("ij,jk->ik", x, y), of((GENERIC, "m k"), (GENERIC, "k n"))),
    "einsum of a trace": (lambda x: mg.einsum("ii", x), each(GENERIC, "n n")),
    "einsum of a diagonal": (lambda x: mg.einsum("ii->i", x), each(GENERIC, "n n")),
    "norm": (mg.linalg.norm, each(GENERIC, "n")),
    "norm of rows": (lambda x: mg.linalg.norm(x, axis=1), each(GENERIC)),
    "norm of order 3": (lambda x: mg.linalg.norm(x, ord=3), each(GENERIC, "n")),
    **named(mg, "sum mean var std prod max min cumsum cumprod", ANY, prefix="all, "),
    **{
        f"{name} of axis 0": ((lambda f: lambda x: f(x, axis=0))(getattr(mg, name)), ANY)
        for name in ["sum", "mean", "var", "std", "prod", "max", "min", "cumsum", "cumprod"]
    },
    "var of ddof 1": (lambda x: mg.var(x, axis=1, ddof=1, keepdims=True), each(GENERIC, least=2)),
    "prod with zeros": (lambda x: mg.prod(x, axis=1), each(TIES)),
    "cumprod with zeros": (lambda x: mg.cumprod(x, axis=1), each(TIES)),
    "max of ties": (lambda x: mg.max(x, axis=1), each(TIES), {"at_kinks": "hull"}),
    "clip": (lambda x: mg.clip(x, -1.0, 1.5), ANY),
    "where": (lambda x, y: mg.where(np.arange(x.size).reshape(x.shape) % 2 == 0, x, y), PAIR),
    "concatenate": (lambda x, y: mg.concatenate((x, y), axis=1), PAIR),
    "stack": (lambda x, y: mg.stack((x, y), axis=-1), PAIR),
    "repeat": (lambda x: mg.repeat(x, 2, axis=-1), ANY),
    "repeat of counts": (lambda x: mg.repeat(x, np.arange(x.shape[0]), axis=0), ANY),
    "roll": (lambda x: mg.roll(x, 1, axis=-1), ANY),
    "transpose": (lambda x: mg.transpose(x, (-1, 0, -2)), each(GENERIC, "m n 2")),
    "moveaxis": (lambda x: mg.moveaxis(x, 0, -1), each(GENERIC, "m n 2")),
    "swapaxes": (lambda x: mg.swapaxes(x, 0, -1), each(GENERIC, "m n 2")),
    "broadcast_to": (lambda x: mg.broadcast_to(x, (3, *x.shape)), ANY),
    "reshape": (lambda x: mg.reshape(x, -1), ANY),
    "ravel": (mg.ravel, ANY),
    "squeeze": (mg.squeeze, each(GENERIC, "m 1 n")),
    "expand_dims": (lambda x: mg.expand_dims(x, 1), ANY),
    "getitem of repeated rows": (lambda x: x[np.array([0, 0, -1])], ANY),
    "getitem of a mask": (lambda x: x[x.data > 0] if (x.data > 0).any() else x.sum(), each(GENERIC)),
    "getitem of a slice": (lambda x: x[::-2, None, 0], ANY),
    **named(activations, "sigmoid softmax logsoftmax soft_sign relu hard_tanh selu", ANY),
    "leaky_relu": (lambda x: activations.leaky_relu(x, 0.1), ANY),
    "elu": (lambda x: activations.elu(x, 0.7), ANY),
    "glu": (activations.glu, each(GENERIC, "m 4")),
    "softmax_crossentropy": (lambda x: losses.softmax_crossentropy(x, np.arange(len(x)) % x.shape[1]), ANY),
    "multiclass_hinge": (lambda x: losses.multiclass_hinge(x, np.arange(len(x)) % x.shape[1]), each(GENERIC, least=2)),
    "focal_loss": (
        lambda x: losses.focal_loss(activations.softmax(x), np.arange(len(x)) % x.shape[1], alpha=0.7, gamma=1.5),
        each(GENERIC),
    ),
    "softmax_focal_loss": (
        lambda x: losses.softmax_focal_loss(x, np.arange(len(x)) % x.shape[1], alpha=0.7, gamma=1.5),
        each(GENERIC),
    ),
    "negative_log_likelihood": (
        lambda x: losses.negative_log_likelihood(x, np.arange(len(x)) % x.shape[1]),
        each(GENERIC),
    ),
    "margin_ranking_loss": (lambda x, y: losses.margin_ranking_loss(x, y, 1, 0.3), of((GENERIC, "n"), (GENERIC, "n"))),
    "batchnorm": (
        lambda x, gamma, beta: layers.batchnorm(x, gamma=gamma, beta=beta, eps=1e-3),
        of((GENERIC, "m n"), (GENERIC, "n"), (GENERIC, "n"), least=2),
    ),
    "conv_nd": (lambda x, k: layers.conv_nd(x, k, stride=1, padding=1), of((GENERIC, "m 2 4 3"), (GENERIC, "n 2 2 2"))),
    "conv_nd, dilated": (
        lambda x, k: layers.conv_nd(x, k, stride=2, dilation=2),
        of((GENERIC, "m 2 5 5"), (GENERIC, "n 2 2 2")),
    ),
    "max_pool": (lambda x: layers.max_pool(x, (2, 2), 1), each(GENERIC, "m 3 3")),
    "gru": (
        layers.gru,
        of(
            *((GENERIC, "m k 2"), (GENERIC, "2 n"), (GENERIC, "n n"), (GENERIC, "n"), (GENERIC, "2 n")),
            *((GENERIC, "n n"), (GENERIC, "n"), (GENERIC, "2 n"), (GENERIC, "n n"), (GENERIC, "n")),
        ),
    ),
}
TIED = "at a tie, maximum and minimum give the gradient to no argument: a choice of MyGrad"
KNOWN = {
    "maximum": {"WrongTogether": TIED},
    "minimum": {"WrongTogether": TIED},
    "leaky_relu": {"WrongAtKink": f"{TIED}, so the slope at 0 is 0"},
    "all, std": {"NotFinite": "of equal numbers it is sqrt at 0"},
    "std of axis 0": {"NotFinite": "of equal numbers it is sqrt at 0"},
}
TARGETS = targets(TABLE, pair, KNOWN)
