"""Results of functions in a folder: computed once, under the fingerprints of the arguments."""

import collections.abc as c
import pickle
import signal
from abc import ABC, abstractmethod
from typing import Any, Literal, NamedTuple, Protocol, TypedDict, TypeVar

import numpy as np
import pytest

from funcnn import Array, Dense, TrainState, load, mlp
from funcnn.errors import FileError, KindError, NoFileError
from funcnn.files import memoize
from funcnn.training import States, Table, until_signal

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


class Pair(NamedTuple):
    x: int


class Settings(TypedDict):
    lr: float


class Scores(Protocol):
    def score(self): ...


class Base(ABC):
    @abstractmethod
    def score(self): ...


@pytest.mark.parametrize(
    "annotation",
    [
        *(list, list[float], "list[float]", set, bytes, complex, np.float32, Pair, States, type, dict[str, list]),
        *(
            dict[int, float],
            dict[list, float],
            tuple[int, list[int]],
            list | set,
            c.Iterator[int],
        ),
    ],
    ids=str,
)
def test_an_annotation_of_a_result_that_no_file_takes_is_an_error_before_the_work(annotation, tmp_path):
    with pytest.raises(
        KindError, match=r"^memoize: function must be a function whose result save takes, not one that r"
    ):
        memoize(annotated(annotation), tmp_path)


@pytest.mark.parametrize(
    "annotation",
    [
        *(
            None,
            int,
            "float",
            str,
            tuple,
            tuple[int, ...],
            dict[str, tuple[float, Array]],
            dict,
            Table,
            np.ndarray,
            np.float64,
            Any,
        ),
        *(TrainState, TrainState[tuple[Dense]], object, c.Mapping[str, int], c.Sequence[int], c.Hashable, Settings),
        *(Scores, Base, TypeVar("T"), list | int, list | None, Literal["a"], "Undefined", "1 +", 3),
    ],
    ids=str,
)
def test_an_annotation_of_a_result_that_a_file_may_take_is_none(annotation, tmp_path):
    assert memoize(annotated(annotation), tmp_path)(1.0) == 1.0


def annotated(annotation):
    def made(x):
        return x

    made.__annotations__ = {"return": annotation}
    return made


def test_a_folder_in_which_no_file_can_be_made_is_an_error_before_the_work(once, monkeypatch):
    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    once(1.0)
    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.touch", refused)
        assert once(1.0)[0] == 2.0  # a result that is known needs no new file
        with pytest.raises(
            FileError, match=r"^memoize: .*scaled-[0-9a-f]{16}\.npz cannot be written: Permission denied$"
        ):
            once(2.0)
    once.path(1.0).unlink()
    once.folder.rmdir()
    with pytest.raises(NoFileError, match=r"cannot be written: its folder does not exist; create it first$"):
        once(2.0)
    assert calls == []


def test_a_result_that_cannot_be_saved_is_returned_with_a_warning(tmp_path, monkeypatch):
    def listed(x):
        return x, [x]

    with pytest.warns(RuntimeWarning) as caught:
        assert memoize(listed, tmp_path)(1.0) == (1.0, [1.0])
    needed = "a record, a tuple, a dict, an array, a real number, a string or None"
    assert [str(warning.message) for warning in caught] == [
        f"memoize: the result of listed is returned and not kept; save: value[1] must be {needed}, not list; "
        "write tuple(value[1])"
    ]
    assert caught[0].filename == __file__
    assert list(tmp_path.iterdir()) == []


def test_a_result_is_not_lost_on_a_full_disk(once, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(
        RuntimeWarning, match=r"^memoize: the result of scaled is returned and not kept; save: .* No space"
    ):
        assert once(1.0)[0] == 2.0
    assert calls == [2.0]
    assert list(once.folder.iterdir()) == []


fits = []


def stopped(step):
    """A run in which SIGTERM comes at this step, or never."""
    for now in until_signal([TrainState(mlp([1, 1], seed=0), step=i) for i in (1, 2, 3)]):
        if now.step == step:
            signal.raise_signal(signal.SIGTERM)
    fits.append(now.step)
    return now


def test_the_result_of_a_run_that_a_signal_ended_is_not_kept(tmp_path):
    once, step = memoize(stopped, tmp_path), 2
    with pytest.warns(RuntimeWarning) as caught:
        assert once(step).step == 2
    assert [str(warning.message) for warning in caught] == [
        "memoize: the result of stopped is returned and not kept, since a signal ended a run in it"
    ]
    assert caught[0].filename == __file__
    assert not once.path(step).exists()
    assert [once(0).step, once(0).step] == [3, 3]
    assert once.path(0).exists()
    assert fits == [2, 3]


def test_a_number_of_numpy_is_an_argument_of_its_own_and_a_number_of_python_in_the_result(tmp_path):
    def doubled(x):
        return {"twice": 2 * np.float64(x), "is": (np.bool_(x), np.int64(x))}

    once = memoize(doubled, tmp_path)
    for x in (1.0, np.float64(1), np.float32(1), np.int64(1)):  # each of which turns float32 into another dtype
        assert once(x) == {"twice": 2.0, "is": (True, 1)}
        assert [type(part) for part in (once(x)["twice"], *once(x)["is"])] == [float, bool, int]
    assert len(list(tmp_path.iterdir())) == 4
