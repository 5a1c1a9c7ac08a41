"""Every array of a tree, and every number in its states, by its path: what other libraries store by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from funcnn.arrays import Array, is_array, kind, short
from funcnn.errors import KindError
from funcnn.needs import passing
from funcnn.records import build, is_record, plans

MANY = 8  # names in a message
NUMBERS = {bool: "b", int: "iu", float: "f"}  # the kinds of dtypes that hold numbers of each type


def map_named(take: Callable[[str, Any], Any], tree: Any, path: str = "", *, carried: bool = False) -> Any:
    """The tree with `take(path, leaf)` for each array, and for each number in a state."""
    if is_array(tree) or (carried and type(tree) in NUMBERS):
        return take(path, tree)

    def inside(part: Any, step: str, *, is_state: bool = False) -> Any:
        return map_named(take, part, f"{path}.{step}" if path else step, carried=carried or is_state)

    if type(tree) is tuple:
        return tuple([inside(part, str(i)) for i, part in enumerate(tree)])
    if not is_record(tree):
        return tree
    fields = plans[type(tree)]
    return build(type(tree), [inside(getattr(tree, name), name, is_state=is_state) for name, is_state in fields])


def check_names(function: str, argument: str, names: Any) -> None:
    """Check that `names` is a dict of strings."""
    if not isinstance(names, Mapping) or not all([isinstance(word, str) for pair in names.items() for word in pair]):
        given = short(names) if isinstance(names, Mapping) else kind(names)
        raise KindError(f"{function}: {argument} must be a dict of strings, not {given}")


Names = Annotated[Mapping[str, str], passing("a dict of strings", check_names)]


def renamed(
    function: str, given: Mapping[str, Array], names: Mapping[str, str] | None, source: str
) -> dict[str, Array]:
    """The arrays, with the longest key of `names` with which a name begins, up to a dot, replaced by its value.

    A star in a key stands for any text within a part, and one in its value for the same text. Errors of the function
    `function` call the arrays `source`.
    """
    names = {} if names is None else names
    for head, new in names.items():
        if head.count("*") != new.count("*"):
            raise KindError(f"{function}: names must have as many stars in {head} as in {new}")
    found: dict[str, Array] = {}
    used = set()
    for name, array in given.items():
        new = name
        for head in sorted(names, key=len, reverse=True):
            pattern = re.escape(head).replace(re.escape("*"), "([^.]+)")
            if match := re.match(rf"{pattern}(?=\.|$)", name):
                texts = iter(match.groups())
                start = "".join([next(texts) if letter == "*" else letter for letter in names[head]])
                new = f"{start}{name[match.end() :]}".removeprefix(".")
                used.add(head)
                break
        if new in found:
            raise KindError(f"{function}: names must keep all names apart, but two of {source} become {new}")
        found[new] = array
    if unused := [head for head in names if head not in used]:
        raise KindError(f"{function}: names has {listed(unused)}, with which no name of {source} begins")
    return found


def listed(names: list[str]) -> str:
    """Names in a message: the first of them, if there are many."""
    more = f" and {len(names) - MANY} more" if len(names) > MANY else ""
    return ", ".join(names[:MANY]) + more
