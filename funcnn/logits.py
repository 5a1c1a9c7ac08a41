"""Losses of logits behind layers that give probabilities: refused, since logits would be squashed twice."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import short
from funcnn.losses.protocol import takes_logits
from funcnn.traits import gives_probabilities


def squashed_twice(loss: Any, params: Any, what: str = "the loss") -> str:
    """What to say of a network that gives probabilities to a loss of logits; empty if it does not."""
    place = _squashed(takes, gives_probabilities(params)) if (takes := takes_logits(loss)) else None
    if place is None:
        return ""
    return f"{what} takes logits, so leave out the layer at the end of {place}{short(params)}"


def _squashed(takes: Any, gives: Any) -> str | None:
    """Which output, by the answers of loss and network, holds probabilities that are taken for logits; None if none."""
    if type(takes) is tuple and type(gives) is tuple:  # each loss of `joint` has an output
        for i, pair in enumerate(zip(takes, gives, strict=False)):
            if (place := _squashed(*pair)) is not None:
                return f"branch {i} of {place}"
    return "" if takes is True and type(gives) is not tuple and gives else None
