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
LARGEST = {"sin": {8: 1e6, 4: 1e4}, "cos": {8: 1e6, 4: 1e4}}  # of larger numbers, NumPy computes these
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


def arguments(dtype, block, name):
    """Floats whose bits are drawn; not NaN, whose bits are not promised."""
    whole = words(np, (8, block), (2, ROWS * WIDTH))
    bits = whole[0].astype(np.uint64) << np.uint64(32) | whole[1] if dtype == np.float64 else whole[0]
    x = np.nan_to_num(bits.view(dtype), nan=0.5, posinf=math.inf, neginf=-math.inf)
    if name in LARGEST:
        x = np.where(abs(x) <= LARGEST[name][x.itemsize], x, np.ldexp(np.frexp(x)[0], 10))
        x[~np.isfinite(x)] = 0.25
    return x.reshape(ROWS, WIDTH)


def results(count):
    """The name, the dtype and a hash of `count` values of each function."""
    for name in NAMES:
        for dtype in (np.dtype("f8"), np.dtype("f4")):
            function, found = predictor(Of(name), portable=True), hashlib.blake2b(digest_size=8)
            with np.errstate(all="ignore"):
                for block in range(-(-count // (ROWS * WIDTH))):
                    out = function(arguments(dtype, block, name))
                    found.update(np.where(np.isnan(out), dtype.type(math.nan), out).tobytes())
            yield f"{name} of {dtype}", found.hexdigest()
