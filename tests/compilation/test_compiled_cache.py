"""Where nothing can be compiled, why something is not, and the code that is kept on disk."""

import os
import re
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import funcnn as nn
from funcnn.compilation import compiled, compiled_step, explain
from funcnn.extras import install
from funcnn.trees import astype, leaves
from tests.said import refusal

engine, compiler = import_module("funcnn.compilation.engine"), import_module("funcnn.compilation.compiler")
disk = import_module("funcnn.compilation.disk")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
net = nn.mlp([2, 3, 1], hidden=nn.Tanh(), seed=0)
compiles = pytest.mark.skipif(find_spec("llvmlite") is None, reason="kernels need llvmlite")


@nn.record
class Branching(nn.Elementwise):
    """A rule with a branch that depends on numbers."""

    def value(self, x):
        return x if (x > 0).all() else -x

    def slope(self, kept):
        return np.ones_like(kept)


@nn.record
class Sorted(nn.Elementwise):
    """A rule that uses a function without a kernel."""

    def value(self, x):
        return np.sort(x)

    def slope(self, kept):
        return np.ones_like(kept)


def of_all(out, y):
    """A loss that is not a mean over rows."""
    e = out - y
    return float(np.sqrt((e * e).sum())), e / np.sqrt((e * e).sum())


@nn.record
class Signs:
    """A layer whose gradient is not a sum over rows, but computed from one; and whose array may have any dtype."""

    W: nn.Array


nn.forward.register(Signs)(lambda params, x: (x * 1.0, x))


@nn.backward.register(Signs)
def signs_backward(params, x, dA):
    dW = abs(x.T @ dA).astype(params.W.dtype)
    return nn.Grads(nn.gradient(params, W=dW), dA)


HALF = astype(net, np.float16)
IN_SEGMENTS = "compiled in segments, since the network is not one kernel: "
WIDE, first = np.zeros((4, 1030)), lambda out, y: nn.mse(out, y[0])
REASONS = [
    (nn.mse, (Branching(),), x, x, "a branch that depends on numbers; in layer 0, Branching(), x: <f64 6x2>, FILE:"),
    (nn.mse, (Sorted(),), x, x, "there is no kernel for sort; in layer 0, Sorted(), x: <f64 6x2>, FILE:"),
    (of_all, net, x, y, "a conversion to a number of Python, FILE:"),
    (nn.mse, (Signs(np.ones((2, 2), np.float32)),), x, x, "the arrays of the network are not all of the dtype of x"),
    (nn.mse, nn.mlp([2, 300, 300, 1], seed=0), x, y, "a matrix of 300 x 300 is wider than "),
    (nn.mse, nn.mlp([2, 1030, 1], seed=0), x, y, "a matrix of 2 x 1030 is wider than 1024, where NumPy is faster"),
    (nn.mse, (nn.Tanh(),), WIDE, WIDE, "a row of 1030 is wider than 1024, where NumPy is faster"),
    (nn.mse, HALF, x.astype(np.float16), y, "kernels compute in float32 and float64, x is float16"),
    (first, net, x, (y, [1]), "x and y must be NumPy arrays, or tuples of them, got float64 "),
]


@compiles
@pytest.mark.parametrize(("loss", "net", "x", "y", "reason"), REASONS)
def test_explain_says_why_there_is_no_kernel(loss, net, x, y, reason):
    function = compiled(loss)
    text, reason = explain(function, net, x, y), reason.replace("FILE", Path(__file__).name)
    assert text.startswith((f"plain NumPy: {reason}", f"{IN_SEGMENTS}{reason}")), text
    cost, grads = nn.value_and_grad(loss)(net, x, y)
    made = function(net, x, y)
    assert made[0] == pytest.approx(cost, rel=1e-13)
    for a, b in zip(leaves(made[1]), leaves(grads), strict=True):
        np.testing.assert_allclose(a, b, 1e-12, 1e-14)


@compiles
def test_explain_says_how_it_is_compiled():
    text = explain(compiled(nn.mse), net, np.tile(x, (4, 1)), np.tile(y, (4, 1)))
    assert text == "compiled: 19 operations and 5 sums over tiles of 256 rows, 1 shard, threads: 1"


@compiles
def test_errors_are_those_of_the_plain_path():
    function = compiled(nn.mse)
    for arguments in ((net, x[:, :1], y), (net, x, y[:3]), (net, x[:0], y[:0]), (net, x[0], y), ([*net], x, y)):
        assert refusal(function, *arguments) == refusal(nn.value_and_grad(nn.mse), *arguments)


@compiles
def test_arrays_of_other_libraries_run_plain():
    jax = pytest.importorskip("jax", reason="its arrays are tried")
    jaxed = nn.tree_map(jax.numpy.asarray, astype(net, np.float32))
    function = compiled(nn.mse)
    xs, ys = jax.numpy.asarray(x, np.float32), jax.numpy.asarray(y, np.float32)
    assert explain(function, jaxed, xs, ys).startswith("plain NumPy: x and y must be NumPy arrays, or tuples of them")
    told = explain(function, jaxed, *map(np.asarray, (xs, ys)))
    assert told.startswith("plain NumPy: a float32 array in the network")
    cost, _ = function(jaxed, xs, ys)
    assert float(cost) == pytest.approx(nn.value_and_grad(nn.mse)(net, x, y)[0], rel=1e-5)


@compiles
def test_kernels_that_were_not_used_for_long_are_dropped():
    function = compiled(nn.mse)
    for width in range(1, 70):
        function(nn.mlp([2, width, 1], seed=0), x, y)
    assert len(function._steps) == 64
    before = function.step(net, x, y, [], [])
    function(nn.mlp([2, 68, 1], seed=0), x, y)
    assert function.step(net, x, y, [], []) is before
    assert function._steps[0][1] is before


