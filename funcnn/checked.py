"""The checks of a function's arguments, compiled from the annotations of its parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import cache, update_wrapper, wraps
from inspect import Parameter, Signature, signature
from types import FunctionType, TracebackType
from typing import Any, TypeVar, cast

from funcnn.errors import FuncnnError, KindError
from funcnn.needs import Need, need_of
from funcnn.tracebacks import end_at_caller

F = TypeVar("F", bound=Callable[..., Any])


def checked(function: F) -> F:
    """The function, which gets each argument as its annotation needs it; the checks are compiled at the first call.

    >>> from funcnn.checked import checked
    >>> from funcnn.needs import Count
    >>> @checked
    ... def half(n: Count) -> float:
    ...     return n / 2
    >>> half(0)
    Traceback (most recent call last):
        ...
    funcnn.errors.RangeError: half: n must be at least 1, not 0
    """
    compiled = cache(lambda: _compiled(function))

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            try:
                return compiled()(*args, **kwargs)
            except TypeError as error:
                if cast("TracebackType", error.__traceback__).tb_next or not (text := _unexpected(function, kwargs)):
                    raise
                raise KindError(text) from None
        except FuncnnError as error:
            end_at_caller(error)
            raise

    return cast("F", call)


def renamed(function: Any, qualname: str) -> Any:
    """A copy of a function that has another name in Python's errors, checked if the function is."""
    rule = function.__wrapped__ if is_checked(function) else function
    own = FunctionType(rule.__code__, rule.__globals__, rule.__name__, rule.__defaults__, rule.__closure__)
    own.__kwdefaults__ = rule.__kwdefaults__
    update_wrapper(own, rule).__qualname__ = qualname
    return checked(own) if rule is not function else own


def is_checked(function: Any) -> bool:
    """Whether `checked` made the function."""
    return getattr(function, "__code__", None) is _CODE


def _unexpected(function: Any, given: Any) -> str:
    """The text for keyword arguments that a function does not take; empty if it takes them all."""
    names = [name for name in signature(function).parameters if name not in _CALLER]
    more = next((name for name in given if name not in names), "")
    name = function.__qualname__.rpartition("<locals>.")[2]
    return f"{name}: there is no argument {more}; its arguments are {', '.join(names)}" if more else ""


def _compiled(function: Any) -> Any:
    """A function of the same parameters that checks them and calls `function`."""
    name, parameters = function.__name__, signature(function).parameters.values()
    space = {"__name__": __name__, "_function": function, "inf": math.inf}  # a parameter may be named `function`
    lines: list[str] = []
    for p in parameters:
        space[f"default_{p.name}"], need = p.default, need_of(p.annotation, function.__globals__)
        if need is not None:
            space[f"need_{p.name}"] = need
            lines.extend(_check(p, need, _CALLER.get(next(iter(parameters)).name, "{!r}").format(name)))
    shown = [p.replace(annotation=p.empty, default=_default(p)) for p in parameters]
    source = "\n".join([f"def {name}{Signature(shown)}:", *lines, f"    return _function({_passed(parameters)})"])
    exec(compile(source, f"<checks of {name}>", "exec"), space)  # noqa: S102  made of names of parameters and tests
    space[name].__qualname__ = function.__qualname__  # the name in Python's errors
    return space[name]


_CALLER = {"cls": "f'{{cls.__name__}}.{}'", "self": "type(self).__name__"}  # an expression for the name in errors


def _check(p: Parameter, need: Need, caller: str) -> Iterator[str]:
    """The lines that check one parameter, or each of the arguments that it collects."""
    if p.kind is p.VAR_POSITIONAL:
        each = f"need_{p.name}.explain({caller}, f'{p.name}[{{i}}]', value)"
        yield f"    {p.name} = [{each} for i, value in enumerate({p.name})]"
        return
    test = re.sub(r"\bvalue\b", p.name, need.test)
    yield f"    if not ({test}):"
    yield f"        {p.name} = need_{p.name}.explain({caller}, {p.name!r}, {p.name})"


class _Name(str):
    """A default as it is written in the source"""

    __slots__ = ()
    __repr__ = str.__str__


def _default(p: Parameter) -> Any:
    return p.empty if p.default is p.empty else _Name(f"default_{p.name}")


def _passed(parameters: Any) -> str:
    """The arguments as they are passed on"""
    written = {Parameter.VAR_POSITIONAL: "*{0}", Parameter.KEYWORD_ONLY: "{0}={0}", Parameter.VAR_KEYWORD: "**{0}"}
    return ", ".join([written.get(p.kind, "{0}").format(p.name) for p in parameters])


_CODE = cast("FunctionType", checked(_passed)).__code__  # which all checked functions share
