"""Some thousand calls of public functions with drawn arguments end in a value, or in an error of funcnn by its name."""

import math
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, batches, load, mlp, mse, record, train, value_and_grad
from funcnn.bits import words
from funcnn.data import prefetch
from funcnn.errors import KindError, RangeError
from funcnn.initializers import constant, glorot_uniform
from funcnn.layers import rotate
from funcnn.needs import MOST_WHOLE
from funcnn.optimizers import project
from funcnn.schedules import Plateau, cosine
from funcnn.sizes import MOST_ENTRIES as MOST
from funcnn.training import progress
from funcnn.trees import to_vector
from tests.kinds.drawn import calls, outcome
from tests.kinds.rows import kind, row
from tests.kinds.trials import packed
from tests.messages.test_kinds import MODULES, in_a_folder_of_its_own  # noqa: F401  a fixture
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

EACH = 8  # calls of each row


@pytest.mark.parametrize("module", [module for module in MODULES if hasattr(module, "ROWS")], ids=lambda m: m.__name__)
def test_drawn_arguments_give_a_value_or_an_error_by_the_name_of_the_function(module):
    found = []
    for one in module.ROWS:
        if one.needs and not find_spec(one.needs):
            continue
        found += [line for what, arguments in calls(one, EACH) if (line := outcome(one, what, arguments))]
    assert found == []


def bare(x):
    return x.shape


def nameless(x):
    raise KindError("it is wrong")


def misleading(x):
    if type(x) is not np.ndarray:
        raise KindError(f"misleading: x must be an array, not {type(x).__name__}; write tuple(x)")


def lazy(x):
    return (part.shape for part in [x])


def calling(x, f):
    return f(x)


@pytest.mark.parametrize(
    ("function", "way"),
    [
        (bare, "is a bare error: AttributeError"),
        (nameless, "does not say its name: it is wrong"),
        (lazy, "is a bare"),
        (misleading, "; write tuple(x), and then: misleading: x must be an array"),
        (misleading, "; write tuple(x) fails: TypeError"),
    ],
)
def test_a_drawn_call_finds_what_is_wrong(function, way):
    one = row(function, x=kind(np.ones(2)))
    assert any([way in outcome(one, what, arguments) for what, arguments in calls(one, 99)])


def test_errors_of_a_given_function_are_its_own():
    one = row(calling, x=kind(np.ones(2)), f=kind(abs))
    for f in (packed, lambda: None):
        assert outcome(one, "", {"x": 1, "f": f}) == ""
    assert outcome(one, "", {"x": 1, "f": len}).startswith(" is a bare error: TypeError")


def test_drawn_calls_are_the_same_in_each_run():
    one = row(calling, x=kind(np.ones(2)), f=kind(abs))
    drawn = [[what for what, _ in calls(one, 20, seed)] for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[0])) > 15


# What such calls have found.

X, NET = np.ones((4, 2)), mlp([2, 3, 1], seed=0)
MSE = value_and_grad(mse)
DA = np.ones((2, 2))


def matrix():
    return np.ones((2, 2)).view(np.matrix)


def state(net=NET):
    return nn.TrainState(net, step=1)


FOUND = [
    kind_error(lambda: train(state(), np.float64(2.5), MSE, 0.1))
    >> "train: data must give batches (x, y), not float64",
    range_error(lambda: nn.Dense.init(10**30, 1, seed=0))
    >> f"Dense.init: n_in must be at most {MOST}, not 1{30 * '0'}",
    shape_error(lambda: glorot_uniform(0, (2**40, 2**40)))
    >> f"glorot_uniform: shape must be of an array of at most {MOST} entries, not (1099511627776, 1099511627776)",
    *[
        range_error(lambda: constant(1.0)(0, (2**46,)))
        >> "constant: shape must be of an array that fits into memory, not (70368744177664,)"
        for _ in range(MOST > 2**46)  # where addresses have 32 bits, this is more than MOST
    ],
    range_error(lambda: cosine(10**400, 10)) >> "cosine: lr must be in [-1.8e+308, 1.8e+308], not about 10**400",
    range_error(lambda: cosine(0.1, 10)(10**45)) >> f"cosine: step must be at most {MOST_WHOLE}, not about 10**45",
    range_error(lambda: batches(X, X, 2, epochs=(sys.maxsize + 1) // 2, seed=0))
    >> f"batches: the number of batches must be at most {sys.maxsize}, not {sys.maxsize + 1}",
    kind_error(lambda: nn.Dropout(0.5, seed=10**5000))
    >> "Dropout: seed must be an int in [0, 2**31), or a tuple of them, not about 10**5000",
    shape_error(lambda: backward(nn.Tanh(), matrix(), DA))
    >> "backward: cache must be what forward returned for this layer; cache: <f64 [[1. 1.] [1. 1.]]>, layer: Tanh()",
    kind_error(lambda: backward(nn.Tanh(), np.array([b"a"]), np.array([b"a"])))
    >> "backward: cache must be an array or a tuple of arrays, not bytes array",
    kind_error(lambda: words(np, (10**30,), (2,))) >> f"words: key must be a tuple of 64-bit ints, not (1{30 * '0'},)",
    kind_error(lambda: record(int)) >> "record: cls must be a class that is written in Python, not the class int",
    kind_error(lambda: to_vector(np.ma.ones(3))) >> "to_vector: tree must be an array of numbers, not MaskedArray",
    kind_error(lambda: to_vector((np.zeros(2, [("a", float)]),)))
    >> "to_vector: tree[0] must be an array of numbers, not structured array",
    kind_error(lambda: load("net.npz", migrate=lambda x: x))
    >> "load: migrate must be a function (name, fields), not a function (x)",
    kind_error(lambda: project(NET, lambda: None)) >> "project: onto must be a function of an array, not a function ()",
    range_error(lambda: prefetch([(X, X)], 10**30)) >> f"prefetch: n must be at most {MOST_WHOLE}, not 1{30 * '0'}",
]


@each_row(FOUND)
def test_it_says(row):
    assert_says(row)


def test_it_says_with_other_libraries(capsys):
    jax = pytest.importorskip("jax", reason="its arrays are meant")
    pytest.importorskip("tqdm", reason="it draws the bar")
    plot = pytest.importorskip("funcnn.plot")
    for call, sentence in [
        (lambda: list(progress([state()], lr=lambda step: "text")), r"progress: lr\(0\) must be a number, not str"),
        (lambda: Plateau(0.1, waiting=jax.numpy.ones(2)), "Plateau: waiting must be a number, not float32 array"),
        (lambda: plot.rate_curve(0.1, 10**8), "rate_curve: steps must be at most 10000000, not 100000000"),
    ]:
        with pytest.raises((KindError, RangeError), match=f"^{sentence}$"):
            call()


def test_a_large_start_is_a_position():
    assert np.isfinite(rotate(np.ones((3, 4)), 10**30)).all()


def test_a_shape_of_small_ints_does_not_overflow():
    assert words(np, (1,), (np.uint8(200), 3)).shape == (200, 3)


class Counting(ThreadPoolExecutor):
    asked = 0

    def submit(self, *given):
        Counting.asked += 1
        return super().submit(*given)


def test_prefetch_asks_for_the_batches_that_there_are(monkeypatch):
    monkeypatch.setattr("funcnn.data.prefetching.ThreadPoolExecutor", Counting)
    Counting.asked = 0
    data = [(X, X), (X, X)]
    assert len(list(prefetch(data, 100_000))) == 2
    assert Counting.asked <= 2 * len(data) + 1
    assert list(prefetch([], 3)) == []
    assert math.isfinite(Counting.asked)
