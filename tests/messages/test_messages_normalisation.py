"""Error messages of normalisation, dropout and noise, pinned word for word."""

import numpy as np

from funcnn import BatchNorm, Dense, Dropout, LayerNorm, evolve, forward, inference, predict
from funcnn.generation import step
from funcnn.layers import ChannelDropout, GaussianNoise, GroupNorm, InstanceNorm
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 12).reshape(4, 3)
batch, layer = BatchNorm.init(3), LayerNorm.init(3)
group, instance = GroupNorm.init(3, groups=1), InstanceNorm.init(3)
dropout, channels, noise = Dropout(0.5, seed=1), ChannelDropout(0.5, seed=1), GaussianNoise(0.5, seed=1)
net = (Dense.init(3, 3, seed=0), batch)
AT_LEAST_TWO = "to predict, write inference(params); to train, leave out a batch of one row"
SHORT = "BatchNorm(scale=<f64 [1. 1. 1.]>, shift=<f64 [0. 0. 0.]>, mean=<f64 [0. 0. 0.]>, var=<f64 [1. 1. 1.]>"


ROWS = [
    raises(TypeError, lambda: LayerNorm.init(1, 1e-5))
    >> "LayerNorm.init() takes 2 positional arguments but 3 were given",
    # Made wrongly.
    shape_error(lambda: evolve(batch, mean=np.zeros(2))) >> "BatchNorm: scale must be (n,), shift (n,) or None, mean "
    "(n,) and var (n,); scale: (3,), shift: (3,), mean: (2,), var: (3,)",
    range_error(lambda: evolve(batch, var=np.array([1.0, -2.0, 0.0])))
    >> "BatchNorm: var must not be negative; its smallest entry is -2.0",
    range_error(lambda: GroupNorm.init(6, groups=4)) >> "GroupNorm: groups must divide the number of channels, "
    "6, which 4 does not",
    range_error(lambda: Dropout(0.5, seed=1, step=-1)) >> "Dropout: step must be in [0, 2**31), not -1",
    range_error(lambda: evolve(noise, step=2**40)) >> "GaussianNoise: step must be in [0, 2**31), not 1099511627776",
    # Given the wrong x.
    range_error(lambda: forward(batch, x[:1]))
    >> "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO,
    range_error(lambda: forward(net, x[:1]))
    >> "BatchNorm: x must have at least two rows for a variance, not (1, 3); " + AT_LEAST_TWO
    >> [f"in layer 1, {SHORT}, momentum=0.1, eps=1e-05), x: <f64 [[-0.3802  0.1243  0.1374]]>"],
    range_error(lambda: forward(instance, x[:, None]))
    >> "InstanceNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 1, 3)",
    range_error(lambda: forward(GroupNorm.init(3, groups=3), x))
    >> "GroupNorm: x must have at least two numbers in each of its 3 groups for a variance, not (4, 3)",
    shape_error(lambda: forward(channels, x[0])) >> "ChannelDropout: x must be (m, ..., c), not (3,)",
    # Backward.
    kind_error(lambda: step(group, x[None]))
    >> "step: GroupNorm mixes positions, so it cannot take one part of a sequence alone",
    kind_error(lambda: step(instance, x[None, :1]))
    >> "step: InstanceNorm mixes positions, so it cannot take one part of a sequence alone",
]


@each_row(ROWS)
def test_it_is_refused_in_one_sentence(row):
    assert_says(row)


def test_a_row_predicts_where_it_cannot_train():
    assert predict(batch, x[:1]).shape == (1, 3)
    assert forward(inference(net), x[:1])[0].shape == (1, 3)
    assert forward(batch, x[:1].reshape(1, 1, 3).repeat(2, axis=1))[0].shape == (1, 2, 3)
