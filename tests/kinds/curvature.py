"""The functions of `funcnn.curvature`."""

from funcnn import mse
from funcnn.curvature import fisher_diagonal, ggnvp, hvp, per_example
from tests.kinds.kinds import NET, Y, array, flag, gradient_of, layer, loss
from tests.kinds.rows import kind, row

v = kind(NET)
products = [
    row(made(mse), f"{made.__name__}(mse)", params=layer, x=array, y=array(Y), v=v, speaks=f"{made.__name__}; x; mse")
    for made in (hvp, ggnvp)
]
ROWS = [
    *[row(made, loss=loss, bound=flag) for made in (hvp, ggnvp)],
    *products,
    *[row(made, value_and_grad=gradient_of) for made in (per_example, fisher_diagonal)],
    *[
        row(
            made(gradient_of.make()),
            f"{made.__name__}(...)",
            params=layer,
            x=array,
            y=array(Y),
            speaks=f"{made.__name__}; x; mse; value_and_grad",
        )
        for made in (per_example, fisher_diagonal)
    ],
]
