"""Error messages of normalisation, dropout and noise, pinned word for word."""

import numpy as np

from funcnn import BatchNorm, Dense, Dropout, LayerNorm, backward, evolve, forward, inference, predict
from funcnn.core import backward_params
from funcnn.generation import step
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm, RMSNorm
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

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


ROWS = [
    raises(TypeError, lambda: LayerNorm.init(1, 1e-5))
    >> "LayerNorm.init() takes 2 positional arguments but 3 were given",
    # Made wrongly.
    shape_error(lambda: LayerNorm(x, zeros)) >> "LayerNorm: scale must be (n,) and shift (n,) or None; scale: "
    "(4, 3), shift: (3,)",
    shape_error(lambda: Affine(ones, np.zeros(2))) >> "Affine: scale must be (n,) and shift (n,); scale: (3,), "
    "shift: (2,)",
    shape_error(lambda: RMSNorm(x)) >> "RMSNorm: scale must be (n,); scale: (4, 3)",
    shape_error(lambda: evolve(batch, mean=np.zeros(2)))
    >> "BatchNorm: scale must be (n,), shift (n,) or None, mean (n,) and var (n,); scale: (3,), shift: (3,), "
    "mean: (2,), var: (3,)",
    shape_error(lambda: BatchNorm(ones, None, zeros, np.ones((1, 3))))
    >> "BatchNorm: scale must be (n,), shift (n,) or None, mean (n,) and var (n,); scale: (3,), shift: None, "
    "mean: (3,), var: (1, 3)",
    range_error(lambda: evolve(batch, var=np.array([1.0, -2.0, 0.0])))
    >> "BatchNorm: var must not be negative; its smallest entry is -2.0",
    kind_error(lambda: InstanceNorm(ones, zeros.astype(np.float32)))
    >> "InstanceNorm: shift must be float64, as scale is, not float32; write shift.astype('float64')",
    kind_error(lambda: evolve(batch, var=ones.astype(np.float32)))
    >> "BatchNorm: var must be float64, as scale is, not float32; write var.astype('float64')",
    kind_error(lambda: RMSNorm([1.0, 1.0]))
    >> "RMSNorm: scale must be an array of floats, not list; write np.array(scale, float)",
    range_error(lambda: GroupNorm.init(6, groups=4)) >> "GroupNorm: groups must divide the number of channels, "
    "6, which 4 does not",
    range_error(lambda: Dropout(0.5, seed=1, step=-1)) >> "Dropout: step must be in [0, 2**31), not -1",
    range_error(lambda: evolve(noise, step=2**40)) >> "GaussianNoise: step must be in [0, 2**31), not 1099511627776",
    # Given the wrong x.
    range_error(lambda: forward(batch, x[:1]))
    >> "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO,
    range_error(lambda: forward(batch, x[:0]))
    >> "BatchNorm: x must have at least two rows for a variance, not (0, 3); " + AT_LEAST_TWO,
    range_error(lambda: forward(net, x[:1]))
    >> "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO
    >> [f"in layer 1, {SHORT}, momentum=0.1, eps=1e-05), x: <f64 [[-0.3802  0.1243  0.1374]]>"],
    range_error(lambda: forward(instance, x[:, None]))
    >> "InstanceNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 1, 3)",
    range_error(lambda: forward(instance, x))
    >> "InstanceNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 3)",
    range_error(lambda: forward(GroupNorm.init(3, groups=3), x))
    >> "GroupNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 3)",
    shape_error(lambda: forward(batch, x[:, :2])) >> "BatchNorm: x must be (m, ..., 3), not (4, 2)",
    shape_error(lambda: forward(layer, x[:, :2])) >> "LayerNorm: x must be (m, ..., 3), not (4, 2)",
    shape_error(lambda: forward(group, x[:, :2])) >> "GroupNorm: x must be (m, ..., 3), not (4, 2)",
    shape_error(lambda: predict(batch, x[:, :2])) >> "Affine: x must be (m, ..., 3), not (4, 2)",
    shape_error(lambda: forward(layer, x[0]))
    >> "LayerNorm: x must be (m, ..., 3), not (3,); write x[None] for one row",
    kind_error(lambda: forward(rms, half)) >> "RMSNorm: x must be float64, as scale is, not float32; write "
    "x.astype('float64')",
    kind_error(lambda: forward(layer, np.ones((2, 3), int)))
    >> "LayerNorm: x must be float64, as scale is, not int64; write x.astype('float64')",
    kind_error(lambda: forward(layer, x.tolist())) >> "LayerNorm: x must be an array, not list; write np.asarray(x)",
    kind_error(lambda: forward(batch, np.ma.masked_array(x))) >> "BatchNorm: x must be an array, not MaskedArray; "
    "write x.filled(...), with a value for its gaps",
    kind_error(lambda: forward(layer, (x, x > 0)))
    >> "LayerNorm: x must be an array, not tuple; for (x, mask) write First(layer)",
    kind_error(lambda: forward(dropout, np.ones((2, 3), int)))
    >> "Dropout: x must be an array of floats, not int64 array; write x.astype(float)",
    kind_error(lambda: forward(dropout, (x, x > 0)))
    >> "Dropout: x must be an array, not tuple; for (x, mask) write First(layer)",
    kind_error(lambda: forward(noise, np.ones((2, 3), int)))
    >> "GaussianNoise: x must be an array of floats, not int64 array; write x.astype(float)",
    shape_error(lambda: forward(channels, x[0])) >> "ChannelDropout: x must be (m, ..., c), not (3,)",
    # Backward.
    shape_error(back(batch, x, x[:2])) >> "BatchNorm: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(layer, x, x[:2])) >> "LayerNorm: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(rms, x, x[:2])) >> "RMSNorm: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(group, x, x[:2])) >> "GroupNorm: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(affine, x, x[:2])) >> "Affine: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(dropout, x, x[:2])) >> "Dropout: dA must have the shape of out, (4, 3), not (2, 3)",
    shape_error(back(noise, x, x[:2])) >> "GaussianNoise: dA must have the shape of out, (4, 3), not (2, 3)",
    kind_error(back(dropout, x, 1.0)) >> "Dropout: dA must be an array like out, of shape (4, 3), not float",
    kind_error(back(dropout, x, np.ones((4, 3), int)))
    >> "Dropout: dA must be an array of floats, not int64 array; write dA.astype(float)",
    kind_error(back(layer, x, half)) >> "LayerNorm: dA must be float64, as out is, not float32; write "
    "dA.astype('float64')",
    kind_error(back(noise, x, half)) >> "GaussianNoise: dA must be float64, as out is, not float32; write "
    "dA.astype('float64')",
    shape_error(lambda: backward(batch, x, x))
    >> "backward: cache must be what forward returned for this layer; cache: <f64 4x3>, layer: BatchNorm(scale=<f64 "
    "[1. 1. 1.]>, "
    "shift=<f64 [0. 0. 0.]>, mean=<f64 [0. 0. 0.]>, var=<f64 [1. 1. 1.]>, momentum=0.1, eps=1e-05)",
    shape_error(lambda: backward(layer, forward(LayerNorm.init(2), x.repeat(2, axis=0)[:, :2])[1], x))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 8x2>, <f64 8x1>, <f64 8x1>), layer: "
    "LayerNorm(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>, eps=1e-05)",
    shape_error(lambda: backward(affine, (), x))
    >> "backward: cache must be what forward returned for this layer; cache: (), layer: "
    "Affine(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>)",
    shape_error(lambda: backward(affine, ("x",), x))
    >> "backward: cache must be what forward returned for this layer; cache: ('x',), layer: "
    "Affine(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>)",
    kind_error(lambda: step(group, x[None]))
    >> "step: GroupNorm mixes positions, so it cannot take one part of a sequence alone",
    kind_error(lambda: step(instance, x[None, :1]))
    >> "step: InstanceNorm mixes positions, so it cannot take one part of a sequence alone",
    shape_error(lambda: backward(dropout, (x,), x))
    >> "backward: cache must be what forward returned for this layer; cache: (<f64 4x3>,), layer: Dropout(seed=(1,), "
    "step=0, rate=0.5)",
    shape_error(lambda: backward_params(channels, (), x))
    >> "backward: cache must be what forward returned for this layer; cache: (), layer: ChannelDropout(seed=(1,), "
    "step=0, rate=0.5)",
]


@each_row(ROWS)
def test_it_is_refused_in_one_sentence(row):
    assert_says(row)


def test_a_row_predicts_where_it_cannot_train():
    assert predict(batch, x[:1]).shape == (1, 3)
    assert forward(inference(net), x[:1])[0].shape == (1, 3)
    assert forward(batch, x[:1].reshape(1, 1, 3).repeat(2, axis=1))[0].shape == (1, 2, 3)
