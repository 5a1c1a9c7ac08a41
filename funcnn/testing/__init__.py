"""Checks of gradients: finite differences on inputs that hypothesis draws.

from hypothesis import given
from funcnn.testing import check_layer, strategies as fst

@given(fst.cases(Dense))
def test_dense(case):
    check_layer(*case)

`check_layer`, `check_loss` and `check_optimizer` test the parts of networks. `check_vjp`, `check_jvp`, `check_gradient`
and `check_hessian` test plain functions, and load no layer.
"""

from hypothesis import Phase, settings

from funcnn.lazy import lazily

# A profile for suites: a check calls f hundreds of times, and hypothesis would repeat a failing check to explain it.
settings.register_profile("funcnn", deadline=None, print_blob=True, phases=set(Phase) - {Phase.explain})

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "vjp": "check_vjp",
        "jvp": "check_jvp",
        "scalar": "check_gradient",
        "hessian": "check_hessian",
        "networks.layer": "check_layer",
        "networks.loss": "check_loss",
        "networks.optimizer": "check_optimizer",
        "networks.completeness": "every_layer",
        "verdict": (
            "Report GradientError WrongGradient WrongAtKink WrongTogether NotFinite WrongShape WrongDtype NotPure "
            "NotDeterministic Aliased NotLinear NotTransposed NotSymmetric WrongForLayout WrongForFloat32 "
            "WrongForFloat16 Raised RefusedLayout RefusedDtype NoDerivative BrokenPromise Inconclusive"
        ),
    },
    ["strategies"],
)
