"""What belongs to an installed library, and so stays as it is while a program runs."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import PurePath
from types import FunctionType
from typing import Any

_HOMES = {"site-packages", "dist-packages"}
_HEAP = 1 << 9  # the flag of classes that are made while a program runs, Py_TPFLAGS_HEAPTYPE


def is_library(module: Any) -> bool:
    """Whether the module of this name is of the standard library, of funcnn, or installed beside it.

    What is installed in editable mode is not: its files are meant to change.
    """
    root = str(module).partition(".")[0]
    if root in sys.stdlib_module_names or root == "funcnn":
        return True
    loaded = sys.modules.get(module)
    place = getattr(loaded, "__file__", None) if loaded else getattr(_spec(root), "origin", None)
    return bool(place and _HOMES.intersection(PurePath(place).parts))


def _spec(root: str) -> Any:
    """Where a module that is not loaded would be found; None if it cannot be."""
    try:
        return find_spec(root)
    except ValueError:  # of a module that was made by hand
        return None


def is_fixed(value: Any) -> bool:
    """Whether a function or a class is found by its name in a library; then its name says all of it.

    A function that a function of a library returns is not found, and has variables of its own.
    """
    if isinstance(value, type) and not value.__flags__ & _HEAP:
        return True
    module, name = str(getattr(value, "__module__", None)), getattr(value, "__qualname__", None)
    if not is_library(module) or type(name) is not str:
        return False
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value or (isinstance(value, type) and module != "builtins")


def home(function: FunctionType) -> Any:
    """The name of the module in which the code of a function was written.

    `functools.wraps` gives a wrapper the module of the function that it wraps.
    """
    return function.__globals__.get("__name__", function.__module__)
