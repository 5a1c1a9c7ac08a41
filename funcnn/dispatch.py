"""Verbs: functions that find the rule for the class of their first argument, and set its result to read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import singledispatch, wraps
from importlib import import_module
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import kind
from funcnn.by_value import verbs
from funcnn.errors import FuncnnError, KindError
from funcnn.fields import check_function
from funcnn.guards import guarded
from funcnn.records import getters, is_record, plans
from funcnn.refusals import check_tree_of_layers
from funcnn.tracebacks import end_at_caller
from funcnn.trees.libraries import FAILURES, again

Rule = Callable[..., Any]
V = TypeVar("V")

registered: list[type] = []  # the class of each rule, in order: what depends on a rule can be renewed
_instead: dict[int, Rule] = {}  # what is called in the place of a rule, by its id
CHAIN = "funcnn.layers.chain"  # the module of the rules for tuples, imported when a verb first gets a tuple


def verb(
    kind: type[V],
    *,
    gives: type | None = None,
    accepts: Callable[[Any, Any], bool] | None = None,
    needed: str = "",
    check: Callable[..., None] | None = None,
    inherits: bool = True,
    of: Any = None,
) -> Callable[[Rule], V]:
    """Make a function a verb, of this type: it has a rule for each class, and is itself the rule of all others.

    A class without a rule takes the rule of its nearest base, as in `functools.singledispatch`, unless `inherits` is
    false; classes are looked up in a plain dict, for speed. With `of`, the default gives a part of the result of the
    verb `of`, and a class whose nearest rule is one of `of` takes the default. Only `tuple` itself is a chain of
    layers; a NamedTuple has no rule. Arrays made by a rule are read-only in the result. A result must be of the class
    `gives`, a tuple a pair, or `accepts(params, made)` must be true; `needed` describes it in messages. `check` is
    called with all arguments and raises an error for arguments that no rule takes.
    """

    def declare(default: Rule) -> Any:
        check_result = _result_check(default.__name__, accepts, needed)
        table = _table(default, inherits=inherits, of=of)
        rules, calls, find = table.rules, table.calls, table.find

        @wraps(default)
        def call(params: Any, *given: Any) -> Any:
            cls = type(params)
            try:
                try:
                    if check is not None:
                        check(params, *given)
                    made = (calls.get(cls) or find(cls)[1])(params, *given)
                except FAILURES as error:
                    if (made := again(default.__name__, call, error, params, *given)) is not None:
                        return made
                    _explain(default, rules.get(cls), error, params, *given)
                    raise
                cls_made = type(made)
                if needed and (cls_made is not gives or (cls_made is tuple and len(made) != 2)):
                    check_result(params, made)
                elif cls is not tuple and made is not params:  # the layers of a chain have sealed the result
                    _seal(made if cls_made is tuple else (made,), given)
            except FuncnnError as error:
                end_at_caller(error)
                raise
            return made

        return _with_table(call, table)

    return declare


def trait(default: Rule) -> Any:
    """A verb for a property of a layer: its rule is found by class, and its result is not set to read-only.

    For a value without a rule, be it a layer or not, `default` gives the result.
    """
    table = _table(default)
    rules, find = table.rules, table.find

    @wraps(default)
    def call(params: Any) -> Any:
        rule = rules.get(cls := type(params)) or find(cls)[0]
        try:
            return rule(params)
        except TypeError as error:
            _explain(default, rule, error, params)
            raise

    return _with_table(call, table)


def _explain(default: Rule, rule: Rule | None, error: Exception, *given: Any) -> None:
    """Raise the error that says why a rule failed with `error`, if the arguments or the rule's parameters are wrong."""
    from funcnn.rule_errors import call_error  # noqa: PLC0415  imported after a failure

    if (explained := call_error(default, rule, error, *given)) is not None:
        raise explained from error


def _result_check(function: str, accepts: Callable[[Any, Any], bool] | None, needed: str) -> Callable[[Any, Any], None]:
    """The check of a result whose class is not the one that the verb gives, or of a tuple that is not a pair."""

    def check_result(params: Any, made: Any) -> None:
        if accepts is not None and accepts(params, made):
            return
        if made is params:
            check_tree_of_layers(function, params)
        from funcnn.rule_errors import result_error  # noqa: PLC0415  imported after a failure

        raise result_error(function, params, made, needed)

    return check_result


