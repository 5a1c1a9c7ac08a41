"""Proving a backward pass: finite differences over the inputs that hypothesis invents.

from hypothesis import given
from funcnn.testing import check_layer, strategies as fst

@given(fst.cases(Dense))
def test_dense(case):
    check_layer(*case)
"""

from funcnn.testing.layer import check_layer
from funcnn.testing.loss import check_loss
from funcnn.testing.verdict import GradientError, Inconclusive
from funcnn.testing.vjp import check_vjp

__all__ = ["GradientError", "Inconclusive", "check_layer", "check_loss", "check_vjp"]
