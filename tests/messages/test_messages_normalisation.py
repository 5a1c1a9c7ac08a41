"""Error messages of normalisation, dropout and noise, pinned word for word."""

import numpy as np
import pytest

from funcnn import BatchNorm, Dense, Dropout, LayerNorm, backward, evolve, forward, inference, predict
from funcnn.core import backward_params
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.generation import step
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm, RMSNorm
from tests.says import assert_says

x = np.linspace(-1, 1, 12).reshape(4, 3)
half = x.astype(np.float32)
ones, zeros = np.ones(3), np.zeros(3)
batch, layer, rms = BatchNorm.init(3), LayerNorm.init(3), RMSNorm.init(3)
group, instance, affine = GroupNorm.init(3, groups=1), InstanceNorm.init(3), Affine.init(3)
dropout, channels, noise = Dropout(0.5, seed=1), ChannelDropout(0.5, seed=1), GaussianNoise(0.5, seed=1)
net = (Dense.init(3, 3, seed=0), batch)
AT_LEAST_TWO = "to predict, write inference(params); to train, leave out a batch of one row"
SHORT = "BatchNorm(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>, mean=<f64 [0. 0. 0.]>, var=<f64 [1. 1. 1.]>"


def back(params, x, dA):
    return lambda: backward(params, forward(params, x)[1], dA)


