"""The functions of `funcnn.compilation`."""

from funcnn import mse
from funcnn.compilation import compiled, explain
from tests.kinds.kinds import Y, array, count, layer, loss
from tests.kinds.rows import kind, row

ROWS = [
    row(compiled, loss=loss, threads=count),
    row(
        explain,
        function=kind(compiled(mse)),
        params=layer,
        x=array,
        y=array(Y),
        speaks="value_and_grad; x; mse",
        needs="llvmlite",
    ),
]
