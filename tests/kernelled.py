"""Kernels for small arrays as well, so that tests of them are quick."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def for_all_sizes(*rules: Any) -> Iterator[None]:
    """Inside the block, these rules leave arrays of every size to their kernels."""
    before = [rule.least[0] for rule in rules]
    try:
        for rule in rules:
            rule.least[0] = 1
        yield
    finally:
        for rule, least in zip(rules, before, strict=True):
            rule.least[0] = least
