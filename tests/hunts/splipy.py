"""Derivatives of Splipy's curves, surfaces and volumes, each order as the derivative of the order before."""

import numpy as np
from splipy import BSplineBasis, Curve, Surface, Volume

from tests.hunts.draws import *

LIBRARIES = ["splipy", "numpy"]
RNG = np.random.default_rng(0)
CUBIC = BSplineBasis(4, [0, 0, 0, 0, 1, 2, 3, 3, 3, 3])
QUADRATIC = BSplineBasis(3, [0, 0, 0, 1, 3, 3, 3])
LINEAR = BSplineBasis(2, [0, 0, 3, 3])
PERIODIC = BSplineBasis(4, [-3, -2, -1, 0, 1, 2, 3, 4, 5, 6], periodic=2)


def points(bases, rational):
    n = int(np.prod([basis.num_functions() for basis in bases]))
    weights = RNG.uniform(0.5, 2, (n, 1))
    return np.hstack([RNG.standard_normal((n, 3)), *[weights] * rational])


def step(made, order, direction):
    """The derivative of an order, and its derivative in a direction."""
    more = tuple(k + (i == direction) for i, k in enumerate(order))

    def at(d, x):
        args = [float(t) for t in np.asarray(x, "float64")]
        if sum(d) == 0:
            return np.array(made(*args))
        return np.array(made.derivative(*args, d=d if len(d) > 1 else d[0]))

    f = lambda t: at(order, t)
    return f, lambda args, dA: [at(more, args[0]) @ dA * np.eye(len(order))[direction]]


def along(made, order, direction):
    """The same as a function of the parameter of that direction alone."""
    f, vjp = step(made, order, direction)
    rest = np.full(len(order), 0.7)
    full = lambda t: np.where(np.arange(len(order)) == direction, t[0], rest)
    return (lambda t: f(full(t))), lambda args, dA: [vjp([full(args[0])], dA)[0][direction : direction + 1]]


OBJECTS = {
    f"{name}{', rational' if rational else ''}": (kind(*bases, points(bases, rational), rational=rational), len(bases))
    for rational in (False, True)
    for name, kind, bases in [
        ("curve", Curve, (CUBIC,)),
        ("periodic curve", Curve, (PERIODIC,)),
        ("surface", Surface, (CUBIC, QUADRATIC)),
        ("volume", Volume, (CUBIC, QUADRATIC, LINEAR)),
    ]
}


def everything():
    for name, (made, n) in OBJECTS.items():
        limit = 1 if n == 3 and "rational" in name else 3
        for order in np.ndindex(*[3] * n):
            if sum(order) < limit:
                for direction in range(n):
                    x = each(between(0.05, 2.95), "1")
                    yield Target(f"{name} {order} by {direction}", along(made, order, direction), x, float32=False)


TARGETS = [*everything()]
