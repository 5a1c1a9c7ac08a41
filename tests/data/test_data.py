"""Batches: a sequence of rows, determined by a seed."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import batches
from funcnn.draws import ROWS, permutation

numbers = st.integers(1, 20).flatmap(lambda m: st.tuples(st.just(m), st.integers(1, m), st.integers(0, 3)))


@given(numbers, st.integers(0, 99))
def test_an_epoch_holds_every_row_once(sizes, seed):
    m, size, epochs = sizes
    x = np.arange(m, dtype=float)[:, None]
    data = batches(x, x[:, 0], size, epochs=epochs, seed=seed)
    assert len(data) == epochs * data.per_epoch == len(list(data))
    for epoch in range(epochs):
        part = data[epoch * data.per_epoch : (epoch + 1) * data.per_epoch]
        assert sorted(row for _, y in part for row in y) == list(range(m))
        assert [len(x) for x, _ in part][:-1] == [size] * (data.per_epoch - 1)
    for x_rows, y_rows in data:
        assert np.array_equal(x_rows[:, 0], y_rows)
        assert not x_rows.flags.writeable


@given(numbers, st.data())
def test_any_batch_can_be_had_at_any_time(sizes, data):
    m, size, epochs = sizes
    x = np.arange(m, dtype=float)[:, None]
    whole = batches(x, x, size, epochs=epochs, seed=(1, 2))
    everything = [a.tolist() for a, _ in whole]
    assert [whole[i][0].tolist() for i in range(len(whole))] == everything
    start, stop = data.draw(st.integers(-9, 60)), data.draw(st.integers(-9, 60))
    step = data.draw(st.sampled_from([1, 2, -1]))
    assert [a.tolist() for a, _ in whole[start:stop:step]] == everything[start:stop:step]
    assert [a.tolist() for a, _ in whole[start:][: stop - start]] == everything[start:][: stop - start]
    with pytest.raises(IndexError):
        whole[len(whole)]


def test_epochs_differ_and_seeds_decide():
    x = np.arange(50.0)
    one, two = [[a.tolist() for a, _ in batches(x, x, 50, epochs=2, seed=seed)] for seed in (0, 1)]
    assert len({tuple(order) for order in (*one, *two)}) == 4
    assert one == [a.tolist() for a, _ in batches(x, x, 50, epochs=2, seed=(0,))]


def test_rows_of_several_arrays_stay_together():
    ids, mask, y = np.arange(6), np.arange(6) > 2, (np.arange(6.0), np.ones(6))
    data = batches((ids, mask), y, 4, seed=3)
    (some_ids, some_mask), (some_y, _) = data[0]
    assert some_ids.dtype == ids.dtype
    assert np.array_equal(some_ids > 2, some_mask)
    assert np.array_equal(some_ids, some_y)


def test_what_is_not_there_is_in_no_batch():
    x, y = np.arange(6.0)[:, None], np.arange(6)
    for (rows, nothing), labels in batches((x, None), y, 4, seed=3):
        assert nothing is None
        assert np.array_equal(rows[:, 0], labels)


def test_batches_print_short_and_pickle():
    data = batches(np.ones((6, 2)), np.ones(6), 4, seed=3)
    assert repr(data) == "Batches(source=Shuffled(size=4, seed=(3,), per_epoch=2), steps=range(0, 2))"
    assert np.array_equal(pickle.loads(pickle.dumps(data))[1][0], data[1][0])


def test_the_last_epochs_rows_come_from_its_own_permutation():
    x = np.arange(4)
    data = batches(x, x, 4, epochs=3, seed=7)
    expected = permutation((7, 2, ROWS), 4)
    assert np.array_equal(data[-1][0], expected)
