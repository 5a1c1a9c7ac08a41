"""The switch of the kernels, and what happens where llvmlite is missing or broken."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from inspect import unwrap

import numpy as np
import pytest

from funcnn import LayerNorm, forward, metrics
from funcnn.compilation import with_kernels, without_kernels
from funcnn.compilation.switch import kernels_are_on
from funcnn.kernels import attachment, table  # noqa: F401  which attaches them
from funcnn.layers.normalisation import norm
from funcnn.layers.recurrent.steps import steps_backward
from funcnn.losses import classification
from tests.installed import WIDE, of_layer, of_loss, of_optimizer, x_of
from tests.narrow import LOSSES
from tests.sharding import OPTIMIZERS

is_ready = attachment._is_ready
layer, x = LayerNorm.init(64), np.random.default_rng(0).normal(size=(100, 64))
LARGE = "from funcnn import LayerNorm, forward; forward(LayerNorm.init(64), np.ones((640, 64)))"


@pytest.fixture
def anew(monkeypatch):
    """As in a new process, before the first large array; and after the test."""
    monkeypatch.setattr(attachment, "_FAILED", set())
    is_ready.cache_clear()
    yield
    is_ready.cache_clear()


@pytest.fixture
def told(anew, monkeypatch):
    """Kernels that return what they are told, without llvmlite."""
    monkeypatch.setattr(attachment, "_is_ready", lambda: True)
    return lambda kernel: monkeypatch.setattr(attachment, "_kernel", lambda *_: kernel)


def is_plain():
    with with_kernels():
        made = forward(layer, x)
    plain = forward(layer, x)
    return all([(a == b).all() for a, b in zip((made[0], *made[1]), (plain[0], *plain[1]), strict=True)])


def test_without_llvmlite_numpy_computes_and_says_so_once(anew, monkeypatch):
    def missing():
        raise ImportError("No module named 'llvmlite'")

    monkeypatch.setattr(attachment, "engine", missing)
    with pytest.warns(RuntimeWarning, match=r"^funcnn: llvmlite cannot be used \(No module .*\), so NumPy computes$"):
        assert is_plain()
    assert is_plain()


def test_a_broken_installation_is_named_once(anew, monkeypatch):
    def broken():
        raise OSError("libllvmlite.so: file too short")

    monkeypatch.setattr(attachment, "engine", broken)
    with pytest.warns(RuntimeWarning, match=r"^funcnn: llvmlite cannot be used \(.*too short\), so NumPy computes$"):
        assert is_plain()
    assert is_plain()


def test_a_kernel_that_fails_is_not_used_again(told):
    def failing(*_):
        raise RuntimeError("LLVM ERROR")

    told(failing)
    with pytest.warns(RuntimeWarning, match=r"^funcnn: the kernel of layer_norm_forward failed \(RuntimeError: LLVM E"):
        assert is_plain()
    assert is_plain()


def is_used(x=x):
    return forward(layer, x)[1] == "from the kernel"


def test_kernels_are_used_inside_the_block_alone(told):
    told(lambda *_: (None, "from the kernel"))
    assert not is_used()
    with with_kernels():
        assert is_used()
        with without_kernels():
            assert not is_used()
            with with_kernels():
                assert is_used()
        assert is_used()
        with pytest.raises(ZeroDivisionError), without_kernels():
            raise ZeroDivisionError
        assert is_used()
        assert not is_used(x[:50])
    assert not is_used()


def test_another_thread_asks_for_itself(told):
    told(lambda *_: (None, "from the kernel"))
    with ThreadPoolExecutor(1) as pool, with_kernels():
        assert not pool.submit(is_used).result()
        assert pool.submit(with_kernels()(is_used)).result()
        assert not pool.submit(is_used).result()


def printed_by(code, **variables):
    inherited = {name: value for name, value in os.environ.items() if name != "FUNCNN_KERNELS"}
    command = [sys.executable, "-W", "error", "-c", f"import sys, numpy as np; {code}"]
    done = subprocess.run(command, env=inherited | variables, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_variable_asks_for_the_whole_program():
    on = "from funcnn.compilation.switch import kernels_are_on; print(kernels_are_on())"
    loaded = f"{LARGE}; print('funcnn.kernels' in sys.modules)"
    assert [printed_by(on, FUNCNN_KERNELS=value) for value in "01"] == ["False", "True"]
    assert printed_by(on) == "False"
    assert printed_by(loaded) == "False"


def test_a_rule_is_found_as_it_was_registered(told):
    told(lambda *_: (None, "from the kernel"))
    with with_kernels():
        assert is_used()
        assert forward.dispatch(LayerNorm) is norm.layer_norm_forward
    assert not hasattr(norm.layer_norm_forward, "__wrapped__")


def test_a_function_with_a_kernel_is_the_same_in_all_modules():
    """Also in modules that were imported before kernels were attached."""
    functions = [rule for rule in attachment.least if _at_home(rule) is not rule]
    assert {function.__name__ for function in functions} == {
        *["rows_added", "steps_forward", "steps_backward", "cross_entropy", "moved", "down"]
    }
    modules = [vars(module) for name, module in sys.modules.items() if name.startswith("funcnn.")]
    held = {id(value) for module in modules for value in module.values()}
    assert held.isdisjoint(map(id, functions))
    assert metrics.perplexity.__globals__["cross_entropy"] is classification.cross_entropy


def _at_home(rule):
    return getattr(sys.modules[rule.__module__], rule.__name__)


def test_the_law_of_what_is_installed_asks_each_kernel(monkeypatch):
    """Its arrays are large enough; without that it would hold with kernels too."""
    asked = set()
    monkeypatch.setattr(attachment, "_by_kernel", lambda kernel, rule, given, options: asked.add(rule))
    runs = [partial(of_layer, layer, x_of(shape)) for layer, shape in WIDE.values()]
    runs += [partial(of_loss, *LOSSES["softmax_cross_entropy"]), partial(of_optimizer, OPTIMIZERS["Adam"])]
    with with_kernels():
        assert kernels_are_on()
        for run in runs:
            list(run())
    assert asked == attachment.least.keys() - {unwrap(steps_backward)}  # which needs a cache of the kernel
