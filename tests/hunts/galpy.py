"""Forces and second derivatives of galpy's potentials."""

import warnings

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from galpy import potential

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["galpy", "numpy", "scipy"]
RNG = np.random.default_rng(0)
SERIES = np.tril(RNG.standard_normal((2, 3, 3)))
DISK = potential.MiyamotoNagaiPotential(a=0.8, b=0.3)
HALO = potential.LogarithmicHaloPotential(q=0.8, core=0.2, b=0.7)
SHAPE = {"b": 0.8, "c": 0.7}
KNOWN = {
    "FerrersPotential, turned.second": "rotated back by the wrong angle, see docs/found/galpy.md",
    "CosmphiDiskPotential, inside.second": "Rphideriv is divided by m, see docs/found/galpy.md",
}
POTENTIALS = {
    "BurkertPotential": {"a": 1.3},
    "DehnenCoreSphericalPotential": {"a": 1.3},
    "DehnenSphericalPotential": {"a": 1.2, "alpha": 1.3},
    "ExpTruncNFWPotential": {"a": 1.1, "rc": 2.2},
    "FerrersPotential": {"a": 1.0, "b": 0.5, "c": 0.4},
    "FerrersPotential, turned": {"a": 1.0, "b": 0.5, "c": 0.4, "pa": 0.3},
    "FlattenedPowerPotential": {"alpha": 0.6, "q": 0.8, "core": 0.3},
    "FlattenedPowerPotential of 0": {"alpha": 0, "q": 0.8, "core": 0.3},
    "HernquistPotential": {"a": 1.4},
    "HomogeneousSpherePotential": {"R": 3.0},
    "IsochronePotential": {"b": 0.7},
    "JaffePotential": {"a": 1.2},
    "KeplerPotential": {},
    "KuzminDiskPotential": {"a": 0.6},
    "KuzminKutuzovStaeckelPotential": {"ac": 3.0, "Delta": 0.7},
    "LogarithmicHaloPotential": {"q": 0.8, "core": 0.2, "b": 0.7},
    "MN3ExponentialDiskPotential": {"hr": 0.5, "hz": 0.2},
    "MN3ExponentialDiskPotential, sech": {"hr": 0.5, "hz": 0.2, "sech": True},
    "MiyamotoNagaiPotential": {"a": 0.8, "b": 0.3},
    "NFWPotential": {"a": 1.3},
    "PerfectEllipsoidPotential": {"a": 1.2, **SHAPE},
    "PlummerPotential": {"b": 0.6},
    "PowerSphericalPotential": {"alpha": 1.4},
    "PowerSphericalPotential of 2": {"alpha": 2.0},
    "PowerSphericalPotentialwCutoff": {"alpha": 1.2, "rc": 1.3},
    "PseudoIsothermalPotential": {"a": 1.3},
    "SCFPotential": {"Acos": SERIES, "Asin": np.zeros((2, 3, 3)), "a": 1.2},
    "SoftenedNeedleBarPotential": {"a": 1.4, "b": 0.3, "c": 0.8, "pa": 0.4},
    "SpiralArmsPotential": {"N": 3, "alpha": 0.3, "Cs": [1, 0.5, 0.3]},
    "TriaxialHernquistPotential": {"a": 1.3, **SHAPE},
    "TriaxialJaffePotential": {"a": 1.3, **SHAPE},
    "TriaxialNFWPotential": {"a": 1.3, **SHAPE},
    "TwoPowerSphericalPotential": {"a": 1.3, "alpha": 1.3, "beta": 3.7},
    "CorotatingRotationWrapperPotential": {"pot": HALO, "vpo": 1.1, "beta": 0.2, "to": 0.3, "pa": 0.2},
    "CylindricallySeparablePotentialWrapper": {"pot": DISK},
    "KuzminLikeWrapperPotential": {"a": 0.7, "b": 0.3, "pot": potential.HernquistPotential(a=1.2)},
    "OblateStaeckelWrapperPotential": {"pot": DISK, "delta": 0.6, "u0": 1.0},
    "RotateAndTiltWrapperPotential": {"pot": HALO, "zvec": [0.3, 0.2, 0.9], "galaxy_pa": 0.4},
    "SolidBodyRotationWrapperPotential": {"pot": HALO, "omega": 1.1, "pa": 0.3},
    "DehnenBarPotential": {},
}
PLANAR = {
    "CosmphiDiskPotential, inside": {"phib": 0.3, "p": 1.3, "phio": 0.05, "m": 3, "rb": 3.0},
    "CosmphiDiskPotential, outside": {"phib": 0.3, "p": 1.3, "phio": 0.05, "m": 3, "rb": 0.1},
    "EllipticalDiskPotential": {"phib": 0.3, "p": 1.3, "twophio": 0.05},
    "HenonHeilesPotential": {},
    "LopsidedDiskPotential": {"phib": 0.3, "p": 1.3, "phio": 0.05},
    "SteadyLogSpiralPotential": {"omegas": 0.7, "A": -0.1, "alpha": -3.0},
    "TransientLogSpiralPotential": {"omegas": 0.7, "A": -0.1, "alpha": -3.0},
}
SPACE = drawn(lambda rng: (np.array([rng.uniform(0.5, 1.5), rng.uniform(0.1, 0.7), rng.uniform(0.1, 1.4)]),))
PLANE = drawn(lambda rng: (np.array([rng.uniform(0.5, 1.5), rng.uniform(0.1, 1.4)]),))
TIME = 0.4
NAMES = {
    3: (
        "Rforce zforce phitorque",
        ("R2deriv Rzderiv Rphideriv", "Rzderiv z2deriv phizderiv", "Rphideriv phizderiv phi2deriv"),
    ),
    2: ("Rforce phitorque", ("R2deriv Rphideriv", "Rphideriv phi2deriv")),
}


def number(p, name, x):
    *where, phi = x
    return float(np.squeeze(getattr(p, name)(*where, phi=phi, t=TIME)))


def target(name, f, derivative, arguments):
    known = {"WrongGradient": KNOWN[name]} if name in KNOWN else None
    return Target(name, pair(f, derivative), arguments, known=known, float32=False)


def targets(name, options, arguments, dimensions):
    p = getattr(potential, name.split(",")[0].split(" ")[0])(**options)
    first, second = NAMES[dimensions]
    slopes = lambda x: np.array([-number(p, one, x) for one in first.split()])
    rows = lambda x: np.array([[number(p, one, x) for one in row.split()] for row in second])
    yield target(f"{name}.forces", lambda x: number(p, "__call__", x), slopes, arguments)
    yield target(f"{name}.second", slopes, rows, arguments)


with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TARGETS = [
        *[one for name, options in POTENTIALS.items() for one in targets(name, options, SPACE, 3)],
        *[one for name, options in PLANAR.items() for one in targets(name, options, PLANE, 2)],
    ]
