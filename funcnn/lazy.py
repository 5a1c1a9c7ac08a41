"""Lazy namespaces, which import a module at the first use of one of its names (PEP 562, SPEC 1).

Type checkers read the stub of a namespace, `__init__.pyi`, which `python -m tests.stubs` writes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

# The public modules and packages of funcnn that need no other libraries.
NAMESPACES = [
    "data",
    "errors",
    "files",
    "generation",
    "initializers",
    "inspection",
    "layers",
    "losses",
    "metrics",
    "optimizers",
    "records",
    "schedules",
    "training",
    "traits",
    "trees",
]


def lazily(
    package: str, homes: dict[str, str], modules: list[str] | None = None
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """`(__getattr__, __dir__, __all__)` of a package; `homes` maps each of its modules to the names that it gives."""
    home = {name: f"{package}.{module}" for module, names in homes.items() for name in names.split()}
    parts = modules or []

    def get(name: str) -> Any:
        if name in parts:
            return import_module(f"{package}.{name}")
        if name not in home:
            raise _absent(package, name)
        value = getattr(import_module(home[name]), name)
        setattr(sys.modules[package], name, value)  # later uses do not call this function
        return value

    return get, lambda: sorted([*home, *parts]), list(home)


def load_all() -> None:
    """Import every module that defines records, so that the class names in a file are found in every program."""
    for module in NAMESPACES:
        space = import_module(f"funcnn.{module}")
        for name in space.__all__:
            getattr(space, name)


def _absent(package: str, name: str) -> AttributeError | ImportError:
    """The error for a name that a package does not have; it gives the namespace that has the name, if one does."""
    for module in () if name.startswith("_") else NAMESPACES:
        home = f"funcnn.{module}"
        if name in import_module(home).__all__:
            moved = f"{package}.{name}: it is in {home}; write from {home} import {name}"
            # `from funcnn import name` replaces the text of an AttributeError by its own.
            importing = sys._getframe(2).f_code.co_name == "_handle_fromlist"  # noqa: SLF001  only to choose the class of the error
            return ImportError(moved, name=package) if importing else AttributeError(moved)
    return AttributeError(f"module {package!r} has no attribute {name!r}")
