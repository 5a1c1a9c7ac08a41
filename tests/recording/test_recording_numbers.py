"""Numbers of Python, such as a rate or a step number, compute as in Python, and arrays beside them keep their dtype."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Dense, Dropout, forward, mse
from funcnn.errors import KindError
from funcnn.recording import record_function, record_step
from tests.counts import at_most
from tests.recorded import assert_recorded

ints, rates = st.integers(1, 2**20), st.floats(0.125, 8)
ARITHMETIC = {
    "sums": lambda n, r: (n + 1, 2 - n, r - n, n + r, 1.5 + r, True + n),
    "products": lambda n, r: (n * 3, n * r, 2 * r, r / 3, n / 2, 1 / n, 1 / r),
    "quotients": lambda n, r: (n // 3, n % 7, -n // 3, -n % 7, 7 // n, r // 2, r % 0.5, 10**6 % n),
    "powers": lambda n, r: (n**2, r**2, r**-1, 0.9**n, (n % 5) ** 3, n**-1, n**0.5),
    "bits": lambda n, r: (n & 6, n | 8, n ^ 5, n << 3, n >> 2, 1 << (n % 8), 3 & n),
    "order": lambda n, r: (n < 5, n <= 5, n > r, r >= 2, n == 4, n != 4, (n > 3) * 2, (r > 1) + 0.5),
    "signs": lambda n, r: (-n, +r, abs(-r), abs(n - 7)),
    "functions": lambda n, r: (np.sqrt(r), np.exp(-n), np.sum(r), np.maximum(n, 3), np.square(r)),
}


@pytest.mark.parametrize("name", ARITHMETIC)
@at_most(30, quick=5)
@given(n=st.tuples(ints, ints), r=st.tuples(rates, rates))
def test_arithmetic(name, n, r):
    assert_recorded(ARITHMETIC[name], {"n": n[0], "r": r[0]}, {"n": n[1], "r": r[1]})


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4", "u1"])
def test_arrays_keep_their_dtype(dtype):
    def f(x, n, r):
        rate = r
        rate *= 0.5
        n += 1
        out = (x * rate, x + n, n * x, np.where(x > n, x, r), np.maximum(r, x), x**2 * r, r, n, x - n**2)
        x *= n
        return (*out, x, x.astype(float) * np.exp(r), np.asarray(x, None) if type(x) is np.ndarray else x)

    x = np.arange(3).astype(dtype)
    assert_recorded(f, {"x": x, "n": 2, "r": 0.25}, {"x": x + x, "n": 3, "r": 2.0})


def test_a_number_as_an_index():
    x = np.arange(4.0)
    assert_recorded(lambda x, n: (x[n], x[None, n]), {"x": x, "n": 1}, {"x": x, "n": -1})
    with pytest.raises(KindError, match="a number of Python that is computed"):
        record_function(lambda x, n: x[:n], {"x": x, "n": 1})
    with pytest.raises(KindError, match="a number of Python that is computed"):
        record_function(lambda x, n: list(range(n)), {"x": x, "n": 1})


# ruff: noqa: PLW0108  the name of the argument is that of the input
REFUSED = {
    "condition": (lambda n: n if n > 3 else 0, "a condition on an array"),
    "math": (lambda n: math.sqrt(n), "float(array)"),
    "many bits": (lambda n: n * 0x9E3779B97F4A7C15 % 2**64, "an int of Python that may have more than 63 bits"),
    "a large power": (lambda n: n**5, "an int of Python that may have more than 63 bits"),
    "a large shift": (lambda n: n << 40, "an int of Python that may have more than 63 bits"),
    "a complex power": (lambda n: (-n) ** 0.5, "a complex number"),
    "power modulo": (lambda n: pow(n, 2, 5), "cannot be recorded"),
    "divmod": (lambda n: divmod(n, 2), "np.divmod"),
    "float": (lambda n: float(n), "float(array)"),
    "a computed power": (lambda n: (n % 8) ** (n + 0), "an int of Python that may have more than 63 bits"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_python_alone_can_do_is_refused(name):
    function, reason = REFUSED[name]
    with pytest.raises((KindError, TypeError)) as caught:
        record_function(function, {"n": 5})
    assert reason in str(caught.value) or name == "power modulo"


def test_how_a_number_is_shown():
    shown = []
    record_function(lambda n: shown.append(repr(n)) or n, {"n": 5})
    assert shown == ["RecordedNumber(int)"] * 2


def test_the_step_of_a_dropout_is_an_input():
    net, x = (Dense.init(3, 3, seed=0), Dropout(0.5, seed=1)), np.ones((2, 3))
    program = record_step(net, x, x, mse, 0.1)
    state = {"x": x, "y": x, "lr": 0.1, "params.0.W": net[0].W, "params.0.b": net[0].b, "params.1.step": 0}
    first = program(state)
    second = program({**state, "params.1.step": first["params.1.step"]})
    np.testing.assert_array_equal(first["out"], forward(net, x)[0])
    later = (net[0], Dropout(0.5, seed=1, step=1))
    np.testing.assert_array_equal(second["out"], forward(later, x)[0])
    assert second["params.1.step"] == 2
