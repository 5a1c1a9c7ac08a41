"""What tests take from the cards of activations, losses and optimizers."""

import re
from functools import partial
from inspect import signature

import attrs
import numpy as np

from funcnn import Elementwise
from funcnn.about import card_of, cards
from tests.equations import value_of

CARDS = cards("activations")
ELEMENTWISE = [cls for cls in CARDS if issubclass(cls, Elementwise)]
# The most common ones are in networks of other tests.
OTHERS = [cls for cls in CARDS if not cls.__module__.endswith(".base")]


def examples(cls):
    """The activation with each of its settings."""
    return [cls(*settings) for settings in CARDS[cls].settings]


def example(cls):
    """The activation with the last of its settings, which are not the defaults if it has other ones."""
    return examples(cls)[-1]


# Losses with a term for each number of out.
OF_NUMBERS = {"numbers", "probabilities"}
LOSSES = {loss.__name__: loss for loss, card in cards("losses").items() if card.takes[0] in OF_NUMBERS}
DRAWN = {
    "numbers": lambda rng, shape: rng.normal(size=shape),
    "probabilities": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "unit": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "bits": lambda rng, shape: rng.integers(0, 2, shape),
    "counts": lambda rng, shape: rng.integers(0, 9, shape),
}


def settings_of(loss):
    """The settings of a loss by name, for each of its cases."""
    names = [name for name, p in signature(loss).parameters.items() if p.kind is p.KEYWORD_ONLY]
    return [dict(zip(names, values, strict=False)) for values in card_of(loss).settings]


def set_up(loss):
    """The loss with each of its settings."""
    return [partial(loss, **settings) if settings else loss for settings in settings_of(loss)]


def arguments(loss, shape, seed=0):
    """(out, y), drawn as the card of the loss says."""
    rng = np.random.default_rng(seed)
    return tuple([DRAWN[kind](rng, shape) for kind in card_of(loss).takes])


def further(names, shape):
    """For each loss with a card that is not among these names: the loss with the last of its settings, out and y."""
    known = {name.split(",")[0].split(" ")[0] for name in names}
    return {name: (set_up(loss)[-1], *arguments(loss, shape)) for name, loss in LOSSES.items() if name not in known}


def terms(loss, out, y, functions=np, **known):
    """The terms of the mean, by the equation in the card."""
    card = card_of(loss)
    settings = getattr(loss, "keywords", {})
    lines = (card.latex,) if isinstance(card.latex, str) else card.latex
    for line in lines:
        text = re.sub(r"<(\w+)>", lambda found: str(settings[found[1]]), line)
        name, equals, right = text.partition(" = ")
        known[name if equals else ""] = value_of(right or name, functions, out=out, y=y, **known)
    return known[""]


OPTIMIZERS = cards("optimizers")


def optimizers_of(cls):
    """An optimizer with each of its settings."""
    names = [field.name for field in attrs.fields(cls) if "state" not in field.metadata]
    return [cls(**dict(zip(names, values, strict=False))) for values in OPTIMIZERS[cls].settings]


def steps_by_equations(optimizer, last=""):
    """A rule as in `DEFINED` in the tests of optimizers: each number by the equations of the card, from step 1 on."""
    latex = OPTIMIZERS[type(optimizer)].latex
    *lines, step = (latex,) if isinstance(latex, str) else latex
    write = lambda text: re.sub(r"<(\w+)>", lambda found: str(getattr(optimizer, found[1])), text)

    def rule(history, params):
        made = []
        for i, p in enumerate(params):
            known = {name: np.zeros_like(p) for name in "muvw"}
            for t, grads in enumerate(history, 1):
                known |= {"g": np.asarray(grads[i]), "p": p, "t": t}
                for line in lines:
                    name, _, right = write(line).partition(" = ")
                    known[name] = value_of(right, **known)
            made.append(value_of(write(last or step), **known))
        return made

    return rule
