"""Checks of gradients: finite differences on inputs that hypothesis draws.

from hypothesis import given
from funcnn.testing import check_layer, strategies as fst

@given(fst.cases(Dense))
def test_dense(case):
    check_layer(*case)
"""

from funcnn.testing.completeness import every_layer
from funcnn.testing.hessian import check_hessian
from funcnn.testing.jvp import check_jvp
from funcnn.testing.layer import check_layer
from funcnn.testing.loss import check_loss
from funcnn.testing.optimizer import check_optimizer
from funcnn.testing.scalar import check_gradient
from funcnn.testing.verdict import (
    Aliased,
    BrokenPromise,
    GradientError,
    Inconclusive,
    NoDerivative,
    NotDeterministic,
    NotFinite,
    NotLinear,
    NotPure,
    NotSymmetric,
    NotTransposed,
    Raised,
    RefusedDtype,
    RefusedLayout,
    Report,
    WrongAtKink,
    WrongDtype,
    WrongForFloat16,
    WrongForFloat32,
    WrongForLayout,
    WrongGradient,
    WrongShape,
    WrongTogether,
)
from funcnn.testing.vjp import check_vjp

__all__ = [
    "Aliased",
    "BrokenPromise",
    "GradientError",
    "Inconclusive",
    "NoDerivative",
    "NotDeterministic",
    "NotFinite",
    "NotLinear",
    "NotPure",
    "NotSymmetric",
    "NotTransposed",
    "Raised",
    "RefusedDtype",
    "RefusedLayout",
    "Report",
    "WrongAtKink",
    "WrongDtype",
    "WrongForFloat16",
    "WrongForFloat32",
    "WrongForLayout",
    "WrongGradient",
    "WrongShape",
    "WrongTogether",
    "check_gradient",
    "check_hessian",
    "check_jvp",
    "check_layer",
    "check_loss",
    "check_optimizer",
    "check_vjp",
    "every_layer",
]
