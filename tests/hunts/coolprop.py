"""Partial derivatives of CoolProp's equations of state at constant pressure and at constant temperature."""

import CoolProp
import numpy as np

from funcnn.testing.hunt import Target
from funcnn.testing.scipy import pair
from tests.nasty.base import drawn

LIBRARIES = ["CoolProp", "numpy"]
KNOWN = {"WrongGradient": "the entropy is wrong, see docs/found/coolprop.md"}
FLUIDS = (("HEOS", "Water"), ("HEOS", "CO2"), ("HEOS", "R134a"), ("PR", "CO2"), ("SRK", "CO2"))
PRESSURE = 1e6
OUTPUTS = {name: getattr(CoolProp, f"i{name}") for name in ("Dmolar", "Hmolar", "Smolar", "Umolar")}
STATES = drawn(lambda rng: (np.array([rng.uniform(470, 600), rng.uniform(0.4, 1.0)]),))


def targets(backend, fluid):
    state = CoolProp.AbstractState(backend, fluid)

    def at(x):
        state.update(CoolProp.PT_INPUTS, PRESSURE * x[1], x[0])
        return state

    for name, key in OUTPUTS.items():
        value = lambda x, key=key: np.array(at(x).keyed_output(key))
        slopes = lambda x, key=key: np.array([
            at(x).first_partial_deriv(key, CoolProp.iT, CoolProp.iP),
            PRESSURE * at(x).first_partial_deriv(key, CoolProp.iP, CoolProp.iT),
        ])  # fmt: skip
        known = KNOWN if name == "Smolar" and backend in {"PR", "SRK"} else None
        # states are found by iteration
        yield Target(
            f"{backend} {fluid}, {name}", pair(value, slopes), STATES, known=known, float32=False, tolerance=1e-5
        )


TARGETS = [one for fluid in FLUIDS for one in targets(*fluid)]
