"""Rules with kernels where llvmlite is missing or broken."""

import sys

import numpy as np
import pytest

from funcnn import LayerNorm, acceleration, forward
from funcnn.compilation import without_kernels

is_ready = acceleration._is_ready
layer, x = LayerNorm.init(64), np.random.default_rng(0).normal(size=(100, 64))


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """As in a new process, before the first large array; and after the test."""
    monkeypatch.setattr(acceleration, "_FAILED", set())
    is_ready.cache_clear()
    yield
    is_ready.cache_clear()


def is_plain():
    made = forward(layer, x)
    with without_kernels():
        plain = forward(layer, x)
    return all([(a == b).all() for a, b in zip((made[0], *made[1]), (plain[0], *plain[1]), strict=True)])


def test_without_llvmlite_nothing_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "llvmlite", None)  # as if it were not installed
    assert is_plain()


def test_a_broken_installation_is_named_once(monkeypatch):
    def broken(_):
        raise OSError("libllvmlite.so: file too short")

    monkeypatch.setattr(acceleration, "find_spec", lambda _: True)
    monkeypatch.setattr(acceleration, "import_module", broken)
    with pytest.warns(RuntimeWarning, match=r"^funcnn: llvmlite cannot be used \(.*too short\), so NumPy computes$"):
        assert is_plain()
    assert is_plain()


def test_a_kernel_that_fails_is_not_used_again(monkeypatch):
    def failing(*_):
        raise RuntimeError("LLVM ERROR")

    monkeypatch.setattr(acceleration, "_is_ready", lambda: True)
    monkeypatch.setattr(acceleration, "_kernel", lambda *_: failing)
    with pytest.warns(RuntimeWarning, match=r"^funcnn: the kernel of layer_norm_forward failed \(RuntimeError: LLVM E"):
        assert is_plain()
    assert is_plain()


def test_the_switch_is_turned_back(monkeypatch):
    monkeypatch.setattr(acceleration, "_is_ready", lambda: True)
    monkeypatch.setattr(acceleration, "_kernel", lambda *_: lambda *_: (None, "from the kernel"))
    is_used = lambda x: forward.dispatch(LayerNorm)(layer, x)[1] == "from the kernel"
    assert is_used(x)
    with without_kernels():
        assert not is_used(x)
    assert is_used(x)
    with pytest.raises(ZeroDivisionError), without_kernels():
        raise ZeroDivisionError
    assert is_used(x)
    assert not is_used(x[:50])
