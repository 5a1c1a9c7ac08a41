"""The types of the four lines: mypy --strict reads this file, and pytest runs it."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path
from pydoc import render_doc
from typing import Any, Generic, TypeVar, assert_type

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, forward, mse, parameters, record, sgd, state, train, tree_map, update, value_and_grad
from funcnn.data import Batches
from funcnn.trees import map_parameters, replace

L = TypeVar("L")
x, y = np.ones((5, 2)), np.ones((5, 1))
net = (nn.Dense.init(2, 1, seed=1), nn.Tanh())


def test_the_four_lines() -> None:
    params = net
    out, cache = forward(params, x)
    _cost, dA = mse(out, y)
    grads = backward(params, cache, dA)
    assert_type(grads, nn.Grads[tuple[nn.Dense, nn.Tanh]])
    params = sgd(params, grads, 0.1)
    assert_type(sgd(params, grads, 0.1), tuple[nn.Dense, nn.Tanh])


def test_what_follows_from_them() -> None:
    assert_type(value_and_grad(mse)(net, x, y), tuple[Any, nn.Grads[tuple[nn.Dense, nn.Tanh]]])
    assert_type(nn.reseed(net, 1), tuple[nn.Dense, nn.Tanh])
    assert_type(replace(net, "0.b", np.zeros(1)), tuple[nn.Dense, nn.Tanh])
    assert_type(tree_map(np.negative, net), tuple[nn.Dense, nn.Tanh])
    assert_type(map_parameters(np.negative, net), tuple[nn.Dense, nn.Tanh])
    assert_type(nn.evolve(net[0], b=None), nn.Dense)
    assert_type(parameters(net), dict[str, nn.Array])
    data = nn.batches(x, y, 2, seed=0)
    assert_type(data[1:], Batches)
    start = nn.TrainState(net)
    for now in train(start, data, value_and_grad(mse), lambda step: 0.1 / (1 + step)):
        assert_type(now, nn.TrainState[tuple[nn.Dense, nn.Tanh]])
        assert_type(now.params, tuple[nn.Dense, nn.Tanh])
    _, grads = value_and_grad(mse)(net, x, y)
    assert_type(update((), grads, net), tuple[nn.Grads[tuple[nn.Dense, nn.Tanh]], tuple[()]])
    assert nn.predict(net, x).shape == (5, 1)


@record
class Gated(Generic[L]):
    """out = inner(x) * gate: a combinator of one's own"""

    inner: L
    gate: nn.Array
    seen: int = state(default=0)


@forward.register(Gated)
def gated_forward(params: Gated[L], x: nn.Array) -> tuple[nn.Array, tuple[nn.Array, Any]]:
    out, cache = forward(params.inner, x)
    return out * params.gate, (out, cache)


@backward.register(Gated)
def gated_backward(params: Gated[L], cache: tuple[nn.Array, Any], dA: nn.Array) -> nn.Grads[Gated[L]]:
    out, inner = cache
    grads = backward(params.inner, inner, dA * params.gate)
    gate = (dA * out).sum(axis=0)
    return nn.Grads(nn.gradient(params, inner=grads.params, gate=gate, seen=params.seen + 1), grads.x)


@record
class Cube(nn.Elementwise):
    """out = x^3"""

    def value(self, x: nn.Array) -> nn.Array:
        return x**3

    def slope(self, kept: nn.Array) -> nn.Array:
        return 3 * kept**2


def test_layers_of_ones_own() -> None:
    mine = (Gated(net, np.ones(1)), Cube())
    out, cache = forward(mine, x)
    assert_type(backward(mine, cache, out), nn.Grads[tuple[Gated[tuple[nn.Dense, nn.Tanh]], Cube]])
    assert sgd(mine, backward(mine, cache, out), 0.1)[0].seen == 1


HERE = Path(__file__).parents[1]
CHECKERS = {
    "mypy": ["--strict", "--no-error-summary", "--hide-error-context"],
    "pyright": ["--pythonpath", sys.executable],
}


@pytest.mark.unwatched
@pytest.mark.parametrize("checker", CHECKERS)
def test_what_users_write_is_taken_and_mistakes_are_found_in_their_lines(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="it is the type checker")
    right, wrong = HERE / "types" / "right.py", HERE / "types" / "wrong.py"
    marked = {i for i, line in enumerate(wrong.read_text("utf-8").splitlines(), 1) if line.endswith("# WRONG")}
    assert len(marked) > 25
    options = [*CHECKERS[checker], *(["--cache-dir", str(tmp_path)] if checker == "mypy" else [])]
    command = [sys.executable, "-m", checker, *options, str(right), str(wrong)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, check=False)
    found = re.findall(r"(\w+\.py):(\d+):(?:\d+ -)? error:", done.stdout)
    assert {(file, int(line)) for file, line in found} == {("wrong.py", line) for line in marked}, (
        done.stdout + done.stderr
    )
    assert done.returncode == 1, done.stderr  # it has read both files


def test_what_users_write_runs() -> None:
    runpy.run_path(str(HERE / "types" / "right.py"))


def test_help_and_editors_show_what_a_field_takes() -> None:
    assert str(signature(nn.Dense)) == "(W: 'Array', b: 'Array | None') -> None"
    assert str(signature(nn.Adam)).endswith(
        "b1: 'Fraction' = 0.9, b2: 'Fraction' = 0.999, eps: 'Rate' = 1e-08) -> None"
    )
    assert "W: 'Array', b: 'Array | None'" in render_doc(nn.Dense)
    assert {parameter.kind for parameter in signature(nn.Adam).parameters.values()} == {Parameter.KEYWORD_ONLY}
