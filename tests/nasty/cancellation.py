"""Small differences of large numbers: the values of f are mostly rounding error."""

import numpy as np

from tests.nasty.base import Pair, among, arrays, between, decades, drawn, each, elementwise, mixed, nasty, normal

# The formulas of slopes are written without the cancellation that the functions have.


def there_and_back(c: float) -> Pair:
    return each(lambda x: (x + c) - c, np.ones_like)


def root_minus_x_slope(x):
    root = np.sqrt(1 + x * x)
    return np.where(x > 0, -1 / (root * (root + abs(x))), -(root + abs(x)) / root)


def one_minus_cosine_slope(x):
    """The slope of (1 - cos x) / x^2, by its series below 0.1, to the last digits."""
    square = x * x
    return -x / 12 * (1 - square / 15 * (1 - 3 * square / 112 * (1 - 2 * square / 135)))


def layer_norm(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)


def layer_norm_vjp(args, dA):
    centred = args[0] - args[0].mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
    out = centred / scale
    return ((dA - dA.mean(axis=-1, keepdims=True) - out * (dA * out).mean(axis=-1, keepdims=True)) / scale,)


def variance_vjp(args, dA):
    (x,) = args
    return (dA[..., None] * 2 * (x - x.mean(axis=-1, keepdims=True)) / x.shape[-1],)


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_vjp(args, dA):
    p = softmax(args[0])
    return (p * (dA - (dA * p).sum(axis=-1, keepdims=True)),)


def log_sum_exp(x):
    top = x.max(axis=-1, keepdims=True)
    return np.log(np.exp(x - top).sum(axis=-1)) + top[..., 0]


def log_softmax(x):
    return x - log_sum_exp(x)[..., None]


def squared_distances_vjp(args, dA):
    x, y = args
    difference = 2 * dA[..., None] * (x[:, None] - y[None])
    return difference.sum(axis=1), -difference.sum(axis=0)


def cosine(x, y):
    return (x * y).sum(axis=-1) / np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))


def cosine_vjp(args, dA):
    nx, ny = [np.sqrt((a * a).sum(axis=-1, keepdims=True)) for a in args]
    x, y = args[0] / nx, args[1] / ny
    c = (x * y).sum(axis=-1, keepdims=True)
    return dA[..., None] * (y - c * x) / nx, dA[..., None] * (x - c * y) / ny


def nearly_parallel(rng):
    x = rng.standard_normal((rng.integers(1, 4), 3)) + 2
    return x, x * rng.uniform(1, 2) + 10.0 ** rng.uniform(-9, -2) * rng.standard_normal(x.shape)


def nearly_equal(rng):
    x = rng.standard_normal(rng.integers(1, 5)) + 4
    return x, x + 10.0 ** rng.uniform(-9, -1) * rng.choice([-1, 1], x.shape)


def small_root_vjp(args, dA):
    b, c = args
    root = np.sqrt(b * b - 4 * c)
    small = -2 * c / (b + root)
    return -dA * small / root, -dA / root


