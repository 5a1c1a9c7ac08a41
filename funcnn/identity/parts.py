"""What a value consists of: the code and the variables of a function, the attributes of a class, the entries of a list.

The parts of a function, and their parts, are what it reads, as far as its code names it. An attribute of an argument
has no such name: all attributes count of the classes and objects that the function reaches by a name.
"""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property, partial
from importlib import import_module
from importlib.util import resolve_name
from itertools import chain
from types import BuiltinMethodType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import attrs

from funcnn.by_value import verbs
from funcnn.identity.libraries import home, is_fixed, is_library
from funcnn.identity.names import Name, every_name, names
from funcnn.records import getters, plans

_BY_ANY_NAME = {"eval", "exec", "globals", "__import__"}  # they read what the code does not name
_HIDDEN = {"__globals__", "f_globals", "_getframe", "currentframe", "import_module", "environ", "getenv"}  # so do these


class UnknownError(Exception):
    """A function reads what its code does not name, or what cannot be compared."""


@attrs.frozen(eq=False)
class Part:
    """A part of a value. Without a name it says nothing that other parts do not say.

    If it may be replaced, `test` is an expression that is true until then, with {0} for `place`, {1} for `key` and {2}
    for the part. `is_opened` tells whether the parts of the part count as well.
    """

    name: str
    value: Any
    test: str = ""
    place: Any = None
    key: Any = None
    is_opened: bool = True


def attribute(place: Any, name: str, value: Any) -> Part:
    """An attribute that may be replaced."""
    return Part(name, value, f"{{0}}.{name} is {{2}}", place)


def entry(place: Any, key: Any, value: Any, name: str) -> Part:
    """An entry of a list or a dict that may be replaced."""
    return Part(name, value, "{0}[{1}] is {2}", place, key)


def size(place: Any) -> Part:
    """The number of entries."""
    return Part("", len(place), "len({0}) == {2}", place)


def parts(value: Any, rules: Iterable[Any]) -> Iterable[Part] | None:
    """The parts of a function, a class or a value that contains others; None for any other value.

    The rules of a class of records for the verbs `rules` are parts of it, if no library registered them.

    Raises:
        UnknownError: the code of a function does not name what it reads.
    """
    cls = type(value)
    if cls is FunctionType:
        return _of_function(value)
    if isinstance(value, type):
        return _of_class(value, rules)
    if isinstance(value, ModuleType):
        if is_library(value.__name__):
            return []
        raise UnknownError(f"the module {value.__name__} is read as a whole")
    if isinstance(value, list | dict | MappingProxyType):
        return chain(_of_entries(value), attributes_of(value))
    found = _fixed_parts(value)
    own = attributes_of(value) if isinstance(value, tuple) else ()
    return None if found is None else [*[Part(name, part) for name, part in found.items()], *own]


def attributes_of(value: Any) -> Iterator[Part]:
    """The attributes of an object in its `__dict__`, also of one that is a list, a dict, a tuple, a set or an array."""
    state = getattr(value, "__dict__", None)
    if type(state) is dict:
        yield size(state)
        yield from [entry(state, name, part, name) for name, part in state.items()]


def _of_entries(value: Any) -> Iterator[Part]:
    """The parts of a list or a dict, one by one, since they may be many."""
    yield size(value)
    if isinstance(value, list):
        yield from (entry(value, i, part, str(i)) for i, part in enumerate(value))
    else:
        for key, part in value.items():
            yield Part("key", key)
            yield entry(value, key, part, "value")


def _fixed_parts(value: Any) -> dict[str, Any] | None:
    """The parts of a value in which no part can be replaced."""
    cls = type(value)
    if cls in plans:
        return dict(zip([name for name, _ in plans[cls]], getters[cls](value), strict=True)) | {"class": cls}
    if isinstance(value, tuple):
        return {str(i): part for i, part in enumerate(value)} | {"class": cls}
    for held, attributes in _HELD.items():
        if isinstance(value, held) and not is_fixed(value):
            return {name: getattr(value, name) for name in attributes}
    wrapped = getattr(value, "__wrapped__", None)  # of lru_cache, jax.jit and others
    return {"function": wrapped} if type(wrapped) is FunctionType else None


_HELD: dict[type, tuple[str, ...]] = {
    MethodType: ("__func__", "__self__"),
    BuiltinMethodType: ("__name__", "__self__"),
    partial: ("func", "args", "keywords"),
    property: ("fget", "fset", "fdel"),
    staticmethod: ("__func__",),
    classmethod: ("__func__",),
    cached_property: ("func",),
}


