"""One check reports every mistake that it finds; parts of a check can be left out."""

import numpy as np
import pytest
from hypothesis import find
from hypothesis import strategies as st

from funcnn.testing import GradientError, NotLinear, NotPure, WrongGradient, check_vjp
from funcnn.testing.verdict import Raised, WrongForFloat32

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]])


def square(x):
    return x * x


in_memory_order = lambda a: a.ravel("K").reshape(a.shape)


def of_zeros(dA, gradient, otherwise):
    return otherwise if dA.any() else gradient


def of_float32(dA, gradient, otherwise):
    return gradient if dA.dtype == np.float32 else otherwise


def refused(array, is_contiguous="c_contiguous"):
    if not getattr(array.flags, is_contiguous):
        raise ValueError("not contiguous")
    return array


def of_one_dtype(dA):
    if dA.dtype != np.float64:
        raise TypeError("float64 only")
    return dA


TWO = {
    "a factor, and the layout of dA": (
        lambda args, dA: [3 * args[0] * in_memory_order(dA)],
        "WrongGradient WrongForLayout",
    ),
    "a factor, and a narrow dtype": (
        lambda args, dA: [(3 * args[0] * dA).astype(np.float32)],
        "WrongGradient WrongDtype",
    ),
    "a factor, a narrow dtype, and the layout of dA": (
        lambda args, dA: [(3 * args[0] * in_memory_order(dA)).astype(np.float32)],
        "WrongGradient WrongDtype WrongForLayout",
    ),
    "a factor, and another factor in float32": (
        lambda args, dA: [of_float32(dA, 5, 3) * args[0] * dA],
        "WrongGradient WrongForFloat32",
    ),
    "a factor, and float64 for float32": (
        lambda args, dA: [3.0 * args[0] * dA.astype(np.float64)],
        "WrongGradient WrongDtype",
    ),
    "a factor, and a refused layout": (lambda args, dA: [3 * args[0] * refused(dA)], "WrongGradient RefusedLayout"),
    "a factor, and a refused dtype": (lambda args, dA: [3 * args[0] * of_one_dtype(dA)], "WrongGradient RefusedDtype"),
    "a factor, and a shape for a dA of zeros": (
        lambda args, dA: [of_zeros(dA, dA.sum(), 3 * args[0] * dA)],
        "WrongShape WrongGradient",
    ),
    "a dA of zeros, and the layout of x": (
        lambda args, dA: [2 * dA * in_memory_order(args[0]) + args[0]],
        "NotLinear WrongGradient WrongForLayout",
    ),
    "infinite entries, and the layout of dA": (
        lambda args, dA: [2 * args[0] * in_memory_order(dA) * np.where(args[0] == 3, np.inf, 1).astype(dA.dtype)],
        "NotFinite WrongForLayout",
    ),
    "a refused layout, and a refused dtype": (
        lambda args, dA: [2 * args[0] * of_one_dtype(refused(dA))],
        "RefusedLayout RefusedDtype",
    ),
    "complex numbers, and a sign": (lambda args, dA: [-2 * args[0] * dA + 0j], "WrongGradient WrongDtype"),
}


def found(vjp, x=X, **options):
    with pytest.raises(GradientError) as caught:
        check_vjp(square, vjp, [x], **options)
    return caught.value


@pytest.mark.parametrize("what", TWO)
def test_one_error_reports_all_mistakes(what):
    vjp, kinds = TWO[what]
    error = found(vjp)
    names = kinds.split()
    assert type(error).__name__ == names[0]
    assert error.findings[0] is error
    assert sorted([type(one).__name__ for one in error.findings]) == sorted(names)
    lines = str(error).split("\n")
    listed = [line.split(":")[0].strip() for line in lines[lines.index("    and also:") + 1 :]]
    assert [name for name in listed if name in names] == [type(one).__name__ for one in error.findings[1:]]


def test_a_paragraph_repeats_neither_name_nor_arguments():
    error = found(TWO["a factor, and another factor in float32"][0])
    assert str(error).count("square: ") == 1
    assert str(error).count("x = np.array(") == 1
    assert str(error.findings[1]).count("x = np.array(") == 1


def test_one_mistake_has_no_list():
    error = found(lambda args, dA: [3 * args[0] * dA])
    assert error.findings == (error,)
    assert "also" not in str(error)


def test_a_note_stays_with_its_finding():
    last = [X]

    def f(x):
        last[:] = [x]
        return square(x)

    def vjp(args, dA):
        (x,) = args
        is_remembered = x.dtype == np.float64 and 0 < abs(last[0] - x).max() < 1e-8  # as by printed digits
        return [2 * x * dA + (is_remembered + of_zeros(dA, 1, 0))]

    with pytest.raises(NotLinear) as caught:
        check_vjp(f, vjp, [X])
    assert [type(one) for one in caught.value.findings[:2]] == [NotLinear, NotPure]
    assert (
        "    NotPure: vjp gives another result after f was called with one entry changed: the gradient of x[0, 0] was "
        in (str(caught.value))
    )


