"""The traceback of an error about what was given ends in the line that calls funcnn."""

import re
import sys
import traceback
from pathlib import Path

import numpy as np
import pytest

import funcnn
from funcnn import (
    Adam,
    Array,
    Dense,
    TrainState,
    backward,
    cosine,
    forward,
    mlp,
    mse,
    predict,
    record,
    sgd,
    softmax_cross_entropy,
    tracebacks,
    train,
    update,
    value_and_grad,
)
from funcnn.errors import FuncnnError, KindError, MissingError, NotFiniteError, RangeError, ShapeError
from funcnn.metrics import r2
from funcnn.training import progress

NET, X, WIDE, Y = mlp([2, 8, 8, 1], seed=0), np.ones((5, 2)), np.ones((5, 3)), np.ones((5, 1))
OUT, CACHE = forward(NET, X)


def trained(x, y=Y):
    return [state.cost for state in train(TrainState(NET), [(x, y)], value_and_grad(mse), 0.1)]


def frames(error):
    return [(Path(frame.filename).name, frame.name) for frame in traceback.extract_tb(error.__traceback__)]


@pytest.mark.parametrize(
    ("kind", "call"),
    {
        "a verb": (ShapeError, lambda: forward(NET, WIDE)),
        "a verb, about the cache": (ShapeError, lambda: backward(NET, CACHE[1:], OUT)),
        "a verb that has no rule": (KindError, lambda: forward(Dense, X)),
        "a verb, about the number of arguments": (KindError, lambda: forward(NET, X, X)),
        "update": (KindError, lambda: update(Adam(), NET, NET)),
        "sgd": (KindError, lambda: sgd(NET, NET, 0.1)),
        "a function with checked arguments": (ShapeError, lambda: predict(NET, WIDE)),
        "a function that was returned": (ShapeError, lambda: value_and_grad(mse)(NET, WIDE, Y)),
        "a returned function, about the number": (KindError, lambda: value_and_grad(mse)(NET, X)),
        "a schedule": (RangeError, lambda: cosine(0.1, 10)(-1)),
        "a loss": (ShapeError, lambda: mse(X, Y)),
        "a loss of labels": (RangeError, lambda: softmax_cross_entropy(X, np.array([3] * 5))),
        "a constructor": (KindError, lambda: Dense([[1.0]], None)),
        "a constructor, about missing arguments": (KindError, lambda: Dense(X)),
        "a classmethod": (RangeError, lambda: Dense.init(0, 1, seed=0)),
    }.values(),
)
def test_the_traceback_of_an_error_ends_in_the_line_that_calls(kind, call):
    with pytest.raises(kind) as caught:
        call()
    (_, test), (file, line) = frames(caught.value)
    assert (test, file, line) == (sys._getframe().f_code.co_name, Path(__file__).name, "<lambda>")


def test_training_ends_its_tracebacks_in_the_loop():
    for kind, given in [(ShapeError, WIDE), (NotFiniteError, np.nan * X)]:
        with pytest.raises(kind) as caught:
            trained(given)
        assert {file for file, _ in frames(caught.value)} == {Path(__file__).name}


def test_errors_of_with_blocks_and_absent_names_end_in_the_line_that_reads(monkeypatch):
    absent = [name for name in sys.modules if name.partition(".")[0] in ("sklearn", "tqdm")]
    for name in ["sklearn", "sklearn.metrics", "tqdm", "tqdm.std", "tqdm.auto", *absent]:
        monkeypatch.setitem(sys.modules, name, None)
    for kind, call in [
        (MissingError, lambda: r2(X, X)),
        (MissingError, lambda: next(progress([TrainState(NET)]))),
        (AttributeError, lambda: funcnn.fitt),
        (ImportError, lambda: exec("from funcnn import fit", {})),
    ]:
        with pytest.raises(kind) as caught:
            call()
        assert [file for file, _ in frames(caught.value) if file != "<string>"] == [Path(__file__).name] * 2


def test_a_notebook_shows_the_cell_and_two_lines():
    ultratb = pytest.importorskip("IPython.core.ultratb")
    with pytest.raises(ShapeError) as caught:
        forward(NET, WIDE)
    shown = ultratb.FormattedTB(mode="Context").text(type(caught.value), caught.value, caught.value.__traceback__)
    lines = re.sub(r"\x1b\[[\d;]*m", "", shown).strip().splitlines()
    assert lines[-3:] == [
        "",
        "ShapeError: Dense: x must be (m, ..., 2), not (5, 3)",
        "in layer 0, Dense(W=<f64 2x8>, b=<f64 8>), x: <f64 5x3>",
    ]
    assert len([line for line in lines if "--> " in line]) == 1


@record
class Narrowed:
    inner: object


@forward.register(Narrowed)
def narrowed_forward(params, x):
    return forward(params.inner, x[:, :1])


@record
class Unfit:
    W: Array


@forward.register(Unfit)
def unfit_forward(params, x):
    return x @ params.W, x


def test_the_frames_of_a_users_rule_stay():
    with pytest.raises(ShapeError) as caught:
        forward((Narrowed(NET),), X)
    assert [name for _, name in frames(caught.value)][1:] == ["narrowed_forward"]


def test_all_frames_stay_where_a_rule_fails_by_itself():
    with pytest.raises(ValueError, match="matmul") as caught:
        forward((Unfit(WIDE),), X)
    assert not isinstance(caught.value, FuncnnError)
    names = [name for _, name in frames(caught.value)][1:]
    assert names == ["call", "chain_forward", "call", "unfit_forward"]
    assert caught.value.__notes__ == ["in layer 0, Unfit(W=<f64 5x3>), x: <f64 5x2>"]


def test_python_with_x_dev_keeps_all_frames(monkeypatch):
    monkeypatch.setattr(tracebacks, "KEEPS_ALL", True)
    with pytest.raises(ShapeError) as caught:
        forward(NET, WIDE)
    assert ("chain.py", "chain_forward") in frames(caught.value)


def test_compiled_functions_end_their_tracebacks_in_the_line_that_calls():
    pytest.importorskip("llvmlite", reason="kernels need llvmlite")
    from funcnn.compilation import compiled, compiled_step

    for call in (lambda: compiled(mse)(NET, WIDE, Y), lambda: compiled_step(mse)(TrainState(NET), WIDE, Y, 0.1)):
        with pytest.raises(ShapeError) as caught:
            call()
        assert {file for file, _ in frames(caught.value)} == {Path(__file__).name}
