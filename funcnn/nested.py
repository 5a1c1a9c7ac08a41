"""Verbs applied to the layers in the fields of a layer."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import attrs
import numpy as np

from funcnn.records import build, getters, plans, values
from funcnn.refusals import check_tree_of_layers, is_no_layer

Verb = Callable[..., Any]


def inside(verb: Verb, tree: Any, *args: Any, function: str = "") -> Any:
    """`tree` with `verb` applied to each layer in its fields: the default rule of verbs from layers to layers.

    A tuple of layers is one layer, the chain; in a field declared with `branches` it holds layers side by side. In any
    other tuple `verb` is applied to the layers only. `function` is the function named in errors, by default the verb.
    """
    check_tree_of_layers(function or cast("Any", verb).__name__, tree)
    cls: Any = type(tree)
    old, new = values(tree), []
    for part, several in zip(old, _are_branches(cls), strict=True):
        if type(part) is tuple and several:
            new.append(tuple([verb(one, *args) for one in part]))
        else:
            new.append(_applied(verb, part, *args))
    return tree if all([a is b for a, b in zip(old, new, strict=True)]) else build(cls, new)


def alters(verb: Any, value: Any, *, in_field: bool = False) -> bool:
    """Whether a layer in `value`, at any depth, has a rule for `verb` other than the default, which changes nothing.

    Also True for a value that is no layer, which the verb refuses; in the field of a record it may be a setting.
    """
    cls = type(value)
    if cls is tuple:
        return any([alters(verb, part, in_field=in_field) for part in value])
    if cls not in plans:
        return not in_field
    if verb.dispatch(cls) is not verb.dispatch(object):
        return True
    return any([type(part) is not np.ndarray and alters(verb, part, in_field=True) for part in getters[cls](value)])


def _applied(verb: Verb, part: Any, *args: Any) -> Any:
    """`verb` of a layer, `verb` of each layer in a tuple that is not a chain, and any other value unchanged."""
    if is_made_of_layers(part):
        return verb(part, *args)
    if type(part) is not tuple:
        return part
    new = tuple([_applied(verb, one, *args) for one in part])
    return part if all([a is b for a, b in zip(part, new, strict=True)]) else new


def is_made_of_layers(value: Any) -> bool:
    """Whether `value` may be a layer, or a tuple of layers, at any depth: a verb applies to it as one layer."""
    cls: Any = type(value)
    if cls is tuple:
        return all(map(is_made_of_layers, value))
    return cls in plans and not is_no_layer(cls)


@cache  # by class, since the fields of a class do not change
def _are_branches(cls: Any) -> tuple[bool, ...]:
    """For each field, whether it is declared with `branches`."""
    return tuple(["branches" in field.metadata for field in attrs.fields(cls)])
