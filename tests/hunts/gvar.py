"""Derivatives of gvar's functions of GVars, its linear algebra, its splines and its power series."""

import gvar as gv
import numpy as np
from gvar import linalg
from gvar.cspline import CSpline
from gvar.powerseries import PowerSeries

from funcnn.testing.scipy import pair as of_slope
from tests.hunts.draws import *

LIBRARIES = ["gvar", "numpy"]


def pair(f):
    """A function of arrays, which is given arrays of GVars."""

    def value(*args):
        return np.asarray(gv.mean(np.asarray(f(*[gvars(x) for x in args]))), "float64")

    def vjp(args, dA):
        variables = [gvars(x) for x in args]
        ys = np.asarray(f(*variables)).ravel()
        slope = lambda y, x: y.deriv(x) if isinstance(y, gv.GVar) else 0.0
        return [
            np.array([sum([u * slope(y, v) for u, y in zip(np.ravel(dA), ys, strict=True)]) for v in x.ravel()])
            .astype("float64")
            .reshape(x.shape)
            for x in variables
        ]

    return value, vjp


def gvars(x):
    return np.array([gv.gvar(float(v), 1.0) for v in np.ravel(x)], object).reshape(np.shape(x))


N = "n"
SIGNED = mixed(normal(), normal(0, 3), decades(-4, 0))
PLUS = between(0.1, 4.0)
INSIDE = between(-0.9, 0.9)
SQUARE = matrices(regular)
TABLE = {
    **named(gv, "sin cos tan sinh cosh tanh arctan exp fabs square erf arcsinh", each(SIGNED, N)),
    **named(gv, "arcsin arccos arctanh", each(INSIDE, N)),
    **named(gv, "log sqrt", each(PLUS, N)),
    "arccosh": (gv.arccosh, each(between(1.1, 4.0), N)),
    "arctan2": (gv.arctan2, of((SIGNED, N), (SIGNED, N))),
    "x + y": (lambda x, y: x + y, of((SIGNED, N), (SIGNED, N))),
    "x - y": (lambda x, y: x - y * x, of((SIGNED, N), (SIGNED, N))),
    "x / y": (lambda x, y: x / y, of((SIGNED, N), (PLUS, N))),
    "x ** y": (lambda x, y: x**y, of((PLUS, N), (SIGNED, N))),
    "x ** 3": (lambda x: x**3, each(SIGNED, N)),
    "x ** 0": (lambda x: x**0, each(REAL, N)),
    "2 ** x": (lambda x: 2.0**x, each(SIGNED, N)),
    "1 / x": (lambda x: 1 / x, each(PLUS, N)),
    "1 - x": (lambda x: 1 - x * x, each(SIGNED, N)),
    **named(linalg, "det inv", SQUARE),
    "slogdet": (lambda A: linalg.slogdet(A)[1], SQUARE),
    "solve": (linalg.solve, matrices(regular, "n")),
    "lstsq": (linalg.lstsq, of((normal(), "4 2"), (normal(), "4"))),
    "svd": (lambda A: linalg.svd(A)[1], each(GENERIC, "3 2")),
    "svd, wide": (lambda A: linalg.svd(A)[1], each(GENERIC, "2 3")),
    "eigvalsh": (lambda A: linalg.eigvalsh((A + A.T) / 2), matrices(symmetric)),
}
XS, YS = np.array([0.0, 1.0, 2.0, 4.0, 4.5]), np.array([0.0, 1.0, 3.0, 2.0, 2.5])


def splines():
    points = each(between(-1.0, 5.5), N)
    for alg in ("cspline", "steffen", "pchip"):
        for order in (0, 1, 2, 3):
            spline = CSpline(XS, YS, alg=alg, extrap_order=order, warn=False)
            steps = {"D": (spline, spline.D), "D2": (spline.D, spline.D2), "integ": (spline.integ, spline)}
            for name, (f, slope) in steps.items():
                yield f"CSpline.{name}, {alg} {order}", f, slope, points


def series():
    coefficients = PowerSeries([1.0, -2.0, 3.0, 0.5])
    yield "PowerSeries.deriv", coefficients, coefficients.deriv(), each(GENERIC, N)
    yield "PowerSeries.integ", coefficients.integ(x0=0.3), coefficients, each(GENERIC, N)
    yield "PowerSeries.integ 2", coefficients.integ(2), coefficients.integ(), each(GENERIC, N)


def of_entries(f, slope):
    return of_slope(f, lambda x: np.diag(np.asarray(slope(x), "float64")))


KNOWN = {"x ** 0": {"NotFinite": "found: infinity times 0"}}
TARGETS = [
    *[Target(name, pair(f), x, float32=False, known=KNOWN.get(name)) for name, (f, x) in TABLE.items()],
    *[Target(name, of_entries(f, slope), x, float32=False) for name, f, slope, x in [*splines(), *series()]],
]