ROWS = {
    "eps by position": (
        lambda: LayerNorm.init(1, 1e-5),
        TypeError,
        "LayerNorm.init() takes 2 positional arguments but 3 were given",
    ),
    # Made wrongly.
    "scale is a matrix": (
        lambda: LayerNorm(x, zeros),
        ShapeError,
        "LayerNorm: scale and shift must be (n,); scale: (4, 3), shift: (3,)",
    ),
    "shift of another size": (
        lambda: Affine(ones, np.zeros(2)),
        ShapeError,
        "Affine: scale and shift must be (n,); scale: (3,), shift: (2,)",
    ),
    "scale of rms norm": (lambda: RMSNorm(x), ShapeError, "RMSNorm: scale must be (n,); scale: (4, 3)"),
    "running mean of another size": (
        lambda: evolve(batch, mean=np.zeros(2)),
        ShapeError,
        "BatchNorm: scale and shift and mean and var must be (n,); scale: (3,), shift: (3,), mean: (2,), var: (3,)",
    ),
    "running variance without a shift": (
        lambda: BatchNorm(ones, None, zeros, np.ones((1, 3))),
        ShapeError,
        "BatchNorm: scale and shift and mean and var must be (n,); scale: (3,), shift: None, mean: (3,), var: (1, 3)",
    ),
    "running variance negative": (
        lambda: evolve(batch, var=np.array([1.0, -2.0, 0.0])),
        RangeError,
        "BatchNorm: var must not be negative; its least is -2.0",
    ),
    "dtype of shift": (
        lambda: InstanceNorm(ones, zeros.astype(np.float32)),
        KindError,
        "InstanceNorm: shift is float32, scale is float64; write shift.astype('float64')",
    ),
    "dtype of the running variance": (
        lambda: evolve(batch, var=ones.astype(np.float32)),
        KindError,
        "BatchNorm: var is float32, scale is float64; write var.astype('float64')",
    ),
    "scale is a list": (
        lambda: RMSNorm([1.0, 1.0]),
        KindError,
        "RMSNorm: scale must be an array of floats, not list; write np.array(scale, float)",
    ),
    "groups do not divide": (
        lambda: GroupNorm.init(6, groups=4),
        RangeError,
        "GroupNorm: groups must divide the 6 channels; it is 4",
    ),
    "step negative": (
        lambda: Dropout(0.5, seed=1, step=-1),
        RangeError,
        "Dropout: step must be in [0, 2**31), not -1",
    ),
    "step too large": (
        lambda: evolve(noise, step=2**40),
        RangeError,
        "GaussianNoise: step must be in [0, 2**31), not 1099511627776",
    ),
    # Given the wrong x.
    "one row while training": (
        lambda: forward(batch, x[:1]),
        RangeError,
        "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO,
    ),
    "no row while training": (
        lambda: forward(batch, x[:0]),
        RangeError,
        "BatchNorm: x must have at least two rows for a variance, not (0, 3); " + AT_LEAST_TWO,
    ),
    "one row in a network": (
        lambda: forward(net, x[:1]),
        RangeError,
        "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO,
        [f"in layer 1, {SHORT}, momentum=0.1, eps=1e-05), x: <f64 [[ 0.3815 -0.3443  0.1871]]>"],
    ),
    "one place": (
        lambda: forward(instance, x[:, None]),
        RangeError,
        "InstanceNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 1, 3)",
    ),
    "a row for instance norm": (
        lambda: forward(instance, x),
        RangeError,
        "InstanceNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 3)",
    ),
    "one number a group": (
        lambda: forward(GroupNorm.init(3, groups=3), x),
        RangeError,
        "GroupNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 3)",
    ),
    "features": (lambda: forward(batch, x[:, :2]), ShapeError, "BatchNorm: x must be (m, ..., 3), not (4, 2)"),
    "features of layer norm": (
        lambda: forward(layer, x[:, :2]),
        ShapeError,
        "LayerNorm: x must be (m, ..., 3), not (4, 2)",
    ),
    "features of group norm": (
        lambda: forward(group, x[:, :2]),
        ShapeError,
        "GroupNorm: x must be (m, ..., 3), not (4, 2)",
    ),
    "features of an affine map": (
        lambda: predict(batch, x[:, :2]),
        ShapeError,
        "Affine: x must be (m, ..., 3), not (4, 2)",
    ),
    "one axis": (
        lambda: forward(layer, x[0]),
        ShapeError,
        "LayerNorm: x must be (m, ..., 3), not (3,); write x[None] for one row",
    ),
    "dtype": (
        lambda: forward(rms, half),
        KindError,
        "RMSNorm: x is float32, scale is float64; write x.astype('float64')",
    ),
    "whole numbers": (
        lambda: forward(layer, np.ones((2, 3), int)),
        KindError,
        "LayerNorm: x is int64, scale is float64; write x.astype('float64')",
    ),
    "a list": (
        lambda: forward(layer, x.tolist()),
        KindError,
        "LayerNorm: x must be an array, not list; write np.asarray(x)",
    ),
    "a masked array": (
        lambda: forward(batch, np.ma.masked_array(x)),
        KindError,
        "BatchNorm: x must be an array, not MaskedArray",
    ),
    "a pair": (
        lambda: forward(layer, (x, x > 0)),
        KindError,
        "LayerNorm: x must be an array, not tuple; for (x, mask) write First(layer)",
    ),
    "dropout of whole numbers": (
        lambda: forward(dropout, np.ones((2, 3), int)),
        KindError,
        "Dropout: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "dropout of a pair": (
        lambda: forward(dropout, (x, x > 0)),
        KindError,
        "Dropout: x must be an array, not tuple; for (x, mask) write First(layer)",
    ),
    "noise on whole numbers": (
        lambda: forward(noise, np.ones((2, 3), int)),
        KindError,
        "GaussianNoise: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "channels of one axis": (
        lambda: forward(channels, x[0]),
        ShapeError,
        "ChannelDropout: x must be (m, ..., c), not (3,)",
    ),
    # Backward.
    "dA": (back(batch, x, x[:2]), ShapeError, "BatchNorm: dA must have the shape of out, (4, 3); it has (2, 3)"),
    "dA of layer norm": (
        back(layer, x, x[:2]),
        ShapeError,
        "LayerNorm: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA of rms norm": (
        back(rms, x, x[:2]),
        ShapeError,
        "RMSNorm: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA of group norm": (
        back(group, x, x[:2]),
        ShapeError,
        "GroupNorm: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA of an affine map": (
        back(affine, x, x[:2]),
        ShapeError,
        "Affine: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA of dropout": (
        back(dropout, x, x[:2]),
        ShapeError,
        "Dropout: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA of noise": (
        back(noise, x, x[:2]),
        ShapeError,
        "GaussianNoise: dA must have the shape of out, (4, 3); it has (2, 3)",
    ),
    "dA a number": (
        back(dropout, x, 1.0),
        KindError,
        "Dropout: dA must be an array of the shape of out, (4, 3), not float",
    ),
    "dA of whole numbers": (
        back(dropout, x, np.ones((4, 3), int)),
        KindError,
        "Dropout: dA must be an array of floats, not int64 array; write dA.astype(float)",
    ),
    "dtype of dA": (
        back(layer, x, half),
        KindError,
        "LayerNorm: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "dtype of dA of noise": (
        back(noise, x, half),
        KindError,
        "GaussianNoise: dA is float32, out is float64; write dA.astype('float64')",
    ),
    "another cache": (
        lambda: backward(batch, x, x),
        ShapeError,
        "backward: the cache is of another network; cache: <f64 4x3>, layer: BatchNorm(scale=<f64 [1. 1. 1.]>, "
        "shift=<f64 [0. 0. 0.]>, mean=<f64 [0. 0. 0.]>, var=<f64 [1. 1. 1.]>, momentum=0.1, eps=1e-05)",
    ),
    "another cache of layer norm": (
        lambda: backward(layer, forward(LayerNorm.init(2), x.repeat(2, axis=0)[:, :2])[1], x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 8x2>, <f64 8x1>, <f64 8x1>), layer: "
        "LayerNorm(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>, eps=1e-05)",
    ),
    "no cache": (
        lambda: backward(affine, (), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: Affine(scale=<f64 [1. 1. 1.]>, "
        "shift=<f64 [0. 0. 0.]>)",
    ),
    "a cache of words": (
        lambda: backward(affine, ("x",), x),
        ShapeError,
        "backward: the cache is of another network; cache: ('x',), layer: Affine(scale=<f64 [1. 1. 1.]>, "
        "shift=<f64 [0. 0. 0.]>)",
    ),
    "a step of what looks at all places": (
        lambda: step(group, x[None]),
        KindError,
        "step: GroupNorm mixes positions, so it cannot take one part of a sequence alone",
    ),
    "a step of one place of an instance": (
        lambda: step(instance, x[None, :1]),
        KindError,
        "step: InstanceNorm mixes positions, so it cannot take one part of a sequence alone",
    ),
    "another cache of dropout": (
        lambda: backward(dropout, (x,), x),
        ShapeError,
        "backward: the cache is of another network; cache: (<f64 4x3>,), layer: Dropout(seed=(1,), step=0, rate=0.5)",
    ),
    "another cache of first dropout": (
        lambda: backward_params(channels, (), x),
        ShapeError,
        "backward: the cache is of another network; cache: (), layer: ChannelDropout(seed=(1,), step=0, rate=0.5)",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_is_refused_in_one_sentence(row):
    assert_says(ROWS[row])


def test_a_row_predicts_where_it_cannot_train():
    assert predict(batch, x[:1]).shape == (1, 3)
    assert forward(inference(net), x[:1])[0].shape == (1, 3)
    assert forward(batch, x[:1].reshape(1, 1, 3).repeat(2, axis=1))[0].shape == (1, 2, 3)
