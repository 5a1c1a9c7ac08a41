"""Losses of logits behind layers that give probabilities: refused, since logits would be squashed twice."""

from __future__ import annotations

from functools import partial
from typing import Any

from funcnn.arrays import short
from funcnn.traits import gives_probabilities


def squashed_twice(loss: Any, params: Any) -> str:
    """What to say of a network that gives probabilities to a loss of logits; empty if it does not."""
    place = _squashed(loss, gives_probabilities(params))
    if place is None:
        return ""
    return f"the loss takes logits, so leave out the layer at the end of {place}{short(params)}"


def _squashed(loss: Any, answer: Any) -> str | None:
    """Which output, by the answer of the trait, holds probabilities where `loss` takes logits; None if none does."""
    loss = _inner(loss)
    if type(loss) is tuple and type(answer) is tuple:  # each loss of `joint` has an output
        for i, (own, gives) in enumerate(zip(loss, answer, strict=False)):
            if (place := _squashed(own, gives)) is not None:
                return f"branch {i} of {place}"
    return "" if answer is True and takes_logits(loss) else None


def takes_logits(loss: Any) -> bool:
    """Whether `loss`, or the one that a partial of it calls, is marked with `takes_logits = True`."""
    return getattr(_inner(loss), "takes_logits", False)


def _inner(loss: Any) -> Any:
    """The loss that a partial calls, or the tuple of those that `joint` calls."""
    while isinstance(loss, partial):
        loss = next((part for part in loss.args if callable(part) or type(part) is tuple), loss.func)
    return loss
