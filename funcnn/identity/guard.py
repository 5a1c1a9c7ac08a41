"""The comparison of what functions read with what they read before, which takes at most a microsecond."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from enum import Enum
from types import (
    ClassMethodDescriptorType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodDescriptorType,
    WrapperDescriptorType,
)
from typing import Any

import numpy as np

from funcnn.identity.libraries import is_fixed
from funcnn.identity.names import every_name
from funcnn.identity.parts import Part, UnknownError, attribute, attributes_of, parts

MOST_TESTS = 40  # they take 0.9 us
BYTES, MOST_BYTES = 500, 15_000  # of an array: which are compared in the time of a test, and in all
_CONSTANT = (  # classes of values that do not change
    *(Enum, slice, np.ufunc, MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType),
    *(GetSetDescriptorType, MemberDescriptorType, type(None), type(...), type(NotImplemented)),
)


def guard(roots: Iterable[Any], rules: Iterable[Any]) -> Callable[[], bool]:
    """The function that tells whether the values `roots` still consist of the parts that they have now, and these too.

    A record, a tuple and a read-only array do not change, and libraries neither.

    Raises:
        UnknownError: the comparison would take more than a microsecond, or the code of a function does not name what it
            reads.
    """
    walk = _Walk(list(rules))
    walk.through(list(roots)[::-1])
    return _compiled(list(walk.tests.values()))


class _Walk:
    """The tests of all parts of values. A class method, such as `init`, counts only if code has its name."""

    def __init__(self, rules: list[Any]) -> None:
        self.tests: dict[tuple[Any, ...], Part] = {}
        self._rules, self._seen = rules, dict[int, Any]()
        self._names, self._waiting, self._cost = set[str](), list[Part](), 0

    def through(self, left: list[Any]) -> None:
        """Add the tests of these values, of their parts, and so on."""
        while left:
            value = left.pop()
            if id(value) not in self._seen:
                self._seen[id(value)] = value
                if type(value) is FunctionType:
                    self._names |= every_name(value.__code__)
                found = parts(value, self._rules)
                left += self._added(_changing(value) if found is None else found)
            if not left:
                waiting, self._waiting = self._waiting, []
                left = self._added(waiting)

    def _added(self, found: Iterable[Part]) -> list[Any]:
        """Add the tests of parts; returns the parts whose own parts count."""
        left = []
        for part in found:
            if type(part.value) is classmethod and not {part.name, "getattr"} & self._names:
                self._waiting.append(part)
                continue
            key = part.test, id(part.place), part.key if type(part.key) is str else id(part.key)
            if part.test and key not in self.tests:
                self.tests[key] = part
                self._cost += _cost(part)
            if self._cost > MOST_TESTS:
                raise UnknownError(f"more than {MOST_TESTS} variables, functions and attributes")
            if part.is_opened:
                left.append(part.value)
        return left


def _changing(value: Any) -> Iterator[Part]:
    """The parts of an object, an array or a set."""
    if isinstance(value, np.ndarray):
        if _can_be_written(value):
            if value.nbytes > MOST_BYTES:
                raise UnknownError(f"an array of {value.nbytes} bytes that can be written to")
            yield Part("", value.tobytes(), "{0}.tobytes() == {2}", value)
        yield from attributes_of(value)
    elif isinstance(value, set):
        yield Part("", frozenset(value), "{0} == {2}", value)
        yield from attributes_of(value)
    elif not isinstance(value, _CONSTANT) and not is_fixed(value):
        cls = type(value)
        slots = [name for base in cls.__mro__ for name in _slots(base) if hasattr(value, name)]
        state = getattr(value, "__dict__", None)
        if slots or type(state) is dict:
            yield attribute(value, "__class__", cls)
        elif not _has_a_fixed_value(value):
            raise UnknownError(f"an object of the class {cls.__name__}, which does not show its parts")
        yield from [attribute(value, name, getattr(value, name)) for name in slots]
        yield from attributes_of(value)


def _has_a_fixed_value(value: Any) -> bool:
    """Whether an object can be hashed by its value, as a number can, or has none."""
    cls: Any = type(value)
    if cls.__hash__ is object.__hash__ or isinstance(value, ContextVar):
        return cls is object
    try:
        hash(value)
    except (TypeError, ValueError):  # of what may change, or of a view of it
        return False
    return True


def _can_be_written(array: Any) -> bool:
    """Whether the numbers of an array may change, also through the array of which it is a view."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return True
        array = array.base
    return not isinstance(array, bytes | None)


def _slots(cls: type) -> list[str]:
    slots = cls.__dict__.get("__slots__", ())
    names = [name for name in ([slots] if isinstance(slots, str) else slots) if not name.endswith("__")]
    return [f"_{cls.__name__.lstrip('_')}{name}" if name.startswith("__") else name for name in names]


def _cost(part: Part) -> int:
    """The time of a test, in those of the comparison of two objects."""
    if isinstance(part.place, np.ndarray):
        return 4 + part.place.nbytes // BYTES
    return 1 + len(part.place) // 2 if isinstance(part.place, set) else 1


def _compiled(tests: list[Part]) -> Callable[[], bool]:
    """One function with all tests, which takes a quarter of the time of a loop over them."""
    given: dict[str, Any] = {}
    terms = []
    for i, part in enumerate(tests):
        names = f"place{i}", f"key{i}", f"value{i}"
        given |= zip(names, (part.place, part.key, part.value), strict=True)
        terms.append(part.test.format(*names))
    text = (
        f"def made({', '.join(given)}):\n"
        " def is_unchanged():\n"
        "  try:\n"
        f"   return {' and '.join(terms) or True}\n"
        "  except Exception:\n"  # a variable that is gone, or a comparison of objects that fails
        "   return False\n"
        " return is_unchanged"
    )
    space: dict[str, Any] = {}
    exec(text, space)  # noqa: S102  the text has names of its own alone, and keys as variables
    return space["made"](**given)
