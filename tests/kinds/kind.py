"""A kind of argument: a value that a function takes, and which of the wrong values it takes as well."""

import copy
from collections.abc import Callable
from typing import Any

import attrs

from tests.kinds.wrong import WRONG


def words_of(text: str) -> frozenset[str]:
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
        assert words_of(accepted) <= WRONG.keys(), accepted
        return attrs.evolve(self, accepts=self.accepts | words_of(accepted))

    def but(self, untried: str) -> "Kind":
        """The same kind, where some values are not tried, for a reason that stands beside it"""
        return attrs.evolve(self, untried=words_of(untried))

    def __sub__(self, refused: str) -> "Kind":
        """What it does not take here"""
        assert words_of(refused) <= self.accepts, refused
        return attrs.evolve(self, accepts=self.accepts - words_of(refused))


def kind(value: Any, accepts: str = "", *, verbs: str = "") -> Kind:
    """A kind by one of its values."""
    return Kind(lambda: copy.deepcopy(value), verbs=words_of(verbs)) | accepts


def both(*parts: Kind) -> Kind:
    """A tuple: wrong values stand in the place of the whole, and of each part."""
    return Kind(lambda: tuple([part.make() for part in parts]), parts=parts)
