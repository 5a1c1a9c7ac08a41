"""Mistakes in one branch only: for one size, at zeros and ties, on one side, or far from 0."""

import numpy as np

from funcnn.testing import strategies as fst
from tests.mutants.family import family, sigmoid, softmax, softmax_slope

X = fst.tensors("m n")
LONG = fst.tensors("n", most=12)
PAIR = fst.tensors("m n", "m n")

elementwise = lambda name, f, slope, arguments=X: family(name, arguments)(f, by(slope))


def by(slope):
    return lambda x, dA: [dA * slope(x)]


def sinc_slope(x):
    near = abs(x) < 0.1
    far = np.where(near, 1, x)
    return np.where(
        near, x * (-1 / 3 + x**2 / 30 - x**4 / 840 + x**6 / 45360), (far * np.cos(far) - np.sin(far)) / far**2
    )


def angle_vjp(a, b, dA, sign=-1):
    c = 1 + b**2
    return [dA * c / (a**2 + c**2), sign * dA * a * 2 * b / (a**2 + c**2)]


total = family("sum of sines", LONG)(lambda x: np.sin(x).sum(), lambda x, dA: [dA * np.cos(x)])
mirrored = family("half difference from the mirror", LONG)(
    lambda x: (x - x[::-1]) / 2, lambda x, dA: [(dA - dA[::-1]) / 2]
)
last = family("running sum of squares", LONG)(
    lambda x: np.cumsum(x**2), lambda x, dA: [2 * x * np.cumsum(dA[::-1])[::-1]]
)
rows = family("softmax along rows", X)(softmax, lambda x, dA: [softmax_slope(softmax(x), dA)])
batched = family("dense over time", fst.tensors("m t n", "n k", "k"))(
    lambda x, W, b: x @ W + b, lambda x, W, b, dA: [dA @ W.T, np.einsum("mtn,mtk->nk", x, dA), dA.sum(axis=(0, 1))]
)
spread = family("spread", X)(lambda x: x.max(axis=1) - x.min(axis=1), lambda x, dA: [dA[:, None] * (one(x) - one(-x))])
signed_square = elementwise("x |x|", lambda x: x * abs(x), lambda x: 2 * abs(x))
power = elementwise("|x|^1.5", lambda x: abs(x) ** 1.5, lambda x: 1.5 * np.sign(x) * abs(x) ** 0.5)
rest = elementwise(
    "sin of the fraction", lambda x: np.sin(2 * np.pi * (x - np.floor(x))), lambda x: 2 * np.pi * np.cos(2 * np.pi * x)
)
cut_log = elementwise("log above 1", lambda x: np.log(np.maximum(x, 1)), lambda x: (x > 1) / np.maximum(x, 1))
sinc = elementwise("sinc", lambda x: np.sinc(x / np.pi), sinc_slope, X.map(lambda a: (np.clip(a[0], -30, 30),)))
bounded = elementwise("tanh(x / 4)", lambda x: np.tanh(x / 4), lambda x: (1 - np.tanh(x / 4) ** 2) / 4)
log_add = family("logaddexp", PAIR)(np.logaddexp, lambda a, b, dA: [dA * sigmoid(a - b), dA * sigmoid(b - a)])
ratio = family("ratio", PAIR)(
    lambda a, b: a / (1 + b**2), lambda a, b, dA: [dA / (1 + b**2), -2 * dA * a * b / (1 + b**2) ** 2]
)
angle = family("angle", PAIR)(lambda a, b: np.arctan2(a, 1 + b**2), angle_vjp)
products = family("product of pairs", PAIR)(lambda a, b: a * b, lambda a, b, dA: [dA * b, dA * a])
nearer = family("minimum of two", PAIR)(np.minimum, lambda a, b, dA: [dA * (a <= b), dA * (a > b)])

one = lambda x: (np.arange(x.shape[1]) == x.argmax(axis=1)[:, None]).astype(float)


def bare_sinc_slope(x):
    with np.errstate(all="ignore"):
        return (x * np.cos(x) - np.sin(x)) / x**2


def mask_after_the_division(x):
    with np.errstate(all="ignore"):
        return (x > 1) * (1 / x)


def naive_log_add(a, b, dA):
    with np.errstate(all="ignore"):
        return [dA * np.exp(a) / (np.exp(a) + np.exp(b)), dA * np.exp(b) / (np.exp(a) + np.exp(b))]


def unguarded_power(x):
    with np.errstate(all="ignore"):
        return 1.5 * abs(x) ** 1.5 / x


