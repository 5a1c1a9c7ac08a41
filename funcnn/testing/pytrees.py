"""Trees of arrays: tuples, lists, dicts, and instances of dataclasses and attrs classes, nested in any way.

Of an instance, the fields that hold numbers are its parts: arrays, floats, complex numbers, or trees of them. Its other
fields, such as texts, whole numbers of Python and functions, stay as they are, as do the fields that its constructor
computes. The parts of a record are its parameters: a float is a setting there, and a state is no part.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from numbers import Number
from typing import Any

import attrs

from funcnn.arrays import is_array, kind, short
from funcnn.records import build, is_record, plans
from funcnn.testing.verdict import GradientError


def children(tree: Any) -> list[tuple[str, Any]] | None:
    """The parts of a tree, each with its index as source; None for a leaf. None itself has no parts, as in JAX."""
    if tree is None:
        return []
    if isinstance(tree, dict):
        return [(f"[{json.dumps(key) if isinstance(key, str) else repr(key)}]", part) for key, part in tree.items()]
    if isinstance(tree, tuple | list):
        names = getattr(type(tree), "_fields", None)  # of a named tuple
        return [(f".{names[i]}" if names else f"[{i}]", part) for i, part in enumerate(tree)]
    if is_record(tree):
        parameters = [name for name, is_state in plans[type(tree)] if not is_state]
        return [(f".{name}", part) for name in parameters if _holds(is_array, part := getattr(tree, name))]
    fields = fields_of(tree)
    return None if fields is None else [(f".{name}", part) for name, part in fields.items() if _holds(_is_number, part)]


def fields_of(tree: Any) -> dict[str, Any] | None:
    """The fields that the constructor of an instance takes, by name; None if it is of no dataclass or attrs class."""
    cls = type(tree)
    if _is_array(tree):  # some libraries write theirs with attrs
        return None
    if dataclasses.is_dataclass(cls):
        return {field.name: getattr(tree, field.name) for field in dataclasses.fields(cls) if field.init}
    return (
        {field.name: getattr(tree, field.name) for field in attrs.fields(cls) if field.init} if attrs.has(cls) else None
    )


def _is_array(value: Any) -> bool:
    """Whether a value is an array of any library, or a number of NumPy."""
    return hasattr(type(value), "shape") and hasattr(type(value), "dtype")


def _is_number(value: Any) -> bool:
    return _is_array(value) or (isinstance(value, Number) and not isinstance(value, int))


def _holds(fits: Callable[[Any], bool], value: Any) -> bool:
    parts = children(value)
    return fits(value) if parts is None else any([_holds(fits, part) for _, part in parts])


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf with its path.

    >>> from funcnn.testing.pytrees import leaves
    >>> dict(leaves({"W": 1.0, "layers": [(2.0, 3.0)]}, "params"))
    {'params["W"]': 1.0, 'params["layers"][0][0]': 2.0, 'params["layers"][0][1]': 3.0}
    """
    parts = children(tree)
    if parts is None:
        yield path, tree
        return
    for index, part in parts:
        yield from leaves(part, path + index)


Made = Callable[[Any, Mapping[str, Any]], Any]


def rebuilt(tree: Any, rest: Iterator[Any]) -> Any:
    """A tree of the structure of `tree`, whose leaves are taken from `rest`; classes are called."""
    return _filled(tree, rest, _constructed)


def shaped(tree: Any, rest: Iterator[Any]) -> Any:
    """As `rebuilt`, for tangents and cotangents, which a constructor may refuse: classes are not called."""
    return _filled(tree, rest, _set)


def _filled(tree: Any, rest: Iterator[Any], made: Made) -> Any:
    if tree is None:
        return None
    if isinstance(tree, dict):
        new = copy(tree)
        new.update({key: _filled(part, rest, made) for key, part in tree.items()})
        return new
    if isinstance(tree, tuple | list):
        parts = [_filled(part, rest, made) for part in tree]
        return type(tree)(*parts) if hasattr(tree, "_fields") else tuple(parts) if isinstance(tree, tuple) else parts
    named = children(tree)
    if named is None:
        return next(rest)
    if not named and not is_record(tree):
        return tree
    return made(tree, {index[1:]: _filled(part, rest, made) for index, part in named})


