"""Layers that subtract a mean and divide by a norm or a deviation."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family

EPS = 0.01
LAYER = fst.tensors("m n", "n", "n")

batch_norm = lambda x, g, b, axis=0: g * normal(x, axis) + b
normal = lambda x, axis=0: (x - x.mean(axis=axis, keepdims=True)) / size(x, axis)


def size(x, axis=0, eps=EPS):
    return np.sqrt(x.var(axis=axis, keepdims=True) + eps)


def normal_vjp(x, d, axis=0, *, mean=1, variance=1, eps=EPS, m=None):
    """The gradient through the normalised x, by its three paths."""
    m, s = m or x.shape[axis], size(x, axis, eps)
    xhat = (x - x.mean(axis=axis, keepdims=True)) / s
    through_mean = d.sum(axis=axis, keepdims=True) / m
    through_variance = xhat * (d * xhat).sum(axis=axis, keepdims=True) / m
    return (d - mean * through_mean - variance * through_variance) / s


def affine_vjp(axis=0, **change):
    return lambda x, g, b, dA: [
        normal_vjp(x, dA * g, axis, **change),
        (dA * normal(x, axis)).sum(axis=0),
        dA.sum(axis=0),
    ]


batch = family("batch norm", LAYER)(batch_norm, affine_vjp())
layer = family("layer norm", LAYER)(lambda x, g, b: batch_norm(x, g, b, 1), affine_vjp(1))
small = family("batch norm of 3 columns", fst.tensors("m 3", "3", "3"))(batch_norm, affine_vjp())
frozen_statistics = family("batch norm in use", fst.tensors("m n", "n"))(
    lambda x, mean: (x - mean) / 2, lambda x, mean, dA: [dA / 2, -dA.sum(axis=0) / 2]
)

root = lambda x, eps=EPS: np.sqrt((x**2).mean(axis=1, keepdims=True) + eps)


def rms_vjp(x, g, dA, n=None):
    d, r = dA * g, root(x)
    return [d / r - x * (d * x).sum(axis=1, keepdims=True) / (n or x.shape[1]) / r**3, (dA * x / r).sum(axis=0)]


rms = family("rms norm", fst.tensors("m n", "n"))(lambda x, g: g * x / root(x), rms_vjp)

group = family(  # four channels in two groups
    "group norm", fst.tensors("m 4")
)(
    lambda x: normal(x.reshape(-1, 2, 2), 2).reshape(x.shape),
    lambda x, dA: [normal_vjp(x.reshape(-1, 2, 2), dA.reshape(-1, 2, 2), 2).reshape(x.shape)],
)
instance = family("instance norm", fst.tensors("m t c"))(lambda x: normal(x, 1), lambda x, dA: [normal_vjp(x, dA, 1)])

length = lambda x: np.sqrt((x**2).sum(axis=1, keepdims=True))


def unit_vjp(x, dA, floor=0.5):
    n = np.maximum(length(x), floor)
    along = (dA * x).sum(axis=1, keepdims=True) * (length(x) > floor) / n**3
    return [dA / n - x * along]


unit = family("division by the norm or 1/2", fst.tensors("m n"))(lambda x: x / np.maximum(length(x), 0.5), unit_vjp)


def guarded(x, d=1.0):
    return np.where(length(x) == 0, 0, d / np.where(length(x) == 0, 1, length(x)))


norm = family("norm of rows", fst.tensors("m n"))(
    lambda x: length(x)[:, 0], lambda x, dA: [dA[:, None] * x * guarded(x)]
)


def unguarded(x, dA):
    with np.errstate(all="ignore"):
        return [dA[:, None] * x / length(x)]


def swapped_groups(x, dA):
    split = lambda a: a.reshape(-1, 2, 2).swapaxes(1, 2)
    return [normal_vjp(split(x), split(dA), 2).swapaxes(1, 2).reshape(x.shape)]


def without_eps(x, g, b, dA):
    with np.errstate(all="ignore"):
        dx = np.where(x.var(axis=0) > 0, normal_vjp(x, dA * g, eps=0.0), 0)
    return [dx, *batch.vjp(x, g, b, dA)[1:]]


def square_only(wrong_axis, right_axis):
    wrong, right = affine_vjp(wrong_axis), affine_vjp(right_axis)
    return lambda x, g, b, dA: (wrong if x.shape[0] == x.shape[1] else right)(x, g, b, dA)


MUTANTS = [
    batch.but("without the variance term: two paths of three")(affine_vjp(variance=0)),
    batch.but("without the mean term: two paths of three")(affine_vjp(mean=0)),
    batch.but("1 / sqrt(var), eps forgotten: 0 where all are equal")(without_eps),
    batch.but("m - 1: the unbiased variance")(lambda x, g, b, dA: affine_vjp(m=max(len(x) - 1, 1))(x, g, b, dA)),
    batch.of(1).but("dg from x: x was kept, not what is normal")(lambda x, g, b, dA: (dA * x).sum(axis=0)),
    batch.of(0).but("dx without g: right at the start, when g is 1")(lambda x, g, b, dA: normal_vjp(x, dA)),
    batch.but("eps 0.01001: two defaults")(affine_vjp(eps=0.01001)),
    small.but("0 for batch 1: a variance of one number")(
        lambda x, g, b, dA: [d * (len(x) > 1) for d in batch.vjp(x, g, b, dA)]
    ),
    layer.but("over axis 0 when square: batch norm's")(square_only(0, 1)),
    layer.of(0).but("g after the projection: right where g is uniform")(lambda x, g, b, dA: g * normal_vjp(x, dA, 1)),
    layer.but("statistics held constant: a detach too many")(affine_vjp(1, mean=0, variance=0)),
    frozen_statistics.of(1).but("the running mean's gradient positive: x - mean")(
        lambda x, mean, dA: dA.sum(axis=0) / 2
    ),
    rms.of(0).but("no projection: the root held constant")(lambda x, g, dA: dA * g / root(x)),
    rms.but("sum for mean: the norm, not the root mean square")(lambda x, g, dA: rms_vjp(x, g, dA, 1)),
    rms.but("divided by the rows: len(x)")(lambda x, g, dA: rms_vjp(x, g, dA, len(x))),
    group.but("every other channel: groups and members exchanged")(swapped_groups),
    group.but("one group: layer norm's")(lambda x, dA: [normal_vjp(x, dA, 1)]),
    instance.but("over the channels: the last axis is theirs")(lambda x, dA: [normal_vjp(x, dA, 2)]),
    instance.but("over batch and time: batch norm's")(
        lambda x, dA: [normal_vjp(x.reshape(-1, x.shape[2]), dA.reshape(-1, x.shape[2])).reshape(x.shape)]
    ),
    unit.but("the norm held constant: half of the quotient rule")(lambda x, dA: [dA / np.maximum(length(x), 0.5)]),
    unit.but("projected below 1/2 too: the guard is in forward only")(
        lambda x, dA: [
            dA / np.maximum(length(x), 0.5) - x * (dA * x).sum(axis=1, keepdims=True) / np.maximum(length(x), 0.5) ** 3
        ]
    ),
    norm.but("x / norm without a guard at 0: 0 / 0")(unguarded),
    norm.but("the norm plus 1e-8: a guard that is felt elsewhere")(
        lambda x, dA: [dA[:, None] * x / (length(x) + 1e-8)]
    ),
    norm.but("the square's: the root forgotten")(lambda x, dA: [dA[:, None] * 2 * x]),
]
