"""Compile time does not grow with depth: what is alike but for offsets shares code, which has the bits of its own."""

import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import BatchNorm, Dense, Dropout, LayerNorm, Relu, Residual, Tanh, layers, mse, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.compilation.engine import engine
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.trace import trace
from funcnn.trees import astype, to_vector

passes, program, statements, tile = [
    import_module(f"funcnn.compilation.{name}") for name in ("passes", "program", "statements", "tile")
]
WIDTH, MANY = 5, 10**9
rng = np.random.default_rng(0)
data_of = lambda rows, dtype=np.float64: rng.normal(size=(2, rows, WIDTH)).astype(dtype)
dense = lambda seed, *, bias=True: Dense.init(WIDTH, WIDTH, seed=seed, bias=bias)


def twice(*parts):
    return tuple([layer for i in (0, 50) for layer in (dense(i), *parts, dense(i + 1, bias=False))])


ROUNDS = twice(BatchNorm.init(WIDTH), Residual((dense(9), BatchNorm.init(WIDTH, momentum=0.5), Relu())))
NETS = {
    "elementwise": twice(Tanh(), layers.ExactGelu(), layers.PRelu.init(WIDTH), layers.Sine(3.0)),
    "across": astype(twice(LayerNorm.init(WIDTH), layers.Softmax(), layers.LogSoftmax()), np.float32),
    "random": astype(twice(Dropout(0.3, seed=1), layers.GaussianNoise(0.2, seed=2), Dropout(0.1, seed=4)), np.float32),
    "rounds": ROUNDS,
}
ALONE, APART, SHARED_ROUNDS = (MANY, MANY), (-1, MANY), (MANY, 0)  # MOST_PASSES, MOST_ROUNDS


@pytest.mark.parametrize("name", NETS)
def test_shared_code_has_the_same_bits(name, monkeypatch):
    net, made, texts = NETS[name], [], set()
    few, many = [data_of(rows, net[0].W.dtype) for rows in (37, 2100)]  # in one shard, and in two
    forms = [ALONE, APART, *([SHARED_ROUNDS] if net is ROUNDS else [])]
    for apart, rounds in forms:
        monkeypatch.setattr(tile, "MOST_PASSES", apart)
        monkeypatch.setattr(program, "MOST_ROUNDS", rounds)
        function = compiled(mse)
        made.append([function(net, *few), function(net, *many)])
        assert explain(function, net, *few).startswith("compiled: ")
        texts.add(function.step(net, *few, [], []).kernel.text)
    assert made == [made[0]] * len(forms)
    assert len(texts) == len(forms)


def pairs(n, other=Tanh):
    return tuple([layer for i in range(n) for layer in (dense(i), other())])


normalised = lambda: BatchNorm.init(WIDTH)


@pytest.mark.parametrize("other", [Tanh, normalised])
def test_the_text_does_not_grow_with_depth(other):
    x, y = data_of(8)
    texts = [Kernel(TracedGraph(trace(mse, pairs(n, other), x, y)), engine().registers).text for n in (20, 60)]
    assert len({text.count("\n") for text in texts}) == 1


DEEP = """
import threading
import numpy as np
from funcnn import Dense, Tanh, mse, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.trees import to_vector
rng, done = np.random.default_rng(0), []
net = tuple([layer for i in range(1000) for layer in (Dense(rng.normal(size=(8, 8)) / 3, rng.normal(size=8)), Tanh())])
x, y = rng.normal(size=(2, 40, 8))
def run():
    function = compiled(mse)
    (cost, grads), (plain, expected) = function(net, x, y), value_and_grad(mse)(net, x, y)
    assert explain(function, net, x, y).startswith("compiled: 12004 operations"), explain(function, net, x, y)
    assert abs(cost - plain) < 1e-12 * plain
    bound = 1e-12 * abs(to_vector(expected.params)).max()
    assert (abs(to_vector(grads.params) - to_vector(expected.params)) < bound).all()
    done.append(True)
threading.stack_size(2**19)
thread = threading.Thread(target=run)
thread.start()
thread.join()
assert done
"""


def test_a_thousand_pairs_are_compiled_on_a_thread_with_a_small_stack(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCNN_CACHE", str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", DEEP], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def long_sum(out, y):
    """A loss whose gradient is a long sum, with products that need a stage of their own."""
    cost, dA = mse(out, y)
    total = dA
    for i in range(1, 40):
        total = total + np.tanh(total) * dA * i
    return cost, total


def test_operations_that_are_too_many_for_one_loop_are_several_loops(monkeypatch):
    net, (x, y) = (LayerNorm.init(WIDTH), *pairs(1)), data_of(37)
    cost, plain = value_and_grad(long_sum)(net, x, y)
    monkeypatch.setattr(passes, "MOST_COST", 50)
    function = compiled(long_sum)
    made, grads = function(net, x, y)
    assert explain(function, net, x, y).startswith("compiled: ")
    assert made == pytest.approx(cost)
    assert (abs(to_vector(grads.params) - to_vector(plain.params)) < 1e-12 * abs(to_vector(plain.params)).max()).all()


def test_a_program_of_many_different_layers_runs_plain(monkeypatch):
    monkeypatch.setattr(statements, "MOST_LINES", 1000)
    net, (x, y) = pairs(2), data_of(8)
    reason = "plain NumPy: a program of more than 1,000 instructions, which would take long to compile"
    assert explain(compiled(mse), net, x, y) == reason
