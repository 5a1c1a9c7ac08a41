"""Elementary functions of machine code, of floats with random bits: of all magnitudes."""

import hashlib
import math

import numpy as np

from funcnn import forward, record
from funcnn.arrays import namespace
from funcnn.bits import words
from funcnn.compilation import predictor
from funcnn.elementary import normal_cdf

WIDTH, ROWS = 8, 12_500
LARGEST = {8: 1e6, 4: 1e4}  # by the bytes of a float: of larger numbers, NumPy computes a sine
PERIODIC = {"sin", "cos"}
NAMES = ["exp", "expm1", "log", "log1p", "tanh", "normal_cdf", "sin", "cos", "sqrt", "power"]
EXPONENTS = (0.5, -1.5, 3.0, 1 / 3, -7.0, 17.25, 1e-3, 123.456)


@record
class Of:
    """A function of each number; of powers, each feature has an exponent of its own."""

    name: str


@forward.register(Of)
def of_forward(params, x):
    """The function of the namespace of x."""
    xp = namespace(x)
    if params.name == "power":
        return xp.power(x, np.array(EXPONENTS, x.dtype)), ()
    function = normal_cdf if params.name == "normal_cdf" else getattr(xp, params.name)
    return function(x), ()


def arguments(dtype, block):
    """Floats whose bits are drawn; not NaN, whose bits are not promised."""
    whole = words(np, (8, block), (2, ROWS * WIDTH))
    bits = whole[0].astype(np.uint64) << np.uint64(32) | whole[1] if dtype == np.float64 else whole[0]
    x = bits.view(dtype)
    x[np.isnan(x)] = 0.5
    return x.reshape(ROWS, WIDTH)


def angles(x):
    """The arguments that are not too large for a sine, and others in place of the rest."""
    largest = LARGEST[x.itemsize]
    return np.where(abs(x) <= largest, x, np.where(np.isfinite(x), np.ldexp(np.frexp(x)[0], 10), x.dtype.type(0.25)))


def results(count):
    """The name, the dtype and a hash of `count` values of each function."""
    for dtype in (np.dtype("f8"), np.dtype("f4")):
        functions = {name: (predictor(Of(name), portable=True), hashlib.blake2b(digest_size=8)) for name in NAMES}
        with np.errstate(all="ignore"):
            for block in range(-(-count // (ROWS * WIDTH))):
                x = arguments(dtype, block)
                small = angles(x)
                for name, (function, found) in functions.items():
                    out = function(small if name in PERIODIC else x)
                    found.update(np.where(np.isnan(out), dtype.type(math.nan), out).tobytes())
        for name, (_, found) in functions.items():
            yield f"{name} of {dtype}", found.hexdigest()
