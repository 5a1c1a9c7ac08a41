"""Twins of cards: functions of other libraries, as `"module:name"` or as expressions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from pkgutil import resolve_name
from types import CodeType
from typing import Annotated, Any, cast

from funcnn.arrays import kind
from funcnn.errors import KindError
from funcnn.needs import passing

_NAMED = re.compile(r"[\w.]+:[\w.]+")


def twin_of(text: str, settings: Iterable[str], **library: Any) -> Callable[..., Any]:
    """The function that a card names or writes, of x and these settings, or of the settings if it does not have x."""
    if _NAMED.fullmatch(text):
        return cast("Callable[..., Any]", resolve_name(text))
    code = _code(text, ("x", *settings) if is_of_x(text) else (*settings,))
    return cast("Callable[..., Any]", eval(code, library))  # noqa: S307  a card is code of its author, as a rule is


def is_of_x(text: str) -> bool:
    """Whether a twin takes x: an expression without x makes a module from the settings."""
    return _NAMED.fullmatch(text) is not None or re.search(r"\bx\b", text) is not None


@cache
def _code(text: str, names: tuple[str, ...]) -> CodeType:
    return compile(f"lambda {', '.join(names)}: ({text})", "<card>", "eval")


def _check_twin(function: str, argument: str, value: Any) -> None:
    needed = f'{function}: {argument} must be "module:name" or an expression'
    if type(value) is not str:
        raise KindError(f"{needed}, not {kind(value)}")
    try:
        compile("x" if value == "" or _NAMED.fullmatch(value) else value, "<card>", "eval")
    except (SyntaxError, ValueError) as error:  # ValueError: it has a null character
        raise KindError(f"{needed}, not {value!r}") from error


Twin = Annotated[str, passing('"module:name" or an expression', _check_twin)]
