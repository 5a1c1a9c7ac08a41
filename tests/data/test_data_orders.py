"""Class-balanced batches, and batches of sequences of like length."""

import pickle

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, TrainState, mse, train, value_and_grad
from funcnn.data import balanced_batches, bucketed_batches
from funcnn.layers import First, GlobalAvgPool

counts = st.lists(st.integers(1, 9), min_size=1, max_size=4)


@given(counts, st.integers(0, 20), st.integers(0, 99))
def test_classes_have_equally_many_rows(counts, more, seed):
    classes = np.repeat(np.arange(len(counts)), counts)
    rows, k, most = np.arange(len(classes)), len(counts), max(counts)
    size = min(k + more, k * most)
    data = balanced_batches(rows, classes, size, epochs=2, seed=seed)
    assert len(data) == 2 * data.per_epoch
    for x, y in data:
        found = np.bincount(y, minlength=k)
        assert found.max() - found.min() <= 1
        assert np.array_equal(classes[x], y)
    for epoch in (data[: data.per_epoch], data[data.per_epoch :]):
        assert [len(x) for x, _ in epoch][:-1] == [size] * (data.per_epoch - 1)
        times = np.bincount(np.concatenate([x for x, _ in epoch]), minlength=len(rows))
        for c, count in enumerate(counts):
            own = times[classes == c]
            assert own.sum() == most
            assert own.max() - own.min() <= 1
            assert count < most or own.max() == 1


def test_the_classes_may_stand_beside_y():
    y, classes = np.eye(2)[[0, 0, 0, 1]], np.array([0, 0, 0, 1])
    data = balanced_batches((y, None), y, 2, classes=classes, seed=0)
    assert [sorted(y.argmax(axis=1)) for _, y in data] == [[0, 1]] * 3


def test_epochs_have_their_own_orders():
    rows = np.arange(40)
    for data in (
        balanced_batches(rows, rows % 2, 40, epochs=3, seed=0),
        bucketed_batches([a[None] for a in rows], rows, 40, lengths=(1,), epochs=3, seed=0),
    ):
        assert len({y.tobytes() for _, y in data}) == (1 if data[0][1].max() == 1 else 3)
        assert len({np.asarray(x[0] if type(x) is tuple else x).tobytes() for x, _ in data}) == 3


lengths = st.lists(st.integers(1, 12), min_size=1, max_size=20)


@given(lengths, st.integers(1, 5), st.sampled_from([(12,), (3, 12), (1, 2, 4, 8, 16)]), st.integers(0, 99))
def test_sequences_of_like_length_come_together(positions, size, bounds, seed):
    x = [np.full((t, 2), i + 1.0) for i, t in enumerate(positions)]
    labels = [np.full(t, i + 1) for i, t in enumerate(positions)]
    rows = np.arange(len(x))
    data = bucketed_batches(x, rows, size, lengths=bounds, epochs=2, seed=seed)
    tagged = bucketed_batches(x, labels, size, lengths=list(bounds), epochs=2, seed=seed)
    seen = []
    for ((a, mask), y), ((again, _), tags) in zip(data, tagged, strict=True):
        t = a.shape[1]
        assert t in bounds
        assert len(y) <= size
        below = max([0, *[bound for bound in bounds if bound < t]])
        assert all([below < positions[i] <= t for i in y])
        assert np.array_equal(mask.sum(axis=1), [positions[i] for i in y])
        assert np.array_equal(mask, np.sort(mask, axis=1)[:, ::-1])
        assert np.array_equal(a, np.where(mask[..., None], (y + 1.0)[:, None, None] * np.ones(2), 0))
        assert np.array_equal(a, again)
        assert np.array_equal(tags, np.where(mask, y[:, None] + 1, 0))
        assert not any([part.flags.writeable for part in (a, mask, y, tags)])
        seen.append(y)
    assert sorted(np.concatenate(seen[: data.per_epoch])) == rows.tolist()
    assert sorted(np.concatenate(seen[data.per_epoch :])) == rows.tolist()
    for i, y in enumerate(seen):
        assert np.array_equal(pickle.loads(pickle.dumps(data))[i:][0][1], y)


def test_less_is_padded_than_to_the_longest():
    """The share of positions that are padding, of 1000 sequences"""
    random = np.random.default_rng(0)
    x = [np.ones(t) for t in random.geometric(0.05, 1000).clip(1, 128)]
    shares = {}
    for bounds in ((128,), (8, 16, 32, 64, 128)):
        masks = [mask for (_, mask), _ in bucketed_batches(x, np.arange(1000), 32, lengths=bounds, seed=0)]
        shares[bounds] = 1 - sum([mask.sum() for mask in masks]) / sum([mask.size for mask in masks])
    assert shares[128,] > 0.8
    assert shares[8, 16, 32, 64, 128] < 0.35


def test_a_list_that_grows_later_changes_nothing():
    x, y = [np.ones((2, 1))], [np.ones(2)]
    data = bucketed_batches(x, y, 1, lengths=(2,), seed=0)
    x.clear()
    y.clear()
    (a, mask), labels = data[0]
    assert a.shape == (1, 2, 1)
    assert mask.all()
    assert labels.all()


def test_a_network_learns_from_padded_batches():
    random = np.random.default_rng(0)
    x = [random.normal(size=(t, 2)) for t in random.integers(1, 9, 60)]
    y = np.stack([a.mean(axis=0) for a in x])
    data = bucketed_batches(x, y, 8, lengths=(4, 8), epochs=40, seed=0)
    *_, last = train(TrainState((First((Dense.init(2, 2, seed=0),)), GlobalAvgPool())), data, value_and_grad(mse), 0.5)
    assert last.cost < 1e-6


def test_no_epoch_has_no_batch():
    assert len(bucketed_batches([np.ones(3)], np.ones(1), 1, lengths=(3,), epochs=0, seed=0)) == 0
    assert len(balanced_batches(np.ones(3), np.zeros(3, int), 1, epochs=0, seed=0)) == 0
