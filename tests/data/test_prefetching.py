"""Batches that a thread reads ahead: the same, in the same order, and no thread is left."""

import pickle
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from funcnn import batches
from funcnn.data import prefetch
from funcnn.data.sequence import first_step

x = np.arange(40.0).reshape(20, 2)
data = batches(x, x[:, :1], 3, epochs=3, seed=0)


def threads():
    return {thread for thread in threading.enumerate() if thread.name.startswith("prefetch")}


class Files(Sequence):
    """Batches that are counted as they are read; one of them may be lost."""

    def __init__(self, lost=None):
        self.lost, self.read = lost, []

    def __len__(self):
        return 12

    def __getitem__(self, i):
        if isinstance(i, slice):
            return [self[k] for k in range(*i.indices(12))]
        if i >= 12:
            raise IndexError
        if i == self.lost:
            raise FileNotFoundError(f"batch {i}")
        self.read.append(i)
        return np.full((2, 1), i), np.float64([1]) / i if i else x


def assert_same(some, others):
    for (x_i, y_i), (a, b) in zip(some, others, strict=True):
        assert np.array_equal(x_i, a)
        assert np.array_equal(y_i, b)


@pytest.mark.parametrize("n", [1, 2, 50])
def test_the_batches_are_the_same_in_the_same_order(n):
    ahead = prefetch(data, n)
    assert len(ahead) == len(data) == 21
    assert_same(ahead, data)
    assert_same(ahead, data)  # again
    assert_same(ahead[5:9], data[5:9])
    assert_same(ahead[::-2], data[::-2])
    assert_same([ahead[-1]], [data[20]])
    assert_same(prefetch(ahead.data.map(lambda x, y: (2 * x, y)), n), data.map(lambda x, y: (2 * x, y)))
    assert_same(pickle.loads(pickle.dumps(ahead)), data)
    assert [first_step(part) for part in (ahead, ahead[4:], prefetch(ahead[4:], 1), prefetch([], 1))] == [0, 4, 4, None]
    assert list(ahead[:0]) == []
    assert not threads()


@pytest.mark.parametrize("n", [1, 3])
def test_so_many_batches_are_read_ahead(n):
    files = Files()
    for i, _ in enumerate(prefetch(files, n)):
        for thread in threads():
            thread.join(0.02)  # it waits for the loop
        assert len(files.read) <= min(i + 1 + n, 12)
    assert files.read == list(range(12))


def test_the_next_batch_is_read_while_this_one_is_in_use():
    came = threading.Event()

    class Waiting(Files):
        def __getitem__(self, i):
            if i == 1:
                came.set()
            return super().__getitem__(i)

    for _ in prefetch(Waiting(), 1):
        assert came.wait(60)
        break


def test_an_error_is_raised_where_its_batch_would_have_been():
    iterator = iter(prefetch(Files(lost=5), 3))
    assert [next(iterator)[0][0, 0] for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(FileNotFoundError, match="batch 5"):
        next(iterator)
    assert not threads()


def test_the_handling_of_floating_point_errors_is_the_callers():
    class Dividing(Files):
        def __getitem__(self, i):
            return np.float64([1]) / np.float64([0]), x

    with np.errstate(divide="raise"), pytest.raises(FloatingPointError):
        next(iter(prefetch(Dividing(), 1)))
    with np.errstate(divide="ignore"):
        assert np.isinf(next(iter(prefetch(Dividing(), 1)))[0])


def test_the_thread_ends_when_the_loop_is_left_or_the_iterator_closed():
    for _ in prefetch(data, 2):
        assert threads()
        break
    assert not threads()
    iterator = iter(prefetch(data, 2))
    next(iterator)
    assert len(threads()) == 1
    iterator.close()
    assert not threads()
    with pytest.raises(ZeroDivisionError):
        _fails_inside()
    assert not threads()
    unused = iter(prefetch(data, 2))
    assert not threads()
    del unused


def _fails_inside():
    for _ in prefetch(data, 2):
        raise ZeroDivisionError
