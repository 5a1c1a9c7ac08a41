"""Figures by the names that pages give them."""

from collections.abc import Callable
from importlib import import_module
from inspect import signature

from figures.pen import Picture


def found(name: str) -> Callable[..., Picture]:
    """`unit1.errors` is the function `errors` of figures/unit1.py."""
    module, function = name.split(".")
    return getattr(import_module(f"figures.{module}"), function)


def drawn(name: str) -> Picture:
    """The figure with the numbers of its unit."""
    return found(name)()


def called(name: str) -> str:
    """The call that draws it in a notebook, with numbers that a reader may change."""
    given = signature(found(name)).parameters.values()
    numbers = [f"{one.name}={one.default!r}" for one in given if isinstance(one.default, (int, float))]
    return f"{name}({', '.join(numbers)})"
