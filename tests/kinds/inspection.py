"""The functions of `funcnn.inspection`."""

from funcnn import summary, trace
from funcnn.inspection import flops
from tests.kinds.kinds import Y, array, flag, layer, loss, number
from tests.kinds.rows import row

ROWS = [
    row(summary, params=layer, x=array, costs=flag, speaks="x"),
    row(flops, params=layer, x=array, speaks="x"),
    row(trace, params=layer, x=array, y=array(Y), loss=loss, lr=number | "None", inputs=flag, speaks="x"),
]
