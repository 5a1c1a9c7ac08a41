"""The functions of `funcnn.curvature`."""

from funcnn import mse
from funcnn.curvature import fisher_diagonal, ggnvp, hvp, per_example
from tests.kinds.kinds import NET, gradient_of
from tests.kinds.rows import kind, row

GRADIENT = gradient_of.make()
ROWS = [
    *[row(f(mse), f"{f.__name__}(mse)", v=kind(NET), speaks=f"{f.__name__}; x; mse") for f in (hvp, ggnvp)],
    *[
        row(f(GRADIENT), f"{f.__name__}(...)", speaks=f"{f.__name__}; x; mse; value_and_grad")
        for f in (per_example, fisher_diagonal)
    ],
]
