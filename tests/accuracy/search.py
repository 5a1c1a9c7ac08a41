"""A search for arguments with large errors in float64, whose numbers are too many to be measured one by one."""

import numpy as np

from tests.accuracy.floats import LAYERS, RESULTS, exactly, floats, results

DOUBLE = np.dtype(np.float64)
STARTS = [-30.0, -3.0, -0.3, 0.3, 3.0, 30.0]


def search(name, state, rounds=300):
    """{"out": (error in ulps, x), "dx": ...}: the largest errors that hill climbing finds.

    It begins at the worst arguments of float32, and at six others. A step multiplies x by 1 + s, where s is drawn from
    all magnitudes between 2^-52 and 1/4; the argument with the largest error so far is kept.
    """
    rng, found = np.random.default_rng(0), {}
    for result in RESULTS:
        bits = [state[of][key][1] for of in RESULTS for key in ("ulps", "of x")]
        single = [float(x) for x in floats(bits, np.dtype(np.float32))]
        starts = [
            *STARTS,
            *[x for x in single if x % 0.5],
        ]  # the others may be corners, where definitions have no slope
        worst, x = max([(error(name, result, x), x) for x in starts])
        for _ in range(rounds):
            other = x * (1 + rng.choice([-1, 1]) * 2.0 ** rng.uniform(-52, -2))
            worst, x = max((worst, x), (error(name, result, other), other))
        found[result] = worst, x
    return found


def error(name, result, x):
    """The error at x in ulps; 0 where the result is below the smallest normal number."""
    got = results(LAYERS[name], np.array([x]))[RESULTS.index(result)][0]
    if abs(got) < np.finfo(DOUBLE).smallest_normal:
        return 0.0
    return exactly(LAYERS[name], result, "ulps", DOUBLE, np.float64(x).view(np.uint64))
