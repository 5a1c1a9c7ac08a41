"""The protocol of a loss: the pair (cost, dA), and the declaration that it takes logits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from numbers import Number
from types import FunctionType
from typing import Annotated, Any, TypeVar

from funcnn.arrays import counted, is_array, kind
from funcnn.errors import KindError
from funcnn.fields import call_text, check_function, parameters_of
from funcnn.lazy import counterpart
from funcnn.needs import passing
from funcnn.trees.libraries import FAILURES, again

F = TypeVar("F")
_COMPLEX = "__funcnn_complex__"
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
    return _marked("of_logits", loss, _LOGITS)


def _marked(function: str, loss: F, mark: str) -> F:
    if callable(loss):
        with suppress(AttributeError, TypeError):  # methods and records, whose attributes are fixed
            setattr(loss, mark, True)
            return loss
    is_method = hasattr(loss, "__func__")
    is_written = is_method or (callable(loss) and isinstance(type(loss).__call__, FunctionType))  # not in C
    place = "its def" if is_method else f"the def of {type(loss).__name__}.__call__"
    remedy = f"; put @{function} above {place}" if is_written else ""
    raise KindError(f"{function}: loss must be a function, not {kind(loss)}{remedy}")


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


def check_of_out_and_y(function: str, argument: str, value: Any) -> None:
    """Check that a loss or a metric is a function (out, y) of arrays.

    The metrics of scikit-learn and the losses of Keras are functions (y_true, y_pred), which would be called with y and
    out exchanged; many of them give another number then.
    """
    needed = "a function (out, y)"
    check_function(function, argument, value, needed, takes=2)
    check_of_arrays(function, argument, value, needed)
    parameters = parameters_of(value)
    names = list(parameters.parameters)[:2] if parameters else []
    if names[:1] in (["y"], ["y_true"]) and names[1] in _PREDICTIONS:
        raise KindError(f"{function}: {argument} must be {needed}, not {call_text(value)}{_remedy(argument, value)}")


Metric = Annotated[Callable[[Any, Any], Any], passing("a function (out, y)", check_of_out_and_y)]


def _remedy(argument: str, value: Any) -> str:
    """The remedy for a function of (y, out): to exchange them; if it gives a cost alone, a loss of funcnn."""
    function = getattr(value, "__name__", "<lambda>")
    library = str(getattr(value, "__module__", "")).partition(".")[0]
    if argument != "metric" and library in {"keras", "sklearn"}:
        return f"; write {found}" if (found := counterpart(function, "funcnn.losses")) else ""
    return f"; write lambda out, y: {function}(y, out)" if function != "<lambda>" else ""


def check_of_arrays(function: str, argument: str, value: Any, needed: str) -> None:
    """Refuse a function or a module of a library whose losses take tensors."""
    library = str(getattr(value, "__module__", "")).partition(".")[0]
    if library in {"torch", "tensorflow"}:
        raise KindError(f"{function}: {argument} must be {needed} of arrays, not one of {library}")


_PREDICTIONS = {"out", "y_pred", "y_prob", "y_proba", "y_score"}  # the names of funcnn and of scikit-learn


def evaluated(function: str, loss: Any, *given: Any) -> tuple[Any, Any]:
    """Call the loss and check that it returns (cost, dA); errors name the function that was given the loss."""
    made: Any
    try:
        made = loss(*given)
    except FAILURES as error:
        if (made := again(function, loss, error, *given)) is None:
            raise
    if type(made) is not tuple or len(made) != 2:
        given_back = counted(len(made), "value") if type(made) is tuple else kind(made)
        raise KindError(f"{function}: the loss must return a pair, the cost and its gradient dA, not {given_back}")
    cost: Any = made[0]
    has_axes = bool(getattr(cost, "ndim", 0))
    if type(cost) is not float and (has_axes or not is_of_numbers(cost)):
        given_back = f"{kind(cost)} of shape {cost.shape}" if has_axes else kind(cost)
        raise KindError(f"{function}: the loss must return (cost, dA), cost being one number, not {given_back}")
    return made


def is_of_numbers(cost: Any) -> bool:
    """Whether a cost is a number, real or complex, or an array of numbers, which may be traced"""
    return getattr(cost.dtype, "kind", "no") not in "STU" if is_array(cost) else isinstance(cost, Number)


def of_complex(loss: F) -> F:
    """Declare that a loss computes with complex outputs as with real ones, so that `hvp` can take a complex step.

    A decorator of functions, methods and classes; for a loss that is a record, put it above `__call__`. The losses of
    funcnn need no declaration. A loss is fit for a complex step if cost and dA are made of analytic functions, such as
    `exp` and products, and real parts are compared: `abs`, `sign` and `.real` lose the step, and then `hvp` is wrong.
    The declaration is found through `functools.partial`, `functools.wraps`, `weighted`, `masked` and `joint`.

    >>> import numpy as np
    >>> from funcnn.losses import of_complex
    >>> @of_complex
    ... def quartic(out, y):
    ...     e = out - y
    ...     return (e**4).mean(), 4 * e**3 / e.size

    Raises:
        KindError: `loss` is not a function, a method or a class.
    """
    return _marked("of_complex", loss, _COMPLEX)


def takes_complex_out(loss: Any) -> bool:
    """Whether a loss is of funcnn or declared by `of_complex`, and so is each loss in it."""
    if isinstance(loss, tuple):
        return all(map(takes_complex_out, loss))
    if isinstance(loss, partial) and not hasattr(loss, _COMPLEX):
        return all(map(takes_complex_out, (loss.func, *loss.args, *loss.keywords.values())))
    if not callable(loss):
        return True  # a setting
    is_declared = getattr(loss, _COMPLEX, False) or getattr(type(loss).__call__, _COMPLEX, False)
    return bool(is_declared) or str(getattr(loss, "__module__", "")).startswith("funcnn.losses.")
