"""Whether numbers are finite, and states of training that are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from funcnn.arrays import counted, namespace
from funcnn.errors import NotFiniteError
from funcnn.trees.walks import arrays_in, walk


def as_finite_state(function: str, now: Any) -> Any:
    """The TrainState `now`, in which parameters, states and the memory of the optimizer are checked to be finite.

    A step whose cost is finite may give a state that is not. `train` finds it by the cost of the next step, or at the
    end; functions of runs call `as_finite_state` for each state that they keep, save, score, or end with.
    """
    if not all(map(is_finite, arrays_in((now.params, now.optimizer)))):  # without paths, in a third of the time
        raise _not_finite_error(function, now)
    return now


def _not_finite_error(function: str, now: Any) -> NotFiniteError:
    """The error that names the first array of a state that is not finite."""
    arrays = [*walk(now.params, "params"), *walk(now.optimizer, "optimizer")]
    path = next(path for path, array in arrays if not is_finite(array))
    if not now.step:
        return NotFiniteError(f"{function}: {path} is not finite before the first step")
    return NotFiniteError(f"{function}: {path} is not finite after {counted(now.step, 'step')}; a smaller lr may help")


def is_finite(values: Any) -> bool:
    """Whether all values are finite; True for a tracer, whose values are not known yet."""
    if type(values) is np.ndarray and values.dtype.char in "fd":
        flat = values.ravel("K")
        if math.isfinite(np.vdot(flat, flat)):  # one pass, without warnings; if the sum overflows, the entries decide
            return True
    elif isinstance(values, float | np.floating):
        return math.isfinite(values)
    xp = namespace(values)
    try:
        return bool(xp.all(xp.isfinite(values)))
    except TypeError:
        return True
