"""Random networks, losses and data in many steps; processes that fork, and that have nowhere to keep kernels."""

import os
import subprocess
import sys
from functools import partial
from importlib import import_module

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Dense, losses, mse, sgd, value_and_grad
from funcnn.compilation import compiled
from tests.compilation.test_compiled import ACTIVATIONS, OTHERS, WIDTH
from tests.compilation.test_compiled_later import are_alike

# Processes.


def test_a_process_without_a_home_keeps_no_kernels(monkeypatch):
    engine, disk = import_module("funcnn.compilation.engine"), import_module("funcnn.compilation.disk")

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    for name in ("FUNCNN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(disk.Path, "home", homeless)
    monkeypatch.setattr(disk, "WARNED", set())
    with pytest.warns(RuntimeWarning, match=r"not used as a cache .* \(Could not determine home directory\.\)"):
        engine.Engine().functions("define void @alone() nounwind {\nentry:\n  ret void\n}\n", ("alone",))


def test_a_kernel_that_cannot_be_written_leaves_no_file(monkeypatch, tmp_path):
    engine, disk = import_module("funcnn.compilation.engine"), import_module("funcnn.compilation.disk")

    def full(*_):
        raise OSError("no space")

    monkeypatch.setenv("FUNCNN_CACHE", str(tmp_path))
    monkeypatch.setattr(disk.Path, "replace", full)
    monkeypatch.setattr(disk, "WARNED", set())
    with pytest.warns(RuntimeWarning, match="no space"):
        engine.Engine().functions("define void @other() nounwind {\nentry:\n  ret void\n}\n", ("other",))
    assert list(tmp_path.iterdir()) == []


FORKS = """
import os, threading, time, warnings
import numpy as np
from funcnn import mlp, mse
from funcnn.compilation import compiled
from funcnn.parallel import blas
warnings.simplefilter("ignore")
x, at_work, has_begun = np.ones((6, 3)), True, threading.Event()
def work():
    width = 2
    while at_work:
        width += 1
        compiled(mse)(mlp([3, 3 + width % 60, 3], seed=0), x, x)
        has_begun.set()  # all modules are imported: the child of a fork would wait for one that a thread imports
thread = threading.Thread(target=work)
thread.start()
has_begun.wait()
for i in range(4):
    child = os.fork()
    if not child:
        compiled(mse)(mlp([3, 70 + i, 3], seed=0), x, x)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
at_work = False
thread.join()
is_held = threading.Event()
def limit():
    with blas._LOCK:
        is_held.set()
        time.sleep(0.1)
threading.Thread(target=limit).start()
is_held.wait()
child = os.fork()
if not child:
    os._exit(not blas._LOCK.acquire(timeout=5))
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_fork_while_a_thread_compiles_or_limits_blas(tmp_path):
    environment = {**os.environ, "FUNCNN_CACHE": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", FORKS], env=environment, check=False, timeout=60).returncode == 0


# Random networks, losses and data.


def data_of(kind, m, n, k, rng):
    x = rng.normal(size=(m, n)) * rng.choice([1, 1, 1e-3, 30])
    change = rng.integers(8)
    if change < 3:
        x[rng.integers(m), rng.integers(n)] = [np.nan, np.inf, 0.0][change]
    x = [x, np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2], np.broadcast_to(x[:1], x.shape)][rng.integers(4)]
    if kind == "classes":
        return x, rng.integers(0, k + (rng.random() < 0.03), m).astype(["i8", "u1", "i2", ">i4"][rng.integers(4)])
    y = rng.normal(size=(m, k))
    if kind == "bits":
        return x, (y > 0).astype(["f8", "i1", "u1", "?"][rng.integers(4)])
    return x, np.asfortranarray(y) if rng.random() < 0.2 else y


KINDS = [
    *[(mse, "numbers"), (losses.huber, "numbers"), (partial(losses.quantile, q=0.3), "numbers")],
    *[(losses.softmax_cross_entropy, "classes"), (partial(losses.softmax_focal, gamma=1.5), "classes")],
    *[(losses.binary_cross_entropy_with_logits, "bits"), (losses.hinge, "bits")],
]


def test_two_thousand_steps_with_changing_data():
    rng = np.random.default_rng(5)
    layers = [*ACTIVATIONS, *OTHERS]
    for _ in range(20):
        n, k = rng.integers(2, 5, 2)
        inside = [layers[i] for i in rng.integers(0, len(layers), rng.integers(1, 4))]
        net = (Dense.init(n, WIDTH, seed=1), *inside, Dense.init(WIDTH, k, seed=2))
        loss, kind = KINDS[rng.integers(len(KINDS))]
        function, plain = compiled(loss, threads=int(rng.integers(1, 3))), value_and_grad(loss)
        sizes = rng.choice([1, 2, 3, 7, 16, 37, 257], 3)
        for step in range(100):
            x, y = data_of(kind, rng.choice(sizes), n, k, rng)
            are_alike(function, loss, net, x, y)
            if step % 10 == 0 and np.isfinite(x).all() and (kind != "classes" or y.max() < k):
                net = sgd(net, plain(net, x, y)[1], 1e-3)
