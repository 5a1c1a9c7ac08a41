"""Kernels of activations, beside the rules from which they are traced."""

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import Array, Elementwise, Gelu, Relu, backward, forward, record
from funcnn.compilation.kernels import rows, table
from funcnn.layers.activations import elementwise
from funcnn.records import registry
from tests.kernelled import for_all_sizes, kernels_are_on, without_kernels  # noqa: F401  used by every test

RULES = elementwise.elementwise_forward, elementwise.elementwise_backward
EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-30, -1e-30, 30.0, -30.0, 700.0, -700.0, 0.5, -0.5, 1.0, -1.0, 3.0]
OURS = [cls for cls in registry.values() if issubclass(cls, Elementwise) and cls.__module__.startswith("funcnn.")]
ACTIVATIONS = [cls for cls in OURS if cls is not Elementwise]


@pytest.fixture
def used(monkeypatch):
    """The kernels that are used, which get arrays of any size."""
    found, call = [], rows.RowKernel.__call__
    monkeypatch.setattr(rows.RowKernel, "__call__", lambda self, arrays: found.append(self) or call(self, arrays))
    with for_all_sizes(*RULES):
        yield found


@pytest.mark.unwatched
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("cls", ACTIVATIONS)
def test_an_activation_is_that_of_its_rule(cls, dtype, used):
    random, layer = np.random.default_rng(0), cls()
    x, dA = random.normal(0, 3, (2, 9, 21)).astype(dtype)
    x[0, : len(EDGES)] = EDGES
    with np.errstate(all="ignore"):
        out, cache = forward(layer, x)
        dx = backward(layer, cache, dA).x
        assert len(used) == (0 if cls in table._ONE_PASS else 1 if cls.keeps == "slope" else 2)
        with without_kernels():
            plain, cache = forward(layer, x)
            wanted = backward(layer, cache, dA).x
    within = 2e-15 if dtype is np.float64 else 1e-6
    for made, rule in ((out, plain), (dx, wanted)):
        assert (made.dtype, made.shape, made.flags.writeable) == (rule.dtype, rule.shape, rule.flags.writeable)
        np.testing.assert_allclose(made, rule, rtol=within, atol=within)


def test_an_activation_of_a_user_keeps_its_rule(used):
    @record
    class Cube(Elementwise):
        def value(self, x: Array) -> Array:
            return x * x * x

        def slope(self, kept: Array) -> Array:
            return 3 * kept * kept

    forward(Cube(), np.ones((9, 9)))
    backward(Relu(), forward(Relu(), np.ones((9, 9)))[1], np.ones((9, 9)))
    forward(Gelu(), np.ones((9, 9))[:, ::2])  # not contiguous
    assert used == []
