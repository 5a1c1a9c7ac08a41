"""Who gives probabilities, and who takes logits: never one behind the other, which would squash them twice."""

from __future__ import annotations

from functools import partial
from typing import Any


def squashed_twice(loss: Any, params: Any) -> Any:
    """The network, or the branch of it, that gives probabilities to a loss of logits; None if none does."""
    loss = _inner(loss)
    if type(loss) is tuple:  # each loss of `joint` has a branch, where the network ends in a Parallel
        pairs = zip(loss, getattr(_last(params), "layers", ()), strict=False)
        return next((found for pair in pairs if (found := squashed_twice(*pair)) is not None), None)
    return params if takes_logits(loss) and gives_probabilities(params) else None


def gives_probabilities(params: Any) -> bool:
    """Whether the last layer that says no `passes_on = True`, as Reshape does, says `gives_probabilities = True`."""
    return getattr(_last(params), "gives_probabilities", False)


def takes_logits(loss: Any) -> bool:
    """Whether `loss`, or the one that a partial of it calls, is marked with `takes_logits = True`."""
    return getattr(_inner(loss), "takes_logits", False)


def _last(params: Any) -> Any:
    if type(params) is tuple:
        return next((end for layer in params[::-1] if (end := _last(layer)) is not None), None)
    return None if getattr(params, "passes_on", False) else params


def _inner(loss: Any) -> Any:
    """The loss that a partial calls, or the tuple of those that `joint` calls."""
    while isinstance(loss, partial):
        loss = next((part for part in loss.args if callable(part) or type(part) is tuple), loss.func)
    return loss
