"""Methods that an estimator has only where its outputs are probabilities, or logits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar, cast

from sklearn.utils.metaestimators import available_if

from funcnn.errors import KindError
from funcnn.interop.sklearn.settings import called, for_own, has_probabilities

F = TypeVar("F", bound=Callable[..., Any])


def where_probable(method: F) -> F:
    """The method; for another loss an AttributeError, whose cause says why."""
    return cast("F", available_if(partial(_is_probable, method.__name__))(method))


def _is_probable(method: str, estimator: Any) -> bool:
    """True; otherwise an error, by the settings of the last fit, if there was one."""
    course = getattr(estimator, "_course", None)
    loss, network = (course.loss, course.network) if course else (estimator.loss, estimator.network)
    if not has_probabilities(loss, network):
        needed, given = "a cross-entropy, whose outputs are logits", f"{called(loss)}{for_own(loss)}"
        raise KindError(f"{type(estimator).__name__}.{method}: loss must be {needed}, not {given}")
    return True
