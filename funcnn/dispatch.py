"""Verbs: functions that find the rule for the class of their first argument, and set its result to read-only."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, singledispatch, wraps
from importlib import import_module
from typing import Any, cast

import attrs
import numpy as np

from funcnn.arrays import kind
from funcnn.by_value import verbs
from funcnn.errors import KindError
from funcnn.fields import check_function
from funcnn.guards import guarded
from funcnn.records import build, getters, is_record, plans, values
from funcnn.refusals import check_tree_of_layers, is_no_layer

Rule = Callable[..., Any]

registered: list[type] = []  # the class of each rule, in order: what depends on a rule can be renewed
_instead: dict[int, Rule] = {}  # what is called in the place of a rule, by its id
CHAIN = "funcnn.layers.chain"  # the module of the rules for tuples, imported when a verb first gets a tuple


def verb(
    default: Rule | None = None, *, returns: tuple[Any, str] = (object, ""), check: Callable[..., None] | None = None
) -> Any:
    """A verb: a function with a rule for each class. `default` is the rule of classes without a registered one.

    A class without a rule takes the rule of its nearest base, as in `functools.singledispatch`; classes are looked up
    in a plain dict, for speed. Only `tuple` itself is a chain of layers; a NamedTuple has no rule. Arrays made by a
    rule are read-only in the result. `returns` is the class that a rule must return, where a tuple means a pair and
    `object` a layer, or a function `(params, made)` that accepts a result, and the description for messages. `check` is
    called with all arguments and raises an error for arguments that no rule takes.
    """
    if default is None:
        return lambda function: verb(function, returns=returns, check=check)
    returned, needed = returns
    check_result = _result_check(default.__name__, returned, needed)
    rules, calls, find, *others = _table(default)

    @wraps(default)
    def call(params: Any, *given: Any) -> Any:
        cls = type(params)
        try:
            if check is not None:
                check(params, *given)
            made = (calls.get(cls) or find(cls)[1])(params, *given)
        except (TypeError, ValueError, AttributeError, LookupError) as error:
            _explain(default, rules.get(cls), error, params, *given)
            raise
        cls_made = type(made)
        if needed and (cls_made is not returned or (cls_made is tuple and len(made) != 2)):
            check_result(params, made)
        elif cls is not tuple and made is not params:  # the layers of a chain have sealed the result
            _seal(made if cls_made is tuple else (made,), given)
        return made

    return _with_table(call, rules, calls, find, *others)


def trait(default: Rule) -> Any:
    """A verb for a property of a layer: its rule is found by class, and its result is not set to read-only.

    For a value without a rule, be it a layer or not, `default` gives the result.
    """
    rules, calls, find, *others = _table(default)

    @wraps(default)
    def call(params: Any) -> Any:
        rule = rules.get(cls := type(params)) or find(cls)[0]
        try:
            return rule(params)
        except TypeError as error:
            _explain(default, rule, error, params)
            raise

    return _with_table(call, rules, calls, find, *others)


def _explain(default: Rule, rule: Rule | None, error: Exception, *given: Any) -> None:
    """Raise the error that says why a rule failed with `error`, if the arguments or the rule's parameters are wrong."""
    from funcnn.rule_errors import call_error  # noqa: PLC0415  imported after a failure

    if (explained := call_error(default, rule, error, *given)) is not None:
        raise explained from error


def _result_check(function: str, returned: Any, needed: str) -> Callable[[Any, Any], None]:
    """The check of a result whose class is not `returned`, or of a tuple that is not a pair."""

    def check_result(params: Any, made: Any) -> None:
        if returned is object:
            is_right = _is_made_of_layers(made)
        else:
            is_right = not isinstance(returned, type) and returned(params, made)
        if is_right:
            return
        if made is params:
            check_tree_of_layers(function, params)
        from funcnn.rule_errors import result_error  # noqa: PLC0415  imported after a failure

        raise result_error(function, params, made, needed)

    return check_result


def call_instead(rule: Rule, other: Rule) -> None:
    """Let all verbs call `other` in the place of `rule`, which `dispatch` still returns."""
    _instead[id(rule)] = other
    for verb in verbs.values():
        verb.calls.clear()


