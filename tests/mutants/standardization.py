"""Normalisation, affine maps, dropout and noise, by funcnn's rules, with a mistake in backward."""

import numpy as np

from funcnn import BatchNorm, Dropout, LayerNorm, forward
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm, RMSNorm
from funcnn.testing import strategies as fst
from tests.mutants.family import of_layer

EPS = 0.01


def running(scale, shift):
    return BatchNorm(scale, shift, np.zeros_like(scale), np.ones_like(scale), eps=EPS)


rows = ["m t n", "n", "n"]
batch = of_layer("BatchNorm", fst.tensors("2 m n", "n", "n"), running)
layer = of_layer("LayerNorm", fst.tensors(*rows), lambda scale, shift: LayerNorm(scale, shift, EPS))
rms = of_layer("RMSNorm", fst.tensors(*rows[:2]), lambda scale: RMSNorm(scale, EPS))
group = of_layer("GroupNorm", fst.tensors("m t 4", "4", "4"), lambda scale, shift: GroupNorm(scale, shift, 2, EPS))
instance = of_layer(
    "InstanceNorm", fst.tensors("m 3 2 c", "c", "c"), lambda scale, shift: InstanceNorm(scale, shift, EPS)
)
affine = of_layer("Affine", fst.tensors(*rows), Affine)
dropout = of_layer("Dropout", fst.tensors("m n"), lambda: Dropout(0.5, seed=1))
channels = of_layer("ChannelDropout", fst.tensors("m 3 c"), lambda: ChannelDropout(0.5, seed=1))
noise = of_layer("GaussianNoise", fst.tensors("m n"), lambda: GaussianNoise(0.5, seed=1))


def standard(x, axes):
    """(xhat, 1 / sqrt(var + eps)) over these axes."""
    u = x - x.mean(axes, keepdims=True)
    inv = 1 / np.sqrt((u * u).mean(axes, keepdims=True) + EPS)
    return u * inv, inv


def back(x, d, axes, *, mean=1.0, variance=1.0):
    xhat, inv = standard(x, axes)
    return inv * (d - mean * d.mean(axes, keepdims=True) - variance * xhat * (d * xhat).mean(axes, keepdims=True))


def sums(x, dA, axes):
    """dscale and dshift."""
    return [(dA * standard(x, axes)[0]).sum((0, 1)), dA.sum((0, 1))]


def slip(axes, change=None, **terms):
    """dx with a wrong term: `change` replaces dA in the rule."""

    def vjp(x, scale, shift, dA):
        d = (change or (lambda scale, dA: dA * scale))(scale, dA)
        return [back(x, d, axes, **terms), *sums(x, dA, axes)]

    return vjp


def in_groups(x, dA, split):
    """dx of GroupNorm, its channels cut by `split`."""
    shape = (len(x), x.shape[1], 2, 2)
    parts = (a.reshape(shape).swapaxes(2, 3) if split == "strided" else a.reshape(shape) for a in (x, dA))
    dx = back(*parts, (1, 3))
    return (dx.swapaxes(2, 3) if split == "strided" else dx).reshape(x.shape)


def rms_slip(*, power=2, factor=1.0):
    def vjp(x, scale, dA):
        d, inv = dA * scale, 1 / np.sqrt((x * x).mean(-1, keepdims=True) + EPS)
        along = factor * x * (d * x).mean(-1, keepdims=True) * inv**power
        return [inv * (d - along), (dA * x * inv).sum((0, 1))]

    return vjp


mask_of = lambda x, step=0: forward(Dropout(0.5, seed=1, step=step), np.ones_like(x))[0]

MUTANTS = [
    batch.but("over the last batch axis alone: x is (m, t, n)")(slip((1,))),
    batch.but("the mean held constant: a detach too many")(slip((0, 1), mean=0.0)),
    batch.but("the variance's term added: its sign is that of a quotient")(slip((0, 1), variance=-1.0)),
    batch.but("scale forgotten in dx: right at the start, when it is 1")(slip((0, 1), lambda scale, dA: dA)),
    layer.but("over the rows: batch norm's axes")(slip((0, 1))),
    layer.but("the mean held constant: a detach too many")(slip((2,), mean=0.0)),
    layer.but("half of the variance's term: the 1/2 of the root, twice")(slip((2,), variance=0.5)),
    layer.but("dscale without xhat: dshift's line copied")(
        lambda x, scale, shift, dA: [layer.vjp(x, scale, shift, dA)[0], dA.sum((0, 1)), dA.sum((0, 1))]
    ),
    rms.but("the projection twice: the derivative of a square, without its root")(rms_slip(factor=2.0)),
    rms.but("one power too few: xhat taken for x")(rms_slip(power=1)),
    rms.but("no projection: the root held constant")(rms_slip(factor=0.0)),
    group.of(0).but("every other channel a group: (members, groups) for (groups, members)")(
        lambda x, scale, shift, dA: in_groups(x, dA * scale, "strided")
    ),
    group.but("all channels one group: layer norm of an image")(slip((1, 2))),
    group.but("each channel a group: instance norm's")(slip((1,))),
    group.of(0).but("scale after the projection: right where the scale is uniform")(
        lambda x, scale, shift, dA: scale * in_groups(x, dA, "runs")
    ),
    instance.of(0).but("over one axis of positions: images have two")(
        lambda x, scale, shift, dA: back(x, dA * scale, (1,))
    ),
    instance.of(0).but("over the batch too: batch norm's axes")(
        lambda x, scale, shift, dA: back(x, dA * scale, (0, 1, 2))
    ),
    instance.of(0).but("the variance held constant: a detach too many")(
        lambda x, scale, shift, dA: back(x, dA * scale, (1, 2), variance=0.0)
    ),
    affine.of(0).but("dx without the scale: the layer is the identity at the start")(lambda x, s, b, dA: +dA),
    affine.but("dscale from out: what was kept is out")(
        lambda x, scale, shift, dA: [dA * scale, (dA * (x * scale + shift)).sum((0, 1)), dA.sum((0, 1))]
    ),
    affine.but("the mean over rows: the loss has divided already")(
        lambda x, scale, shift, dA: [dA * scale, (dA * x).mean((0, 1)), dA.mean((0, 1))]
    ),
    dropout.but("not scaled: the mask alone")(lambda x, dA: [dA * (mask_of(x) > 0)]),
    dropout.but("no mask: dropout forgotten on the way back")(lambda x, dA: [dA * 2]),
    dropout.but("the mask of the next step: step moved before backward")(lambda x, dA: [dA * mask_of(x, 1)]),
    dropout.but("by the sign of x: out > 0, as Relu does")(lambda x, dA: [dA * 2 * (x * mask_of(x) > 0)]),
    channels.but("a mask for each entry: plain dropout's")(lambda x, dA: [dA * mask_of(x)]),
    channels.but("no mask: dropout forgotten on the way back")(lambda x, dA: [dA * 2]),
    channels.but("squared scale: applied in both functions twice")(lambda x, dA: [2 * channels.vjp(x, dA)[0]]),
    noise.but("dA scaled by the noise: taken for dropout")(
        lambda x, dA: [dA * forward(GaussianNoise(0.5, seed=1), 1 + 0 * x)[0]]
    ),
    noise.but("std for 1: d out / d z")(lambda x, dA: [dA * 0.5]),
    noise.but("nothing flows: noise has no derivative")(lambda x, dA: [0 * dA]),
]
