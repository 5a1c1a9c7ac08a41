"""The gradients of pvlib's single-diode model by the diode's voltage."""

import numpy as np
from pvlib.singlediode import bishop88

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["pvlib", "numpy"]
DIODE = {
    "photocurrent": 7.0,
    "saturation_current": 1e-9,
    "resistance_series": 0.3,
    "resistance_shunt": 300.0,
    "nNsVth": 1.5,
}
THIN = {"d2mutau": 1.2, "NsVbi": 54.0}
BREAKDOWN = {"breakdown_factor": 0.01, "breakdown_voltage": -5.5, "breakdown_exp": 3.3}
MODELS = {"plain": {}, "thin film": THIN, "breakdown": BREAKDOWN, "both": {**THIN, **BREAKDOWN}}
KNOWN = {
    "WrongGradient": "a factor of the breakdown term is missing, see docs/found/pvlib.md",
    "Inconclusive": "the breakdown term has a pole",
}
VOLTS = drawn(lambda rng: (rng.uniform(-3, 35, 1),))


def targets(name, options):
    known = KNOWN if "breakdown_factor" in options else None

    def results(x):
        """Current and voltage, with their slopes, and the slope of the power by the voltage with its own."""
        i, v, _, di, dv, _, dp, d2p = bishop88(x[0], **DIODE, **options, gradients=True)
        return (np.array([i, v, dp]), np.array([[di], [dv], [d2p]]))

    f, rows = (lambda x: results(x)[0]), (lambda x: results(x)[1])
    first = pair(lambda x: f(x)[:2], lambda x: rows(x)[:2])
    yield Target(f"{name}, current and voltage", first, VOLTS, known=known, float32=False)
    power = pair(lambda x: f(x)[2:], lambda x: rows(x)[2:])
    yield Target(f"{name}, slope of the power", power, VOLTS, known=known, float32=False)


TARGETS = [one for name, options in MODELS.items() for one in targets(name, options)]
