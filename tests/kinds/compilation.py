"""The functions of `funcnn.compilation`."""

from funcnn import mse
from funcnn.compilation import compiled, explain
from tests.kinds.rows import kind, row

ROWS = [row(explain, function=kind(compiled(mse)), speaks="value_and_grad; x; mse", needs="llvmlite")]
