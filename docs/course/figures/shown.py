"""A figure by the name that a page gives it."""

from importlib import import_module

from figures.pen import Picture


def drawn(name: str) -> Picture:
    """The figure `unit1.errors` is what the function `errors` of figures/unit1.py draws."""
    module, function = name.split(".")
    return getattr(import_module(f"figures.{module}"), function)()
