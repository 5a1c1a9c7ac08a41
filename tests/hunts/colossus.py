"""Derivatives of colossus: distances and times by redshift, the power spectrum, and halo profiles."""

import numpy as np
from colossus.cosmology import cosmology
from colossus.halo import profile_einasto, profile_hernquist, profile_nfw

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["colossus", "numpy", "scipy"]
KNOWN = {"WrongGradient": "the growth factor is missing, see docs/found/colossus.md"}
PLANCK = cosmology.setCosmology("planck18", persistence="")
REDSHIFT = 0.5
PROFILES = {
    "NFW": profile_nfw.NFWProfile(rhos=1e6, rs=200.0),
    "Hernquist": profile_hernquist.HernquistProfile(rhos=1e6, rs=200.0),
    "Einasto": profile_einasto.EinastoProfile(rhos=1e6, rs=200.0, alpha=0.18),
}


def between(low, high):
    return drawn(lambda rng: (rng.uniform(low, high, 1),))


def target(name, f, slope, arguments, **options):
    """Of functions of one number; colossus interpolates in tables, so the last digits of a slope differ."""
    both = pair(lambda x: np.reshape(f(x[0]), ()), lambda x: np.reshape(slope(x[0]), 1))
    return Target(name, both, arguments, float32=False, tolerance=1e-4, **options)


def of_redshift():
    for name in ("age", "lookbackTime", "growthFactor", "luminosityDistance", "angularDiameterDistance"):
        f = getattr(PLANCK, name)
        for order in (1, 2):
            low, high = (lambda z, f=f, n=n: f(z, derivative=n) for n in (order - 1, order))
            yield target(f"{name}, derivative {order}", low, high, between(0.3, 2.0))


def of_scale():
    for name in ("sigma", "matterPowerSpectrum"):
        f = getattr(PLANCK, name)
        logarithm = lambda x, f=f: np.log(f(np.exp(x), REDSHIFT))
        slope = lambda x, f=f: f(np.exp(x), REDSHIFT, derivative=True)
        yield target(name, logarithm, slope, between(-1.0, 2.0))
    xi = lambda R: PLANCK.correlationFunction(R, REDSHIFT)
    slope = lambda R: PLANCK.correlationFunction(R, REDSHIFT, derivative=True)
    yield target("correlationFunction", xi, slope, between(2.0, 30.0), known=KNOWN)


def of_halo():
    for name, p in PROFILES.items():
        yield target(f"{name}.densityDerivativeLin", p.density, p.densityDerivativeLin, between(50.0, 900.0))
        shell = lambda r, p=p: 4 * np.pi * r**2 * p.density(r)
        yield target(f"{name}.enclosedMass", p.enclosedMass, shell, between(50.0, 900.0))


TARGETS = [*of_redshift(), *of_scale(), *of_halo()]
