"""Random numbers as a function of a key."""

import numpy as np

from funcnn.bits import normal, uniform, words
from tests.kinds.kinds import dtype
from tests.kinds.rows import kind, row

xp, key, shape = kind(None).made(lambda: np), kind((7, 0)), kind((2, 3))
ROWS = [
    row(words, xp=xp, key=key, shape=shape),
    *[row(function, xp=xp, key=key, shape=shape, dtype=dtype) for function in (uniform, normal)],
]
