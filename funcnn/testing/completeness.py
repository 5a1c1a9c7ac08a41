"""No layer ships unproven: one line in a suite, one test for each layer of a package."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from funcnn.testing.layer import check_layer
from funcnn.testing.strategies import cases
from funcnn.testing.table import layers_of


def every_layer(module: str) -> Callable[..., None]:
    """A test that proves every layer that a package defines, each under its own name; for pytest.

        test_every_layer = every_layer("mine")

    A layer that nobody has said how to draw is not passed over: its test fails, and says how to register it.

    Raises:
        KindError: there is no such module, or no layer in it.
    """
    import pytest  # noqa: PLC0415  the checks themselves work without

    @pytest.mark.parametrize("layer", layers_of("every_layer", module), ids=lambda layer: layer.__name__)
    @given(st.data())
    def test(layer: type, data: Any) -> None:
        check_layer(*data.draw(cases(layer)))

    return test
