"""Verbs: functions that look up the rule for the class of their first argument, and seal what it returns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache, singledispatch, wraps
from typing import Any, Protocol, TypeVar, cast, get_type_hints

import attrs
import numpy as np

from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.gradients import Grads
from funcnn.records import build, is_record, plans, values

P = TypeVar("P")  # a layer
X = TypeVar("X")  # its input
Y = TypeVar("Y")  # its output
C = TypeVar("C")  # its cache
Rule = Callable[..., Any]


def verb(default: Rule | None = None, *, returns: tuple[type, str] = (object, "")) -> Any:
    """Make a function a verb: itself the rule for every class that has none, with `register(cls)` for the others.

    It dispatches as `functools.singledispatch` does, but remembers classes in a plain dict, for speed, and takes
    exactly `tuple` as a chain of layers: no rule reaches a NamedTuple. Arrays in the result are made read-only.
    `returns` is the class of what a rule must return, a tuple being a pair, and how to write it.
    """
    if default is None:
        return lambda function: verb(function, returns=returns)
    fallback = default
    name, (returned, written) = default.__name__, returns
    dispatcher = singledispatch(default)
    rules: dict[type, Rule] = {}

    def find(cls: type) -> Rule:
        rule = fallback if issubclass(cls, tuple) and cls is not tuple else dispatcher.dispatch(cls)
        if rule is not fallback and cls is not tuple and cls not in plans:
            raise KindError(f"{name}: {cls.__name__} is no record; put @record above the class")
        rules[cls] = rule
        return rules[cls]

    @wraps(default)
    def call(params: Any, *given: Any) -> Any:
        cls = type(params)
        made = (rules.get(cls) or find(cls))(params, *given)
        cls_made = type(made)
        if written and (cls_made is not returned or (cls_made is tuple and len(made) != 2)):
            given_back = f"{len(made)} values" if cls_made is tuple else kind(made)
            raise KindError(f"{name}: the rule for {cls.__name__} must return {written}, not {given_back}")
        if cls is not tuple:  # what a chain returns, its layers have sealed
            _seal(made if cls_made is tuple else (made,), given)
        return made

    def register(cls: Any) -> Callable[[Rule], Rule]:
        if cls is not tuple and cls not in plans:
            raise KindError(
                f"{name}.register: {getattr(cls, '__name__', cls)} is no record; put @record above the class"
            )
        rules.clear()
        return dispatcher.register(cls)

    made_verb = cast("Any", call)
    made_verb.register, made_verb.dispatch, made_verb.registry = register, dispatcher.dispatch, dispatcher.registry
    return made_verb


def no_rule(verb: str, params: object) -> KindError:
    """What to say to a class, a list, or a record that has no rule."""
    if isinstance(params, type):
        return KindError(f"{verb}: {params.__name__} is a class; pass a value of it, as {params.__name__}()")
    if isinstance(params, list | tuple):
        return KindError(f"{verb}: a chain of layers is a tuple, not a {type(params).__name__}; write tuple(layers)")
    cls = type(params).__name__
    if not is_record(params):
        return KindError(f"{verb}: {cls} is no layer, which is a record or a tuple of layers")
    return KindError(f"{verb}: {cls} has no rule for it; write one with @{verb}.register({cls})")


def _seal(parts: Iterable[Any], given: tuple[Any, ...]) -> None:
    """Make every array that a rule made read-only, save those that it was given and passes on."""
    for part in parts:
        cls = type(part)
        if cls is np.ndarray:
            if part.flags.writeable and not _among(part, given):
                part.setflags(0)  # write=False, in half the time
        elif cls in plans:
            _seal(values(part), given)
        elif isinstance(part, tuple | list):
            _seal(part, given)
        elif isinstance(part, dict):
            _seal(part.values(), given)


def _among(array: object, given: tuple[Any, ...]) -> bool:
    for part in given:
        if part is array or (isinstance(part, tuple) and _among(array, part)):
            return True
    return False


def inside(verb: Rule, tree: Any, *args: Any) -> Any:
    """`tree` with `verb` done to each layer in its fields: the default of verbs that turn layers into layers.

    A tuple is one layer, the chain, but in a field that is annotated as a tuple, which holds layers side by side.
    """
    if isinstance(tree, type | list | tuple):
        raise no_rule(cast("Any", verb).__name__, tree)
    if not is_record(tree):
        return tree  # a setting, in a tuple of settings
    cls: Any = type(tree)
    old, new = values(tree), []
    for part, several in zip(old, _hold_several(cls), strict=True):
        if type(part) is tuple and several:
            new.append(tuple([verb(one, *args) for one in part]))
        else:
            new.append(verb(part, *args) if type(part) is tuple or is_record(part) else part)
    return tree if all([a is b for a, b in zip(old, new, strict=True)]) else build(cls, new)


@cache  # of a class, which stays as it is
def _hold_several(cls: Any) -> tuple[bool, ...]:
    """Of each field, whether it is annotated as a tuple: `tuple`, `tuple[Any, ...]`, as a text or by another name."""
    try:
        hints = get_type_hints(cls)
    except (NameError, TypeError, AttributeError):  # a name that only a type checker knows: then by the text
        hints = {}
    types = [str(hints.get(field.name, field.type)) for field in attrs.fields(cls)]
    return tuple([re.search(r"\b[tT]uple\b", annotation) is not None for annotation in types])


# What the type checker knows of each verb.


class Forward(Protocol):
    """`forward(params, x) -> (out, cache)`."""

    def __call__(self, params: Any, x: Any, /) -> tuple[Any, Any]: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X], tuple[Y, C]]], Callable[[P, X], tuple[Y, C]]]: ...


class Backward(Protocol):
    """`backward(params, cache, dA) -> Grads(params, x)`."""

    def __call__(self, params: P, cache: Any, dA: Any, /) -> Grads[P]: ...
    def dispatch(self, cls: type, /) -> Rule: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, C, Y], Grads[P]]], Callable[[P, C, Y], Grads[P]]]: ...


class ForwardOnly(Protocol):
    """`forward_only(params, x) -> out`."""

    def __call__(self, params: Any, x: Any, /) -> Any: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, X], Y]], Callable[[P, X], Y]]: ...


class BackwardParams(Protocol):
    """`backward_params(params, cache, dA) -> params`."""

    def __call__(self, params: P, cache: Any, dA: Any, /) -> P: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, C, Y], P]], Callable[[P, C, Y], P]]: ...


class Inference(Protocol):
    """`inference(params) -> params`."""

    def __call__(self, params: Any, /) -> Any: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P], Y]], Callable[[P], Y]]: ...


class Reseed(Protocol):
    """`reseed(params, i) -> params`."""

    def __call__(self, params: P, i: int, /) -> P: ...
    def register(self, cls: type[P], /) -> Callable[[Callable[[P, int], P]], Callable[[P, int], P]]: ...
