"""Rows of the tables: a valid call of a function, and which other values each of its parameters takes."""

import inspect
from collections.abc import Callable
from typing import Any

import attrs

from tests.kinds.derived import kinds_of
from tests.kinds.kind import Kind, both, kind, words_of

__all__ = ["Kind", "Row", "both", "kind", "row"]


@attrs.frozen
class Row:
    """A valid call, and the kind of each argument."""

    name: str
    function: Callable[..., Any]
    kinds: dict[str, Kind]
    speaks: frozenset[str]  # the names with which an error may begin
    needs: str = ""  # a library, without which it cannot be tried

    def call(self, arguments: dict[str, Any]) -> Any:
        """The call with these arguments, each where the signature has it."""
        positional, named = [], dict(arguments)
        for name, parameter in inspect.signature(self.function).parameters.items():
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(named.pop(name))
            elif parameter.kind not in (parameter.KEYWORD_ONLY, parameter.VAR_KEYWORD):
                if name not in named:
                    break
                positional.append(named.pop(name))
        return self.function(*positional, **named)

    def values(self) -> dict[str, Any]:
        """Valid arguments, made anew."""
        return {name: given.make() for name, given in self.kinds.items()}


def row(function: Callable[..., Any], label: str = "", /, *, speaks: str = "", needs: str = "", **kinds: Kind) -> Row:
    """A row; `label` where it is not the function's own name, `speaks` further words with which errors may begin.

    `kinds` are those that are not derived.
    """
    name = getattr(function, "__name__", label)
    words = words_of(speaks)
    if inspect.ismethod(function):  # Dense.init
        cls = function.__self__.__name__
        name, words = f"{cls}.{name}", words | {cls}
    return Row(label or name, function, kinds_of(function, kinds), words | {name}, needs)
