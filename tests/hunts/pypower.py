"""Jacobians and Hessians of the power flow of pypower."""

import numpy as np
from pypower.case9 import case9
from pypower.d2AIbr_dV2 import d2AIbr_dV2
from pypower.d2ASbr_dV2 import d2ASbr_dV2
from pypower.d2Ibr_dV2 import d2Ibr_dV2
from pypower.d2Sbr_dV2 import d2Sbr_dV2
from pypower.d2Sbus_dV2 import d2Sbus_dV2
from pypower.dAbr_dV import dAbr_dV
from pypower.dIbr_dV import dIbr_dV
from pypower.dSbr_dV import dSbr_dV
from pypower.dSbus_dV import dSbus_dV
from pypower.ext2int import ext2int
from pypower.makeYbus import makeYbus
from pypower.polycost import polycost
from scipy.sparse import csr_matrix

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["pypower", "numpy", "scipy"]
GRID = ext2int(case9())
N = len(GRID["bus"])
BRANCH = GRID["branch"]
Y, YF, YT = makeYbus(GRID["baseMVA"], GRID["bus"], BRANCH)
FROM, TO = (BRANCH[:, i].astype(int) for i in (0, 1))
CF, CT = (csr_matrix((np.ones(len(at)), (range(len(at)), at)), (len(at), N)) for at in (FROM, TO))
WEIGHTS = np.random.default_rng(0).standard_normal(N)
COSTS = np.array([[2, 0, 0, 4, 0.1, 2.0, 5.0, 3.0], [2, 0, 0, 3, 0.11, 5.0, 150, 0], [2, 0, 0, 2, 1.2, 600, 0, 0]])
STATES = drawn(lambda rng: (np.concatenate([rng.uniform(-0.4, 0.4, N), rng.uniform(0.9, 1.1, N)]),))
POWERS = drawn(lambda rng: (rng.uniform(0.5, 2.5, 3),))


def voltage(x):
    return x[N:] * np.exp(1j * x[:N])


def dense(matrix):
    return np.asarray(matrix.todense())


def real(z):
    return np.concatenate([np.real(z), np.imag(z)])


def rows(by_angle, by_magnitude):
    both = np.hstack([dense(by_angle), dense(by_magnitude)])
    return np.vstack([both.real, both.imag])


def blocks(four):
    aa, av, va, vv = [dense(one) for one in four]
    H = np.block([[aa, av], [va, vv]])
    return np.vstack([H.real, H.imag])


def weighted(by_angle, by_magnitude):
    """The gradient of the weighted sum."""
    return real(np.hstack([dense(by_angle), dense(by_magnitude)]).T @ WEIGHTS)


def bus(V):
    by_magnitude, by_angle = dSbus_dV(Y, V)
    return by_angle, by_magnitude


def power(V):
    return dSbr_dV(BRANCH, YF, YT, V)


def current(V):
    return dIbr_dV(BRANCH, YF, YT, V)


def squared(V, of):
    return dAbr_dV(*of(V))


# {name: (a complex value, its Jacobian, the Hessian of its weighted sum)}, of the voltage
FLOWS = {
    "Sbus": (lambda V: V * np.conj(Y @ V), bus, lambda V: d2Sbus_dV2(Y, V, WEIGHTS)),
    "Sbr from": (lambda V: power(V)[4], lambda V: power(V)[:2], lambda V: d2Sbr_dV2(CF, YF, V, WEIGHTS)),
    "Sbr to": (lambda V: power(V)[5], lambda V: power(V)[2:4], lambda V: d2Sbr_dV2(CT, YT, V, WEIGHTS)),
    "Ibr from": (lambda V: YF @ V, lambda V: current(V)[:2], lambda V: d2Ibr_dV2(YF, V, WEIGHTS)),
    "Ibr to": (lambda V: YT @ V, lambda V: current(V)[2:4], lambda V: d2Ibr_dV2(YT, V, WEIGHTS)),
    "ASbr": (
        lambda V: abs(power(V)[4]) ** 2,
        lambda V: squared(V, power)[:2],
        lambda V: d2ASbr_dV2(*power(V)[:2], power(V)[4], CF, YF, V, WEIGHTS),
    ),
    "AIbr": (
        lambda V: abs(current(V)[4]) ** 2,
        lambda V: squared(V, current)[:2],
        lambda V: d2AIbr_dV2(*current(V)[:2], current(V)[4], YF, V, WEIGHTS),
    ),
}


def targets(name, value, slopes, curvature):
    first = pair(lambda x: real(value(voltage(x))), lambda x: rows(*slopes(voltage(x))))
    yield Target(f"d{name}_dV", first, STATES, float32=False)
    second = pair(lambda x: weighted(*slopes(voltage(x))), lambda x: blocks(curvature(voltage(x))))
    yield Target(f"d2{name}_dV2", second, STATES, float32=False)


def costs(order):
    f = lambda x: polycost(COSTS, x, order - 1)
    return Target(f"polycost {order}", pair(f, lambda x: np.diag(polycost(COSTS, x, order))), POWERS, float32=False)


TARGETS = [*[one for name, parts in FLOWS.items() for one in targets(name, *parts)], *map(costs, (1, 2, 3))]
