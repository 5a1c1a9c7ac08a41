"""Functions of `namespace(x)`, and the parts that hold a recording together."""

import numpy as np
import pytest

from funcnn import namespace
from funcnn.elementary import normal_cdf
from funcnn.errors import KindError
from funcnn.recording import record_function
from funcnn.recording.array import RecordedArray
from funcnn.recording.arrays import at_place, known
from funcnn.recording.operations import ELEMENTWISE, OPERATIONS, computed, strides_of
from funcnn.recording.tape import Tape, recording, refuse
from tests.recorded import assert_recorded

X = np.arange(1.0, 7.0).reshape(2, 3)


def test_arrays_that_a_namespace_makes_may_be_filled_by_what_is_recorded():
    def f(x):
        xp = namespace(x)
        zeros, ones, full = xp.zeros((2, 3)), xp.ones(x.shape), xp.full((2, 3), 2.0)
        made = [zeros, ones, full, xp.eye(2, 3), xp.array([[0.0] * 3] * 2), xp.array(x), xp.array(x, dtype=x.dtype)]
        for a in made:
            a[0] = x[1]
        empty = xp.empty((2, 3))
        empty.fill(3)
        counts = xp.arange(3) + xp.asarray([1, 2, 3], dtype="f4")
        spread = xp.full((2, 3), x.sum())
        spread[1:] = 0
        return (*made, empty, counts * x, spread, xp.linspace(0, 1, 3) + x, xp.asarray(x[0], dtype=np.float32))

    assert_recorded(f, {"x": X}, {"x": -X})


def test_a_list_of_recorded_arrays_is_an_array():
    def f(x):
        xp = namespace(x)
        return xp.asarray([x[0, 0], 1.0, x[1, 2]]), xp.array([[x[0, 1], 2], [3, x.sum()]])

    assert_recorded(f, {"x": X}, {"x": -X})


def test_asarray_is_the_array_itself():
    def f(x):
        xp = namespace(x)
        same, other, scalar = xp.asarray(x), xp.asarray(x, dtype="f4"), xp.asarray(x.sum())
        same += 1
        scalar += 1
        return x, other, scalar, xp.asarray(x, copy=True)

    assert_recorded(f, {"x": X}, {"x": -X})


def test_an_array_of_numpy_stays_itself():
    table = np.ones((2, 3))

    def f(x):
        a = namespace(x).asarray(table)
        table[0] = 5
        made = a * x
        table[0] = 1
        return made

    assert_recorded(f, {"x": X}, {"x": -X})


def test_erfc():
    assert_recorded(normal_cdf, {"x": X}, {"x": -X})
    assert_recorded(normal_cdf, {"x": X.astype("f4")}, {"x": -X.astype("f4")})


def test_the_first_argument_by_its_name():
    assert_recorded(lambda x: (np.transpose(a=x), np.flip(m=x, axis=0), np.sum(a=x)), {"x": X}, {"x": -X})


def test_a_move_of_an_array_that_is_not_recorded():
    assert_recorded(lambda x: namespace(x).transpose(X) + x.T, {"x": X}, {"x": -X})


def test_what_a_namespace_passes_on():
    def f(x):
        xp = namespace(x)
        assert xp.pi == np.pi
        assert xp.float32 is np.float32
        assert xp.finfo(x.dtype).eps == np.finfo(x.dtype).eps
        assert xp.broadcast_shapes((2, 1), (3,)) == (2, 3)
        assert xp.ndim(3) == 0
        return xp.add(x, 1)

    assert_recorded(f, {"x": X}, {"x": -X})


def test_entries_that_are_no_view_change_in_place():
    def f(x):
        x[[0, 1, 1], [0, 0, 2]] = -x[:, 1].sum()
        x[0, 1].__class__  # noqa: B018  scalars have classes
        return x

    assert_recorded(f, {"x": X}, {"x": 2 * X})


def test_a_known_number_is_an_index():
    def f(x):
        count = np.full_like(x, 1, dtype=int)[0, 0]
        return x[count], x[: count + 1], [1.0, 2.0][count] * x

    assert_recorded(f, {"x": X}, {"x": 2 * X})


def test_a_change_that_numpy_makes_otherwise_is_refused():
    with recording() as tape:
        x = at_place(tape.input("x", np.ones(2)))
        with pytest.raises(KindError, match="a change in place that NumPy makes in another way"):
            x.change(x + 1, lambda: None)
        tape.refusal = None


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-12], True),
        ([1.0, 2.0], [1.0, 2.1], False),
        ([1.0, np.inf], [1.0, np.inf], True),
        ([1.0, np.inf], [1.0, np.nan], False),
        ([1, 2], [1, 2], True),
        ([1, 2], [1, 3], False),
        ([1.0, 2.0], [1, 2], False),
        ([1.0, 2.0], [[1.0, 2.0]], False),
    ],
)
def test_results_are_compared_with_numpys(ours, theirs, agree):
    tape = Tape()
    place = tape.constant(np.array(ours))
    assert tape.settle(place, np.array(theirs)) is agree
    np.testing.assert_array_equal(tape.numbers[place], ours)


def test_the_same_operation_has_one_place():
    with recording() as tape:
        a, b = at_place(tape.input("a", np.ones(2))), known(np.ones(2))
        assert (a + b).place() == (a + 1.0 * b).place() == (a + np.ones(2)).place()
        assert (a + b).place() != (a - b).place()
        views = [tape.operation("view", (a.place(),), {"offset": n, "strides": [1]}, shape=(1,)) for n in (0, 1)]
        assert views[0] != views[1]
        assert tape.constant(np.array([0.0])) != tape.constant(np.array([-0.0]))
        assert tape.constant(np.array([0])) != tape.constant(np.array([0.0]))


def test_nothing_is_recorded_outside():
    with pytest.raises(KindError, match=r"^something cannot be recorded \(test_recording_namespace"):
        refuse("something")
    with pytest.raises(KindError, match="a recording that has ended"):
        known(np.ones(2)).place()


def made(name, *args, **settings):
    return computed(name, args, settings, None, None)


def test_operations_of_positions():
    a, ones, rows = np.arange(6.0), np.array([1, 1]), np.array([7.0, 8.0])
    np.testing.assert_array_equal(made("take", a, np.array([5, 0])), [5, 0])
    np.testing.assert_array_equal(made("put", a, ones, rows)[:2], [0, 8])
    np.testing.assert_array_equal(made("put_add", a, ones, rows)[1], 16)
    np.testing.assert_array_equal(made("put_add", a, np.ones((2, 2)), offset=1, strides=[3, 0]), [0, 3, 2, 3, 6, 5])
    for name, args in [("take", [-1]), ("take", [6]), ("put", [6]), ("put", [-1])]:
        with pytest.raises(IndexError):
            made(name, a, np.array(args), *[a[:1]] * (name == "put"))
    assert strides_of(np.array([1, 3, 5])) == (1, [2])
    assert strides_of(np.array([1, 3, 6])) is None
    assert strides_of(np.array([], int)) is None


def test_every_operation_is_one_that_programs_have():
    assert set(ELEMENTWISE) < OPERATIONS.keys()
    assert RecordedArray.functions.__name__ == "funcnn.recording"
    with pytest.raises(AttributeError):
        record_function(lambda x: namespace(x).no_function(x), {"x": X})
