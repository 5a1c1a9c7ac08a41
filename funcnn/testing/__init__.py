"""Checks of gradients: finite differences on inputs that hypothesis draws.

from hypothesis import given
from funcnn.testing import check_layer, strategies as fst

@given(fst.cases(Dense))
def test_dense(case):
    check_layer(*case)

`check_layer`, `check_loss` and `check_optimizer` test the parts of networks. `check_vjp`, `check_jvp`, `check_gradient`
and `check_hessian` test plain functions, and load no layer.
"""

from funcnn.extras import needing
from funcnn.lazy import lazily

with needing(__name__, "hypothesis"):
    from hypothesis import Phase, settings

# A profile for suites: a check calls f hundreds of times, and hypothesis would repeat a failing check to explain it.
settings.register_profile("funcnn", deadline=None, print_blob=True, phases=set(Phase) - {Phase.explain})

__getattr__, __dir__, __all__ = lazily(__name__)
