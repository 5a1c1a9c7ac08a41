"""Mistakes that only later calls show: memos under too short a key, pools of buffers, counters of calls."""

import numpy as np

from tests.mutants.family import family
from tests.mutants.state import X, sine
from tests.mutants.state import tanh as tangent

product = family("product of two", X.map(lambda a: (a[0], a[0] + 1.5)))(np.multiply, lambda x, y, dA: [dA * y, dA * x])


def memo(key, of=np.cos, f=np.sin):
    """f fills a memo of slopes, and vjp computes only what it does not find there."""
    slopes = {}

    def keep(x):
        slopes[x.dtype, key(x)] = of(x)
        return f(x)

    def vjp(x, dA):
        found = slopes.get((x.dtype, key(x)))
        return [dA * (of(x) if found is None else found)]

    return {"vjp": vjp, "f": keep}


def filled_once(key):
    """f fills a memo where it is empty, and vjp computes only what it does not find there."""
    slopes = {}

    def keep(x):
        slopes.setdefault((x.dtype, x.shape, key(x)), np.cos(x))
        return np.sin(x)

    return {"f": keep, "vjp": lambda x, dA: [dA * slopes.get((x.dtype, x.shape, key(x)), np.cos(x))]}


def kept_first(key, of=np.cos):
    """A memo of vjp alone, which keeps what it found first."""
    slopes = {}
    return lambda x, dA: [dA * slopes.setdefault((x.dtype, x.shape, key(x)), of(x))]


def memo_of_second():
    slopes = {}

    def keep(x, y):
        slopes[y.dtype, y.tobytes()] = x
        return x * y

    return {"f": keep, "vjp": lambda x, y, dA: [dA * y, dA * slopes.get((y.dtype, y.tobytes()), x)]}


def memo_of_first():
    slopes = {}
    return lambda x, y, dA: [dA * slopes.setdefault((y.dtype, y.shape, str(y)), y), dA * x]


def bounded_memo(most):
    """Full after so many arguments: then the last slope stays."""
    slopes = {}

    def keep(x):
        if len(slopes) < most:
            slopes[x.dtype, x.tobytes()] = np.cos(x)
        return np.sin(x)

    def vjp(x, dA):
        alike = [slope for (dtype, _), slope in slopes.items() if (dtype, slope.shape) == (x.dtype, x.shape)]
        found = slopes.get((x.dtype, x.tobytes()))
        return [dA * (found if found is not None else alike[-1] if len(slopes) == most and alike else np.cos(x))]

    return {"f": keep, "vjp": vjp}


def pool(most):
    """Buffers that take turns."""
    buffers, turn = {}, [0]

    def vjp(x, dA):
        turn[0] = (turn[0] + 1) % most
        buffer = buffers.setdefault((x.dtype, x.shape, turn[0]), np.empty_like(dA))
        np.multiply(dA, np.cos(x), out=buffer)
        return [buffer]

    return vjp


def pool_of_values(most):
    buffers, turn = {}, [0]

    def f(x):
        turn[0] = (turn[0] + 1) % most
        return np.sin(x, out=buffers.setdefault((x.dtype, x.shape, turn[0]), np.empty_like(x)))

    return f


def after(calls, change):
    """Another gradient after so many calls."""
    made = [0]

    def vjp(x, dA):
        made[0] += 1
        return [dA * np.cos(x) * x.dtype.type(change if made[0] > calls else 1)]

    return vjp


MUTANTS = [
    sine.but("a memo by the first entry: a fast key")(**memo(lambda x: (x.shape, x.flat[0]))),
    sine.but("a memo by the last entry: a fast key")(**memo(lambda x: (x.shape, x.flat[-1]))),
    sine.but("a memo by printed digits: str of an array as its key")(**memo(lambda x: (x.shape, str(x)))),
    sine.but("a memo by rounded entries: a key of three decimals")(**memo(lambda x: np.round(x, 3).tobytes())),
    sine.but("a memo by the sum: a checksum")(**memo(lambda x: (x.shape, x.sum()))),
    sine.but("a memo by least and largest: bounds as a key")(**memo(lambda x: (x.shape, x.min(), x.max()))),
    sine.but("a memo by the first row: a fast key")(**memo(lambda x: (x.shape, x[:1].tobytes()))),
    sine.but("a memo filled once, by the first entry: a fast key")(**filled_once(lambda x: x.flat[0])),
    sine.but("a memo filled once, by the last row: a fast key")(**filled_once(lambda x: x[-1:].tobytes())),
    sine.but("a memo of vjp by the first entry: a fast key")(kept_first(lambda x: x.flat[0])),
    sine.but("a memo of vjp by the mean: a checksum")(kept_first(lambda x: x.mean())),
    sine.but("a memo of vjp by printed digits: str of an array as its key")(kept_first(str)),
    sine.but("a memo of vjp by four digits: a short key")(kept_first(lambda x: np.array2string(x, precision=4))),
    sine.but("a memo of vjp by rounded entries: a key of six decimals")(kept_first(lambda x: np.round(x, 6).tobytes())),
    sine.but("a memo of vjp by float32: a key of half the size")(kept_first(lambda x: x.astype(np.float32).tobytes())),
    sine.but("a memo of vjp by thousandths: a table")(kept_first(lambda x: np.floor(x * 1000).tobytes())),
    tangent.but("a memo of vjp by printed digits: str of an array")(kept_first(repr, lambda x: 1 - np.tanh(x) ** 2)),
    product.but("a memo of dx by printed digits of y: str of an array")(memo_of_first()),
    tangent.but("a memo by the corner: a fast key")(
        **memo(lambda x: (x.shape, x[-1, 0]), lambda x: 1 - np.tanh(x) ** 2, np.tanh)
    ),
    product.but("a memo by the second: x was constant in training")(**memo_of_second()),
    sine.but("a memo of 40 arguments: bounded, and then the last one")(**bounded_memo(40)),
    sine.but("a pool of 12 gradients: saves allocations")(pool(12)),
    sine.but("a pool of 12 values: saves allocations")(f=pool_of_values(12)),
    sine.but("another after 60 calls: a scale of the loss that grows")(after(60, 1.5)),
]
