"""The protocol of a loss: the pair (cost, dA), and the declaration that it takes logits."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from funcnn.arrays import kind
from funcnn.errors import KindError

F = TypeVar("F")
_LOGITS = "__funcnn_logits__"  # an attribute of the function, which `functools.wraps` and cloudpickle copy


def of_logits(loss: F) -> F:
    """Declare that a loss takes logits, so that `value_and_grad` refuses a network that ends in probabilities.

    A decorator of functions, methods and classes; for a loss that is a record, put it above `__call__`. The declaration
    is found through `functools.partial`, `functools.wraps`, `weighted`, `masked` and `joint`; `trace`, `validation` and
    `bisect_nan` use it as well. The declaration is not found inside another function: declare a lambda around such a
    loss too. A direct call, `loss(out, y)`, is not checked, since the loss does not get the network.

    >>> from funcnn import softmax_cross_entropy
    >>> from funcnn.losses import of_logits
    >>> @of_logits
    ... def tempered(out, y):
    ...     cost, dA = softmax_cross_entropy(out / 2, y)
    ...     return cost, dA / 2

    Raises:
        KindError: `loss` is not a function, a method or a class.
    """
    if callable(loss):
        with suppress(AttributeError, TypeError):  # methods and records, whose attributes are fixed
            setattr(loss, _LOGITS, True)
            return loss
    remedy = "; put @of_logits above its def" if callable(loss) else ""
    raise KindError(f"of_logits: loss must be a function, not {kind(loss)}{remedy}")


def takes_logits(loss: Any) -> Any:
    """Whether a loss is declared by `of_logits`; for `joint`, a tuple with a result for each of its losses."""
    while (answer := getattr(loss, _LOGITS, None)) is None and isinstance(loss, partial):
        loss = loss.func
    if answer is None and callable(loss):
        answer = getattr(type(loss).__call__, _LOGITS, False)
    return answer or False


def declared(made: F, answer: Any) -> F:
    """Mark `made`, a partial that calls one loss or several, so that `takes_logits(made)` is `answer`."""
    if answer:
        setattr(made, _LOGITS, answer)
    return made


def evaluated(whose: str, loss: Any, *given: Any) -> tuple[Any, Any]:
    """Call the loss and check that it returns (cost, dA); errors name the function that was given the loss."""
    made: Any = loss(*given)
    if type(made) is not tuple or len(made) != 2:
        given_back = f"{len(made)} values" if type(made) is tuple else kind(made)
        raise KindError(f"{whose}: the loss must return (cost, dA), dA being the gradient of cost, not {given_back}")
    return made
