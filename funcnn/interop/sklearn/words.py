"""Words of searches for the settings inside a setting: `optimizer__decay`, `optimizer__0__norm`, `lr__steps`."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from funcnn.arrays import is_array, short
from funcnn.errors import FuncnnError, RangeError
from funcnn.records import is_record, plans
from funcnn.schedules.base import BoundSchedule
from funcnn.trees.edits import evolve


class _RefusedError(Exception):
    """A value refuses a setting, for the reason in the cause."""


@attrs.frozen(eq=False)
class Refused:
    """A value of a setting, and new values by words that it refuses with this error, which `fit` raises."""

    value: Any
    words: dict[str, Any]
    error: Any


def words(value: Any) -> dict[str, Any]:
    """The settings inside a value, and inside of these, by their words.

    A tuple of one entry, as the default optimizer is, has the words of its entry.
    """
    if type(value) is tuple and len(value) == 1:
        return words(value[0])
    found: dict[str, Any] = {}
    for name, part in _parts(value).items():
        found |= {name: part} | {f"{name}__{word}": inner for word, inner in words(part).items()}
    return found


def after(function: str, setting: str, value: Any, word: str, new: Any) -> Any:
    """The value with another setting inside, or a Refused."""
    before, given = (value.value, value.words) if isinstance(value, Refused) else (value, {})
    made, given = before, given | {word: new}
    try:
        for inner, part in given.items():
            made = changed(function, setting, made, inner, part)
    except _RefusedError as error:
        return Refused(before, given, error.__cause__)
    return made


def changed(function: str, setting: str, value: Any, word: str, new: Any) -> Any:
    """The value with another setting inside."""
    name, _, inside = word.partition("__")
    if type(value) is tuple and len(value) == 1 and not name.isdecimal():
        return (changed(function, setting, value[0], word, new),)
    parts = _parts(value)
    if name not in parts:
        has = f"it has {', '.join(parts)}" if parts else f"it is {short(value)}"
        raise RangeError(f"{function}: {setting} has no setting {name!r}; {has}")
    part = changed(function, f"{setting}__{name}", parts[name], inside, new) if inside else new
    try:
        return _replaced(value, name, part)
    except FuncnnError as error:
        raise _RefusedError from error


def _replaced(value: Any, name: str, part: Any) -> Any:
    if type(value) is tuple:
        return (*value[: int(name)], part, *value[int(name) + 1 :])
    if isinstance(value, BoundSchedule):
        return value.evolved(**{name: part})
    return partial(value, **{name: part}) if isinstance(value, partial) else evolve(value, **{name: part})


def _parts(value: Any) -> dict[str, Any]:
    """The settings of a record, the arguments of a schedule or of a partial, the entries of a tuple of such values."""
    if is_record(value):
        names = [name for name, is_state in plans[type(value)] if not is_state]
        return {name: part for name in names if not is_array(part := getattr(value, name))}
    if isinstance(value, BoundSchedule):
        return value.settings
    if isinstance(value, partial):
        return dict(value.keywords)
    if type(value) is tuple and all([is_record(part) or callable(part) for part in value]):
        return {str(i): part for i, part in enumerate(value)}
    return {}
