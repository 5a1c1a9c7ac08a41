"""First and second derivatives of gsw (TEOS-10)."""

import gsw
import numpy as np

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["gsw", "numpy"]
PASCALS = 1e4  # of a decibar
DEPTH = 1200.0
KNOWN = {
    "enthalpy_second_derivatives": "h_SA_SA is wrong by 1 to 6 %, see docs/found/gsw.md",
    "CT_freezing_first_derivatives_poly": "a sign in the term of the air is wrong, see docs/found/gsw.md",
}
SEA = drawn(lambda rng: (np.array([rng.uniform(5, 38), rng.uniform(2, 25), rng.uniform(100, 4000)]),))
SURFACE = drawn(lambda rng: (np.array([rng.uniform(5, 38), rng.uniform(2, 25)]),))
SALT = drawn(lambda rng: (np.array([rng.uniform(5, 38), rng.uniform(100, 4000)]),))
ICE = drawn(lambda rng: (np.array([rng.uniform(-20, -2), rng.uniform(100, 4000)]),))


# gsw differentiates by differences, and solves for the freezing point in a fixed number of steps
TOLERANCES = {
    "CT_second_derivatives": 1e-6,
    "pt_second_derivatives": 1e-6,
    "CT_freezing_first_derivatives": 1e-5,
    "t_freezing_first_derivatives": 1e-5,
    # documented as the derivatives of the freezing point, approximated by another polynomial than t_freezing_poly
    "t_freezing_first_derivatives_poly": 5e-3,
}


def target(name, f, derivative, arguments):
    known = {"WrongGradient": KNOWN[name]} if name in KNOWN else None
    tolerance = TOLERANCES.get(name, 0.0)
    return Target(name, pair(f, derivative), arguments, known=known, float32=False, tolerance=tolerance)


def slopes(of, *, pressure=True):
    """The gradient, by decibars."""
    return lambda x: np.array(of(*x)) * ([1, 1, PASCALS] if pressure else [1, 1])


def curvatures(of):
    """Rows for the slopes by salinity and temperature."""

    def rows(x):
        sa_sa, sa_ct, ct_ct, *by_pressure = of(*x)
        by_pressure = [PASCALS * value for value in by_pressure] or [0, 0]
        return np.array([[sa_sa, sa_ct, by_pressure[0]], [sa_ct, ct_ct, by_pressure[1]]])[:, : len(x)]

    return rows


def of_sea():
    for name in ("rho", "specvol"):
        first, second = (getattr(gsw, f"{name}_{order}_derivatives") for order in ("first", "second"))
        value = getattr(gsw, name)
        yield target(f"{name}_first_derivatives", lambda x, f=value: f(*x), slopes(first), SEA)
        yield target(f"{name}_second_derivatives", lambda x, f=first: np.array(f(*x)[:2]), curvatures(second), SEA)
    for name, f in (("", gsw.enthalpy), ("_CT_exact", gsw.enthalpy_CT_exact)):
        first = getattr(gsw, f"enthalpy_first_derivatives{name}")
        second = getattr(gsw, f"enthalpy_second_derivatives{name}")
        yield target(
            f"enthalpy_first_derivatives{name}",
            lambda x, f=f: f(*x, DEPTH),
            slopes(lambda *x, f=first: f(*x, DEPTH), pressure=False),
            SURFACE,
        )
        yield target(
            f"enthalpy_second_derivatives{name}",
            lambda x, f=first: np.array(f(*x, DEPTH)),
            curvatures(lambda *x, f=second: f(*x, DEPTH)),
            SURFACE,
        )
    yield target("CT_first_derivatives_wrt_t_exact", lambda x: gsw.CT_from_t(*x),
                 slopes(gsw.CT_first_derivatives_wrt_t_exact), SEA)  # fmt: skip
    yield target("enthalpy by p", lambda x: gsw.enthalpy(20.0, 8.0, x[0]),
                 lambda x: PASCALS * np.array([gsw.specvol(20.0, 8.0, x[0])]),
                 drawn(lambda rng: (rng.uniform(100, 4000, 1),)))  # fmt: skip


def of_surface():
    for name, f in (("entropy", gsw.entropy_from_CT), ("pt", gsw.pt_from_CT), ("CT", gsw.CT_from_pt)):
        first, second = (getattr(gsw, f"{name}_{order}_derivatives") for order in ("first", "second"))
        yield target(f"{name}_first_derivatives", lambda x, f=f: f(*x), slopes(first, pressure=False), SURFACE)
        yield target(f"{name}_second_derivatives", lambda x, f=first: np.array(f(*x)), curvatures(second), SURFACE)


def of_freezing():
    for name in ("CT_freezing", "t_freezing"):
        for poly in ("", "_poly"):
            f, first = getattr(gsw, name + poly), getattr(gsw, f"{name}_first_derivatives{poly}")
            yield target(
                f"{name}_first_derivatives{poly}",
                lambda x, f=f: f(*x, 0.3),
                lambda x, f=first: np.array(f(*x, 0.3)) * [1, PASCALS],
                SALT,
            )
    yield target("alpha_wrt_t_ice", lambda x: gsw.specvol_ice(x[0], 500.0),
                 lambda x: np.array([gsw.alpha_wrt_t_ice(x[0], 500.0) * gsw.specvol_ice(x[0], 500.0)]),
                 drawn(lambda rng: (rng.uniform(-20, -2, 1),)))  # fmt: skip
    yield target("cp_ice", lambda x: gsw.enthalpy_ice(x[0], 500.0), lambda x: np.array([gsw.cp_ice(x[0], 500.0)]),
                 drawn(lambda rng: (rng.uniform(-20, -2, 1),)))  # fmt: skip


TARGETS = [*of_sea(), *of_surface(), *of_freezing()]
