"""The largest errors of an activation and of its slope over all floats of a type, in blocks that can be resumed."""

import hashlib
from functools import partial

import numpy as np
from mpmath import mp, mpf

from funcnn import backward, forward
from tests.accuracy.definitions import definition_of
from tests.accuracy.enclosures import REFERENCES, TINY, WIDTH, njit
from tests.accuracy.ulps import DIGITS, derivatives, ulp

CHUNK = 1 << 15  # arguments, whose arrays stay in the cache of a processor
BLOCKS = 256
RESULTS = "out", "dx"
MEASURES = "ulps", "of x"  # plain, and with the change of the result by one ulp of x added to its ulp
WORDS = {np.dtype(np.float32): np.uint32, np.dtype(np.float16): np.uint16}
LAYERS = {type(layer).__name__: layer for layer in REFERENCES}


def begun(layer, dtype):
    """The state before the first block. The machine, on which bits of exp and tanh depend, and a digest of 65,536
    results tell whether a stored state is that of the code."""
    limits = [[float(a[0]) for a in results(layer, np.array([x], dtype))] for x in (-np.inf, np.inf)]
    errors = {result: {**{key: [0.0, 0] for key in MEASURES}, "above 2": 0} for result in RESULTS}
    facts = {"machine": machine(), "digest": digest(layer, dtype), "at infinity": limits}
    return {"blocks": 0, **facts, "NaN lost": 0, **errors}


def machine():
    """NumPy's version and the loops that it chose."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return f"NumPy {np.__version__}, {found[-1] if found else 'baseline'}"


def digest(layer, dtype):
    x = (np.arange(1 << 16, dtype=np.uint64) * 65521).astype(WORDS[np.dtype(dtype)]).view(dtype)
    made = [np.where(np.isnan(a), np.zeros_like(a), a).tobytes() for a in results(layer, x)]
    return hashlib.sha256(b"".join(made)).hexdigest()[:16]


def results(layer, x):
    with np.errstate(all="ignore"):
        out, cache = forward(layer, x)
        return out, backward(layer, cache, np.ones_like(x)).x


def measure(name, dtype, state=None, each=lambda state: None):
    """The state after the blocks that it leaves, passed to `each` after every block."""
    layer, dtype = LAYERS[name], np.dtype(dtype)
    state, of_chunk = state or begun(layer, dtype), errors_of(REFERENCES[layer], dtype)
    size = (1 << 8 * dtype.itemsize) // BLOCKS
    for block in range(state["blocks"], BLOCKS):
        for first in range(block * size, (block + 1) * size, CHUNK):
            add_chunk(state, layer, of_chunk, first, min(CHUNK, size), dtype)
        state["blocks"] = block + 1
        each(state)
    return state


def add_chunk(state, layer, of_chunk, first, n, dtype):
    """Takes the n arguments whose bits begin with `first` into the state."""
    before = min(first, 1)  # one argument more, for the change of results by one ulp of x
    x = floats(np.arange(first - before, first + n, dtype=np.uint64), dtype)
    got = results(layer, x)
    if np.isnan(x[-1]):
        state["NaN lost"] += sum([int((np.isnan(x) & ~np.isnan(a))[before:].sum()) for a in got])
    found = np.empty((4, x.size))
    of_chunk(x.astype(np.float64), *[a.astype(np.float64) for a in got], found)
    for i, result in enumerate(RESULTS):
        state[result]["above 2"] += int((abs(found[2 * i, before:]) > 2).sum())
        for key, errors in zip(MEASURES, found[2 * i : 2 * i + 2, before:], strict=True):
            take_worst(state[result][key], errors, first, partial(exactly, layer, result, key, dtype))


def floats(bits, dtype):
    return np.asarray(bits).astype(WORDS[dtype]).view(dtype)


def errors_of(reference, dtype):
    """A function that fills rows with the errors of out and dx, by each measure: bounds from above, within 0.1 %.

    An error that the enclosure does not decide so far is negative.
    """
    info = np.finfo(dtype)
    most, least, unit = float(info.max), float(info.smallest_subnormal), 2.0**-info.nmant

    @njit
    def spacing(a):
        """The ulp of a, whose power of two is found by Rump's method (Rump, Ogita & Oishi 2008, algorithm 3.5)."""
        q = (2.0**52 + 1.0) * a
        return max(abs(q - (1.0 - 2.0**-53) * q) * unit, least)

    @njit
    def error(got, value, size, before):
        radius = WIDTH * size + TINY
        one = spacing(max(abs(value) - radius, 0.0))
        if abs(got) > most and abs(value) > most and (got > 0) == (value > 0):
            return 0.0, 0.0
        off = (abs(got - value) + radius) / one
        if not off < 1e300:
            off = 1e300
        change = 1.0 + abs(value - before) / one
        decided = 1.0 if 1000.0 * radius <= abs(got - value) + one else -1.0
        return decided * off, decided * off / change

    @njit
    def fill(x, out, dx, found):
        last, last_slope = 0.0, 0.0
        for i in range(x.size):
            if abs(x[i]) <= most:
                value, size, slope, slope_size = reference(x[i])
                found[0, i], found[1, i] = error(out[i], value, size, last if i else value)
                found[2, i], found[3, i] = error(dx[i], slope, slope_size, last_slope if i else slope)
                last, last_slope = value, slope
            else:
                found[:, i] = 0.0

    return fill


def take_worst(worst, errors, first, exact):
    """The largest error and the bits of its argument."""
    while (largest := np.abs(errors).max()) > worst[0]:
        j = int(np.abs(errors).argmax())
        if errors[j] < 0:
            errors[j] = exact(first + j)
        else:
            worst[:] = [float(largest), first + j]


def exactly(layer, result, key, dtype, bits):
    """The error at the argument with these bits, by mpmath."""
    x = floats(bits, dtype)
    got = results(layer, x[None])[RESULTS.index(result)][0]
    with mp.workdps(DIGITS[np.float32]):
        of = derivatives(lambda row: [definition_of(layer)(row[0])], [x], [1], dtype)
        [value], [change] = (of.value, of.slack) if result == "out" else (of.gradient, of.gradient_slack)
        return float(abs(mpf(float(got)) - value) / (ulp(value, dtype) + (change if key == "of x" else 0)))
