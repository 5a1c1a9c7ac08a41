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
# Arguments with errors above 2 ulps. Where both the exact result and the computed one are below the smallest normal
# number, an error is counted apart, and not among the largest.
COUNTS = "above 2", "tiny above 2"
WORDS = {np.dtype(kind): np.dtype(f"u{np.dtype(kind).itemsize}") for kind in (np.float16, np.float32, np.float64)}
LAYERS = {type(layer).__name__: layer for layer in REFERENCES}


def begun(layer, dtype):
    """The state before the first block. The machine, on which bits of exp and tanh depend, and a digest of 65,536
    results tell whether a stored state is that of the code."""
    limits = [[float(a[0]) for a in results(layer, np.array([x], dtype))] for x in (-np.inf, np.inf)]
    errors = {result: {**{key: [0.0, 0] for key in MEASURES}, **dict.fromkeys(COUNTS, 0)} for result in RESULTS}
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
    state, kernels = state or begun(layer, dtype), kernels_of(REFERENCES[layer], dtype)
    size = (1 << 8 * dtype.itemsize) // BLOCKS
    for block in range(state["blocks"], BLOCKS):
        for first in range(block * size, (block + 1) * size, CHUNK):
            add_chunk(state, layer, kernels, first, min(CHUNK, size), dtype)
        state["blocks"] = block + 1
        each(state)
    return state


def add_chunk(state, layer, kernels, first, n, dtype):
    """Takes the n arguments whose bits begin with `first` into the state."""
    before = min(first, 1)  # one argument more, for the change of results by one ulp of x
    x = floats(np.arange(first - before, first + n, dtype=np.uint64), dtype)
    got, (judge, fill) = results(layer, x), kernels
    if np.isnan(x[-1]):
        state["NaN lost"] += sum([int((np.isnan(x) & ~np.isnan(a))[before:].sum()) for a in got])
    if dtype != np.float32:
        got = [a.astype(np.float32) for a in got]
    x, largest = x.astype(np.float32), [state[result][key][0] for result in RESULTS for key in MEASURES]
    is_larger, *above = judge(x, *got, before, *largest)
    for result, counts in zip(RESULTS, above, strict=True):
        for key, more in zip(COUNTS, counts, strict=True):
            state[result][key] += int(more)
    if is_larger:
        fill(x, *got, found := np.empty((4, x.size)))
        for i, errors in enumerate(found[:, before:]):
            result, key = RESULTS[i // 2], MEASURES[i % 2]
            take_worst(state[result][key], errors, first, partial(exactly, layer, result, key, dtype))


def floats(bits, dtype):
    return np.asarray(bits).astype(WORDS[dtype]).view(dtype)


def take_worst(worst, errors, first, exact):
    """The largest error and the bits of its argument."""
    while (largest := np.abs(errors).max()) > worst[0]:
        j = int(np.abs(errors).argmax())
        if errors[j] < 0:
            errors[j] = exact(first + j)
        else:
            worst[:] = [float(largest), first + j]


def kernels_of(reference, dtype):
    """Two functions of a chunk: whether an error may be larger than the largest so far, and the errors."""
    bound, most = bound_of(np.dtype(dtype)), float(np.finfo(dtype).max)
    return judge_of(reference, bound, most), fill_of(reference, bound, most)


def bound_of(dtype):
    """A function that bounds an error from above."""
    info = np.finfo(dtype)
    most, least, unit = float(info.max), float(info.smallest_subnormal), 2.0**-info.nmant
    normal = float(info.smallest_normal)

    @njit
    def bound(got, value, size):
        """(error, radius of the enclosure, ulp, whether the error is tiny and above 2 ulps; then it counts as 0)

        The ulp is found by Rump's method (Rump, Ogita & Oishi 2008, algorithm 3.5).
        """
        radius = WIDTH * size + TINY
        q = (2.0**52 + 1.0) * max(abs(value) - radius, 0.0)
        off = abs(got - value) + radius
        if not off < 1e300:  # infinite or NaN; an overflow is right where the value overflows
            off = 0.0 if abs(got) > most and abs(value) > most and (got > 0) == (value > 0) else 1e300
        one = max(abs(q - (1.0 - 2.0**-53) * q) * unit, least)
        is_tiny = abs(got) < normal and abs(value) < normal and off > 2.0 * one
        return 0.0 if is_tiny else off, radius, one, is_tiny

    return bound


def judge_of(reference, bound, most):
    """A function that returns whether an error may be larger than the largest so far, and how many are above 2 ulps."""

    @njit
    def judge(x, out, dx, start, largest, largest_of_x, largest_slope, largest_slope_of_x):
        is_larger, above, tiny, above_slope, tiny_slope, last, last_slope = False, 0, 0, 0, 0, np.nan, np.nan
        for i in range(x.size):
            v = np.float64(x[i])
            if abs(v) <= most:
                value, size, slope, slope_size = reference(v)
                off, _, one, is_tiny = bound(np.float64(out[i]), value, size)
                off_slope, _, one_slope, is_tiny_slope = bound(np.float64(dx[i]), slope, slope_size)
                if i >= start:
                    tiny += is_tiny
                    tiny_slope += is_tiny_slope
                    above += off > 2.0 * one
                    above_slope += off_slope > 2.0 * one_slope
                    is_larger |= off > largest * one
                    is_larger |= off_slope > largest_slope * one_slope
                    is_larger |= off > largest_of_x * (one + abs(value - last))
                    is_larger |= off_slope > largest_slope_of_x * (one_slope + abs(slope - last_slope))
                last, last_slope = value, slope
        return is_larger, (above, tiny), (above_slope, tiny_slope)

    return judge


def fill_of(reference, bound, most):
    """A function that fills rows with errors, within 0.1 %; those that the enclosure does not decide are negative."""

    @njit
    def fill(x, out, dx, found):
        last, last_slope = 0.0, 0.0
        for i in range(x.size):
            v = np.float64(x[i])
            if abs(v) <= most:
                value, size, slope, slope_size = reference(v)
                for row, got, a, its_size, before in (
                    (0, out[i], value, size, last if i else value),
                    (2, dx[i], slope, slope_size, last_slope if i else slope),
                ):
                    off, radius, one, _ = bound(np.float64(got), a, its_size)
                    sign = 1.0 if 1000.0 * radius <= off + one else -1.0
                    found[row, i], found[row + 1, i] = sign * off / one, sign * off / (one + abs(a - before))
                last, last_slope = value, slope
            else:
                found[:, i] = 0.0

    return fill


def exactly(layer, result, key, dtype, bits):
    """The error at the argument with these bits, by mpmath."""
    x = floats(bits, dtype)
    got = results(layer, x[None])[RESULTS.index(result)][0]
    with mp.workdps(DIGITS.get(dtype.type, DIGITS[np.float32])):
        of = derivatives(lambda row: [definition_of(layer)(row[0])], [x], [1], dtype)
        [value], [change] = (of.value, of.slack) if result == "out" else (of.gradient, of.gradient_slack)
        return float(abs(mpf(float(got)) - value) / (ulp(value, dtype) + (change if key == "of x" else 0)))
