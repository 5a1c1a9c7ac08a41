"""Nested layers, and threads with small stacks."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import AdamW, Dense, Grads, Momentum, Residual, Tanh, files, inference, mse, sgd, update, value_and_grad
from funcnn.compilation import compiled, explain
from funcnn.compilation.fold import Fold
from funcnn.compilation.step import CompiledStep
from funcnn.compilation.trace import trace
from funcnn.errors import RangeError
from funcnn.optimizers import Decay
from funcnn.trees import to_vector

x = np.linspace(-1, 1, 12).reshape(4, 3)


def pairs(n):
    return tuple([layer for i in range(n) for layer in (Dense.init(3, 3, seed=i), Tanh())])


@pytest.mark.parametrize("optimizer", [(), AdamW(where="!*.b"), (Momentum(), Decay(0.1))], ids=repr)
def test_the_update_of_a_deep_network_is_as_short_as_that_of_a_shallow_one(optimizer):
    texts = set()
    for net in (pairs(2), pairs(50)):
        _, after = update(optimizer, Grads(net, None), net)
        made = Fold(CompiledStep(trace(mse, net, x, x), len(x), 1, []), after).update.code
        assert len(made.panels) > len(net)
        texts.add(made.text)
    assert len(texts) == 1


SMALL_STACK = """
import threading
import numpy as np
from funcnn import Tanh, mlp, mse
from funcnn.compilation.engine import Engine
from funcnn.compilation.kernel import Kernel
from funcnn.compilation.program import TracedGraph
from funcnn.compilation.trace import trace
x, engine = np.ones((4, 3)), Engine()
kernel = Kernel(TracedGraph(trace(mse, mlp([3] * 18, hidden=Tanh(), seed=0), x, x)), engine.registers)
threading.stack_size(2**17)
done = []
thread = threading.Thread(target=lambda: done.append(engine.functions(kernel.text, ("fold", "help"))))
thread.start()
thread.join()
assert threading.stack_size() == 2**17
assert len(done[0]) == 2
"""


def test_the_stack_of_the_thread_that_asks_for_code_may_be_small(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCNN_CACHE", str(tmp_path))
    assert subprocess.run([sys.executable, "-c", SMALL_STACK], check=False).returncode == 0


# Nested layers.


def nested(layer, times, inner=lambda held: held):
    for _ in range(times):
        layer = Residual(inner(layer))
    return layer


DEEPEST = {
    "residuals": lambda: nested(Dense(np.eye(3) / 9, np.zeros(3)), 99),
    "chains": lambda: nested(Dense(np.eye(3) / 9, np.zeros(3)), 49, lambda held: (held, Tanh())),
}


@pytest.mark.parametrize("make", DEEPEST.values(), ids=DEEPEST)
def test_layers_as_deep_as_they_may_be_work_everywhere(make, tmp_path):
    net, other = make(), make()
    assert net == other
    assert hash(net) == hash(other)
    assert repr(net) == repr(other)
    assert pickle.loads(pickle.dumps(net)) == net
    files.save(tmp_path / "net.npz", net)
    assert files.load(tmp_path / "net.npz") == net
    cost, grads = value_and_grad(mse)(net, x, x)
    made, same = compiled(mse)(net, x, x)
    assert explain(compiled(mse), net, x, x).startswith("compiled: ")
    assert made == pytest.approx(cost)
    assert (abs(to_vector(same.params) - to_vector(grads.params)) < 1e-9 * abs(to_vector(grads.params)).max()).all()
    assert sgd(net, grads, 0.0) == inference(net) == net


@pytest.mark.parametrize("make", DEEPEST.values(), ids=DEEPEST)
def test_deeper_layers_are_refused_where_they_are_made(make):
    for layer in (make(), (make(),)):
        with pytest.raises(RangeError, match=r"^Residual: layer must be nested at most 99 deep$"):
            nested(layer, 2)
