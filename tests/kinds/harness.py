"""The values that are tried in the place of every argument, and the trial."""

import copy
import inspect
import re
from collections import deque
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from importlib.util import find_spec
from itertools import combinations
from typing import Any

import attrs
import numpy as np

from funcnn import FuncnnError, Relu, record
from funcnn.records import is_record, values


@record
class Plain:
    """A record with no rule for any verb."""


def _frame():
    """A table of pandas, or what behaves like one."""
    if find_spec("pandas"):
        from pandas import DataFrame

        return DataFrame({"a": [0.5, 1.0], "b": [1.0, 0.5]})

    class DataFrame:
        shape, to_numpy = (2, 2), lambda self: np.ones((2, 2))
        __array__ = __iter__ = to_numpy

    return DataFrame()


WRONG = {
    "None": lambda: None,
    "text": lambda: "text",
    "1.5": lambda: 1.5,
    "True": lambda: True,
    "[]": list,
    "{}": dict,
    "object()": object,
    "class": lambda: Relu,
    "0-d": lambda: np.array(1.5),
    "(list,)": lambda: ([1.5],),
    "deque": lambda: deque([1.5]),
    "generator": lambda: (number for number in [1.5]),
    "DataFrame": _frame,
    "Decimal": lambda: Decimal("1.5"),
    "1j": lambda: 1j,
    "nan": lambda: float("nan"),
    "texts": lambda: np.array(["text", "text"]),
    "record": Plain,
}


@attrs.frozen
class Kind:
    """A value that a parameter takes, made anew by `make`, and which of `WRONG` it takes; of a tuple, also its parts.

    Of a tree that is wrong inside, and of a record without a rule, an error may begin with the verb that found it.
    """

    make: Callable[[], Any]
    accepts: frozenset[str] = frozenset()
    parts: tuple["Kind", ...] = ()
    verbs: frozenset[str] = frozenset()
    untried: frozenset[str] = frozenset()

    def __call__(self, value: Any) -> "Kind":
        """The same kind, with another value"""
        return attrs.evolve(self, make=lambda: copy.deepcopy(value))

    def made(self, make: Callable[[], Any]) -> "Kind":
        """The same kind, with a value that cannot be copied"""
        return attrs.evolve(self, make=make)

    def __or__(self, accepted: str) -> "Kind":
        """What else it takes: `count | "None"`"""
        names = frozenset(accepted.split("; "))
        assert names <= WRONG.keys(), accepted
        return attrs.evolve(self, accepts=self.accepts | names)

    def but(self, untried: str) -> "Kind":
        """The same kind, where some values are not tried, for a reason that stands beside it"""
        return attrs.evolve(self, untried=frozenset(untried.split("; ")))

    def __sub__(self, refused: str) -> "Kind":
        """What it does not take here"""
        names = frozenset(refused.split("; "))
        assert names <= self.accepts, refused
        return attrs.evolve(self, accepts=self.accepts - names)


def kind(value: Any, accepts: str = "", *, verbs: str = "") -> Kind:
    """A kind by one of its values."""
    made = Kind(lambda: copy.deepcopy(value), verbs=frozenset(verbs.split("; ")))
    return made | accepts if accepts else made


def both(*parts: Kind, accepts: str = "") -> Kind:
    """A tuple: wrong values stand in the place of the whole, and of each part."""
    made = Kind(lambda: tuple([part.make() for part in parts]), parts=parts)
    return made | accepts if accepts else made


@attrs.frozen
class Row:
    """A valid call, and the kind of each argument."""

    name: str
    function: Callable[..., Any]
    kinds: dict[str, Kind]
    speaks: frozenset[str]  # the names with which an error may begin

    def call(self, arguments: dict[str, Any]) -> Any:
        """The call with these arguments, each where the signature has it."""
        positional, named = [], dict(arguments)
        for name, parameter in signature(self.function).parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(named.pop(name))
            elif parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
                if name not in named:
                    break
                positional.append(named.pop(name))
        return self.function(*positional, **named)

    def values(self) -> dict[str, Any]:
        """Valid arguments, made anew."""
        return {name: given.make() for name, given in self.kinds.items()}


def signature(function: Callable[..., Any]) -> inspect.Signature:
    """That of a verb's rule for objects, of a class, of a function."""
    return inspect.signature(function)


def row(function: Callable[..., Any], label: str = "", /, *, speaks: str = "", **kinds: Kind) -> Row:
    """A row; `label` where it is not the function's own name, `speaks` further words with which errors may begin."""
    name = getattr(function, "__name__", label)
    words = [name, *speaks.split("; ")] if speaks else [name]
    if inspect.ismethod(function):  # Dense.init
        words.append(function.__self__.__name__)
        name = words[0] = f"{words[-1]}.{name}"
    return Row(label or name, function, kinds, frozenset(words))


