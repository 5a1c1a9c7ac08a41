"""A test for each layer of a package, by one line in a suite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Unpack

from hypothesis import given
from hypothesis import strategies as st

from funcnn.checked import checked
from funcnn.extras import needing
from funcnn.needs import Text
from funcnn.testing.networks.layer import check_layer
from funcnn.testing.networks.strategies import cases
from funcnn.testing.networks.table import layers_of
from funcnn.testing.options import CheckOptions, as_options, takes_options


@takes_options
@checked
def every_layer(module: Text, **options: Unpack[CheckOptions]) -> Callable[..., None]:
    """A pytest test of the gradients of every layer that a package defines, parametrized by layer.

        test_every_layer = every_layer("mine")

    The options are those of `check_layer`, for every layer: `every_layer("mine", float32=False)`.

    The test of a layer without a strategy fails, and says how to register one.

    Raises:
        KindError: there is no such module, or no layer in it.
        RangeError, MissingError: as `check_layer`.
    """
    as_options("every_layer", options)
    with needing("every_layer", "pytest"):
        import pytest  # noqa: PLC0415  the checks work without pytest

    @pytest.mark.parametrize("layer", layers_of("every_layer", module), ids=lambda layer: layer.__name__)
    @given(st.data())
    def test(layer: type, data: Any) -> None:
        check_layer(*data.draw(cases(layer)), **options)

    return test
