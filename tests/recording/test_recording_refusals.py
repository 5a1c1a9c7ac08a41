"""What cannot be recorded is refused, with the line that asked for it, also where a rule catches the error."""

import copy
import math
import pickle
import statistics
import threading
from pathlib import Path

import numpy as np
import pytest

import funcnn
from funcnn import elementary
from funcnn.errors import KindError
from funcnn.recording import record_function
from tests.recorded import assert_recorded

X = np.arange(1.0, 7.0).reshape(2, 3)
EXACT = np.frompyfunc(lambda a: a, 1, 1)


def kept_on(x):
    try:
        scale = float(x.sum())
    except TypeError:
        scale = 1.0
    return x * scale


def set_in_numpy(x):
    made = np.zeros(3)
    made[0] = x[0, 0]
    return made * x


def added_to_numpy(x):
    made = np.zeros((2, 3))
    made += x
    return made


def added_at_numpy(x):
    made = np.zeros((2, 3))
    np.add.at(made, [0], x[:1])
    return made


def with_errors(x):
    try:
        with np.errstate(divide="raise"):
            return 1 / x
    except FloatingPointError:
        return x


def written_as_ints(x):
    made = x.copy()
    made.view(np.int64)
    return made


def changed_with_bits(x):
    made = (x * 2).astype(np.int32)
    bits = made.view(np.uint32)
    made += (x > 0) * np.int32(1)
    return bits


def changed_alias(x):
    table = np.zeros((2, 3))
    made = x.__array_namespace__().asarray(table)
    made += x
    return made


def through_a_list(x):
    return np.ones((3, 3))[[x[0, 0].astype(int), 1]]