MUTANTS = [
    total.but("in steps of four, the rest lost: an unrolled loop")(
        lambda x, dA: [dA * np.cos(x) * (np.arange(x.size) < max(x.size // 4 * 4, 4))]
    ),
    total.but("the first eight only: a buffer of fixed size")(lambda x, dA: [dA * np.cos(x) * (np.arange(x.size) < 8)]),
    total.but("the middle twice for odd sizes: halves that overlap")(
        lambda x, dA: [dA * np.cos(x) * (1 + (2 * np.arange(x.size) + 1 == x.size))]
    ),
    mirrored.but("not mirrored for even sizes: an off-by-one in halves")(
        lambda x, dA: mirrored.vjp(x, dA) if len(x) % 2 else [dA / 2]
    ),
    last.but("the last entry forgotten: range(n - 1)")(
        lambda x, dA: [last.vjp(x, dA)[0] * (np.arange(x.size) < x.size - 1)]
    ),
    last.but("from the second on for 9 and more: a block's carry")(
        lambda x, dA: [last.vjp(x, dA)[0] - 2 * x * (np.arange(x.size) < 1) * (x.size > 8) * dA[-1]]
    ),
    rows.but("p for one column: a fast path for sigmoids")(
        lambda x, dA: [dA * softmax(x)] if x.shape[1] == 1 else rows.vjp(x, dA)
    ),
    rows.but("two columns by the first: a fast path for two classes")(
        lambda x, dA: [softmax(x) * softmax(x)[:, ::-1] * dA] if x.shape[1] == 2 else rows.vjp(x, dA)
    ),
    batched.of(2).but("db of the first step: written for two axes")(lambda x, W, b, dA: dA.sum(axis=0)[0]),
    batched.of(1).but("dW of a reshape in the other order: the shape fits")(
        lambda x, W, b, dA: x.swapaxes(0, 1).reshape(-1, len(W)).T @ dA.reshape(-1, len(b))
    ),
    batched.of(1).but("divided by the steps: averaged over time")(
        lambda x, W, b, dA: batched.vjp(x, W, b, dA)[1] / x.shape[1]
    ),
    spread.but("the minimum's sign: max + min")(lambda x, dA: [dA[:, None] * (one(x) + one(-x))]),
    spread.but("the maximum's alone: the minimum is 0 after relu")(lambda x, dA: [dA[:, None] * one(x)]),
    signed_square.but("2 x: right for x > 0")(by(lambda x: 2 * x)),
    power.but("without the sign: right for x > 0")(by(lambda x: 1.5 * abs(x) ** 0.5)),
    power.but("by x: 0 / 0 at 0")(by(unguarded_power)),
    rest.but("-, below 0: the fraction of a truncation")(by(lambda x: rest.vjp(x, 1)[0] * np.where(x < 0, -1, 1))),
    cut_log.but("masked after the division: 0 * inf at 0")(by(mask_after_the_division)),
    cut_log.but("1 / x down to 0: the forward's guard forgotten")(by(lambda x: (x > 0) / np.maximum(x, 0.01))),
    sinc.but("unguarded: 0 / 0 at 0")(by(bare_sinc_slope)),
    sinc.but("two terms of the series near 0: good to 1e-6")(
        by(lambda x: np.where(abs(x) < 0.25, x * (-1 / 3 + x**2 / 30), bare_sinc_slope(np.where(x == 0, 1, x))))
    ),
    sinc.but("cos(x) / x: half of the quotient rule")(by(lambda x: np.cos(x) / np.where(x == 0, 1, x) * (x != 0))),
    bounded.but("0 beyond 6: taken for saturated")(by(lambda x: bounded.vjp(x, 1)[0] * (abs(x) < 6))),
    bounded.but("wrong beyond 100: an approximation's other end")(
        by(lambda x: np.where(abs(x) > 100, 1e-3, bounded.vjp(x, 1)[0]))
    ),
    log_add.but("without the max: inf / inf")(naive_log_add),
    log_add.but("exchanged: a for b")(lambda a, b, dA: log_add.vjp(b, a, dA)),
    ratio.of(1).but("the denominator's sign: the quotient rule by heart")(
        lambda a, b, dA: 2 * dA * a * b / (1 + b**2) ** 2
    ),
    ratio.of(1).but("the square forgotten: the quotient rule by heart")(lambda a, b, dA: -2 * dA * a * b / (1 + b**2)),
    angle.but("the sign of the second: arctan2 has its arguments reversed")(lambda a, b, dA: angle_vjp(a, b, dA, 1)),
    products.of(0).but("da at b = 0: a / b * out")(lambda a, b, dA: dA * np.where(b == 0, 1, b)),
    products.but("each by itself: right for squares")(lambda a, b, dA: [dA * a, dA * b]),
    nearer.but("half to each, always: ties are split")(lambda a, b, dA: [dA / 2, dA / 2]),
    nearer.but("all to both where they tie at 0: a == b == 0")(
        lambda a, b, dA: [dA * ((a <= b) | (a == b)), dA * ((a > b) | ((a == b) & (a == 0)))]
    ),
]
