"""Gradients and Hessians of gala's potentials."""

from functools import cache

import numpy as np
from gala import potential
from gala.units import dimensionless

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["gala", "numpy"]
ZEROS = "a Hessian that is not implemented is 0, see docs/found/gala.md"
KNOWN = {
    "Burkert.hessian": ZEROS,
    "Kuzmin.hessian": ZEROS,
    "Multipole.hessian": ZEROS,
    "LeeSutoTriaxialNFW.hessian": ZEROS,
    "HarmonicOscillator.hessian": "omega instead of its square, see docs/found/gala.md",
    "Logarithmic, turned.hessian": "phi is ignored, see docs/found/gala.md",
}
SHAPE = {"a": 1.0, "b": 0.8, "c": 0.7}
LOGARITHMIC = {"v_c": 1.0, "r_h": 0.4, "q1": 1.0, "q2": 0.8, "q3": 0.7}
TURNED = {"R": np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0], "origin": np.array([0.1, -0.2, 0.3])}
POTENTIALS = {
    "HenonHeiles": {},
    "Kepler": {"m": 1.3},
    "HarmonicOscillator": {"omega": [0.7, 0.9, 1.3]},
    "Hernquist": {"m": 1.0, "c": 0.7},
    "Isochrone": {"m": 1.0, "b": 0.7},
    "Jaffe": {"m": 1.0, "c": 0.7},
    "Kuzmin": {"m": 1.0, "a": 0.7},
    "LeeSutoTriaxialNFW": {"v_c": 1.0, "r_s": 1.2, **SHAPE},
    "Logarithmic": LOGARITHMIC,
    "Logarithmic, turned": {**LOGARITHMIC, "phi": 0.4},
    "LongMuraliBar": {"m": 1.0, "a": 0.9, "b": 0.5, "c": 0.3, "alpha": 0.4},
    "MN3ExponentialDisk": {"m": 1.0, "h_R": 0.7, "h_z": 0.3, "positive_density": True, "sech2_z": False},
    "MiyamotoNagai": {"m": 1.0, "a": 0.7, "b": 0.3},
    "NFW": {"m": 1.0, "r_s": 0.9},
    "NFW, flattened": {"m": 1.0, "r_s": 0.9, "c": 0.7},
    "NFW, triaxial": {"m": 1.0, "r_s": 0.9, **SHAPE},
    "Plummer": {"m": 1.0, "b": 0.7},
    "PowerLawCutoff": {"m": 1.0, "alpha": 1.3, "r_c": 1.1},
    "Satoh": {"m": 1.0, "a": 0.7, "b": 0.3},
    "Stone": {"m": 1.0, "r_c": 0.3, "r_h": 1.4},
    "Burkert": {"rho": 1.0, "r0": 0.8},
    "Multipole": {"lmax": 2, "m": 1.0, "r_s": 0.9, "S00": 1.0, "S10": 0.3, "S20": 0.2, "S22": 0.3, "inner": False},
}


def points(dimensions):
    return drawn(lambda rng: (rng.uniform(0.2, 2.0, dimensions) * rng.choice([-1, 1], dimensions),))


def target(name, f, derivative, arguments):
    known = {"WrongGradient": KNOWN[name]} if name in KNOWN else None
    return Target(name, pair(f, derivative), arguments, known=known, float32=False)


@cache
def made(name, *, moved):
    options = {**POTENTIALS[name], **(TURNED if moved else {})}
    return getattr(potential, name.split(",")[0] + "Potential")(units=dimensionless, **options)


def of(name, method, *, moved=False):
    """A function without a potential in its closure, since parameters with units have no bytes to compare."""
    return lambda x: np.squeeze(getattr(made(name, moved=moved), method)(x).value)


def targets(name):
    arguments = points(2 if name == "HenonHeiles" else 3)
    yield target(f"{name}.gradient", of(name, "energy"), of(name, "gradient"), arguments)
    yield target(f"{name}.hessian", of(name, "gradient"), of(name, "hessian"), arguments)
    if name not in {"HenonHeiles", "HarmonicOscillator"}:
        value, slope = (of(name, method, moved=True) for method in ("energy", "gradient"))
        yield target(f"{name}, moved.gradient", value, slope, arguments)


TARGETS = [one for name in POTENTIALS for one in targets(name)]
