"""Augmentations: pure functions of rows and a generator, each row with its own random numbers."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import batches
from funcnn.draws import key_of, symmetric

SEEDS = st.integers(0, 2**31)
MOVES = {
    "flip": nn.data.random_flip,
    "flip of rows": partial(nn.data.random_flip, axis=1),
    "shift": partial(nn.data.random_crop, padding=2),
    "crop": partial(nn.data.random_crop, size=(3, 4)),
    "turn": nn.data.random_turn,
    "rotation": partial(nn.data.random_rotation, degrees=30),
    "window": partial(nn.data.random_window, size=3),
}
OF_FLOATS = {
    "brightness": partial(nn.data.random_brightness, most=0.3),
    "cutout": partial(nn.data.cutout, size=3),
    "noise": partial(nn.data.gaussian_noise, deviation=0.1),
}


def generator(seed=0):
    return np.random.default_rng(seed)


def pictures(m=6, side=5, dtype=np.float64):
    return (1 + generator().permutation(m * side * side * 2)).reshape(m, side, side, 2).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("name", [*MOVES, *OF_FLOATS])
def test_it_is_pure_and_keeps_the_dtype(name, dtype):
    f, x = {**MOVES, **OF_FLOATS}[name], pictures(dtype=dtype)
    x.setflags(write=False)
    made = f(x, generator(3))
    assert made.dtype == dtype
    assert made.tobytes() == f(x, generator(3)).tobytes()
    assert not np.array_equal(made, x)
    assert not np.array_equal(made, f(x, generator(4)))


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_arrays_of_a_tuple_move_alike(name, dtype):
    x = pictures()
    labels = (x[..., :1] > 100).astype(dtype)
    moved, moved_labels = MOVES[name]((x, labels), generator(3))
    assert moved_labels.dtype == dtype
    assert np.array_equal(moved, MOVES[name](x, generator(3)))
    assert np.array_equal(moved_labels, MOVES[name](labels, generator(3)))
    if name != "rotation":
        assert np.array_equal(moved_labels, (moved[..., :1] > 100).astype(dtype))


@given(SEEDS, st.sampled_from([1, 2]))
def test_each_image_is_mirrored_or_not(seed, axis):
    x = pictures(40)
    made = nn.data.random_flip(x, generator(seed), axis=axis)
    kinds = [
        (np.array_equal(new, old), np.array_equal(new, np.flip(old, axis - 1)))
        for new, old in zip(made, x, strict=True)
    ]
    assert set(kinds) == {(True, False), (False, True)}


@given(SEEDS, st.integers(0, 3), st.integers(1, 5), st.integers(1, 5))
def test_a_crop_is_a_part_of_the_padded_image(seed, padding, h, w):
    x = pictures(8)
    padded = np.pad(x, [(0, 0), (padding, padding), (padding, padding), (0, 0)])
    parts = np.lib.stride_tricks.sliding_window_view(padded, (h, w), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
    made = nn.data.random_crop(x, generator(seed), size=(h, w), padding=padding)
    assert made.shape == (8, h, w, 2)
    for new, own in zip(made, parts, strict=True):
        assert (own == new).all(axis=(2, 3, 4)).any()
    assert nn.data.random_crop(x, generator(seed), padding=padding + 1).shape == x.shape


def test_every_shift_is_taken():
    x = np.zeros((500, 3, 3, 1))
    x[:, 1, 1] = 1
    places = np.argwhere(nn.data.random_crop(x, generator(), padding=1))[:, 1:3]
    assert len(np.unique(places, axis=0)) == 9


@given(SEEDS)
def test_a_turn_is_one_of_four(seed):
    x = pictures(60)
    made = nn.data.random_turn(x, generator(seed))
    turns = [[np.array_equal(new, np.rot90(old, k)) for k in range(4)] for new, old in zip(made, x, strict=True)]
    assert np.array_equal(np.sum(turns, axis=1), np.ones(60))
    assert set(np.argmax(turns, axis=1)) == {0, 1, 2, 3}


@given(SEEDS, st.sampled_from([5.0, 45, 180]), st.integers(1, 6), st.integers(1, 6))
def test_a_rotation_as_scipy_has_it(seed, degrees, h, w):
    ndimage = pytest.importorskip("scipy.ndimage", reason="the oracle")
    x = generator(1).normal(size=(3, h, w, 2))
    made = nn.data.random_rotation(x, generator(seed), degrees=degrees)
    numbers = nn.data.random_rotation(np.rint(9 * x).astype(int), generator(seed), degrees=degrees)
    angles = np.radians(symmetric(key_of(generator(seed)), (3,)) * degrees)
    centre = np.array([h - 1, w - 1]) / 2
    for i, angle in enumerate(angles):
        matrix = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        for c in range(2):
            wanted = ndimage.affine_transform(
                x[i, :, :, c], matrix, centre - matrix @ centre, order=1, mode="grid-constant"
            )
            assert np.allclose(made[i, :, :, c], wanted, rtol=1e-9, atol=1e-9)
    assert set(np.unique(numbers)) <= {0, *np.rint(9 * x).astype(int).ravel()}


def test_a_rotation_by_little_changes_little():
    x = pictures()
    assert np.allclose(nn.data.random_rotation(x, generator(), degrees=1e-9), x, rtol=1e-6)
    assert np.array_equal(nn.data.random_rotation(x.astype(int), generator(), degrees=1e-9), x)


@given(SEEDS)
def test_one_factor_of_brightness_for_each_image(seed):
    x = pictures(20)
    factors = nn.data.random_brightness(x, generator(seed), most=0.3) / x
    assert np.allclose(factors, factors[:, :1, :1, :1])
    assert len(np.unique(factors[:, 0, 0, 0])) == 20
    assert 0.7 <= factors.min() < factors.max() <= 1.3
    assert np.array_equal(nn.data.random_brightness(x, generator(seed), most=0), x)


@given(SEEDS, st.integers(1, 8))
def test_what_is_cut_out_is_a_square(seed, size):
    x = pictures(20)
    made = nn.data.cutout(x, generator(seed), size=size)
    cut = made[..., 0] == 0
    assert np.array_equal(made, np.where(cut[..., None], 0, x))
    for image in cut:
        rows, columns = image.any(axis=1), image.any(axis=0)
        assert np.array_equal(image, rows[:, None] & columns)
        assert 1 <= rows.sum() <= size
        assert 1 <= columns.sum() <= size
    whole = nn.data.cutout(np.ones((300, 9, 9, 1)), generator(seed), size=3)
    assert {9, 6, 4} == set((whole == 0).sum(axis=(1, 2, 3)))  # inside, at an edge, in a corner


@given(SEEDS, st.integers(1, 7))
def test_a_window_is_consecutive_and_in_the_sequence(seed, size):
    lengths = np.array([7, 3, 1, 0, 5, 7])
    x = np.arange(7) + 10 * np.arange(6)[:, None]
    mask = np.arange(7) < lengths[:, None]
    made, seen = nn.data.random_window((x, mask), generator(seed), size=size, lengths=lengths)
    assert np.array_equal(made, made[:, :1] + np.arange(size))
    assert np.array_equal(seen.sum(axis=1), np.minimum(size, lengths))
    assert np.array_equal(made // 10, np.arange(6)[:, None] + np.zeros((6, size), int))
    begins = nn.data.random_window(np.arange(7) + np.zeros((300, 1), int), generator(seed), size=size)[:, 0]
    assert set(begins) == set(range(8 - size))


@given(SEEDS)
def test_tokens_are_replaced_at_their_rate(seed):
    ids = generator(1).integers(1, 100, (50, 40)).astype(np.uint8)
    made = nn.data.token_dropout(ids, generator(seed), rate=0.2, token=0)
    assert made.dtype == np.uint8
    assert 0.15 < (made == 0).mean() < 0.25
    assert np.array_equal(made[made != 0], ids[made != 0])
    assert np.array_equal(nn.data.token_dropout(ids, generator(seed), rate=0, token=0), ids)


@given(SEEDS)
def test_noise_is_normal(seed):
    z = (nn.data.gaussian_noise(np.full((50, 4, 10), 3.0, np.float32), generator(seed), deviation=0.5) - 3) / 0.5
    assert abs(z.mean()) < 0.15
    assert abs(z.std() - 1) < 0.15


@given(SEEDS, st.sampled_from([0.1, 1.0, 5.0]))
def test_a_mixture_is_of_two_rows_with_their_labels(seed, alpha):
    m = 12
    x, y = np.eye(m)[:, :, None], np.eye(m, dtype=np.float32)
    mixed_x, mixed_y = nn.data.mixup(x, y, generator(seed), alpha=alpha)
    assert (mixed_x.dtype, mixed_y.dtype) == (np.float64, np.float32)
    assert np.allclose(mixed_x[:, :, 0], mixed_y, atol=1e-6)
    assert np.allclose(mixed_x.sum(axis=1), 1)
    assert (mixed_x > 0).sum(axis=1).max() <= 2
    partners = (np.where(np.eye(m) == 1, 0, mixed_x[:, :, 0]) > 0).sum(axis=0)
    assert partners.max() <= 1  # a permutation


def test_arrays_of_jax_give_the_same_numbers():
    jnp = pytest.importorskip("jax.numpy", reason="the same functions on its arrays")
    x = pictures(2, 3, np.float32)
    for f in (MOVES["shift"], MOVES["flip"], OF_FLOATS["cutout"]):
        made = f(jnp.asarray(x), generator())
        assert isinstance(made, type(jnp.asarray(x)))
        assert np.allclose(made, f(x, generator()), atol=1e-4)


def augment(x, y, rng):
    x = nn.data.random_crop(nn.data.random_flip(x, rng), rng, padding=1)
    x = nn.data.random_rotation(nn.data.random_brightness(x, rng, most=0.2), rng, degrees=10)
    return nn.data.mixup(nn.data.cutout(nn.data.gaussian_noise(x, rng, deviation=0.1), rng, size=2), y, rng, alpha=0.2)


def test_a_pipeline_resumes_to_the_same_bits():
    data = batches(pictures(10), np.eye(2)[np.arange(10) % 2], 4, epochs=3, seed=0).map(augment, seed=1)
    whole = list(data)
    for start in range(len(data)):
        for one, other in zip(whole[start:], data[start:], strict=True):
            assert [a.tobytes() for a in one] == [a.tobytes() for a in other]
    assert len({x.tobytes() for x, _ in whole}) == len(data)