CANCELLATION = [
    *[nasty(f"(x + c) - c, c = {c:g}", "a staircase")(arrays(normal(), "n"), there_and_back(c)) for c in (1e4, 1e8)],
    nasty("(x + c) - c, c = 1e12", "steps of 1e-4")(arrays(normal(), "n"), there_and_back(1e12), decidable=False),
    elementwise("sqrt(x + 1) - sqrt(x)", "x is large")(
        decades(4, 14, signed=False),
        lambda x: np.sqrt(x + 1) - np.sqrt(x),
        lambda x: -0.5 / (np.sqrt(x) * np.sqrt(x + 1) * (np.sqrt(x) + np.sqrt(x + 1))),
    ),
    elementwise("sqrt(1 + x^2) - x", "x is large")(
        decades(-3, 7), lambda x: np.sqrt(1 + x * x) - x, root_minus_x_slope
    ),
    elementwise("exp(x) - 1", "x is small")(decades(-16, 0), lambda x: np.exp(x) - 1, np.exp),
    elementwise("(1 - cos x) / x^2", "rounding of 1 over x^2")(
        decades(-6, -1), lambda x: (1 - np.cos(x)) / x**2, one_minus_cosine_slope
    ),
    elementwise("log(1 + x)", "x is small")(decades(-16, -1), lambda x: np.log(1 + x), lambda x: 1 / (1 + x)),
    elementwise("1 / x - 1 / (x + 1)", "x is large")(
        decades(2, 9, signed=False), lambda x: 1 / x - 1 / (x + 1), lambda x: -(2 * x + 1) / (x * (x + 1)) ** 2
    ),
    *[
        nasty(f"layer norm at {at:g}", "mean and spread far apart")(
            arrays(normal(at), "m n"), (layer_norm, layer_norm_vjp)
        )
        for at in (1e4, 1e8)
    ],
    nasty("variance at 1e8", "the spread is in the last digits")(
        arrays(normal(1e8), "m n"), (lambda x: x.var(axis=-1), variance_vjp)
    ),
    nasty("variance as mean of squares less squared mean", "noise of the square of the mean")(
        arrays(normal(1e4), "m n"), (lambda x: (x * x).mean(axis=-1) - x.mean(axis=-1) ** 2, variance_vjp)
    ),
    nasty("x less its mean", "at 1e8")(
        arrays(normal(1e8), "m n"),
        (lambda x: x - x.mean(axis=-1, keepdims=True), lambda args, dA: (dA - dA.mean(axis=-1, keepdims=True),)),
    ),
    *[
        nasty(f"softmax at {at:g}", "only differences of logits count")(
            arrays(normal(at), "m n"), (softmax, softmax_vjp)
        )
        for at in (1e4, 1e8)
    ],
    nasty("log of the sum of exp", "logits of +-700 leave one term of the sum")(
        arrays(mixed(normal(), normal(700), among(-700.0, 700.0)), "m n"),
        (log_sum_exp, lambda args, dA: (dA[..., None] * softmax(args[0]),)),
    ),
    nasty("log of softmax", "logits 1e4 apart")(
        arrays(mixed(normal(), normal(1e4), among(-1e4, 1e4)), "m n"),
        (log_softmax, lambda args, dA: (dA - dA.sum(axis=-1, keepdims=True) * softmax(args[0]),)),
    ),
    nasty("squared distances by squared norms", "points near each other and far from 0")(
        arrays(normal(1e3), "m d", "n d"),
        (lambda x, y: (x * x).sum(axis=1)[:, None] + (y * y).sum(axis=1) - 2 * x @ y.T, squared_distances_vjp),
    ),
    nasty("cosine similarity", "rows nearly parallel")(drawn(nearly_parallel), (cosine, cosine_vjp)),
    nasty("a / (a - b)", "a nearly b")(
        drawn(nearly_equal),
        (
            lambda a, b: a / (a - b),
            lambda args, dA: (-dA * args[1] / (args[0] - args[1]) ** 2, dA * args[0] / (args[0] - args[1]) ** 2),
        ),
    ),
    nasty("(a - b) / (a + b)", "a nearly b")(
        drawn(nearly_equal),
        (
            lambda a, b: (a - b) / (a + b),
            lambda args, dA: (2 * dA * args[1] / sum(args) ** 2, -2 * dA * args[0] / sum(args) ** 2),
        ),
    ),
    nasty("ratio of neighbours", "nearly 1")(
        drawn(nearly_equal), (lambda a, b: a / b - 1, lambda args, dA: (dA / args[1], -dA * args[0] / args[1] ** 2))
    ),
    nasty("determinant of two nearly parallel rows", "products that cancel")(
        drawn(lambda rng: (np.array([[1, 2], [1, 2]]) * rng.uniform(1, 2) + 1e-7 * rng.standard_normal((2, 2)),)),
        (
            lambda a: np.array([a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]]),
            lambda args, dA: (dA[0] * np.array([[1, -1], [-1, 1]]) * args[0][::-1, ::-1],),
        ),
    ),
    nasty("small root of a quadratic", "-b + sqrt(b^2 - 4 c), b large")(
        drawn(lambda rng: (10.0 ** rng.uniform(1, 6, 3), rng.standard_normal(3))),
        (lambda b, c: (np.sqrt(b * b - 4 * c) - b) / 2, small_root_vjp),
    ),
    nasty("a sum in which large terms cancel", "1e16 and -1e16 hide the rest")(
        arrays(mixed(normal(), among(1e16, -1e16)), "n"),
        (lambda x: x.sum(keepdims=True), lambda args, dA: (dA + 0 * args[0],)),
    ),
    elementwise("log(1 - exp(-x))", "1 less nearly 1")(
        mixed(decades(-7, 1, signed=False), between(1, 40)), lambda x: np.log(1 - np.exp(-x)), lambda x: 1 / np.expm1(x)
    ),
]
