"""The functions of `funcnn.initializers`."""

from funcnn.initializers import constant, normal, uniform
from tests.kinds.rows import row

ROWS = [row(make(0.5), f"{make.__name__}(0.5)", speaks=make.__name__) for make in (constant, normal, uniform)]
