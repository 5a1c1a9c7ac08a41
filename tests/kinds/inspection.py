"""The functions of `funcnn.inspection`."""

from funcnn import summary, trace
from funcnn.inspection import Branches, diagram, flops
from tests.kinds.kinds import NET, array
from tests.kinds.rows import both, kind, row

ROWS = [
    *[row(function, speaks="x") for function in (summary, flops, trace)],
    row(diagram, x=array | "None", speaks="x"),
    row(Branches, branches=both(kind({"layer": NET}, "{}"))),
]
