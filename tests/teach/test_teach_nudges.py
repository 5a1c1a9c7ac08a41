"""Slopes by nudging one number, against gradients."""

import numpy as np
import pytest

from funcnn import LSTM, Dense, Tanh, mse, value_and_grad
from funcnn.teach import nudge
from funcnn.trees.walks import walk

rng = np.random.default_rng(0)


def test_the_slope_of_each_number_is_its_gradient():
    net, x = (Dense.init(2, 3, seed=0), Tanh(), Dense.init(3, 1, seed=1)), rng.normal(size=(4, 2))
    y = x[:, :1] * x[:, 1:]
    _, grads = value_and_grad(mse, inputs=True)(net, x, y)
    for path, gradient in [*walk(grads.params), ("x", grads.x)]:
        for index in np.ndindex(gradient.shape):
            found = nudge(net, x, y, mse, path, index)
            assert found.slope == pytest.approx(gradient[index], rel=1e-4, abs=1e-6)
            assert mse(found.out_above, y)[0] == found.above
            assert mse(found.out_below, y)[0] == found.below


def test_a_single_layer_has_short_paths_and_a_tuple_of_inputs_none():
    layer, x = LSTM.init(2, 3, seed=0), rng.normal(size=(1, 4, 2))
    _, grads = value_and_grad(lambda out, y: (mse(out[0], y)[0], (mse(out[0], y)[1], None)))(
        layer, (x, np.ones((1, 4), bool)), np.ones((1, 4, 3))
    )
    found = nudge(layer, (x, np.ones((1, 4), bool)), np.ones((1, 4, 3)), lambda out, y: mse(out[0], y), "b", 2, h=1e-4)
    assert found.slope == pytest.approx(grads.params.b[2], rel=1e-6)
