"""A function of each batch: pure, seeded by the number of the batch, resumed by a slice."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Adam, Tanh, TrainState, batches, history, mlp, mse, train, value_and_grad
from funcnn.data import balanced_batches, bucketed_batches, prefetch, windowed_batches
from funcnn.files import fingerprint
from funcnn.parallel import sharded

random = np.random.default_rng(0)
x = random.uniform(-2, 2, (30, 2))
y = x[:, :1] * x[:, 1:]
SOURCES = {
    "batches": batches(x, y, 8, epochs=5, seed=0),
    "balanced_batches": balanced_batches(x, y, 8, classes=np.arange(30) // 13, epochs=3, seed=0),
    "windowed_batches": windowed_batches(x, y, 8, block=5, window=2, epochs=3, seed=0),
    "bucketed_batches": bucketed_batches([a[: 1 + i % 2] for i, a in enumerate(x)], y, 8, lengths=(1, 2), seed=0),
}


def noisy(x, y, rng):
    """Noise for each array of x."""
    if type(x) is tuple:
        return tuple([a if a.dtype == bool else a + rng.normal(size=a.shape) for a in x]), y
    return x + rng.normal(size=x.shape), y


def leaves(batch):
    return [a for part in batch for a in (part if type(part) is tuple else (part,))]


def assert_same(one, other):
    for a, b in zip(leaves(one), leaves(other), strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()
        assert not b.flags.writeable


@pytest.mark.parametrize("source", SOURCES)
@given(start=st.integers(0, 12), stop=st.integers(0, 12), step=st.sampled_from([1, 2, -1]), seed=st.integers(0, 9))
def test_a_batch_is_the_same_in_every_slice(source, start, stop, step, seed):
    data = SOURCES[source]
    whole = list(data.map(noisy, seed=seed))
    assert len(whole) == len(data)
    for part in (data.map(noisy, seed=seed)[start:stop:step], data[start:stop:step].map(noisy, seed=seed)):
        for one, other, again in zip(whole[start:stop:step], part, range(len(part)), strict=True):
            assert_same(one, other)
            assert_same(one, part[again])
    for (one, _), (other, _) in zip(whole, data, strict=True):
        assert all(map(np.any, leaves((one, other))))
        assert not np.array_equal(leaves((one,))[0], leaves((other,))[0])


def drawing(x, y, rng):
    return x, np.full(len(x), rng.random())


def test_each_batch_each_map_and_each_seed_has_its_numbers():
    data = SOURCES["batches"]
    first = [b[0] for _, b in data.map(drawing, seed=1)]
    other = [b[0] for _, b in data.map(drawing, seed=2)]
    second = [b[0] for _, b in data.map(noisy, seed=1).map(drawing, seed=1)]
    orders = [np.random.default_rng((1, epoch)).random() for epoch in range(5)]
    assert len({*first, *other, *second, *orders}) == 3 * len(data) + 5
    assert [b[0] for _, b in data.map(drawing, seed=(1,))] == first


def test_maps_apply_in_order():
    data = SOURCES["batches"].map(lambda x, y: (x + 1, y)).map(lambda x, y: (2 * x, y))
    assert np.array_equal(data[3][0], 2 * (SOURCES["batches"][3][0] + 1))
    assert data.per_epoch == 4


def test_what_f_returns_stays_the_callers():
    kept = np.ones((8, 2))
    data = batches(x[:24], y[:24], 8, seed=0).map(lambda x, y: (kept, y))
    assert not data[0][0].flags.writeable
    kept[0] = 2
    assert kept.flags.writeable
    assert data[0][0][0, 0] == 2


def test_f_may_change_dtypes_and_structure():
    images = np.arange(12, dtype=np.uint8).reshape(6, 2)
    data = batches(images, np.arange(6), 4, seed=0)
    made = data.map(lambda x, y: ((x.astype(np.float32) / 255, None, x > 3), (y, y * 0.5)))
    (pixels, nothing, bright), (labels, weights) = made[1]
    assert (pixels.dtype, nothing, bright.dtype, len(labels), weights.dtype) == (np.float32, None, bool, 2, float)


def views(x, y, rng):
    """Two noisy views of each row, and the weight of each."""
    return np.concatenate([noisy(x, y, rng)[0] for _ in range(2)]), (np.concatenate([y, y]), np.ones((2 * len(y), 1)))


def positive(x, y):
    return x[y[:, 0] > 0], y[y[:, 0] > 0]


def test_the_number_of_rows_may_change():
    data = SOURCES["batches"]
    doubled, kept = data.map(views, seed=1, changes_rows=True), data.map(positive, changes_rows=True)
    assert len(doubled) == len(kept) == len(data)
    assert doubled.per_epoch == kept.per_epoch == 4
    assert [len(one) for one, _ in doubled] == [2 * len(one) for one, _ in data]
    assert sum([len(one) for one, _ in kept]) == 5 * (y > 0).sum()
    for i, (one, ahead) in enumerate(zip(doubled[7:], prefetch(doubled, 2)[7:], strict=True)):
        assert_same(one, ahead)
        assert_same(one, doubled[7 + i])
    again = kept.map(noisy, seed=2)  # which has as many rows as the map before it gives
    assert [len(one) for one, _ in again] == [len(one) for one, _ in kept]
    assert_same(pickle.loads(pickle.dumps(kept))[3], kept[3])


def test_a_run_on_other_numbers_of_rows_resumes_and_is_sharded():
    data = SOURCES["batches"].map(views, seed=1, changes_rows=True).map(lambda x, y: (x, y[0]))
    steps = [value_and_grad(mse), sharded(value_and_grad(mse), rows=5)]
    start = TrainState(mlp([2, 6, 1], seed=0), Adam())
    whole, blocks = [[*train(start, data, step, 0.01)] for step in steps]
    *_, resumed = train(whole[9], data[10:], steps[0], 0.01)
    assert resumed == whole[-1]
    assert abs(whole[-1].params[0].W - blocks[-1].params[0].W).max() < 1e-12


def test_nothing_is_checked_where_no_batch_is_left():
    def never(x, y):
        raise AssertionError

    data = SOURCES["batches"]
    assert len(data[len(data) :].map(never)) == 0
    with pytest.raises(AssertionError) as caught:
        data[2:].map(never)
    assert caught.value.__notes__ == ["in map, in batch 2"]


def test_a_later_batch_cannot_be_written_to():
    def late(x, y):
        if x[0, 0] != first:
            x[0] = 0
        return x, y

    data = SOURCES["batches"]
    first = data[0][0][0, 0]
    made = data.map(late)
    with pytest.raises(ValueError, match="read-only") as caught:
        made[1]
    assert caught.value.__notes__ == ["in map, in batch 1"]


def test_it_prints_short_and_pickles():
    data = SOURCES["batches"].map(noisy, seed=3)
    source = "Shuffled(size=8, seed=(0,), per_epoch=4)"
    assert repr(data) == f"Batches(source=Mapped(source={source}, f=noisy, seed=(3,)), steps=range(0, 20))"
    assert_same(pickle.loads(pickle.dumps(data))[7], data[7])


@pytest.mark.parametrize("source", SOURCES)
def test_resumed_augmentation_gives_equal_bits(source):
    sequences = source == "bucketed_batches"
    data = SOURCES[source].map((lambda x, y, rng: (noisy(x, y, rng)[0][0][:, 0], y)) if sequences else noisy, seed=3)
    if sequences:
        data = data.map(lambda x, y: (np.stack([x, x], axis=1), y))
    start, gradient = TrainState(mlp([2, 5, 1], hidden=Tanh(), seed=1), Adam()), value_and_grad(mse)
    *_, whole = train(start, data, gradient, 0.01)
    for stop in range(0, len(data), 3):
        half, _ = history(train(start, data[:stop], gradient, 0.01), start=start)
        *_, resumed = train(half, data[half.step :], gradient, 0.01)
        assert fingerprint(resumed) == fingerprint(whole)


def test_arrays_of_another_library_are_given_to_f_as_they_are():
    jnp = pytest.importorskip("jax.numpy", reason="its arrays are immutable")
    rows = jnp.arange(6)
    made = batches(rows, rows, 4, seed=0).map(lambda x, y: (x, np.asarray(y)))[0]
    assert isinstance(made[0], type(rows))
    assert np.array_equal(made[0], made[1])