# ruff: noqa: PLW0108  the name of the argument is that of the input
READS = {
    "a condition": (lambda x: x if x.sum() > 0 else -x, "a condition on an array, which reads values, cannot"),
    "float": (lambda x: x * float(x[0, 0]), "float(array), which reads values, cannot"),
    "int": (lambda x: x * int(x[0, 0]), "int(array), which reads values, cannot"),
    "complex": (lambda x: abs(complex(x[0, 0])), "complex(array), which reads values"),
    "index": (lambda x: np.ones(3)[: x[0, 0].astype(int)], "a number of Python that is computed"),
    "slice": (lambda x: x[: x[0, 0].astype(int)], "a number of Python that is computed"),
    "list of ids": (through_a_list, "cannot be recorded"),
    "ids in a list": (lambda x: x[[x[0, 0].astype(int), 1]], "an index that is a list of numbers that are computed"),
    "shape": (lambda x: np.zeros(x[0, 0].astype(int)), "a number of Python that is computed"),
    "caught": (kept_on, "float(array), which reads values, cannot"),
    "math": (lambda x: x * math.exp(x[0, 0]), "float(array), which reads values, cannot"),
    "a library": (lambda x: x * statistics.fmean(x[0]), "which reads values"),
    "min": (lambda x: min(x[0]), "a condition on an array"),
    "in": (lambda x: x * (1.0 in x[0]), "a condition on an array"),
    "asarray": (lambda x: np.asarray(x) * 2, "a conversion to an array of NumPy, which reads values"),
    "array": (lambda x: np.array([x[0, 0], 1]), "reads values"),
    "set in NumPy": (set_in_numpy, "reads values"),
    "vectorize": (lambda x: np.vectorize(math.exp)(x), "reads values"),
    "item": (lambda x: x * x[0, 0].item(), "array.item"),
    "tolist": (lambda x: x * np.sum(x.tolist()), "array.tolist"),
    "pickle": (lambda x: pickle.loads(pickle.dumps(x)), "pickling an array cannot"),
    "selection": (lambda x: x[x > 0], "a selection by a condition, whose result has no fixed shape, cannot"),
    "nonzero": (lambda x: np.nonzero(x)[0], "np.nonzero"),
    "where": (lambda x: np.where(x > 0)[0], "np.where with 1 arguments"),
    "unique": (lambda x: np.unique(x), "np.unique"),
    "mask of rows": (lambda x: x.__setitem__(x > 0, X[X > 0]), "a change of as many entries as a condition has"),
}
OTHERS = {
    "a change in NumPy": (added_to_numpy, "a change of an array of NumPy in place", "zeros_like"),
    "add.at in NumPy": (added_at_numpy, "np.add.at of these arguments", "zeros_like"),
    "maximum.at": (lambda x: np.maximum.at(x, [0], 1), "np.maximum.at", ""),
    "copyto": (lambda x: np.copyto(np.zeros((2, 3)), x), "np.copyto", ""),
    "accumulate": (lambda x: np.add.accumulate(x), "np.add.accumulate", ""),
    "median": (lambda x: np.median(x), "np.median", ""),
    "a function's where": (lambda x: np.sum(x, where=x > 0), "np.sum with where", ""),
    "a function's out": (lambda x: np.sum(x, axis=0, out=x[0]), "np.sum with out", ""),
    "a ufunc's where": (lambda x: np.exp(x, where=x > 0), "np.exp with where", ""),
    "initial": (lambda x: np.sum(x, initial=1), "np.sum with initial", ""),
    "copysign": (lambda x: np.copysign(x, -x), "np.copysign", ""),
    "signbit": (lambda x: np.signbit(x), "np.signbit", ""),
    "modf": (lambda x: np.modf(x)[0], "np.modf", ""),
    "argsort": (lambda x: np.argsort(x), "np.argsort without kind='stable'", "write argsort(a, kind='stable')"),
    "trace": (lambda x: np.linalg.trace(x[None]), "np.linalg.trace", ""),
    "spectral norm": (lambda x: np.linalg.norm(x, 2), "np.linalg.norm of order 2", ""),
    "other norm": (lambda x: np.linalg.norm(x[0], 1), "np.linalg.norm of order 1", ""),
    "middle of a correlation": (
        lambda x: np.correlate(x[0], x[0][:2], "same"),
        "np.correlate with the mode 'same'",
        "",
    ),
    "einsum": (lambda x: np.einsum("ii", x[:, :2]), "np.einsum('ii')", "write products and sums"),
    "pad": (lambda x: np.pad(x, 1, mode="mean"), "np.pad with the mode 'mean'", ""),
    "pad with computed": (lambda x: np.pad(x, 1, constant_values=x[0, 0]), "reads values", ""),
    "repeat": (lambda x: np.repeat(x, (x[0] > 0).astype(int), axis=1), "np.repeat by numbers that are computed", ""),
    "atleast": (lambda x: np.atleast_1d(x, X), "np.atleast_1d of these arguments", ""),
    "a move of another": (lambda x: np.roll(X, x[0, 0].astype(int)), "cannot be recorded", ""),
    "flags": (lambda x: x.flags, "array.flags cannot", ""),
    "bits": (written_as_ints, "a view of float64 as int64", ""),
    "a change beside bits": (changed_with_bits, "a change of an array that shares memory", "write array(x)"),
    "a change of an alias": (changed_alias, "a change of an array that shares memory", "write array(x)"),
    "in place of a copy": (lambda x: np.nan_to_num(x, copy=False), "np.nan_to_num with copy", ""),
    "own function": (lambda x: EXACT(x), "arithmetic of object", ""),
    "complex numbers": (lambda x: x * 1j, "arithmetic of complex128", ""),
    "large ints": (lambda x: x * 2**70, "arithmetic of", ""),
    "None": (lambda x: x == None, "arithmetic of an array and None", ""),  # noqa: E711  it is the case
    "matrix": (lambda x: np.multiply(np.matrix(X), x), "an array of the class matrix", ""),
    "masked": (lambda x: x + np.ma.masked_array(X, X > 1), "cannot be recorded", ""),
    "errstate": (with_errors, "np.errstate with 'raise' or 'call'", ""),
    "bool of a dtype": (lambda x: np.square(x > 0), "np.square of these arguments", ""),
    "broadcast": (lambda x: np.broadcast_arrays(np.add(x, 1), X)[0], "np.broadcast_arrays cannot", ""),
}
pytestmark = pytest.mark.filterwarnings("ignore::PendingDeprecationWarning", "ignore::numpy.exceptions.ComplexWarning")