def call_instead(rule: Rule, other: Rule) -> None:
    """Let all verbs call `other` in the place of `rule`, which `dispatch` still returns; for machine code."""
    _instead[id(rule)] = other
    for each in verbs.values():
        each.calls.clear()


class _Table:
    """The rules of a verb by class, as far as they were looked up; the same with their guards; and what fills them."""

    def __init__(
        self, find: Any, register: Any, registry: Any, rules: dict[type, Rule], calls: dict[type, Rule]
    ) -> None:
        self.find, self.register, self.registry, self.rules, self.calls = find, register, registry, rules, calls
        self.parts: list[_Table] = []  # of verbs that give a part of what this one gives

    def forget(self) -> None:
        """Rules are looked up anew."""
        self.rules.clear()
        self.calls.clear()


def _table(default: Rule, *, inherits: bool = True, of: Any = None) -> _Table:
    name, dispatcher = default.__name__, singledispatch(default)
    wholes: Any = of.registry if of else {}
    rules: dict[type, Rule] = {}
    calls: dict[type, Rule] = {}

    def find(cls: type) -> tuple[Rule, Rule]:
        if cls is tuple:
            import_module(CHAIN)
        bases = cls.__mro__ if inherits else (cls,)
        owner = next((base for base in bases if base in dispatcher.registry or base in wholes), object)
        owner = owner if owner in dispatcher.registry else object
        rule = default if issubclass(cls, tuple) and cls is not tuple else dispatcher.registry[owner]
        if rule is not default:
            _check_class(name, cls)
        call = guarded(name, cls, owner, _instead.get(id(rule), rule))
        return rules.setdefault(cls, rule), calls.setdefault(cls, call)

    def register(cls: Any) -> Callable[[Rule], Rule]:
        if not isinstance(cls, type):
            remedy = f"; write @{name}.register({type(cls).__name__})" if is_record(cls) else ""
            raise KindError(f"{name}.register: cls must be a class, not {kind(cls)}{remedy}")
        _check_class(f"{name}.register", cls)

        def put(rule: Rule) -> Rule:
            check_function(f"{name}.register", "the rule", rule)
            for each in (table, *table.parts):
                each.forget()
            registered.append(cls)
            return dispatcher.register(cls, rule)

        put.__qualname__ = register.__qualname__
        return put

    register.__qualname__ = f"{name}.register"  # Python's messages about missing arguments use it
    table = _Table(find, register, dispatcher.registry, rules, calls)
    if of:
        of.parts.append(table)
    return table


def _check_class(function: str, cls: type) -> None:
    """Check that rules can be registered for a class: it is tuple, or a class of records."""
    if cls is not tuple and cls not in plans:
        raise KindError(f"{function}: {cls.__name__} is not a record; put @record above the class")


def _with_table(call: Any, table: _Table) -> Any:
    call.dispatch = lambda cls: table.rules.get(cls) or table.find(cls)[0]
    call.calls, call.register, call.registry, call.parts = table.calls, table.register, table.registry, table.parts
    verbs[call.__module__, call.__name__] = call
    return call


_MANY = 100  # parts of a tuple


def _seal(parts: Any, given: tuple[Any, ...], ids: set[int] | None = None) -> None:
    """Set all arrays that a rule made to read-only; arguments that the rule returns are not changed.

    `ids` are those of all arrays in `given`, which are collected once if many arrays are looked up.
    """
    for part in parts:
        if (cls := type(part)) is np.ndarray:
            if ids is not None:
                if id(part) not in ids:
                    part.setflags(0)
                continue
            for one in given:
                if one is part or (isinstance(one, tuple) and _among(part, one)):
                    break
            else:
                part.setflags(0)  # write=False, twice as fast as by keyword
        elif plans.get(cls):  # a record with fields
            _seal(getters[cls](part), given, ids)
        elif isinstance(part, (tuple, list, dict)):
            if ids is None and len(part) > _MANY:
                ids = set(_ids(given))
            _seal(part.values() if isinstance(part, dict) else part, given, ids)


def _ids(given: tuple[Any, ...]) -> Iterator[int]:
    """The ids of what is in a tuple, at any depth."""
    for part in given:
        if isinstance(part, tuple):
            yield from _ids(part)
        else:
            yield id(part)


def _among(array: object, given: tuple[Any, ...]) -> bool:
    """Whether this array is in a tuple, at any depth."""
    for part in given:  # not in a generator: a cache of many steps is searched for each array that a rule made
        if part is array or (isinstance(part, tuple) and _among(array, part)):
            return True
    return False
