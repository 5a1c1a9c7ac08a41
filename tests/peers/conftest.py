"""Fixtures of the tests against JAX."""

from importlib import import_module

import pytest


@pytest.fixture(scope="module")
def jax64():
    """JAX in double precision while the tests of a module run, and records as its pytrees."""
    import jax

    import_module("funcnn.interop.jax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)  # noqa: FBT003  JAX takes no keyword here
    yield
    jax.config.update("jax_enable_x64", before)


@pytest.fixture(params=[False, True], ids=["32 bits", "64 bits"])
def x64(request):
    """Whether JAX has 64 bits, in one test."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", request.param)
    yield request.param
    jax.config.update("jax_enable_x64", before)
