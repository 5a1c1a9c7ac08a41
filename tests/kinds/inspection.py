"""The functions of `funcnn.inspection`."""

from funcnn import summary, trace
from funcnn.inspection import Branches, diagram, flops, latex
from tests.kinds.kinds import NET, Y, array, flag, layer, loss, number, text
from tests.kinds.rows import both, kind, row

ROWS = [
    row(summary, params=layer, x=array, costs=flag, speaks="x"),
    row(diagram, params=layer, x=array | "None", speaks="x"),
    row(Branches, branches=both(kind({"layer": NET}, "{}")), join=text),
    row(latex, params=layer, shapes=flag),
    row(flops, params=layer, x=array, speaks="x"),
    row(trace, params=layer, x=array, y=array(Y), loss=loss, lr=number | "None", inputs=flag, speaks="x"),
]
