"""In JAX, sums and means of more than 65,520 terms of float16 are as close to float64 as float16 allows."""

import pytest

from tests.narrow import LAYERS, LOSSES, check_layer_of_halves, check_loss_of_halves, of_many_terms, step

jax = pytest.importorskip("jax", reason="JAX is not installed")
pytestmark = [pytest.mark.usefixtures("records_in_jax"), pytest.mark.unwatched]
SLOW = {"AvgPool", "AvgPool of a sequence", "MaxPool", "Conv1d with a stride", "Upsample, linear"}  # to compile
run = jax.jit(step)


@pytest.fixture(scope="module")
def records_in_jax():
    """Records as pytrees."""
    import funcnn.interop.jax  # noqa: F401  which registers them


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in SLOW])
def test_a_layer_of_many_terms(name):
    check_layer_of_halves(*of_many_terms(name), run=run)


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_many_terms(name):
    loss, out, y = LOSSES[name]
    check_loss_of_halves(loss, out, y, run=jax.jit(loss))