def failures(row: Row) -> list[str]:
    """What is not as the row says, a line each; the given values are compared with what they were."""
    try:
        row.call(row.values())
    except Exception as error:  # noqa: BLE001  whatever it is, the table is wrong
        return [f"{row.name} refuses valid arguments: {type(error).__name__}: {error}"]
    found = []
    several = [
        name
        for name, parameter in signature(row.function).parameters.items()
        if parameter.kind is parameter.VAR_POSITIONAL
    ]
    for name, given in row.kinds.items():
        for place, place_kind, put in _places(name, given):
            if place in several:
                continue  # the tuple of *losses is Python's own
            for word, make in WRONG.items():
                if word in place_kind.untried:
                    continue
                arguments = row.values()
                arguments[name] = put(arguments[name], make())
                verbs = place_kind.verbs if word in ("(list,)", "record") else frozenset()
                found.extend(_trial(row, f"{place}={word}", arguments, verbs, accepted=word in place_kind.accepts))
    return found


def _places(name: str, given: Kind):
    """Where wrong values go: the argument, and each part of a tuple."""
    yield name, given, lambda _, wrong: wrong
    for i, part in enumerate(given.parts):
        for place, kind, put in _places(f"{name}[{i}]", part):
            yield place, kind, lambda old, wrong, i=i, put=put: (*old[:i], put(old[i], wrong), *old[i + 1 :])


def _trial(row: Row, what: str, arguments: dict[str, Any], verbs: frozenset[str], *, accepted: bool):
    words = row.speaks | spoken(arguments) | verbs
    before = {name: state(value) for name, value in arguments.items()}
    try:
        row.call(arguments)
    except FuncnnError as error:
        text = str(error)
        if accepted:
            yield f"{row.name}({what}) should pass: {type(error).__name__}: {text}"
        elif not any([re.match(rf"{re.escape(name)}[.:( ]", text) for name in words]):
            yield f"{row.name}({what}) does not say its name: {text}"
    except Exception as error:  # noqa: BLE001  whatever it is, it is not one of ours
        yield f"{row.name}({what}) is a bare error: {type(error).__name__}: {error}"
    else:
        if not accepted:
            yield f"{row.name}({what}) passes in silence"
    if changed := [name for name, value in arguments.items() if state(value) != before[name]]:
        yield f"{row.name}({what}) changes {', '.join(changed)}"


def swapped(row: Row) -> list[str]:
    """What passes with two arguments in each other's place, where they are of different types."""
    order = [name for name, parameter in signature(row.function).parameters.items() if parameter.kind in _BY_PLACE]
    found, valid = [], row.values()
    for one, other in combinations([name for name in order if name in valid], 2):
        takes_all = any([row.kinds[name].accepts == WRONG.keys() for name in (one, other)])
        if type(valid[one]) is not type(valid[other]) and not takes_all:
            arguments = row.values()
            arguments[one], arguments[other] = arguments[other], arguments[one]
            verbs = row.kinds[one].verbs | row.kinds[other].verbs
            found.extend(_trial(row, f"{one} and {other}=swapped", arguments, verbs, accepted=False))
    return found


_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def miscounted(row: Row) -> list[str]:
    """What does not say its name where there are too few arguments, or too many: to Python this is a TypeError.

    Functions that a function has made are left out: they pickle by the name of the private function behind them.
    """
    if not (inspect.isfunction(row.function) or inspect.ismethod(row.function) or isinstance(row.function, type)):
        return []
    found, several = [], inspect.Parameter.VAR_POSITIONAL
    parameters = signature(row.function).parameters.values()
    many = [] if several in [parameter.kind for parameter in parameters] else [None] * (len(parameters) + 1)
    for arguments in ([], many):
        needed = [one for one in parameters if one.default is one.empty and one.kind in (*_BY_PLACE, one.KEYWORD_ONLY)]
        if not (needed or arguments):
            continue
        try:
            row.function(*arguments)
        except TypeError as error:
            text, names = str(error), [word.split(".")[-1] for word in row.speaks]
            if not any([re.match(rf"(\w+\.)?{re.escape(name)}\b", text) for name in names]):
                found.append(f"{row.name}(count={len(arguments)}) does not say its name: {text}")
        except Exception as error:  # noqa: BLE001  whatever it is, it is not about the number of arguments
            found.append(f"{row.name}(count={len(arguments)}) is a bare error: {type(error).__name__}: {error}")
        else:
            found.append(f"{row.name}(count={len(arguments)}) passes in silence")
    return found


def state(value: Any) -> Any:
    """What must be the same after a call: the bytes of arrays, and whether they can be written to, also within others.

    Records are not looked into, since nobody can write to one.
    """
    if isinstance(value, np.ndarray):
        return value.tobytes(), value.flags.writeable
    if isinstance(value, tuple | list | dict):
        return [state(part) for part in (value.values() if isinstance(value, dict) else value)]
    return len(value) if isinstance(value, deque) else None


def spoken(value: Any) -> frozenset[str]:
    """The names of layers, losses and other functions in the arguments, with which an error may begin too."""
    while isinstance(value, partial):
        value = value.func
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        return frozenset().union(*map(spoken, value))
    if is_record(value):
        return frozenset([type(value).__name__]) | spoken(values(value))
    return frozenset([value.__name__]) if inspect.isfunction(value) else frozenset()
