"""Greeks of blackscholes against the prices and the greeks whose derivatives they are."""

from functools import partial

import blackscholes
import numpy as np

from funcnn.testing.hunt import Target
from tests.nasty.base import drawn

LIBRARIES = ["blackscholes", "numpy"]
FOUND = "see docs/found/blackscholes.md"
SIZES = {
    "S": (60, 140),
    "F": (60, 140),
    "K": (60, 140),
    "K1": (60, 99),
    "K2": (101, 140),
    "T": (0.2, 2),
    "T1": (1.5, 2),
    "T2": (0.3, 1.4),
    "r": (0.01, 0.1),
    "sigma": (0.1, 0.5),
    "q": (0, 0.05),
}
# {greek: (the function, the argument, the sign)}
GREEKS = {
    "delta": ("price", "S", 1),
    "gamma": ("delta", "S", 1),
    "dual_delta": ("price", "K", 1),
    "dual_gamma": ("dual_delta", "K", 1),
    "vega": ("price", "sigma", 1),
    "theta": ("price", "T", -1),
    "epsilon": ("price", "q", 1),
    "rho": ("price", "r", 1),
    "vanna": ("delta", "sigma", 1),
    "charm": ("delta", "T", -1),
    "vomma": ("vega", "sigma", 1),
    "veta": ("vega", "T", 1),
    "phi": ("dual_delta", "K", 1),
    "speed": ("gamma", "S", 1),
    "zomma": ("gamma", "sigma", 1),
    "color": ("gamma", "T", 1),
    "ultima": ("vomma", "sigma", 1),
}
OPTIONS = {
    "BlackScholesCall": "S K T r sigma q",
    "BlackScholesPut": "S K T r sigma q",
    "Black76Call": "F K T r sigma",
    "Black76Put": "F K T r sigma",
    "BinaryCall": "S K T r sigma",
    "BinaryPut": "S K T r sigma",
    "BlackScholesBullSpread": "S K1 K2 T r sigma q",
    "BlackScholesBearSpread": "S K1 K2 T r sigma q",
    "BlackScholesCalendarCallSpread": "S K1 K2 T1 T2 r sigma q",
    "BlackScholesCalendarPutSpread": "S K1 K2 T1 T2 r sigma q",
    "BlackScholesStraddleLong": "S K T r sigma q",
    "BlackScholesStraddleShort": "S K T r sigma q",
    "BlackScholesStrangleLong": "S K1 K2 T r sigma q",
    "BlackScholesStrangleShort": "S K1 K2 T r sigma q",
}
WRONG_SIGN = {"dual_delta", "dual_gamma", "phi"}
HAVE_CALLS = {"BlackScholesCall", "BlackScholesStraddleLong", "BlackScholesStraddleShort"}


def arguments(names, *, bear):
    def make(rng):
        numbers = {name: np.array(rng.uniform(*SIZES[name])) for name in names}
        if bear:
            numbers["K1"], numbers["K2"] = numbers["K2"], numbers["K1"]
        return tuple(numbers.values())

    return drawn(make)


def keyed(cls, names, key):
    """A method of an option as a function of numbers."""

    def f(*args):
        return np.array(getattr(cls(**dict(zip(names, map(float, args), strict=True))), key)())

    return f


def slope_of(greek, i, sign):
    def vjp(args, dA):
        return [sign * dA * greek(*args) if k == i else None for k in range(len(args))]

    return vjp


def greeks():
    for option, inputs in OPTIONS.items():
        method = partial(keyed, getattr(blackscholes, option), inputs.split())
        every = arguments(inputs.split(), bear="Bear" in option)
        for greek, (f, by, sign) in GREEKS.items():
            name = by.replace("S", "F") if inputs.startswith("F") else by
            if name not in inputs.split() or not hasattr(getattr(blackscholes, option), greek):
                continue
            i = inputs.split().index(name)
            known = {"WrongGradient": FOUND} if greek in WRONG_SIGN and option in HAVE_CALLS else None
            made = method(f), slope_of(method(greek), i, sign)
            yield Target(f"{option}.{greek}", made, every, known=known, argnums=i, float32=False, layouts=False)


TARGETS = [*greeks()]
