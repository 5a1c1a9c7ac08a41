"""Tests with kernels on, also for small arrays, so that they are quick."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import unwrap
from typing import Any

import pytest

from funcnn.compilation import with_kernels
from funcnn.kernels.attachment import least


@pytest.fixture(autouse=True)
def kernels_are_on() -> Iterator[None]:
    """In each test of a file that imports this fixture."""
    with with_kernels():
        yield


@contextmanager
def for_all_sizes(*rules: Callable[..., Any]) -> Iterator[None]:
    """Inside the block, these rules leave arrays of every size to their kernels."""
    with pytest.MonkeyPatch.context() as patch:
        for rule in rules:
            patch.setitem(least, unwrap(rule), 1)
        yield