@pytest.fixture
def absent(monkeypatch):
    def fails():
        raise ModuleNotFoundError("No module named 'llvmlite'", name="llvmlite")

    monkeypatch.setattr(compiler, "engine", fails)
    compiler.unavailable.cache_clear()
    yield
    compiler.unavailable.cache_clear()


@pytest.mark.usefixtures("absent")
def test_without_llvmlite_numpy_computes():
    function = compiled(nn.mse)
    text = f"llvmlite is missing, which compiled needs, so NumPy computes; write {install('llvmlite')}"
    with pytest.warns(RuntimeWarning, match=f"^{re.escape(text)}$"):
        assert function(net, x, y) == nn.value_and_grad(nn.mse)(net, x, y)
    assert explain(function, net, x, y) == f"plain NumPy: {text}"
    assert function.fold(nn.TrainState(net), [(x, y)] * 2, [0.1, 0.1]) is None
    [plain] = nn.train(nn.TrainState(net, nn.Adam()), [(x, y)], nn.value_and_grad(nn.mse), 0.1)
    assert compiled_step(nn.mse)(nn.TrainState(net, nn.Adam()), x, y, 0.1) == plain


def test_llvmlite_is_not_loaded_before_it_is_used():
    code = "import sys, funcnn.compilation.compiler; sys.exit('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The cache.

CODE = """
import numpy as np
from funcnn import Tanh, mlp, mse
from funcnn.compilation import compiled
x = np.ones((6, 2))
print(compiled(mse)(mlp([2, 3, 1], hidden=Tanh(), seed=0), x, x[:, :1])[0])
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("FUNCNN_CACHE", str(tmp_path / "funcnn"))
    return tmp_path / "funcnn"


def fresh():
    """A function that has nothing in memory"""
    new = engine.Engine()
    return lambda: new.functions(TEXT, ("run",))


TEXT = "define void @run() nounwind {\nentry:\n  ret void\n}\n"


@compiles
def test_code_is_read_from_disk(folder, monkeypatch):
    fresh()()
    (path,) = folder.iterdir()
    before = path.stat().st_mtime_ns
    monkeypatch.setattr(engine.Engine, "_code", lambda *_: pytest.fail("compiled again"))
    assert fresh()()[0] > 0
    assert path.stat().st_mtime_ns >= before  # the files that were used last are kept
    other = engine.Engine("x86-64" if engine.Engine().cpu != "x86-64" else "haswell", "")
    monkeypatch.undo()
    monkeypatch.setenv("FUNCNN_CACHE", str(folder))
    other.functions(TEXT, ("run",))
    assert len(list(folder.iterdir())) == 2  # code for another processor has a name of its own


@compiles
@pytest.mark.parametrize("content", [b"", b"short", bytes(4000)])
def test_a_file_that_is_not_what_was_written_is_replaced(folder, content):
    fresh()()
    (path,) = folder.iterdir()
    whole = path.read_bytes()
    path.write_bytes(content)
    fresh()()
    assert path.read_bytes() == whole


@compiles
def test_a_folder_that_cannot_be_written_is_no_obstacle(folder):
    folder.write_text("a file, where the folder should be")
    with pytest.warns(RuntimeWarning, match=r"not used as a cache .* \(it is not a folder\), .*; set FUNCNN_CACHE"):
        fresh()()
    disk.write("another kernel", b"")  # warnings are errors: there is one for each folder


def test_the_folder_is_that_of_the_user(monkeypatch):
    monkeypatch.delenv("FUNCNN_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "caches")
    assert disk.folder() == Path("caches/funcnn")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert disk.folder() == Path.home() / ".cache" / "funcnn"


def test_registers_of_processors():
    sizes = [engine._registers(*given).vector for given in (("x86_64", {"+avx512f"}), ("x86_64", {"+avx"}))]
    assert sizes == [64, 32]
    assert engine._registers("aarch64-linux", {"+neon"}).outputs == 6
    assert engine._registers("x86_64", {"+sse2"}).outputs == 2


@compiles
def test_the_oldest_files_are_removed(folder, monkeypatch):
    monkeypatch.setattr(disk, "MOST_FILES", 2)
    folder.mkdir()
    for age in (1, 2, 3):
        (folder / f"{age}.kernel").touch()
        os.utime(folder / f"{age}.kernel", (age, age))
    fresh()()
    assert "3.kernel" in {path.name for path in folder.iterdir()}
    assert len(list(folder.iterdir())) == 2


@compiles
def test_two_processes_may_compile_at_once(folder):
    one, two = [subprocess.Popen([sys.executable, "-c", CODE], stdout=subprocess.PIPE) for _ in range(2)]
    assert one.communicate()[0] == two.communicate()[0] != b""
    assert {path.suffix for path in folder.iterdir()} == {".kernel"}


@compiles
@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no fork")
def test_a_forked_process_has_threads_of_its_own():
    code = (
        "import os, warnings, numpy as np; warnings.simplefilter('ignore')\n"
        "from funcnn import mlp, mse; from funcnn.compilation import compiled\n"
        "x, net, f = np.ones((4000, 2)), mlp([2, 3, 2], seed=0), compiled(mse, threads=2)\n"
        "before = f(net, x, x)\n"
        "child = os.fork()\n"
        "same = f(net, x, x) == before\n"
        "if not child: os._exit(not same)\n"
        "os._exit(os.waitpid(child, 0)[1] or not same)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