def test_a_float_gradient_of_whole_numbers_does_not_hide_the_numbers():
    with pytest.raises(WrongGradient, match="WrongDtype: the gradient of n, which is int64, must be None"):
        check_vjp(lambda x, n: x * n, lambda args, dA: [2 * dA * args[1], dA * args[0]], [X, X.astype(np.int64)])


def test_the_kind_of_the_error_does_not_change_while_hypothesis_shrinks():
    vjp = TWO["a factor, a narrow dtype, and the layout of dA"][0]

    def is_wrong(value):
        try:
            check_vjp(square, vjp, [np.array([[value, 1.0], [2.0, 3.0]])])
        except WrongGradient:
            return True
        return False

    assert find(st.integers(-4, 4).map(float), is_wrong) == 0


LEFT_OUT = {
    "float32": lambda args, dA: [of_float32(dA, 5, 2) * args[0] * dA],
    "layouts": lambda args, dA: [2 * args[0] * in_memory_order(dA)],
}


@pytest.mark.parametrize("part", LEFT_OUT)
def test_a_part_that_is_left_out_finds_nothing(part):
    found(LEFT_OUT[part])
    others = dict.fromkeys({*LEFT_OUT, "purity"} - {part}, False)
    found(LEFT_OUT[part], **others)
    assert check_vjp(square, LEFT_OUT[part], [X], **{part: False}).verdict == "pass"


def test_memory_is_not_looked_for_without_purity():
    kept = []

    def f(x):
        kept[:] = [x]
        return square(x)

    def vjp(args, dA):
        given = kept[0] if kept[0].shape == args[0].shape and abs(kept[0] - args[0]).max() > 0.4 else args[0]
        return [2 * given * dA]

    with pytest.raises(GradientError):
        check_vjp(f, vjp, [X])
    calls = []
    assert check_vjp(lambda x: calls.append(0) or square(x), lambda args, dA: [2 * args[0] * dA], [X]).verdict == "pass"
    most = len(calls)
    check_vjp(lambda x: calls.append(0) or square(x), lambda args, dA: [2 * args[0] * dA], [X], purity=False)
    assert len(calls) - most < most
    assert check_vjp(f, vjp, [X], purity=False, float32=False).verdict == "pass"


def test_an_assertion_of_f_is_not_a_mistake_of_the_gradient():
    def f(x):
        assert x.sum() > 100, "too small"
        return square(x)

    with pytest.raises(AssertionError, match="too small") as caught:
        check_vjp(f, lambda args, dA: [2 * args[0] * dA], [X])
    assert not isinstance(caught.value, GradientError)
    assert caught.value.__notes__[0].startswith("raised by f itself, not by check_vjp\n    x = np.array([[1.0")


def test_an_exception_of_f_says_in_which_dtype_it_was_called():
    def f(x):
        if x.dtype != np.float32:
            raise TypeError("float32 only")
        return square(x)

    with pytest.raises(TypeError, match="float32 only") as caught:
        check_vjp(f, lambda args, dA: [2 * args[0] * dA], [X.astype(np.float32)])
    assert caught.value.__notes__[0].startswith(
        "raised by f itself, not by check_vjp, which calls it in float64\n    x = "
    )


@pytest.mark.parametrize("x", [X, X.astype(np.float32), np.array([1e-5, np.pi])])
def test_arguments_are_printed_in_the_dtype_that_failed(x):
    error = found(LEFT_OUT["float32"], x)
    assert type(error) is WrongForFloat32
    scope = {"np": np}
    exec(str(error).split("\n")[1].strip(), scope)
    assert scope["x"].dtype == np.float32
    assert np.array_equal(scope["x"], x.astype(np.float32))


def test_constants_are_printed_as_they_are():
    f = lambda x, *, scale: x * scale
    with pytest.raises(WrongForFloat32) as caught:
        check_vjp(f, lambda args, dA, scale: [of_float32(dA, 5, 2) * dA], [X], kwargs={"scale": np.array(2.0)})
    assert "scale = np.array(2.0)" in str(caught.value)
    assert "1.5]], np.float32)" in str(caught.value)


@pytest.mark.parametrize("what", ["a factor, and a refused layout", "a factor, and a refused dtype"])
def test_what_is_refused_is_raised_too(what):
    (other,) = found(TWO[what][0]).others
    assert isinstance(other, Raised)