# Functions.


def _of_function(function: Any) -> Iterator[Part]:
    if is_fixed(function):
        return
    if (verb := verbs.get((function.__module__, function.__name__))) is function:  # its rules are parts of classes
        yield Part("default", verb.__wrapped__)
        return
    yield attribute(function, "__code__", function.__code__)
    defaults = [(key, getattr(function, key)) for key in ("__defaults__", "__kwdefaults__")]
    yield from [attribute(function, key, part) for key, part in defaults if part is not None]  # else all are given
    own = vars(function)
    yield from [entry(own, key, part, key) for key, part in own.items() if key != "__wrapped__"]
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    own_code = not is_library(home(function))
    used = every_name(function.__code__) if own_code else set()
    if hidden := _HIDDEN & used | ({"sys.modules"} if {"sys", "modules"} <= used else set()):
        raise UnknownError(f"{function.__qualname__} reads {min(hidden)}")
    read = names(function.__code__) if own_code else [Name("cell", root) for root in cells]
    for name in read:
        yield from _read(function, name, cells)


def _read(function: Any, name: Name, cells: dict[str, Any]) -> Iterator[Part]:
    """What a function finds under a name."""
    root, known = name.root, function.__globals__
    if name.kind == "import":
        try:
            path = resolve_name("." * name.level + root, known.get("__package__"))
            module = None if is_library(path) else import_module(path)
        except ImportError:
            return
        if module is not None:
            yield from _taken(Part(path, module), name.attributes)
    elif name.kind == "cell":
        try:
            value = cells[root].cell_contents
        except (KeyError, ValueError):  # a variable of the function itself, or one without a value
            return
        yield from _taken(Part(root, value, "{0}.cell_contents is {2}", cells[root]), name.attributes)
    elif root in known:
        yield from _taken(entry(known, root, known[root], root), name.attributes)
    elif root in _BY_ANY_NAME:
        raise UnknownError(f"{function.__qualname__} calls {root}")
    else:
        yield Part(root, hasattr(builtins, root), "{1} not in {0}", known, root)


def _taken(part: Part, attributes: tuple[str, ...]) -> Iterator[Part]:
    """The part, or for a module the attribute that is taken of it; what is only written to has no parts."""
    if isinstance(part.value, _WRITTEN) and attributes[:1] in _WRITES:
        yield attrs.evolve(part, is_opened=False)
        return
    for name in attributes:
        module = part.value
        if not isinstance(module, ModuleType) or is_library(module.__name__):
            break
        yield attrs.evolve(part, is_opened=False)
        if not hasattr(module, name):
            return
        part = attribute(module, name, getattr(module, name))
    yield part


_WRITTEN = (list, dict, set, deque)
_WRITES = {("append",), ("appendleft",), ("add",), ("extend",), ("insert",), ("update",)}  # which return None


# Classes.


def _of_class(cls: Any, rules: Iterable[Any]) -> Iterator[Part]:
    if cls in plans:
        for verb in rules:
            if (rule := verb.dispatch(cls)) is not verb.dispatch(object) and not _is_of_library(rule):
                yield Part(verb.__name__, rule)
    if is_fixed(cls):
        return
    own = vars(cls)
    yield attrs.evolve(attribute(cls, "__bases__", cls.__bases__), is_opened=False)
    yield from [Part("base", base) for base in (*cls.__bases__, type(cls))]
    yield size(own)
    yield from [entry(own, name, own[name], name) for name in sorted(own) if _is_written(name, own[name])]
    if attrs.has(cls):
        yield from [Part(field.name, field.default) for field in attrs.fields(cls)]


def _is_of_library(rule: Any) -> bool:
    """Whether a rule was written in a library, where the modules that are imported decide which rules there are."""
    return type(rule) is FunctionType and is_library(rule.__module__)


def _is_written(name: str, value: Any) -> bool:
    """Whether an attribute stands in the text of the class, and is not made from it by Python or a library."""
    if name.startswith("__") or not name.isidentifier():
        function = getattr(value, "__func__", value)
        if name == _ANNOTATIONS or type(function) is not FunctionType or is_library(home(function)):
            return False
        return not function.__code__.co_filename.startswith("<attrs generated")
    return type(value).__name__ not in _MADE


_ANNOTATIONS = "__annotate_func__"  # the function that gives them, from Python 3.14 on
_MADE = {"member_descriptor", "getset_descriptor", "_abc_data"}
