"""The check that a loss of logits is not given probabilities, which it would squash a second time."""

from __future__ import annotations

from typing import Any

from funcnn.arrays import short
from funcnn.errors import ShapeError
from funcnn.losses.protocol import takes_logits
from funcnn.traits import gives_probabilities, shares


def squashed_twice(argument: str, loss: Any, params: Any) -> str:
    """The end of the error if a loss of logits is given probabilities, and otherwise an empty string."""
    place = _squashed(takes, gives_probabilities(params)) if (takes := takes_logits(loss)) else None
    if place is None:
        return ""
    return f"{argument} takes logits, so leave out the layer at the end of {place}{short(params)}"


def check_end(function: str, params: Any, out: Any) -> None:
    """Check that the network does not end in a softmax over one output, which is always 1."""
    if getattr(out, "shape", ())[-1:] == (1,):
        while type(params) is tuple and params:
            params = params[-1]
        if gives_probabilities.dispatch(type(params)) is shares:
            cls = type(params).__name__
            raise ShapeError(f"{function}: {cls} over one output is always 1, and its dx is 0; write Sigmoid()")


def _squashed(takes: Any, gives: Any) -> str | None:
    """The path of the output whose probabilities are taken as logits: "" for a single output, None for no output."""
    if type(takes) is tuple and type(gives) is tuple:  # `joint` has a loss for each output
        for i, pair in enumerate(zip(takes, gives, strict=False)):
            if (place := _squashed(*pair)) is not None:
                return f"branch {i} of {place}"
    return "" if takes is True and type(gives) is not tuple and gives else None
