"""The mistakes that cards plant in the slopes of activations."""

import numpy as np

from funcnn import Elementwise, backward, forward
from funcnn.about import cards
from tests.mutants.activations import WIDE, X, density, erf, softplus
from tests.mutants.family import Family, sigmoid

NAMES = {"density": density, "erf": erf, "sigmoid": sigmoid, "softplus": softplus}


def dx(layer, x, dA):
    return backward(layer, forward(layer, x)[1], dA).x


def slope_of(layer, text):
    """The vjp with a slope that is written as an expression."""

    def vjp(x, dA):
        known = {"x": x, "out": forward(layer, x)[0], "slope": dx(layer, x, np.ones_like(x))}
        settings = {name: getattr(layer, name) for name in layer.__slots__ if hasattr(layer, name)}
        with np.errstate(all="ignore"):
            return [dA * eval(text, vars(np) | NAMES, known | settings)]

    return vjp


def mutants(cls, card):
    """The layer with the last of its settings; x reaches beyond its corners."""
    layer = cls(*card.settings[-1])
    arguments = WIDE if max(map(abs, card.corners), default=0) > 1 else X
    family = Family(str(layer), arguments, lambda x: forward(layer, x)[0], lambda x, dA: [dx(layer, x, dA)])
    return [family.but(what, why, slope_of(layer, text)) for what, why, text in card.mistakes]


MUTANTS = [
    mutant
    for cls, card in cards("activations").items()
    if issubclass(cls, Elementwise)
    for mutant in mutants(cls, card)
]
