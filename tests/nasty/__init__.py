"""Functions that are correct, and hard to differentiate from their values."""

from importlib import import_module
from importlib.util import find_spec

from tests.nasty.base import Nasty

# Each is a module of this folder, with a table of its name in capitals.
FAMILIES = [
    *("cancellation", "scale", "ties", "corners", "clips", "kinks", "jumps", "domain"),
    *("structure", "gathers", "algebra", "normalisation", "rounding", "recurrences"),
    *("borders", "overflow", "matrices", "sets", "tastes", "staircases"),
    *(["special"] if find_spec("scipy") else []),
]
NASTY: list[Nasty] = [
    nasty for name in FAMILIES for nasty in getattr(import_module(f"tests.nasty.{name}"), name.upper())
]