def is_here(message, function):
    first = function.__code__.co_firstlineno
    lines = range(first, first + 8)
    return any([f"test_recording_refusals.py:{line}" in message for line in lines])


@pytest.mark.parametrize("name", READS)
def test_what_reads_values_is_refused(name):
    function, reason = READS[name]
    with pytest.raises(KindError) as caught:
        record_function(function, {"x": X})
    assert reason in str(caught.value)
    assert is_here(str(caught.value), function)


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_no_operation_is_refused(name):
    function, reason, remedy = OTHERS[name]
    with pytest.raises(KindError) as caught:
        record_function(function, {"x": X})
    assert reason in str(caught.value)
    assert remedy in str(caught.value)
    assert is_here(str(caught.value), function)


def test_the_line_of_a_user_is_named_below_a_function_of_funcnn():
    def f(x):
        return elementary.minus_tanh(x) if elementary.softplus(x).max() > 1 else x

    with pytest.raises(KindError, match=r"test_recording_refusals.py:\d+: `return elementary.minus_tanh"):
        record_function(f, {"x": X})


def test_functions_of_funcnn_may_ask_and_go_on():
    """They do as for a tracer of JAX, whatever the numbers are."""
    from funcnn.training.finite import is_finite

    assert_recorded(lambda x: x * is_finite(x), {"x": X}, {"x": X + 1})


ASKING = """
def ask(x):
    return float(x.sum())

def go_on(x):
    try:
        return ask(x)
    except TypeError:
        return 1.0
"""


def test_a_user_who_catches_the_error_of_a_function_of_funcnn_does_not_go_on():
    functions = {}
    exec(compile(ASKING, str(Path(funcnn.__file__).with_name("asking.py")), "exec"), functions)

    def caught(x):
        try:
            return x * functions["ask"](x)
        except TypeError:
            return x

    with pytest.raises(KindError, match=r"float\(array\), which reads values, .*`return x \* functions"):
        record_function(caught, {"x": X})
    with pytest.raises(KindError, match=r"float\(array\), which reads values"):
        record_function(lambda x: x * functions["ask"](x), {"x": X})
    program = record_function(lambda x: x * functions["go_on"](x), {"x": X})
    np.testing.assert_array_equal(program({"x": X})["out"], X)


def test_known_arrays_are_read():
    def f(x):
        mask = np.ones_like(x) > 0
        table = np.full_like(x, 2)
        assert mask.all()
        assert float(table[0, 0]) == 2
        assert complex(table[0, 0]) == 2
        assert int(table.sum()) == 12
        assert np.asarray(table).sum() == 12
        assert type(table) is np.ndarray or not np.asarray(table).flags.writeable
        assert table.tolist()[0] == [2, 2, 2]
        assert [int(part) for part in np.nonzero(mask)[0]] == [0, 0, 0, 1, 1, 1]
        assert np.unique(table).shape == (1,)
        assert np.allclose(table, 2)
        values, counts = np.unique_counts(table)
        np.copyto(table, 3)
        return x[mask] * table.ravel() + values * counts[0].item()

    assert_recorded(f, {"x": X}, {"x": X + 1})


def test_a_view_of_a_known_array_by_another_function_is_refused():
    with pytest.raises(KindError, match=r"np.broadcast_arrays, which gives a view of an array, cannot"):
        record_function(lambda x: x + np.broadcast_arrays(np.ones_like(x), X)[0], {"x": X})
    with pytest.raises(KindError, match=r"np.real, which gives a view of an array, cannot"):
        record_function(lambda x: x + np.fft.fftshift(np.real(np.ones_like(x))), {"x": X})


def test_a_recorded_array_does_not_outlive_its_recording():
    left = []
    record_function(lambda x: left.append(x * 2) or x, {"x": X})
    (old, _) = left
    with pytest.raises(KindError, match="an array of a recording that has ended"):
        old + 1
    with pytest.raises(KindError, match="an array of another recording cannot be recorded"):
        record_function(lambda x: x + old, {"x": X})
    assert repr(old) == "RecordedArray(float64, (2, 3))"


