"""Views and changes in place: random sequences of them give what NumPy gives, with other numbers than recorded."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import namespace
from funcnn.recording import record_function
from tests.counts import at_most
from tests.recorded import assert_recorded, assert_same
from tests.recorded import given as own

many = at_most(300, quick=20)
VIEWS = {
    "first": lambda a: a[:1] if a.ndim else a,
    "last": lambda a: a[-1:] if a.ndim else a,
    "row": lambda a: a[0] if a.ndim and len(a) else a,
    "entry": lambda a: a.ravel()[0] if a.size else a,
    "every second": lambda a: a[::2] if a.ndim else a,
    "backwards": lambda a: a[::-1] if a.ndim else a[...],
    "last axis": lambda a: a[..., :2] if a.ndim else a,
    "new axis": lambda a: a[None],
    "transposed": lambda a: a.T,
    "swapped": lambda a: a.swapaxes(0, -1) if a.ndim else a,
    "flat": lambda a: a.reshape(-1),
    "raveled": lambda a: a.ravel(),
    "raveled by columns": lambda a: np.ravel(a, order="F"),
    "reshaped": lambda a: a.reshape((2, -1)) if a.size % 2 == 0 and a.size else a,
    "copied": lambda a: a.copy(),
    "copied in its order": np.copy,
    "squeezed": lambda a: a.squeeze(),
    "some": lambda a: a[[0, 0]] if a.ndim and len(a) else a,
    "masked": lambda a: a[np.arange(len(a)) % 2 == 0] if a.ndim else a,
    "diagonal": lambda a: a.diagonal() if a.ndim > 1 else a,
    "negative": lambda a: -a,
    "sum": lambda a: a.sum(0) if a.ndim else a,
    "total": lambda a: a.sum(),
    "product": lambda a: a * a,
    "columns": lambda a: (a.T * 2).T,
    "same dtype": lambda a: a.astype(a.dtype, copy=False),
    "array": lambda a: namespace(np.zeros(1) if isinstance(a, np.generic) else a).asarray(a),
    "deep copy": copy.deepcopy,
    "ids": lambda a: np.stack([a, -a])[counted(a)],
    "ids of two axes": lambda a: np.stack([a, a + 1], axis=-1)[..., counted(a)],
}


def counted(a):
    """Whole numbers 0, 1 and -1 that are computed from an array."""
    s = np.sum(a)
    return np.stack([s > 0, s > 1]) * np.array([1, -1])


def scaled(a, b):
    a *= 2
    return a


def added(a, b):
    a += b.sum() if np.ndim(b) else b
    return a


def filled(a, b):
    a[...] = b.sum()
    return a


def first_set(a, b):
    a[:1] = b.sum() - 1
    return a


def first_added(a, b):
    a[:1] += 1
    return a


def some_set(a, b):
    a[[0, -1]] = 3 * b.sum()
    return a


def mask_set(a, b):
    a[a > 1] = 0
    return a


def ids_set(a, b):
    a[counted(b)] = b.sum()
    return a


def ids_added(a, b):
    np.add.at(a, counted(b), 1.5)
    return a


def written(a, b):
    np.multiply(a, a, out=a)
    return a


def shifted(a, b):
    a[1:] = a[:-1]
    return a


def set_by_itself(a, b):
    a[:2][0] = a[-1]
    return a


def fill(a, b):
    a.fill(b.sum())
    return a


CHANGES = [
    *(scaled, added, filled, first_set, first_added, some_set, mask_set, ids_set, ids_added, written, shifted, fill),
    set_by_itself,
]
steps = st.lists(
    st.tuples(st.sampled_from([*VIEWS, *CHANGES]), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=9
)


def run(steps, *arrays):
    """All arrays after the steps; a step that NumPy refuses does not count."""
    pool = list(arrays)
    for step, i, j in steps:
        a, b = pool[i % len(pool)], pool[j % len(pool)]
        pool.append(VIEWS[step](a) if step in VIEWS else step(a, b))
    return tuple(pool)


def without_faults(steps, *arrays):
    """The steps that NumPy takes."""
    taken = []
    for step in steps:
        try:
            run([*taken, step], *[a.copy(order="K") for a in arrays])
        except (ValueError, IndexError, TypeError):
            continue
        taken.append(step)
    return taken


SHAPES = [(), (3,), (4,), (2, 3), (3, 2, 2)]


@many
@given(steps=steps, shapes=st.tuples(st.sampled_from(SHAPES), st.sampled_from(SHAPES)), data=st.data())
def test_sequences(steps, shapes, data):
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    dtype = data.draw(st.sampled_from(["f8", "f4"]))
    order = data.draw(st.sampled_from("CF"))
    inputs = [
        {
            name: np.asarray(np.round(rng.normal(size=shape), 1), dtype, order)
            for name, shape in zip("xy", shapes, strict=True)
        }
        for _ in range(2)
    ]
    taken = without_faults(steps, *inputs[0].values())
    taken = without_faults(taken, *inputs[1].values())
    assert_recorded(lambda x, y: run(taken, x, y), *inputs, ulps=64)


@many
@given(steps=steps, data=st.data())
def test_constants_change_in_place(steps, data):
    """Arrays that a rule makes like x, or as copies of known ones, and then changes by what is recorded."""

    def f(x):
        made = np.zeros_like(x)
        return run(taken, made, x, np.full_like(x, 2.0))

    inputs = [{"x": np.array([1.5, -2.0, number])} for number in (1.0, data.draw(st.floats(-4, 4, width=16)))]

    def plain(x):
        return run(list(steps), np.zeros_like(x), x, np.full_like(x, 2.0))

    taken = []
    for step in steps:
        try:
            for some in inputs:
                run([*taken, step], np.zeros(3), some["x"].copy(), np.full(3, 2.0))
        except (ValueError, IndexError, TypeError):
            continue
        taken.append(step)
    assert_recorded(f, *inputs, ulps=64)


def test_scalars_do_not_change_in_place():
    def f(x):
        total = x.sum()
        cost = total
        cost /= 2
        first = x[0]
        x[0] = 7
        return total, cost, first, x

    assert_recorded(f, {"x": np.ones(3)}, {"x": np.arange(3.0)})


def test_a_change_by_the_function_does_not_reach_the_inputs_of_the_program():
    def f(x):
        x += 1
        return x, x[:1]

    x = np.ones(2)
    program = record_function(f, {"x": x})
    np.testing.assert_array_equal(x, 1)
    made = program({"x": x})
    made["out.0"][0] = 5
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(program({"x": x})["out.1"], 2)


IDS = {
    "one axis": lambda x, i: x[i],
    "two axes": lambda x, i: x[:, i],
    "rows and columns": lambda x, i: x[np.arange(len(i)), i],
    "both": lambda x, i: x[i, i[::-1]],
    "with a slice": lambda x, i: x[i, :2],
    "after an ellipsis": lambda x, i: x[..., i],
    "after a new axis": lambda x, i: x[None, i],
    "a column of ids": lambda x, i: x[i[:, None], [0, 1]],
    "one id": lambda x, i: (x[i[0]], x[0, i[0]], x[i[0], 1]),
    "with a mask": lambda x, i: x[np.array([True, True, False])[: len(x)], i[:2]],
    "take": lambda x, i: (np.take(x, i), np.take(x, i, axis=1), x.take(i, 0)),
}


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("dtype", ["i8", "i4", "u1"])
@at_most(30, quick=5)
@given(data=st.data())
def test_computed_ids(name, dtype, data):
    x = np.arange(9.0).reshape(3, 3)
    low = 0 if dtype == "u1" else -3
    recorded, other = [
        {"x": x, "i": np.array(data.draw(st.lists(st.integers(low, 2), min_size=3, max_size=3)), dtype)} for _ in "ab"
    ]
    assert_recorded(IDS[name], recorded, other, ulps=0)
    if name == "with a mask":
        return
    far = {"x": x, "i": np.array([1, 0, data.draw(st.sampled_from([3, 7] if dtype == "u1" else [3, -4, 7]))], dtype)}
    if name == "one id":
        far["i"] = far["i"][::-1].copy()
    program = record_function(IDS[name], own(recorded))
    if name == "take":
        program = record_function(lambda x, i: np.take(x, i, axis=1), own(recorded))
    with pytest.raises(IndexError):
        program(far)


def test_ids_beyond_what_their_dtype_counts():
    x = np.arange(3000.0).reshape(30, 100)
    i = np.array([29, 3], np.uint8)
    assert_recorded(lambda x, i: (x[i, 99 - i], x[i, 7]), {"x": x, "i": i}, {"x": x, "i": i[::-1].copy()})


def changed_by_ids(x, i):
    x[i, 0] = x[0, i]
    np.add.at(x, (i, [0, 1, 2]), [1, 2, 3])
    x.T[i] = 1 - x[:1, 0]
    return x


@at_most(30, quick=5)
@given(data=st.data())
def test_changes_at_computed_ids(data):
    x = np.arange(9.0).reshape(3, 3)
    recorded, other = [
        {"x": x, "i": np.array(data.draw(st.lists(st.integers(-3, 2), min_size=3, max_size=3)))} for _ in "ab"
    ]
    assert_recorded(changed_by_ids, recorded, other)
    with pytest.raises(IndexError):
        record_function(changed_by_ids, own(recorded))({"x": x, "i": np.array([0, 1, 3])})


def test_changes_where_a_condition_holds():
    def f(x):
        rows = x.copy()
        x[x < 0] = 0
        rows[rows[:, 0] > 0] = x.sum()
        return x, rows

    assert_recorded(f, {"x": np.array([[1.0, -1.0], [-2.0, 3.0]])}, {"x": np.array([[-1.0, 1.0], [2.0, 0.0]])})


def test_copies_by_at():
    def f(x):
        xp = namespace(x)
        made = xp.zeros((3, 2))
        if xp is np:
            set_, added = np.zeros((3, 2)), np.zeros((3, 2))
            set_[1] = x[0]
            np.add.at(added, [0, 0, 2], x)
            return set_, added, made
        return made.at[1].set(x[0]), made.at[np.array([0, 0, 2])].add(x), made

    assert_recorded(f, {"x": np.ones((3, 2))}, {"x": np.arange(6.0).reshape(3, 2)})


def test_a_function_that_moves_a_known_array_moves_what_is_written_to_it():
    def f(x):
        made = np.zeros_like(x)
        view, column = made.T[::-1], made[:, 0]
        made[0] = x[1]
        view[1] += 1
        return made, view, column

    program = assert_recorded(f, {"x": np.ones((2, 2))}, {"x": np.arange(4.0).reshape(2, 2)})
    assert_same(program({"x": np.ones((2, 2))})["out.2"], np.array([2.0, 1.0]))
