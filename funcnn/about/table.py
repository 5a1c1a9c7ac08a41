"""The table of cards; those of funcnn are loaded family by family, when one is asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from importlib import import_module
from typing import Annotated, Any

from funcnn.about.card import Card
from funcnn.arrays import kind
from funcnn.checked import checked
from funcnn.errors import KindError
from funcnn.needs import Flag, instance, passing
from funcnn.records import plans

# The module of the cards of each family, by the folder or file of funcnn that defines the family.
FAMILIES = {
    "funcnn.layers.activations": "activations",
    "funcnn.losses": "losses",
    "funcnn.optimizers": "optimizers",
}

_cards: dict[Any, Card] = {}


def _check_subject(function: str, argument: str, value: Any) -> None:
    is_class = isinstance(value, type)
    if value not in plans if is_class else not callable(value):
        needed = "a class of records, or a loss"
        raise KindError(f"{function}: {argument} must be {needed}, not {value.__name__ if is_class else kind(value)}")


def _check_family(function: str, argument: str, value: Any) -> None:
    if type(value) is not str or value not in ("", *FAMILIES.values()):
        raise KindError(f"{function}: {argument} must be one of {', '.join(FAMILIES.values())}, not {kind(value)}")


Subject = Annotated[Any, passing("a class of records, or a loss", _check_subject)]


@checked
def register(subject: Subject, card: Annotated[Card, instance(Card, "a Card")]) -> None:
    """Give a class of layers or optimizers, or a loss, its card."""
    _cards[subject] = card


@checked
def cards(family: Annotated[str, passing("the name of a family", _check_family)] = "") -> dict[Any, Card]:
    r"""The cards of a family of funcnn by class or loss, such as "activations"; or all cards, also those of users.

    >>> from funcnn import Relu, about
    >>> about.cards("activations")[Relu].latex
    '\\max(x, 0)'
    """
    for one in [family] if family else FAMILIES.values():
        _load(one)
    return {subject: card for subject, card in _cards.items() if family in ("", _family(subject))}


@checked
def card_of(subject: Any, *, bases: Flag = True) -> Card | None:
    """The card of a layer, a loss or an optimizer, or of its class; None without one.

    With `bases`, a class without a card has that of its nearest base.

    >>> from funcnn import Dense, about
    >>> from funcnn.layers import Silu
    >>> about.card_of(Silu()).symbols
    (('s', '1 / (1 + e^-x)'),)
    """
    while isinstance(subject, partial):
        subject = subject.func
    cls = subject if isinstance(subject, type) else type(subject)
    if cls in plans:
        subjects: list[Any] = list(cls.__mro__) if bases else [cls]
    else:
        subjects = [subject] if callable(subject) and isinstance(subject, Hashable) else []
    for one in subjects:
        if one not in _cards and (family := _family(one)):
            _load(family)
        if one in _cards:
            return _cards[one]
    return None


def _family(subject: Callable[..., Any]) -> str:
    """The family of funcnn that a class or a loss is in, or an empty string."""
    module = f"{getattr(subject, '__module__', '')}."
    return next((family for home, family in FAMILIES.items() if module.startswith(f"{home}.")), "")


def _load(family: str) -> None:
    for subject, card in import_module(f"funcnn.about.{family}").CARDS.items():
        _cards.setdefault(subject, card)
