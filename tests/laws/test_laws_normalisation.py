"""Laws of normalisation, dropout and noise, on drawn cases."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcnn import BatchNorm, Dropout, LayerNorm, backward, evolve, forward, inference, sgd
from funcnn.layers import Affine, ChannelDropout, GaussianNoise, GroupNorm, Identity, InstanceNorm, RMSNorm
from funcnn.testing import strategies as fst
from tests.laws.rows import assert_rows_add_up

NOISES = st.sampled_from([Dropout, ChannelDropout, GaussianNoise])


@given(st.sampled_from([LayerNorm, RMSNorm, GroupNorm, InstanceNorm, Affine]), st.data())
def test_a_batch_is_its_rows_and_gradients_of_row_blocks_add_up(cls, data):
    params, x = data.draw(fst.cases(cls))
    assert_rows_add_up(params, np.concatenate([x, x[::-1] / 2, x + 1]))


@given(fst.tensors("m n", least=2))
def test_the_order_of_rows_does_not_matter_to_a_batch(arrays):
    [x] = arrays
    layer = BatchNorm.init(x.shape[1], eps=0.01)
    np.testing.assert_allclose(
        forward(layer, x[::-1])[0], forward(layer, x)[0][::-1], rtol=0, atol=1e-9 * max(1, abs(x).max())
    )


@given(fst.tensors("m n", least=2), st.floats(0.25, 4), st.integers(-8, 8))
def test_scale_and_offset_of_x_are_taken_away(arrays, factor, offset):
    x = arrays[0].clip(-30, 30)
    layer = LayerNorm.init(x.shape[1], eps=1e-12)
    out = forward(layer, x)[0]
    moved = forward(evolve(layer, eps=factor**2 * 1e-12), factor * x + offset)[0]
    spread = x.std(axis=1, keepdims=True)
    np.testing.assert_allclose(np.where(spread > 1e-3, moved - out, 0), 0, rtol=0, atol=1e-8)


@given(st.data())
def test_a_batch_norm_that_predicts_treats_each_row_alone(data):
    params, x = data.draw(fst.cases(BatchNorm))
    quiet = inference(params)
    out = forward(quiet, x)[0]
    single = np.concatenate([forward(quiet, row[None])[0] for row in x])
    assert (out == single).all()


@given(NOISES, st.data())
def test_noise_predicts_nothing_and_draws_anew_in_each_step(cls, data):
    layer, _ = data.draw(fst.cases(cls))
    assert inference(layer) == Identity()
    layer = evolve(layer, **{"std" if cls is GaussianNoise else "rate": 0.5})
    x = np.ones((4, 2, 16))
    out, cache = forward(layer, x)
    after = sgd(layer, backward(layer, cache, out), 0.1)
    assert (out != forward(after, x)[0]).any()
