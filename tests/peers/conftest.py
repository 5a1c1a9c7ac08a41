"""Fixtures of the tests against JAX."""

from contextlib import contextmanager
from importlib import import_module

import pytest


@contextmanager
def in_bits(x64):
    """JAX with 64 bits or without."""
    import jax

    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", x64)
    yield x64
    jax.config.update("jax_enable_x64", before)


@pytest.fixture(scope="module")
def jax64():
    """JAX in double precision while the tests of a module run, and records as its pytrees."""
    import_module("funcnn.interop.jax")
    with in_bits(x64=True):
        yield


@pytest.fixture
def double():
    """JAX in double precision, in one test."""
    with in_bits(x64=True):
        yield


@pytest.fixture(params=[False, True], ids=["32 bits", "64 bits"])
def x64(request):
    """Whether JAX has 64 bits, in one test."""
    with in_bits(request.param):
        yield request.param
