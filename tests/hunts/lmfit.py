"""The transformations of bounds of lmfit, by whose slopes it scales the Jacobian that a user gives.

Its models have no derivatives of their own.
"""

import lmfit
import numpy as np

from funcnn.testing.hunt import Target
from tests.hunts.draws import *

LIBRARIES = ["lmfit", "numpy"]
T = np.linspace(0, 3, 5)
BOUNDS = {"free": {}, "min": {"min": -0.7}, "max": {"max": 1.3}, "min and max": {"min": -0.7, "max": 1.3}}


def of_bounds(name, bounds):
    parameter = lmfit.Parameter("p", value=0.3, **bounds)
    parameter.setup_bounds()

    def inside(x):
        return np.reshape([parameter.from_internal(v) for v in x.flat], x.shape)

    def vjp(args, dA):
        return [dA * np.reshape([parameter.scale_gradient(v) for v in args[0].flat], dA.shape)]

    return Target(f"scale_gradient, {name}", (inside, vjp), each(REAL), float32=False)


def decay(p, t):
    return p["a"] * np.exp(-p["b"] * t) + p["c"] * t


def slopes(p, t):
    decaying = np.exp(-p["b"] * t)
    return np.stack([decaying, -p["a"] * t * decaying, t], axis=1)


def of_fits(name, bounds, *, across=False):
    """The residuals by the internal values of three parameters; across: the Jacobian has a row for each of them."""
    parameters = lmfit.Parameters()
    for own in "abc":
        parameters.add(own, value=0.3, **bounds)
    minimizer = lmfit.Minimizer(decay, parameters, fcn_args=(T,))
    minimizer.prepare_fit()
    minimizer.jacfcn, minimizer.col_deriv = (lambda p, t: slopes(p, t).T) if across else slopes, across

    def residual(x):
        inside = [minimizer.result.params[own].from_internal(v) for own, v in zip("abc", x, strict=True)]
        return np.array(decay(dict(zip("abc", inside, strict=True)), T))

    def vjp(args, dA):
        jac = minimizer._jacobian(args[0])
        return [(jac if across else jac.T) @ dA]

    return Target(f"Minimizer._jacobian, {name}", (residual, vjp), each(GENERIC, "3"), float32=False)


TARGETS = [
    *[of_bounds(name, bounds) for name, bounds in BOUNDS.items()],
    *[of_fits(name, bounds) for name, bounds in BOUNDS.items()],
    of_fits("min and max, col_deriv", BOUNDS["min and max"], across=True),
]
