"""The functions of `funcnn.initializers`."""

from funcnn import glorot_uniform, he_normal
from funcnn.initializers import (
    constant,
    glorot_normal,
    he_uniform,
    lecun_normal,
    lecun_uniform,
    normal,
    orthogonal,
    uniform,
    zeros,
)
from tests.kinds.kinds import dtype, number, seed
from tests.kinds.rows import kind, row

NAMED = (zeros, glorot_uniform, glorot_normal, lecun_uniform, lecun_normal, he_uniform, he_normal, orthogonal)
MADE = {"constant": constant(0.5), "normal": normal(0.5), "uniform": uniform(0.5)}
shape = kind((2, 3))
ROWS = [
    *[row(draw, seed=seed, shape=shape, dtype=dtype) for draw in NAMED],
    row(constant, value=number),
    row(normal, scale=number),
    row(uniform, limit=number),
    *[row(draw, f"{name}(0.5)", seed=seed, shape=shape, dtype=dtype, speaks=name) for name, draw in MADE.items()],
]
