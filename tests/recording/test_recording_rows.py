"""Programs for any lengths of axes: from recordings at three lengths, they are what is recorded at another one."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn.core import forward_only, inference
from funcnn.errors import KindError
from funcnn.prediction import predict
from funcnn.recording import record_function
from funcnn.recording.leaves import leaves_of
from funcnn.recording.linear import Linear, length
from funcnn.recording.rows import record_lengths
from funcnn.testing import strategies as fst
from funcnn.trees import tree_map
from tests.counts import at_most

every_layer = pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)


def rows_like(x, m):
    """m rows whose numbers are in the range of x."""
    return tree_map(lambda a: np.resize(a, (m, *a.shape[1:])) if a.size else np.ones((m, *a.shape[1:]), a.dtype), x)


def predicted(params, x):
    return forward_only(params, x)


@every_layer
@at_most(20, quick=2)
@given(data=st.data(), m=st.integers(1, 9))
def test_a_layer(layer, data, m):
    params, x = data.draw(fst.cases(layer))
    net, fixed = inference(params), leaves_of(inference(params), "params")
    sizes = {n for array in [*fixed.values(), *leaves_of(x, "x").values()] for n in array.shape}

    def record(lengths):
        with np.errstate(all="ignore"):
            return record_function(predicted, {"params": net, "x": rows_like(x, lengths["m"])})

    given_x = rows_like(x, m)
    made = record_lengths(record, sizes=sizes).at({"m": m})({**fixed, **leaves_of(given_x, "x")})
    expected = leaves_of(predict(params, given_x), "out")
    assert made.keys() == expected.keys()
    for path, ours in made.items():
        np.testing.assert_allclose(ours, expected[path], rtol=1e-12, atol=1e-12, err_msg=path)


def program_of(function, *rest, names=("m",), sizes=()):
    def record(lengths):
        return record_function(function, {"x": np.ones((*lengths.values(), *rest))})

    return record_lengths(record, names=names, sizes=sizes)


KNOWN = {
    "a count": lambda x: x / len(x),
    "half of a count": lambda x: x * (len(x) / 2),
    "numbers of rows": lambda x: x * np.arange(len(x))[:, None],
    "numbers of rows, from the end": lambda x: x + np.arange(len(x))[::-1, None],
    "numbers of rows as columns": lambda x: x @ (x.T + np.arange(len(x))) @ x,
    "even rows": lambda x: x + (np.arange(len(x)) < 0)[:, None],
    "infinity": lambda x: np.maximum(x, np.full(x.shape, -np.inf)),
    "not a number": lambda x: x + np.where(np.zeros(x.shape, bool), np.full(x.shape, np.nan), 0),
    "the last row": lambda x: x - x[-1],
    "rows from the end": lambda x: x[::-1],
    "irregular columns": lambda x: x[:, [0, 2, 1, 0]],
    "columns of irregular rows": lambda x: x.T[[0, 2, 1]],
    "all but the last row": lambda x: x[:-1],
    "rows with no columns": lambda x: x[:, :0] + np.zeros((len(x), 0)),
    "a pattern": lambda x: x + np.tile([1.0, 2.0], 2 * len(x)).reshape(len(x), 4)[:, :3],
}


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("m", [1, 2, 5, 7, 12])
def test_a_number_of_rows(name, m):
    x = np.random.default_rng(m).normal(size=(m, 3))
    np.testing.assert_array_equal(program_of(KNOWN[name], 3).at({"m": m})({"x": x})["out"], KNOWN[name](x))


def test_a_number_that_differs_is_linear():
    program = program_of(lambda x: x.reshape(-1) * 2, 3)
    assert program.inputs[0][1] == (length("m"), 3)
    assert [one.shape for one in program.operations] == [(Linear(((("m",), 3),)),)] * 2
    assert [len(a.shape) for a in program.constants] == [0]


def test_numbers_of_rows_are_not_lengths_of_other_axes():
    assert [one["m"] for one in program_of(lambda x: 2 * x, 3).examples] == [7, 11, 12]
    assert [one["m"] for one in program_of(lambda x: 2 * x, 11, sizes={11, 3}).examples] == [13, 17, 18]


SEVERAL = {
    "rows of positions": lambda x: x.reshape(-1, 3) * np.arange(x.shape[0] * x.shape[1])[:, None],
    "a mean over positions": lambda x: x.sum(axis=(0, 1)) / (x.shape[0] * x.shape[1]),
    "numbers of positions": lambda x: x + np.arange(x.shape[1])[:, None],
    "numbers of rows": lambda x: x * np.arange(x.shape[0])[:, None, None],
    "columns of positions": lambda x: x[..., [0, 2, 1]],
    "windows": lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1)[:, 1:],
    "ones": lambda x: x.reshape(-1) + np.ones(x.size),
    "the length of both": lambda x: np.concatenate([x, x[:, :1]], axis=1).sum(axis=0) * np.ones((x.shape[1] + 1, 1)),
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("lengths", [{"m": 1, "t": 2}, {"m": 5, "t": 3}, {"m": 2, "t": 14}])
def test_several_lengths(name, lengths):
    x = np.random.default_rng(0).normal(size=(*lengths.values(), 3))
    program = program_of(SEVERAL[name], 3, names=("m", "t"))
    np.testing.assert_array_equal(program.at(lengths)({"x": x})["out"], SEVERAL[name](x))


REFUSED_OF_SEVERAL = [
    lambda x: x * x.shape[1] ** 2,
    lambda x: x + (np.arange(x.shape[0])[:, None] - np.arange(x.shape[1]))[:, :, None],
    lambda x: x[:, ::2],
    lambda x: np.ones((x.shape[0] + x.shape[1], 1)) * np.arange(x.shape[0] + x.shape[1])[:, None] * x.sum(),
]


@pytest.mark.parametrize("function", REFUSED_OF_SEVERAL)
def test_it_is_refused_for_several_lengths(function):
    form = (
        "a sum of products of the lengths m, t, compared at 7, 11 and 12 x 13, 17 and 18 for m, t, cannot be recorded"
    )
    with pytest.raises(KindError, match=f"^a .* not {re.escape(form)}$"):
        program_of(function, 3, names=("m", "t"))


REFUSED = {
    "other operations for other lengths of axes": [
        lambda x: x[: len(x) // 2 * 2] * 2,
        lambda x: np.stack([2 * row for row in x]),
        lambda x: np.exp(x) if len(x) == 7 else np.tanh(x),
        lambda x: x + x if len(x) == 7 else x + 1.0,
        lambda x: np.exp(x) + (np.tanh(x) if len(x) == 7 else x - x),
    ],
    "a shape or a position that is not a + b m for m rows": [
        lambda x: np.exp((x[:, None] - x).reshape(-1)),
        lambda x: x[: len(x) // 2] * 2,
        lambda x: x.sum(axis=int(len(x) == 7)),
        lambda x: x.sum(axis=(0, 1) if len(x) == 7 else 1),
    ],
    "a constant whose entries are not a + b m for m rows": [
        lambda x: x / len(x) ** 0.5,
        lambda x: x[np.argsort(np.sin(np.arange(len(x))))],
        lambda x: x + np.random.default_rng(0).normal(size=x.shape),
        lambda x: np.eye(len(x)) @ x,
        lambda x: x[:-1] + np.arange(len(x) - 1)[:, None],
    ],
}


@pytest.mark.parametrize(("reason", "function"), [(reason, f) for reason, fs in REFUSED.items() for f in fs])
def test_it_is_refused(reason, function):
    sentence = f"{reason}, compared at 7, 11 and 12 rows, cannot be recorded"
    with pytest.raises(KindError, match=f"^{re.escape(sentence)}$"):
        program_of(function, 3)
