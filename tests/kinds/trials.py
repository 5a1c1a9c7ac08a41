"""The calls that are tried for a row: wrong values, swapped arguments, too few and too many arguments."""

import inspect
import re
from collections import deque
from collections.abc import Iterator
from functools import partial
from inspect import Parameter
from itertools import combinations
from typing import Any

import numpy as np

from funcnn import FuncnnError
from funcnn.records import is_record, values
from tests.kinds.rows import Kind, Row
from tests.kinds.wrong import WRONG

BY_PLACE = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


def refusals(row: Row) -> list[str]:
    """What is not as the row says, a line each: what must be refused is, in a sentence that begins with the name of the
    function, and what is given stays as it was."""
    try:
        row.call(row.values())
    except Exception as error:  # noqa: BLE001  whatever it is, the table is wrong
        return [f"{row.name} refuses valid arguments: {type(error).__name__}: {error}"]
    found: list[str] = []
    for name, given in row.kinds.items():
        for place, kind, put in _places(name, given):
            if place in packed(row):
                continue  # the tuple of *losses is Python's own
            for word in [word for word in WRONG if word not in kind.untried]:
                arguments = row.values()
                arguments[name] = put(arguments[name], WRONG[word]())
                verbs = kind.verbs if word in {"(list,)", "record"} else frozenset()
                names = {name, "params"} if kind.verbs else {name}  # a verb calls its network params
                named = names if word == "object()" and place == name else ()  # wrong, whatever the others are
                accepted = word in kind.accepts
                found.extend(_trial(row, f"{place}={word}", arguments, verbs, named, accepted=accepted))
    return found


def packed(row: Row) -> list[str]:
    """The parameters like `*losses`."""
    parameters = inspect.signature(row.function).parameters
    return [name for name, parameter in parameters.items() if parameter.kind is parameter.VAR_POSITIONAL]


def _places(name: str, given: Kind) -> Iterator[tuple[str, Kind, Any]]:
    """Where wrong values go: the argument, and each part of a tuple."""
    yield name, given, lambda _, wrong: wrong
    for i, part in enumerate(given.parts):
        for place, kind, put in _places(f"{name}[{i}]", part):
            yield place, kind, lambda old, wrong, i=i, put=put: (*old[:i], put(old[i], wrong), *old[i + 1 :])


def _trial(
    row: Row, what: str, arguments: dict[str, Any], verbs: frozenset[str], named: Any = (), *, accepted: bool
) -> Iterator[str]:
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
        elif named and text.startswith(f"{row.name}: ") and not named & {*re.findall(r"\w+", text)}:
            yield f"{row.name}({what}) does not name the argument: {text}"
    except Exception as error:  # noqa: BLE001  whatever it is, it is not one of ours
        yield f"{row.name}({what}) is a bare error: {type(error).__name__}: {error}"
    else:
        if not accepted:
            yield f"{row.name}({what}) passes in silence"
    if changed := [name for name, value in arguments.items() if state(value) != before[name]]:
        yield f"{row.name}({what}) changes {', '.join(changed)}"


def swapped(row: Row) -> list[str]:
    """What passes with two arguments in each other's place, where they are of different types."""
    order = [
        name for name, parameter in inspect.signature(row.function).parameters.items() if parameter.kind in BY_PLACE
    ]
    found, valid = [], row.values()
    for one, other in combinations([name for name in order if name in valid], 2):
        takes_all = any([row.kinds[name].accepts == WRONG.keys() for name in (one, other)])
        if type(valid[one]) is not type(valid[other]) and not takes_all:
            arguments = row.values()
            arguments[one], arguments[other] = arguments[other], arguments[one]
            verbs = row.kinds[one].verbs | row.kinds[other].verbs
            found.extend(_trial(row, f"{one} and {other}=swapped", arguments, verbs, accepted=False))
    return found


def miscounted(row: Row) -> list[str]:
    """What does not say its name where there are too few arguments, or too many: to Python this is a TypeError.

    Functions that a function has made are left out: they pickle by the name of the private function behind them.
    """
    if not (inspect.isfunction(row.function) or inspect.ismethod(row.function) or isinstance(row.function, type)):
        return []
    found, parameters = [], inspect.signature(row.function).parameters.values()
    needs_some = any([one.default is one.empty and one.kind in (*BY_PLACE, one.KEYWORD_ONLY) for one in parameters])
    counts = [0] * needs_some + [len(parameters) + 1] * (not packed(row))
    names = [row.name] if inspect.ismethod(row.function) else [word.split(".")[-1] for word in row.speaks]
    for count in counts:
        try:
            row.function(*[None] * count)
        except TypeError as error:
            if not any([re.match(rf"(\w+\.)?{re.escape(name)}\b", str(error)) for name in names]):
                found.append(f"{row.name}({count} arguments) does not say its name: {error}")
        except Exception as error:  # noqa: BLE001  whatever it is, it is not about the number of arguments
            found.append(f"{row.name}({count} arguments) is a bare error: {type(error).__name__}: {error}")
        else:
            found.append(f"{row.name}({count} arguments) passes in silence")
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
    return frozenset([value.__name__.lstrip("_")]) if inspect.isfunction(value) else frozenset()
