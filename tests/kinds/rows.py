"""Rows of the tables: a valid call of a function, and which other values each of its parameters takes."""

import copy
import inspect
from collections.abc import Callable
from typing import Any

import attrs

from tests.kinds.wrong import WRONG


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split("; ")) if text else frozenset()


@attrs.frozen
class Kind:
    """A value that a parameter takes, made anew by `make`, and which of `WRONG` it takes; of a tuple, also its parts.

    Of a tree that is wrong inside, and of a record without a rule, an error may begin with the verb that found it.
    """

    make: Callable[[], Any]
    accepts: frozenset[str] = frozenset()
    parts: tuple["Kind", ...] = ()
    verbs: frozenset[str] = frozenset()
    untried: frozenset[str] = frozenset()

    def __call__(self, value: Any) -> "Kind":
        """The same kind, with another value"""
        return attrs.evolve(self, make=lambda: copy.deepcopy(value))

    def made(self, make: Callable[[], Any]) -> "Kind":
        """The same kind, with a value that cannot be copied"""
        return attrs.evolve(self, make=make)

    def __or__(self, accepted: str) -> "Kind":
        """What else it takes: `count | "None"`"""
        assert _words(accepted) <= WRONG.keys(), accepted
        return attrs.evolve(self, accepts=self.accepts | _words(accepted))

    def but(self, untried: str) -> "Kind":
        """The same kind, where some values are not tried, for a reason that stands beside it"""
        return attrs.evolve(self, untried=_words(untried))

    def __sub__(self, refused: str) -> "Kind":
        """What it does not take here"""
        assert _words(refused) <= self.accepts, refused
        return attrs.evolve(self, accepts=self.accepts - _words(refused))


def kind(value: Any, accepts: str = "", *, verbs: str = "") -> Kind:
    """A kind by one of its values."""
    return Kind(lambda: copy.deepcopy(value), verbs=_words(verbs)) | accepts


def both(*parts: Kind) -> Kind:
    """A tuple: wrong values stand in the place of the whole, and of each part."""
    return Kind(lambda: tuple([part.make() for part in parts]), parts=parts)


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
    """A row; `label` where it is not the function's own name, `speaks` further words with which errors may begin."""
    name = getattr(function, "__name__", label)
    words = _words(speaks)
    if inspect.ismethod(function):  # Dense.init
        cls = function.__self__.__name__
        name, words = f"{cls}.{name}", words | {cls}
    return Row(label or name, function, kinds, words | {name}, needs)