def test_known_arrays_of_an_earlier_recording_are_constants():
    kept = []

    def f(x):
        kept.append(np.ones_like(x))
        return x + kept[0]

    program = record_function(f, {"x": X})
    np.testing.assert_array_equal(program({"x": X})["out"], X + 1)


def test_an_array_that_an_earlier_recording_has_changed_is_refused():
    kept = []

    def f(x):
        if not kept:
            kept.append(np.ones_like(x))
        kept[0][0] += x[0]
        return x + kept[0]

    with pytest.raises(KindError, match="an array of another recording"):
        record_function(f, {"x": X})


def test_recordings_inside_recordings():
    def f(x):
        inner = record_function(lambda y: y * 2, {"y": np.ones(2)})
        return x * inner({"y": np.ones(2)})["out"][0]

    assert_recorded(f, {"x": X}, {"x": X + 1})
    with pytest.raises(KindError, match="an array of another recording"):
        record_function(
            lambda x: x + record_function(lambda y: x[0, :2] * y, {"y": np.ones(2)})({"y": X})["out"], {"x": X}
        )
    with pytest.raises(KindError, match="a conversion to an array of NumPy"):
        record_function(lambda x: record_function(lambda y: y * 2, {"y": x})({"y": X}), {"x": X})


def test_another_thread_has_no_recording():
    errors = []

    def f(x):
        def inside():
            try:
                x * 2
            except KindError as error:
                errors.append(str(error))

        thread = threading.Thread(target=inside)
        thread.start()
        thread.join()
        return x

    record_function(f, {"x": X})
    assert len(errors) == 2
    assert "another thread" in errors[0]


def test_a_function_that_is_not_the_same_at_each_call_is_refused():
    rng, calls = np.random.default_rng(0), []
    with pytest.raises(KindError, match="record_function: what is computed differs from call to call"):
        record_function(lambda x: x * rng.normal(), {"x": X})

    def counted(x):
        calls.append(x.shape)
        return x * len(calls)

    with pytest.raises(KindError, match="differs from call to call"):
        record_function(counted, {"x": X})


def test_values_that_leak_are_seen():
    """`numbers` is no method of arrays; it stands for all ways to read values that are not closed."""
    with pytest.raises(KindError, match="depends on values in a way that is not seen"):
        record_function(lambda x: x * x.numbers.sum(), {"x": X})


def test_numpy_may_raise_everywhere_outside():
    with np.errstate(all="raise"):
        program = record_function(lambda x: 1 / x, {"x": np.ones(2)})
        assert np.isinf(program({"x": np.zeros(2)})["out"]).all()


def test_errors_of_numpy_stay_those_of_numpy():
    with pytest.raises(ValueError, match="could not be broadcast"):
        record_function(lambda x: x + np.ones(7), {"x": X})
    with pytest.raises(IndexError, match="out of bounds"):
        record_function(lambda x: x[5], {"x": X})
    with pytest.raises(AttributeError, match="no attribute 'grad'"):
        record_function(lambda x: x.grad, {"x": X})
    with pytest.raises(TypeError, match="same_kind"):
        record_function(lambda x: (x > 0).__iadd__(x), {"x": X})
    with pytest.raises(ValueError, match="non-broadcastable"):
        record_function(lambda x: x[0].__iadd__(x), {"x": X})
    with pytest.raises(ValueError, match="read-only"):
        record_function(lambda x: np.broadcast_to(x[0], (2, 3)).__iadd__(x), {"x": X})
    with pytest.raises(ValueError, match="broadcast"):
        record_function(lambda x: x[0].__setitem__(slice(None), x), {"x": X})
    frozen = X.copy()
    frozen.setflags(write=False)
    with pytest.raises(ValueError, match="read-only"):
        record_function(lambda x: x.__iadd__(1), {"x": frozen})
    with pytest.raises(TypeError, match="unhashable"):
        record_function(lambda x: {x: 1}, {"x": X})
    with pytest.raises(TypeError, match="len"):
        record_function(lambda x: len(x.sum()), {"x": X})


def test_copies_of_an_array_are_its_own():
    def f(x):
        a, b = copy.copy(x), copy.deepcopy(x)
        x += 1
        return a, b

    assert_recorded(f, {"x": X}, {"x": X + 1})
