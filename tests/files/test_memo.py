"""Results of functions in a folder: computed once, under the fingerprints of the arguments."""

import pickle

import numpy as np
import pytest

from funcnn import TrainState, load, mlp
from funcnn.errors import FileError
from funcnn.files import memoize

calls = []


def scaled(x, factor=2.0, *, shift=0.0):
    calls.append(factor)
    return factor * x + shift, TrainState(mlp([1, 1], seed=0))


@pytest.fixture
def once(tmp_path):
    calls.clear()
    return memoize(scaled, tmp_path / "deep" / "results")


def test_equal_arguments_are_computed_once_however_they_are_given(once):
    x = np.arange(3.0)
    results = [once(x), once(x, 2.0), once(x=x.copy(), factor=2.0), once(x, shift=0.0)]
    assert calls == [2.0]
    assert len(list(once.folder.iterdir())) == 1
    for value, state in results:
        assert np.array_equal(value, 2 * x)
        assert not value.flags.writeable  # also the first time
        assert state == TrainState(mlp([1, 1], seed=0))


def test_what_differs_in_a_bit_is_another_result(once):
    files = {
        once.path(*args, **named)
        for args, named in [
            ((np.zeros(2),), {}),
            ((-np.zeros(2),), {}),
            ((np.zeros(2, np.float32),), {}),
            ((np.zeros((2, 1)),), {}),
            ((np.zeros(2), 2), {}),
            ((np.zeros(2),), {"shift": 1.0}),
        ]
    }
    assert len(files) == 6
    assert not any(path.exists() for path in files)


def test_another_default_is_another_result(once, tmp_path):
    def scaled(x, factor=3.0, *, shift=0.0):
        return x

    other = memoize(scaled, once.folder)
    assert other.path(1.0) != once.path(1.0)
    assert other.path(1.0, 2.0) != once.path(1.0)  # of one name, with other code


def test_a_memoized_function_travels_and_finds_its_folder_from_everywhere(once, tmp_path, monkeypatch):
    once(1.0)
    monkeypatch.chdir(tmp_path)
    assert pickle.loads(pickle.dumps(once)) == once
    assert memoize(scaled, "deep/results") == once
    pickle.loads(pickle.dumps(once))(1.0)
    assert calls == [2.0]


def test_a_result_that_is_damaged_is_not_computed_anew_in_silence(once):
    once(1.0)
    once.path(1.0).write_bytes(b"half a fi")
    with pytest.raises(FileError, match=r"^load: .*scaled-[0-9a-f]{16}\.npz is damaged"):
        once(1.0)


def test_errors_of_the_function_are_its_own_and_leave_no_file(once):
    with pytest.raises(TypeError, match="can't multiply"):
        once("text")
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        once()
    assert list(once.folder.iterdir()) == []


def failing(path):
    load(path)


def test_a_file_that_the_function_misses_is_not_its_result(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file nowhere"):
        memoize(failing, tmp_path)("nowhere")
