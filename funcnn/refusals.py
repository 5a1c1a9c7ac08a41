"""Refusals of values without a rule: classes, lists, training states, gradients, and records that are no layers."""

from __future__ import annotations

from functools import cache
from typing import Any

from funcnn.arrays import kind
from funcnn.by_value import verbs
from funcnn.errors import KindError
from funcnn.records import is_record, plans
from funcnn.remedies import call_of

# The verb that makes a record a layer, or an optimizer: it has a rule for the class.
_MADE_BY = {"layer": ("funcnn.core", "forward"), "optimizer": ("funcnn.optimizers.base", "update")}
_ALSO = ("funcnn.core", "inference")  # has a rule for Active, which stands for a layer until inference is called


def no_rule_error(function: str, params: object, needed: str = "layer") -> KindError:
    """The error for a class, a list, or a record without a rule."""
    if isinstance(params, type):
        return KindError(f"{function}: {params.__name__} is a class; pass a value of it, as {call_of(params)}")
    if isinstance(params, list | tuple):
        return KindError(
            f"{function}: a chain of {needed}s is a tuple, not a {type(params).__name__}; write tuple({needed}s)"
        )
    cls, part = type(params), "params" if needed == "layer" else needed
    if is_record(params) and _is_state(cls):
        return KindError(f"{function}: there is no rule for {cls.__name__}; write state.{part}")
    if not is_record(params) or _is_other(cls, needed):
        one = f"an {needed}" if needed == "optimizer" else f"a {needed}"
        one = f"a record with a rule for {_MADE_BY[needed][1]}," if is_record(params) else one
        return KindError(f"{function}: {part} must be {one} or a tuple of {needed}s, not {kind(params)}")
    return KindError(
        f"{function}: there is no rule for {cls.__name__}; write one with @{function}.register({cls.__name__})"
    )


def check_tree_of_layers(function: str, params: Any) -> None:
    """Check that a value, or each part of a tuple, is a layer, or a record of a user, such as one of two networks."""
    cls: Any = type(params)
    if cls is tuple:
        for part in params:
            check_tree_of_layers(function, part)
    elif cls not in plans or is_no_layer(cls):
        raise no_rule_error(function, params)


@cache  # by class, since funcnn registers all rules of its own classes where they are defined
def is_no_layer(cls: Any) -> bool:
    """Whether a class of records is one of training states, gradients, optimizers or alike."""
    rule = verbs[_ALSO].dispatch
    return _is_state(cls) or (_is_other(cls, "layer") and rule(cls) is rule(object))


def _is_state(cls: type) -> bool:
    """Whether a class is TrainState or like it."""
    return {"optimizer", "params"} <= {name for name, _ in plans[cls]}


def _is_other(cls: type, needed: str) -> bool:
    """Whether a class of funcnn is not a layer, or not an optimizer."""
    rule = verbs[_MADE_BY[needed]].dispatch
    return cls.__module__.startswith("funcnn.") and rule(cls) is rule(object)