def _table(default: Rule) -> tuple[Any, ...]:
    """Rules found so far, what is called for them, functions that find and register a rule, and the dispatcher."""
    name, dispatcher = default.__name__, singledispatch(default)
    rules: dict[type, Rule] = {}
    calls: dict[type, Rule] = {}

    def find(cls: type) -> tuple[Rule, Rule]:
        if cls is tuple:
            import_module(CHAIN)
        rule = default if issubclass(cls, tuple) and cls is not tuple else dispatcher.dispatch(cls)
        if rule is not default:
            _check_class(name, cls)
        owner = next((base for base in cls.__mro__ if base in dispatcher.registry), object)
        call = guarded(name, cls, owner, _instead.get(id(rule), rule))
        return rules.setdefault(cls, rule), calls.setdefault(cls, call)

    def register(cls: Any) -> Callable[[Rule], Rule]:
        if not isinstance(cls, type):
            remedy = f"; write @{name}.register({type(cls).__name__})" if is_record(cls) else ""
            raise KindError(f"{name}.register: cls must be a class, not {kind(cls)}{remedy}")
        _check_class(f"{name}.register", cls)

        def put(rule: Rule) -> Rule:
            check_function(f"{name}.register", "the rule", rule)
            rules.clear()
            calls.clear()
            registered.append(cls)
            return dispatcher.register(cls, rule)

        put.__qualname__ = register.__qualname__
        return put

    register.__qualname__ = f"{name}.register"  # Python's messages about missing arguments use it
    return rules, calls, find, register, dispatcher


def _check_class(function: str, cls: type) -> None:
    """Check that rules can be registered for a class: it is tuple, or a class of records."""
    if cls is not tuple and cls not in plans:
        raise KindError(f"{function}: {cls.__name__} is not a record; put @record above the class")


def _with_table(call: Any, rules: Any, calls: Any, find: Any, register: Any, dispatcher: Any) -> Any:
    call.dispatch = lambda cls: rules.get(cls) or find(cls)[0]
    call.calls, call.register, call.registry = calls, register, dispatcher.registry
    verbs[call.__module__, call.__name__] = call
    return call


def _seal(parts: Any, given: tuple[Any, ...]) -> None:
    """Set all arrays that a rule made to read-only; arguments that the rule returns are not changed."""
    for part in parts:
        if (cls := type(part)) is np.ndarray:
            for one in given:
                if one is part or (isinstance(one, tuple) and _among(part, one)):
                    break
            else:
                part.setflags(0)  # write=False, twice as fast as by keyword
        elif plans.get(cls):  # a record with fields
            _seal(getters[cls](part), given)
        elif isinstance(part, (tuple, list, dict)):
            _seal(part.values() if isinstance(part, dict) else part, given)


def _among(array: object, given: tuple[Any, ...]) -> bool:
    """Whether this array is in a tuple, at any depth."""
    for part in given:  # not in a generator: a cache of many steps is searched for each array that a rule made
        if part is array or (isinstance(part, tuple) and _among(array, part)):
            return True
    return False


def inside(verb: Rule, tree: Any, *args: Any, function: str = "") -> Any:
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


def _applied(verb: Rule, part: Any, *args: Any) -> Any:
    """`verb` of a layer, `verb` of each layer in a tuple that is not a chain, and any other value unchanged."""
    if _is_made_of_layers(part):
        return verb(part, *args)
    if type(part) is not tuple:
        return part
    new = tuple([_applied(verb, one, *args) for one in part])
    return part if all([a is b for a, b in zip(part, new, strict=True)]) else new


def _is_made_of_layers(value: Any) -> bool:
    """Whether `value` may be a layer, or a tuple of layers, at any depth: a verb applies to it as one layer."""
    cls: Any = type(value)
    if cls is tuple:
        return all(map(_is_made_of_layers, value))
    return cls in plans and not is_no_layer(cls)


@cache  # by class, since the fields of a class do not change
def _are_branches(cls: Any) -> tuple[bool, ...]:
    """For each field, whether it is declared with `branches`."""
    return tuple(["branches" in field.metadata for field in attrs.fields(cls)])
