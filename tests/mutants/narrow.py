"""Mistakes in float32 alone, of a few per cent or of small entries."""

import numpy as np

from tests.mutants.dense import dense
from tests.mutants.family import family, softmax, softmax_slope
from tests.mutants.precision import angle, leaky, sine
from tests.mutants.state import X, tanh

LN2 = np.log(2)
powers = family("2^tanh", X)(lambda x: np.exp2(np.tanh(x)), lambda x, dA: powers_vjp(x, dA, LN2))
soft_max = family("softmax over classes", X)(softmax, lambda x, dA: [softmax_slope(softmax(x), dA)])
mean_squares = family("rows by their root mean square", X.map(lambda a: (np.clip(a[0], -8, 8) + 0.25,)))(
    lambda x: x / rms(x, 1e-5), lambda x, dA: rms_vjp(x, dA, 1e-5)
)


def powers_vjp(x, dA, log):
    t = np.tanh(x)
    return [dA * np.exp2(t) * x.dtype.type(log) * (1 - t * t)]


rms = lambda x, eps: np.sqrt((x * x).mean(axis=1, keepdims=True) + x.dtype.type(eps))


def rms_vjp(x, dA, eps):
    r = rms(x, eps)
    return [(dA - x * (dA * x).mean(axis=1, keepdims=True) / r**2) / r]


wide = lambda dA: dA.dtype == np.float64


def narrow(vjp, change):
    """The right vjp in float64, `change` of its gradients in float32."""

    def called(*given):
        *args, dA = given
        gradients = vjp(*given)
        return gradients if wide(dA) else change(*args, *gradients)

    return called


def times(factor):
    return lambda x, dx: [dx * np.float32(factor)]


first_entry = lambda x, dx: [dx * np.where(np.arange(x.size).reshape(x.shape) == 0, 1.1, 1)]
half = lambda x, dx: [dx.astype(np.float16).astype(np.float32)]

MUTANTS = [
    sine.but("4 % too large in float32: a constant of its own")(narrow(sine.vjp, times(1.04))),
    sine.but("1 % too small in float32: a constant of its own")(narrow(sine.vjp, times(0.99))),
    tanh.but("1 in 300 too large in float32: a fast tanh")(narrow(tanh.vjp, times(1 + 1 / 300))),
    angle.but("a tenth too large in one entry in float32: the end of a vector loop")(narrow(angle.vjp, first_entry)),
    sine.but("float16 inside, in float32: a cast too many")(narrow(sine.vjp, half)),
    leaky.but("0.13 for 0.1 in float32: another default")(
        narrow(leaky.vjp, lambda x, dx: [np.where(x > 0, 1, np.float32(1.3)) * dx])
    ),
    powers.but("0.7 for log 2 in float32: a short constant")(lambda x, dA: powers_vjp(x, dA, LN2 if wide(dA) else 0.7)),
    soft_max.but("2 % too large in float32: a fast exp")(narrow(soft_max.vjp, times(1.02))),
    mean_squares.but("eps 1e-2 in float32: safer for float16")(
        lambda x, dA: rms_vjp(x, dA, 1e-5 if wide(dA) else 1e-2)
    ),
    dense.but("db 3 % too large in float32: summed in another way")(
        narrow(dense.vjp, lambda x, W, b, dx, dW, db: [dx, dW, db * np.float32(1.03)])
    ),
]
