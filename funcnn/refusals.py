"""Refusals of values without a rule: classes, lists, training states, gradients, and records that are no layers."""

from __future__ import annotations

from functools import cache
from os import PathLike
from typing import Any

from funcnn.arrays import is_array, kind
from funcnn.by_value import verbs
from funcnn.errors import KindError
from funcnn.records import plans
from funcnn.remedies import call_of

# The verb that makes a record a layer, or an optimizer: it has a rule for the class.
_MADE_BY = {"layer": ("funcnn.core", "forward"), "optimizer": ("funcnn.optimizers.base", "update")}
_NEEDED = {
    "layer": "a layer or a tuple of layers",
    "optimizer": "an optimizer, such as Adam(), or a tuple of them",
}
_ALSO = ("funcnn.core", "inference")  # has a rule for Active, which stands for a layer until inference is called


def no_rule_error(function: str, params: object, needed: str = "layer") -> KindError:
    """The error for a class, a list, or a record without a rule."""
    argument = "params" if needed == "layer" else needed
    cls: Any = params if isinstance(params, type) else type(params)
    can_be_one, name = cls in plans and not _is_state(cls) and not _is_other(cls, needed), cls.__name__
    if can_be_one and not isinstance(params, type):
        return KindError(f"{function}: there is no rule for {name}; write one with @{function}.register({name})")
    if isinstance(params, type):
        remedy = f"; write {call_of(cls)}" if can_be_one else ""
    elif isinstance(params, list | tuple):
        are_records = all([type(part) is tuple or type(part) in plans for part in params])
        remedy = f"; write tuple({argument})" if are_records else ""
    else:
        remedy = f"; write state.{argument}" if cls in plans and _is_state(cls) else ""
    return KindError(f"{function}: {argument} must be {_NEEDED[needed]}, not {kind(params)}{remedy}")


def layer_error(function: str, argument: str, params: Any, x: Any = None) -> KindError:
    """The error for what is no layer: a list, a path, a training state, an estimator, a module, a class; or an x."""
    remedy = f"; write tuple({argument})" if type(params) is list else ""
    if isinstance(params, str | PathLike) and str(params).endswith(".npz"):
        remedy = f"; write load({argument})"
    if type(params) in plans and hasattr(params, "params"):  # a TrainState or a Grads
        remedy = "; write state.params" if hasattr(params, "optimizer") else f"; write {argument}.params"
    if hasattr(params, "network_"):  # an estimator for scikit-learn
        remedy = f"; write {argument}.network_"
    if hasattr(params, "state_dict"):
        remedy = f"; for a module of torch write from_torch({argument}, x)"
    rule = verbs[_MADE_BY["layer"]].dispatch
    if isinstance(params, type) and params in plans and rule(params) is not rule(object):
        remedy = f"; write {call_of(params)}"
    if is_array(params) and (type(x) in plans or type(x) is tuple):
        remedy = f"; write {function}(params, x)"
    return KindError(f"{function}: {argument} must be {_NEEDED['layer']}, not {kind(params)}{remedy}")


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
