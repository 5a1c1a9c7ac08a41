"""Derivatives that uncertainties propagates: `.derivatives` of functions of one number or more."""

import warnings
from operator import add, mod, mul, sub, truediv

import numpy as np
from uncertainties import ufloat, umath, umath_core
from uncertainties.unumpy import ulinalg

from tests.hunts.draws import *

warnings.simplefilter("ignore", FutureWarning)  # of functions that are deprecated

LIBRARIES = ["uncertainties", "numpy"]


def variables(x):
    return np.vectorize(lambda v: ufloat(float(v), 1.0), otypes=[object])(x)


def derivatives(value, xs):
    known = getattr(value, "derivatives", {})
    return np.array([known.get(x, 0.0) for x in xs], "float64")


def pair(f):
    """A function of numbers, applied to each entry."""

    def value(*args):
        rows = zip(*[np.ravel(x) for x in args], strict=True)
        return np.array([f(*map(float, xs)) for xs in rows], "float64").reshape(np.shape(args[0]))

    def vjp(args, dA):
        columns = [variables(np.ravel(x)) for x in args]
        J = np.array([derivatives(f(*xs), xs) for xs in zip(*columns, strict=True)])
        return [np.reshape(np.ravel(dA) * J[:, i], np.shape(args[0])) for i in range(len(args))]

    return value, vjp


def of_matrix(f):
    """A function of a matrix."""

    def vjp(args, dA):
        X = variables(args[0])
        J = np.array([derivatives(y, X.ravel()) for y in np.asarray(f(X)).ravel()])
        return [(J.T @ np.ravel(dA)).reshape(np.shape(args[0]))]

    value = np.vectorize(lambda y: getattr(y, "nominal_value", y), otypes=["float64"])
    return (lambda A: value(np.asarray(f(variables(A))))), vjp


N = "n"
SIGNED = mixed(normal(), normal(0, 5), decades(-5, 0))
PLUS = mixed(between(0.1, 5.0), decades(-3, 2, signed=False))
TWO_SIGNED = of((SIGNED, N), (SIGNED, N))
WITHIN = between(-0.9, 0.9)
TABLE = {
    **named(umath, "sin cos tan sinh cosh tanh asinh atan exp expm1 erf erfc fabs degrees radians", each(SIGNED, N)),
    **named(umath, "acos asin atanh", each(WITHIN, N)),
    **named(umath, "log log10 log1p sqrt gamma lgamma", each(PLUS, N)),
    "acosh": (umath.acosh, each(between(1.1, 5.0), N)),
    "gamma of small x": (umath.gamma, each(decades(-9, -6, signed=False), N)),
    "lgamma of small x": (umath.lgamma, each(decades(-9, -6, signed=False), N)),
    "gamma of negative x": (umath.gamma, each(between(-0.9, -0.1), N)),
    "atan of large x": (umath.atan, each(decades(150, 160), N)),
    **named(umath, "atan2 hypot copysign", TWO_SIGNED),
    "fmod": (umath.fmod, of((SIGNED, N), (PLUS, N))),
    "log of base": (lambda x, y: umath.log(x, y), of((PLUS, N), (between(1.2, 4.0), N))),
    "pow": (umath.pow, of((PLUS, N), (SIGNED, N))),
    "pow of negative x": (lambda x: umath.pow(x, 3), each(SIGNED, N)),
    "pow 0": (lambda x: umath.pow(x, 0), each(REAL, N)),
    "modf": (lambda x: umath.modf(x)[0], each(SIGNED, N)),
    "ldexp": (lambda x: umath.ldexp(x, 3), each(SIGNED, N)),
    "frexp": (lambda x: umath.frexp(x)[0], each(SIGNED, N)),
    "fsum": (lambda x, y: umath_core.fsum([x, y]), TWO_SIGNED),
    "x + y": (add, TWO_SIGNED),
    "x - y": (sub, TWO_SIGNED),
    "x * y": (mul, TWO_SIGNED),
    "x / y": (truediv, TWO_SIGNED),
    "x ** y": (lambda x, y: x**y, of((PLUS, N), (SIGNED, N))),
    "x ** 3": (lambda x: x**3, each(REAL, N)),
    "x ** 0": (lambda x: x**0, each(REAL, N)),
    "2 ** x": (lambda x: 2**x, each(REAL, N)),
    "x % y": (mod, of((SIGNED, N), (PLUS, N))),
    "5 % y": (lambda y: 5 % y, each(PLUS, N)),
    "1 - x": (lambda x: 1 - x * x, each(REAL, N)),
    "1 / x": (lambda x: 1 / x, each(SIGNED, N)),
    "abs": (abs, each(SIGNED, N)),
    "neg": (lambda x: -x * x, each(REAL, N)),
}
NUMERIC = dict.fromkeys(["WrongGradient", "WrongAtKink"], "a difference quotient, as the documentation says")
KNOWN = {
    **dict.fromkeys(["gamma", "lgamma", "gamma of small x", "lgamma of small x", "gamma of negative x"], NUMERIC),
    **dict.fromkeys(["fmod", "x % y"], NUMERIC),
    "5 % y": {"Raised": "found: float.__mod__ of an int"},
    "atan of large x": {"NotFinite": "x**2 overflows above 1.3e154, which no quantity reaches"},
    "frexp": {"Raised": "found: a list of two things where pairs are needed"},
}
TARGETS = [
    *[Target(name, pair(f), arguments, float32=False, known=KNOWN.get(name)) for name, (f, arguments) in TABLE.items()],
    Target("ulinalg.inv", of_matrix(ulinalg.inv), matrices(regular), float32=False),
    Target("ulinalg.pinv", of_matrix(ulinalg.pinv), matrices(regular), float32=False),
    Target("ulinalg.pinv, tall", of_matrix(ulinalg.pinv), each(GENERIC, "4 2"), float32=False),
    Target("ulinalg.pinv, wide", of_matrix(ulinalg.pinv), each(GENERIC, "2 4"), float32=False),
]
