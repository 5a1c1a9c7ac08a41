"""Coverage of modules by a hunt: which of their functions a target names, and whether an example was decided."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from types import FunctionType, MethodType, ModuleType
from typing import Any

import attrs

from funcnn.arrays import counted
from funcnn.identity.libraries import home, is_library
from funcnn.identity.names import Name, names
from funcnn.testing.hunt.target import CRASHED, ERROR, HUNG, INCONCLUSIVE, NO_DERIVATIVE

_UNDECIDED = {INCONCLUSIVE, ERROR, CRASHED, HUNG, NO_DERIVATIVE}


@attrs.frozen
class Coverage:
    """The public functions of a module, by what the hunt did with them.

    A function is `checked` if a target with a decided example is this function, or if f of the target names it in code
    that no library contains. `without` are functions of which all such targets are `NoDerivative`; `left` are the rest.
    """

    module: str
    checked: tuple[str, ...]
    without: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        every = [*self.checked, *self.without, *self.left]
        ends = {"without a derivative": self.without, "not checked": self.left}
        lists = [f"; {title}: {', '.join(found)}" for title, found in ends.items() if found]
        return f"{self.module}: {len(self.checked)} of {counted(len(every), 'function')} checked{''.join(lists)}"


def coverage(modules: Iterable[str], targets: Mapping[str, Any], kinds: Mapping[str, Sequence[str]]) -> list[Coverage]:
    """The coverage of modules. `kinds` are those of the findings, by target; a target that passed has "pass" there."""
    named: dict[int, set[str]] = {}
    kept = []  # so that no number is given to two values
    for name, target in targets.items():
        for value in reached(target.pair[0]):
            kept.append(value)
            named.setdefault(id(value), set()).update(kinds.get(name, ()))
    found = []
    for module in modules:
        lists: dict[str, list[str]] = {"checked": [], "without": [], "left": []}
        for name, function in functions_of(import_module(module)).items():
            of = named.get(id(function), set())
            lists["checked" if of - _UNDECIDED else "without" if of == {NO_DERIVATIVE} else "left"].append(name)
        found.append(Coverage(module, *map(tuple, lists.values())))
    return found


def functions_of(module: ModuleType) -> dict[str, Any]:
    """The public functions of a module, in the order of their names; without `__all__` only those of its library."""
    listed = getattr(module, "__all__", None)
    root = module.__name__.partition(".")[0]
    every = {name: _value_of(module, name) for name in sorted(listed or dir(module)) if not name.startswith("_")}
    homes = {name: str(getattr(value, "__module__", None) or root).partition(".")[0] for name, value in every.items()}
    return {name: value for name, value in every.items() if _is_function(value) and (listed or homes[name] == root)}


def _value_of(owner: Any, name: str) -> Any:
    """An attribute without the warning that its name is deprecated; None if it has no value."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(owner, name, None)


def _is_function(value: Any) -> bool:
    """Whether it is called for a result; the functions of MyGrad are classes, which their metaclass calls."""
    is_class = isinstance(value, type) and (type(value) is type or "__call__" not in vars(type(value)))
    return callable(value) and not is_class


def reached(function: Any) -> Iterator[Any]:
    """A function, and all that it names: in its own code, if no library contains it, and in variables around it."""
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        yield value
        if isinstance(value, FunctionType):
            waiting += _named(value)
        elif isinstance(value, partial):
            waiting += [value.func, *value.args, *value.keywords.values()]
        elif isinstance(value, MethodType):
            waiting += [value.__func__, value.__self__]
        elif isinstance(value, tuple | list):
            waiting += value
        else:
            waiting.append(getattr(value, "__wrapped__", None))  # of jax.jit and others


def _named(function: FunctionType) -> Iterator[Any]:
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    read = [Name("cell", root) for root in cells] if is_library(home(function)) else names(function.__code__)
    for name in read:
        value = _value(function, cells, name)
        yield value
        for attribute in name.attributes:
            value = _value_of(value, attribute)
            yield value


def _value(function: FunctionType, cells: Mapping[str, Any], name: Name) -> Any:
    """What a function finds under a name; None if there is no value."""
    if name.kind == "import":
        return import_module("." * name.level + name.root, function.__globals__.get("__package__"))
    if name.kind == "global":
        return function.__globals__.get(name.root)
    try:
        return cells[name.root].cell_contents
    except (KeyError, ValueError):  # a variable of the function itself, or one without a value
        return None
