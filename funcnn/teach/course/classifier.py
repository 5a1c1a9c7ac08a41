"""Usual mistakes in a training loop, from the calls that it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.layers.dense import Dense
from funcnn.metrics.classification import accuracy
from funcnn.prediction import predict
from funcnn.teach.progress import Diagnosis

FEW, SMALL, LARGE, ENOUGH = (
    50,
    0.02,
    20.0,
    0.9,
)  # chosen: steps and learning rates with which no classifier of the course learns


def rings(n: int) -> tuple[Array, Array]:
    """Points of three rings and their labels, one-hot."""
    random = np.random.default_rng(0)
    label = np.arange(n) % 3
    radius, angle = label + 0.5 + random.uniform(-0.3, 0.3, n), random.uniform(0, 2 * np.pi, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), np.eye(3)[label]


@attrs.define
class Calls:
    """What a training loop called: the networks that were stepped, the rates and the outputs."""

    inputs: list[Any] = attrs.field(factory=list)
    stepped: list[Any] = attrs.field(factory=list)
    rates: list[float] = attrs.field(factory=list)
    outs: list[Any] = attrs.field(factory=list)

    def in_place_of(self, names: dict[str, Any]) -> dict[str, Any]:
        """The functions of a module that train, which note their calls."""

        def forward(params: Any, x: Any) -> Any:
            self.inputs.append(x)
            return names["forward"](params, x)

        def sgd(params: Any, grads: Any, lr: Any) -> Any:
            self.stepped.append(params)
            self.rates.append(lr)
            return names["sgd"](params, grads, lr)

        def loss(out: Any, y: Any, **settings: Any) -> Any:
            self.outs.append(out)
            return names["softmax_cross_entropy"](out, y, **settings)

        return {"forward": forward, "sgd": sgd, "softmax_cross_entropy": loss}


def observe(classify: Callable[..., Any], x: Array, y: Array) -> Diagnosis:
    """Name the mistake of a function that trains a classifier, from its calls of forward, the loss and sgd."""
    calls, names = Calls(), classify.__globals__
    own = {name: names[name] for name in ("forward", "sgd", "softmax_cross_entropy")}
    try:
        names.update(calls.in_place_of(own))
        params = classify(x, y)
    except Exception as error:  # noqa: BLE001  a learner writes anything
        params = error
    finally:
        names.update(own)
    if _is_right(params):
        return Diagnosis(None, "the classifier is good enough.", "", "")
    text = next(filter(None, (says(calls, params, x, y) for says in _SAYS)), None)
    if text is None:
        return Diagnosis(None, "the classifier is not good enough.", "no known mistake was seen in the calls.", "")
    return Diagnosis("usual mistake", "the classifier is not good enough.", f"{text}.", "")


def _is_right(params: Any) -> bool:
    """Whether the trained network finds the rings of new points."""
    x, y = rings(300)
    try:
        return accuracy(predict(params, x[200:]), y[200:].argmax(axis=1)) > ENOUGH
    except Exception:  # noqa: BLE001  a learner returns anything
        return False


def _negative(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    is_negative = any(rate < 0 for rate in calls.rates)
    return "the learning rate is negative: sgd subtracts the gradient already" if is_negative else None


def _returned(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    if isinstance(params, Exception):
        return None
    if params is None:
        return "the parameters are not returned"
    return "nothing is trained: sgd is not called" if not calls.stepped else None


def _kept(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    is_same = len(calls.stepped) > 1 and all(one is calls.stepped[0] for one in calls.stepped)
    return "the result of sgd is not kept: each step begins with the same parameters" if is_same else None


def _once(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    if len(calls.stepped) <= 1 or isinstance(params, Exception):
        return None
    if len(calls.inputs) == 1:
        return "out is computed once, before the loop; forward must be called in each step"
    if len(calls.outs) == 1:
        return "the gradient is computed once, before the loop; the loss must be called in each step"
    return None


def _activation(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    layers = params if type(params) is tuple else (params,)
    if all(type(layer) is Dense for layer in layers):
        return "the network is linear: without an activation between dense layers it cannot separate rings"
    hidden = [layer.W.shape[1] for layer in layers if type(layer) is Dense][:-1]
    return "the hidden layer has too few units" if hidden and min(hidden) < 3 else None


def _probabilities(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    outs = [np.asarray(out) for out in calls.outs if np.ndim(out) == 2]
    is_softmax = bool(outs) and all((out >= 0).all() and np.allclose(out.sum(axis=1), 1) for out in outs)
    return "the loss gets probabilities: it applies the softmax itself, and needs the logits" if is_softmax else None


def _rate(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    if calls.rates and max(calls.rates) < SMALL:
        return f"the learning rate {max(calls.rates):g} is too small: the cost hardly falls in {len(calls.rates)} steps"
    if calls.rates and min(calls.rates) > LARGE:
        return f"the learning rate {min(calls.rates):g} is too large: the cost grows"
    return None


def _steps(calls: Calls, params: Any, x: Array, y: Array) -> str | None:
    n = len(calls.stepped)
    return f"{n} step{'s' * (n != 1)} are too few" if n < FEW and not isinstance(params, Exception) else None


_SAYS = (_negative, _returned, _kept, _once, _activation, _probabilities, _rate, _steps)
