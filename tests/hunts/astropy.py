"""`fit_deriv` of the models of astropy against their values."""

import numpy as np
from astropy.modeling import models, polynomial

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["astropy", "numpy"]
KNOWN = {
    "Drude1D": "the derivative by x_0 is wrong, see docs/found/astropy.md",
    "Hermite2D": "the value is wrong for degrees above 1 in y, see docs/found/astropy.md",
}
POSITIVE = np.array([0.35, 0.9, 1.6, 2.6])
REAL = np.array([-0.7, 0.35, 0.9, 1.6])
SMALL = np.array([-0.5, -0.1, 0.3, 0.45])
OTHER = np.array([0.3, -0.5, 0.7, 0.1])

# {model: (points, the values around which the parameters are drawn)}
ONE = {
    "ArcCosine1D": (SMALL, (1.3, 0.4, 0.1)),
    "ArcSine1D": (SMALL, (1.3, 0.4, 0.1)),
    "ArcTangent1D": (REAL, (1.3, 0.4, 0.1)),
    "Const1D": (REAL, (1.3,)),
    "Cosine1D": (REAL, (1.3, 0.3, 0.1)),
    "Drude1D": (POSITIVE, (1.3, 0.6, 0.9)),
    "Exponential1D": (REAL, (1.3, 1.4)),
    "Gaussian1D": (REAL, (1.3, 0.2, 0.7)),
    "KingProjectedAnalytic1D": (POSITIVE / 2, (1.3, 0.7, 2.0)),
    "Linear1D": (REAL, (0.6, 0.2)),
    "Logarithmic1D": (POSITIVE, (1.3, 1.4)),
    "Lorentz1D": (REAL, (1.3, 0.2, 0.9)),
    "Moffat1D": (REAL, (1.3, 0.2, 0.8, 1.7)),
    "Multiply": (REAL, (1.3,)),
    "Plummer1D": (POSITIVE, (1.0, 0.7)),
    "RedshiftScaleFactor": (REAL, (1.3,)),
    "Scale": (REAL, (1.3,)),
    "Shift": (REAL, (1.3,)),
    "Sine1D": (REAL, (1.3, 0.3, 0.1)),
    "Tangent1D": (SMALL, (1.3, 0.2, 0.02)),
    "Voigt1D": (REAL, (0.2, 1.3, 0.9, 0.7)),
    "BrokenPowerLaw1D": (POSITIVE, (1.3, 2.0, 1.2, 2.3)),
    "ExponentialCutoffPowerLaw1D": (POSITIVE, (1.3, 1.1, 1.2, 2.0)),
    "LogParabola1D": (POSITIVE, (1.3, 1.1, 1.2, 0.7)),
    "PowerLaw1D": (POSITIVE, (1.3, 1.1, 1.2)),
    "SmoothlyBrokenPowerLaw1D": (POSITIVE, (1.3, 2.0, 1.2, 2.3, 0.3)),
}
TWO = {
    "Gaussian2D": (1.3, 0.2, -0.1, 0.7, 0.9, 0.4),
    "Lorentz2D": (1.3, 0.2, -0.1, 0.9),
    "Moffat2D": (1.3, 0.2, -0.1, 0.8, 1.7),
    "Planar2D": (0.6, 0.2, 0.4),
}
POLYNOMIALS = ("Chebyshev1D", "Hermite1D", "Legendre1D", "Polynomial1D")
SURFACES = ("Chebyshev2D", "Hermite2D", "Legendre2D")


def near(values):
    """Parameters within 10 % of some values."""
    return drawn(lambda rng: (np.array(values) * rng.uniform(0.9, 1.1, len(values)),))


def target(name, model, points, parameters):
    def rows(p):
        found = np.asarray(model.fit_deriv(*points, *p), float)
        return found.T if model.col_fit_deriv else found

    known = {"WrongGradient": KNOWN[name]} if name in KNOWN else None
    value = lambda p: np.asarray(model.evaluate(*points, *p), float) + 0 * points[0]
    purity = name != "Voigt1D"  # which keeps the Faddeeva function of its last arguments, up to rounding
    return Target(f"{name}.fit_deriv", pair(value, rows), parameters, known=known, float32=False, purity=purity)


def normal(count):
    return drawn(lambda rng: (rng.standard_normal(count),))


TARGETS = [
    *[target(name, getattr(models, name)(), [x], near(values)) for name, (x, values) in ONE.items()],
    *[target(name, getattr(models, name)(), [SMALL, OTHER], near(values)) for name, values in TWO.items()],
    *[target(name, getattr(polynomial, name)(3), [REAL], normal(4)) for name in POLYNOMIALS],
    *[target(name, getattr(polynomial, name)(2, 3), [SMALL, OTHER], normal(12)) for name in SURFACES],
]
