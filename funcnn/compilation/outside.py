"""What settings and losses must have in common with those that a kernel was made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from funcnn.core import backward, backward_params, forward, forward_only, inference, reseed
from funcnn.generation import step
from funcnn.identity.guard import guard
from funcnn.optimizers.base import update

_PLAIN = {bool, int, str, bytes, type(None)}
_RULES: tuple[Any, ...] = forward, forward_only, backward, backward_params, inference, reseed, step, update


@attrs.frozen(eq=False)
class Itself:
    """A value that equals itself alone."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return type(other) is Itself and other.value is self.value

    __hash__ = None  # type: ignore[assignment]  # it is compared, and nothing else


def parts_of(setting: Any, form: list[Any]) -> None:
    """Append a setting to a form, such that equal forms have equal settings; an object that may change is itself."""
    cls = type(setting)
    if cls in _PLAIN:
        form += (cls, setting)
    elif cls is float or cls is complex:  # 0.0 equals -0.0, but rules may tell them apart
        form += (cls, repr(setting))
    else:
        form.append(Itself(setting))


def guarded(make: Callable[[], Any], form: list[Any], *others: Any) -> tuple[Any, Callable[[], bool]]:
    """What `make` makes, and a function: whether `others` and the classes and objects of a form are as they were.

    If that cannot be compared, a reason takes the place of what is made.
    """
    classes = [part for part in form if isinstance(part, type)]
    objects = [part.value for part in form if type(part) is Itself]
    for _ in range(2):  # again where the first call keeps something, as a cached property does
        try:
            is_unchanged = guard([*others, *classes, *objects], _RULES)
        except Exception as reason:  # noqa: BLE001  UnknownError, or the error of an object that a function reads
            return f"what the loss and the rules read cannot be compared in each step: {reason}", always
        made = make()
        if is_unchanged():
            return made, is_unchanged
    return "the loss or a rule changes what it reads", always


def always() -> bool:
    """True, for a reason that does not change."""
    return True