def _constructed(tree: Any, parts: Mapping[str, Any]) -> Any:
    cls = type(tree)
    if is_record(tree):
        return build(cls, [parts.get(field.name, getattr(tree, field.name)) for field in attrs.fields(cls)])
    if dataclasses.is_dataclass(cls):
        return dataclasses.replace(tree, **parts)
    return attrs.evolve(tree, **{field.alias: parts[field.name] for field in attrs.fields(cls) if field.name in parts})


def _set(tree: Any, parts: Mapping[str, Any]) -> Any:
    cls = type(tree)
    new = object.__new__(cls)
    for field in dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else attrs.fields(cls):
        object.__setattr__(new, field.name, parts.get(field.name, getattr(tree, field.name, None)))
    return new


def map_leaves(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with f(leaf) for each leaf, and f(array) for the states of records."""

    def made(part: Any, parts: Mapping[str, Any]) -> Any:
        if is_record(part):
            from funcnn.trees.walks import map_arrays  # noqa: PLC0415  functions of plain arrays load nothing of networks

            part = map_arrays(f, part)
        return _constructed(part, parts)

    return _filled(tree, iter([f(leaf) for _, leaf in leaves(tree)]), made)


def leaves_like(tree: Any, given: Any, name: str, error: type[GradientError]) -> Iterator[Any]:
    """The leaves of `given` in the order of `tree`; where a part of `given` is None, None for each leaf of that part.

    A tuple may stand for a list, and a dict or an instance of another class, by names, for an instance of a class.
    Raises `error` where the structures differ; `name` is the name of `given` in errors.
    """
    parts = children(tree)
    if parts is None:
        yield given
    elif given is None:
        yield from [None for _ in leaves(tree)]
    else:
        if difference := _difference(tree, given):
            raise error(f"{name} must be {outline(tree)}{difference}")
        named = _named(given) if fields_of(tree) is not None else None
        keys = tree if isinstance(tree, dict) else range(len(parts))
        for (index, part), key in zip(parts, keys, strict=True):
            yield from leaves_like(part, given[key] if named is None else named[index[1:]], name + index, error)


def _named(given: Any) -> Mapping[str, Any] | None:
    """What has names, by name: a dict, a named tuple or an instance; else None."""
    if isinstance(given, dict):
        return given
    return given._asdict() if hasattr(given, "_asdict") else fields_of(given)


def _difference(tree: Any, given: Any) -> str:
    """How the outermost structure of a tree differs from that of another, as the end of a sentence; "" if it fits."""
    fields = fields_of(tree)
    if fields is None and not isinstance(tree, dict):
        names = getattr(tree, "_fields", None)
        fits = isinstance(given, tuple | list) and len(given) == len(tree)
        named_alike = names is None or getattr(given, "_fields", names) == names
        return "" if fits and named_alike else f", not {outline(given)}"
    found = _named(given) if fields is not None else given if isinstance(given, dict) else None
    if found is None:
        return f", not {outline(given)}"
    wanted = tree if fields is None else [index[1:] for index, _ in children(tree) or ()]
    shown = repr if fields is None else str
    lacks, more = [key for key in wanted if key not in found], [key for key in found if key not in (fields or tree)]
    said = [f"{verb} {', '.join(map(shown, keys))}" for verb, keys in (("lacks", lacks), ("has more:", more)) if keys]
    return f"; it {' and '.join(said)}" if said else ""


def outline(tree: Any) -> str:
    """The outermost structure of a tree in words."""
    if isinstance(tree, dict):
        return f"a dict of {', '.join(map(repr, tree))}" if tree else "an empty dict"
    names = getattr(type(tree), "_fields", fields_of(tree))
    if names is not None:
        return f"{type(tree).__name__}({', '.join(names)})"
    if isinstance(tree, tuple | list):
        return f"a {'tuple' if isinstance(tree, tuple) else 'list'} of {len(tree)}"
    return short(tree) if children(tree) is None and kind(tree).endswith("array") else kind(tree)
