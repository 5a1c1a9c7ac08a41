"""A step of training, given the gradient."""

from __future__ import annotations

from typing import Any

from funcnn.core import sgd
from funcnn.gradients import Grads
from funcnn.optimizers.base import update


def moved(optimizer: Any, grads: Grads[Any], params: Any, lr: Any) -> tuple[Any, Any]:
    """(params, optimizer) after the update of the optimizer and the step of sgd"""
    steps, after = update(optimizer, grads, params)
    return sgd(params, steps, lr), after
