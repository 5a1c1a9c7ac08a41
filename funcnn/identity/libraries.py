"""What belongs to an installed library, and so stays as it is while a program runs."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from types import FunctionType
from typing import Any

_IS_INSTALLED = re.compile(r"[/\\](site-packages|dist-packages|[^/\\]*\.zip)[/\\]").search  # a folder, or a zip file
_HEAP = 1 << 9  # the flag of classes that are made while a program runs, Py_TPFLAGS_HEAPTYPE


def is_library(module: Any) -> bool:
    """Whether the module of this name is of the standard library, of funcnn, or installed beside it.

    What is installed in editable mode is not: its files are meant to change. The script of a program is not either,
    wherever it is: in a worker of joblib, the file of `__main__` is one of joblib's.
    """
    if type(module) is not str or module in {"", "__main__", "__mp_main__"}:  # "": code without a module
        return False
    root = module.partition(".")[0]
    if root in sys.stdlib_module_names or root == "funcnn":
        return True
    places = [getattr(sys.modules.get(name), "__file__", None) for name in (module, root)]
    if root not in sys.modules:
        places.append(getattr(find_spec(root), "origin", None))
    return any([place and _IS_INSTALLED(place) for place in places])


def is_fixed(value: Any) -> bool:
    """Whether a function or a class is found by its name in a library; then its name says all of it.

    A function that a function of a library returns is not found, and has variables of its own.
    """
    if isinstance(value, type) and not value.__flags__ & _HEAP:
        return True
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not is_library(module) or type(name) is not str:
        return False
    found: Any = sys.modules.get(str(module))
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is value or (isinstance(value, type) and module != "builtins")


def home(function: FunctionType) -> Any:
    """The name of the module in which the code of a function was written.

    `functools.wraps` gives a wrapper the module of the function that it wraps.
    """
    return function.__globals__.get("__name__", function.__module__)
