"""The mistakes that cards plant in the slopes of activations and in the gradients of losses."""

import numpy as np

from funcnn import forward
from funcnn.about import card_of
from tests.cards import CARDS, ELEMENTWISE, LOSSES, arguments, set_up
from tests.mutants.activations import WIDE, X, density, erf, softplus
from tests.mutants.family import family, grads_of, of_layer, sigmoid

NAMES = {"density": density, "erf": erf, "sigmoid": sigmoid, "softplus": softplus}


def slope_at(layer, text, x):
    """The slope that is written as an expression."""
    known = {"x": x, "out": forward(layer, x)[0], "slope": grads_of(layer, x, np.ones_like(x)).x}
    settings = {name: getattr(layer, name) for name in layer.__slots__ if hasattr(layer, name)}
    with np.errstate(all="ignore"):
        return eval(text, vars(np) | NAMES, known | settings)


def mutants(cls, card):
    """The layer with the last of its settings; x reaches beyond its corners."""
    layer = cls(*card.settings[-1])
    arguments = WIDE if max(map(abs, card.corners), default=0) > 1 else X
    right = of_layer(str(layer), arguments, lambda: layer)
    wrong = lambda text: lambda x, dA: [dA * slope_at(layer, text, x)]
    return [right.but(f"{what}: {why}")(wrong(text)) for what, why, text in card.mistakes]


def slope_of_term(chosen, text, out):
    """The slope of each term of a loss that is written as an expression; y is one for each shape."""
    y = arguments(getattr(chosen, "func", chosen), out.shape)[1]
    known = {"out": out, "y": y, "slope": chosen(out, y)[1] * out.size}
    return eval(text, vars(np) | NAMES, known | getattr(chosen, "keywords", {}))


def mutants_of_loss(loss):
    """The loss with the last of its settings, as a function of out; y is one for each shape."""
    chosen = set_up(loss)[-1]
    y_for = lambda out: arguments(loss, out.shape)[1]
    wrong = lambda text: lambda out, dA: [dA * slope_of_term(chosen, text, out) / out.size]
    draws = X.map(lambda arrays: (0.05 + 0.9 * sigmoid(arrays[0]),)) if card_of(loss).takes[0] == "probabilities" else X
    right = family(loss.__name__, draws)(lambda out: chosen(out, y_for(out))[0], wrong("slope"))
    return [right.but(f"{what}: {why}")(wrong(text)) for what, why, text in card_of(loss).mistakes]


MUTANTS = [
    *[mutant for cls in ELEMENTWISE for mutant in mutants(cls, CARDS[cls])],
    *[mutant for loss in LOSSES.values() for mutant in mutants_of_loss(loss)],
]
