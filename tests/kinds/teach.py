"""The functions of `funcnn.teach`."""

from funcnn.teach import nudge
from tests.kinds.kinds import Y, array, layer, loss, number
from tests.kinds.rows import kind, row

ROWS = [
    row(
        nudge,
        params=layer,
        x=array,
        y=array(Y),
        loss=loss,
        path=kind("0.W"),
        index=kind((0, 1)),
        h=number,
        speaks="x; mse",
    ),
]
