"""Tests inside a compiled function, whose kernels get small arrays too, so that the tests are quick."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from inspect import unwrap
from typing import Any

import pytest

from funcnn.compilation.compiler import Compiled
from funcnn.compilation.inside import inside
from funcnn.compilation.kernels.table import least


@pytest.fixture(autouse=True)
def kernels_are_on() -> Iterator[None]:
    """In each test of a file that imports this fixture."""
    with inside([]):
        yield


def without_kernels() -> AbstractContextManager[None]:
    """A block in which NumPy computes."""
    return inside(None)


@contextmanager
def for_all_sizes(*rules: Callable[..., Any]) -> Iterator[None]:
    """Inside the block, these rules leave arrays of every size to their kernels."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in rules:
            patch.setitem(least, unwrap(rule), 1)
        yield


def why_not(function: Compiled, params: Any, x: Any, y: Any) -> str:
    """Why there is no kernel for the whole network."""
    found = function._whole(params, x, y, [], [])
    assert isinstance(found, str)
    return found
