"""The hash behind dropout gives the same bits in JAX as in NumPy, with 64-bit integers and without."""

import numpy as np
import pytest

from funcnn.bits import normal, uniform, words

jax = pytest.importorskip("jax", reason="its bits are compared")
jnp = jax.numpy

KEYS = [(), (0,), (7, 3), (2**31 - 1, 2**31 - 1, 0), (1, 2, 3, 4)]


@pytest.mark.unwatched
@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (20_000,)], ids=str)
def test_words_and_uniform_numbers_are_the_same_bits(key, shape, x64):
    ours = words(np, key, shape)
    for theirs in (words(jnp, key, shape), jax.jit(lambda key: words(jnp, key, shape))(key)):
        assert theirs.dtype == np.uint32
        assert (np.asarray(theirs) == ours).all()
    for dtype in (np.float32, *([np.float64] if x64 else [])):
        theirs = uniform(jnp, key, shape, dtype)
        assert theirs.dtype == dtype
        assert (np.asarray(theirs) == uniform(np, key, shape, dtype)).all()


@pytest.mark.parametrize("key", [(), (7, 3)], ids=str)
def test_normal_numbers_are_the_same_but_for_rounding(key, x64):
    """Without jit, each operation is rounded by itself, as in NumPy."""
    for dtype, near in ((np.float32, 2e-6), *([(np.float64, 1e-13)] if x64 else [])):
        ours, theirs = normal(np, key, (1001,), dtype), normal(jnp, key, (1001,), dtype)
        assert theirs.dtype == dtype
        assert np.array_equal(theirs, ours)
        jitted = jax.jit(lambda key, dtype=dtype: normal(jnp, key, (1001,), dtype))(key)
        np.testing.assert_allclose(jitted, ours, rtol=0, atol=near)


@pytest.mark.unwatched
@pytest.mark.usefixtures("x64")
def test_a_step_that_moves_does_not_compile_again():
    traces = []

    def mask(step):
        traces.append(step)
        return words(jnp, (1, step), (8,))

    jitted, step = jax.jit(mask), 0
    for _ in range(5):
        assert (np.asarray(jitted(step)) == words(np, (1, int(step)), (8,))).all()
        step = step + 1
    assert len(traces) == 1
