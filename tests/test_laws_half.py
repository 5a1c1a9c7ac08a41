"""In float16, sums and means of more than 65,520 terms are as close to float64 as float16 allows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funcnn import losses, tree_map
from funcnn.arrays import is_float
from funcnn.testing import strategies as fst
from funcnn.trees.walks import row_count
from tests.narrow import LAYERS, LOSSES, MANY, check_layer_of_halves, check_loss_of_halves, drawn

one = settings(max_examples=1)  # of each layer, with as many rows


def with_many_rows(x):
    """Rows as those of x, the floats in them drawn anew."""
    times = -(-MANY // row_count(x))

    def of(a):
        if is_float(a):
            return drawn(times * len(a), *a.shape[1:])
        return np.tile(a, (times, *(1,) * (a.ndim - 1)))

    return tree_map(of, x)


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@one
@given(st.data())
def test_a_layer_of_many_rows(layer, data):
    params, x = data.draw(fst.cases(layer).filter(lambda case: row_count(case[1]) > 0))
    check_layer_of_halves(params, with_many_rows(x))


@pytest.mark.parametrize("name", LAYERS)
def test_a_layer_of_many_terms(name):
    check_layer_of_halves(*LAYERS[name]())


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_of_many_terms(name):
    check_loss_of_halves(*LOSSES[name])


def test_every_loss_stands_in_the_table():
    assert {name.split(" ")[0].rstrip(",") for name in LOSSES} >= set(losses.__all__) - {
        "weighted",
        "masked",
        "of_logits",
    }
