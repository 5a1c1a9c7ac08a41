"""What a type checker knows of the four lines: mypy --strict reads this file, pytest runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, Generic, TypeVar, assert_type

import numpy as np
import pytest

from funcnn import (
    Array,
    Dense,
    Elementwise,
    Grads,
    Tanh,
    TrainState,
    backward,
    batches,
    evolve,
    forward,
    gradient,
    mse,
    parameters,
    predict,
    record,
    reseed,
    sgd,
    state,
    train,
    tree_map,
    update,
    value_and_grad,
)
from funcnn.data import Batches
from funcnn.trees import map_parameters, replace

L = TypeVar("L")
x, y = np.ones((5, 2)), np.ones((5, 1))
net = (Dense.init(2, 1, seed=1), Tanh())


def test_the_four_lines() -> None:
    params = net
    out, cache = forward(params, x)
    _cost, dA = mse(out, y)
    grads = backward(params, cache, dA)
    assert_type(grads, Grads[tuple[Dense, Tanh]])
    params = sgd(params, grads, 0.1)
    assert_type(sgd(params, grads, 0.1), tuple[Dense, Tanh])


def test_what_follows_from_them() -> None:
    assert_type(value_and_grad(mse)(net, x, y), tuple[Any, Grads[tuple[Dense, Tanh]]])
    assert_type(reseed(net, 1), tuple[Dense, Tanh])
    assert_type(replace(net, "0.b", np.zeros(1)), tuple[Dense, Tanh])
    assert_type(tree_map(np.negative, net), tuple[Dense, Tanh])
    assert_type(map_parameters(np.negative, net), tuple[Dense, Tanh])
    assert_type(evolve(net[0], b=None), Dense)
    assert_type(parameters(net), dict[str, Array])
    data = batches(x, y, 2, seed=0)
    assert_type(data[1:], Batches)
    for now in train(TrainState(net), data, value_and_grad(mse), lambda step: 0.1 / (1 + step)):
        assert_type(now, TrainState[tuple[Dense, Tanh]])
        assert_type(now.params, tuple[Dense, Tanh])
    _, grads = value_and_grad(mse)(net, x, y)
    assert_type(update((), grads, net), tuple[Grads[tuple[Dense, Tanh]], tuple[()]])
    assert predict(net, x).shape == (5, 1)


@record
class Gated(Generic[L]):
    """out = inner(x) * gate: a combinator of one's own"""

    inner: L
    gate: Array
    seen: int = state(default=0)


@forward.register(Gated)
def gated_forward(params: Gated[L], x: Array) -> tuple[Array, tuple[Array, Any]]:
    out, cache = forward(params.inner, x)
    return out * params.gate, (out, cache)


@backward.register(Gated)
def gated_backward(params: Gated[L], cache: tuple[Array, Any], dA: Array) -> Grads[Gated[L]]:
    out, inner = cache
    grads = backward(params.inner, inner, dA * params.gate)
    gate = (dA * out).sum(axis=0)
    return Grads(gradient(params, inner=grads.params, gate=gate, seen=params.seen + 1), grads.x)


@record
class Cube(Elementwise):
    """out = x^3"""

    def value(self, x: Array) -> Array:
        return x**3

    def slope(self, kept: Array) -> Array:
        return 3 * kept**2


def test_layers_of_ones_own() -> None:
    mine = (Gated(net, np.ones(1)), Cube())
    out, cache = forward(mine, x)
    assert_type(backward(mine, cache, out), Grads[tuple[Gated[tuple[Dense, Tanh]], Cube]])
    assert sgd(mine, backward(mine, cache, out), 0.1)[0].seen == 1


WRONG = """
from typing import Any
from funcnn import Nonsense  # which is not there
from funcnn import Array, Dense, Grads, Relu, backward, forward, record, sgd
@record
class Mine:
    W: Array
@forward.register(Mine)
def mine_forward(params: Mine, x: Array) -> Array:  # no pair
    return x
@backward.register(Mine)
def mine_backward(params: Mine, cache: Any, dA: Array) -> tuple[Mine, Array]:  # no Grads
    return params, dA
def steps(net: tuple[Dense, Relu], grads: Grads[tuple[Dense]]) -> None:
    sgd(net, grads, 0.1)  # another network's
    Dense([[1.0]], None)  # a list
    net[0].W = net[0].W  # frozen
"""


def test_mistakes_are_seen_before_they_run(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="the type checker is mypy")
    (tmp_path / "wrong.py").write_text(WRONG, "utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run(
        [*command, str(tmp_path / "wrong.py")], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    codes = [line.rsplit("[", 1)[1] for line in done.stdout.splitlines() if ": error:" in line]
    assert codes == ["attr-defined]", "arg-type]", "arg-type]", "misc]", "arg-type]", "misc]"], done.stdout
