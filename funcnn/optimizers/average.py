"""The average of the networks of a run."""

from __future__ import annotations

from typing import Any, TypeVar

from funcnn.arrays import Array, is_float, short, wide
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.gradients import Grads
from funcnn.needs import Fraction
from funcnn.optimizers.base import update
from funcnn.optimizers.initial import init
from funcnn.records import record, state
from funcnn.scalars import power
from funcnn.trees.edits import evolve
from funcnn.trees.walks import Tree, check_tree, map_arrays

P = TypeVar("P")


@record
class Average:
    """The gradient unchanged, with a running sum of the networks, from which `averaged` computes their average

    s' = beta s + p, over the parameters p that each step led to, and over the states of layers, such as running
    statistics, as well. The sums of arrays of float16 and bfloat16 are float32. Polyak & Juditsky 1992, Acceleration of
    Stochastic Approximation by Averaging; with a decay: Tarvainen & Valpola 2017, Mean teachers are better role models,
    eq. 2. Optax's `ema` of the parameters is the same. In torch and in that paper the average begins with the
    parameters before the first step, whose weight never becomes 0.

    Raises:
        RangeError: `beta` is not in [0, 1).
    """

    beta: Fraction = 0.999
    sums: Any = state(default=None)
    t: int = state(default=0)

    def __attrs_post_init__(self) -> None:
        """Check that `sums` is a tree or None."""
        if self.sums is not None:
            check_tree(type(self).__name__, "sums", self.sums)


@update.register(Average)
def average_update(optimizer: Average, grads: Grads[P], params: P) -> tuple[Grads[P], Average]:
    """Add the network that the last step led to; before the first step the sum is 0"""
    optimizer = init(optimizer, params)
    return grads, evolve(optimizer, sums=_added(optimizer, params), t=optimizer.t + 1)


@init.register(Average)
def average_init(optimizer: Average, params: Any) -> Average:
    """Sums of 0"""
    zeros = map_arrays(lambda p: 0 * wide(p) if is_float(p) else p, params)
    return optimizer if optimizer.sums is not None else evolve(optimizer, sums=zeros)


@checked
def averaged(optimizer: Any, params: Tree[P]) -> P:
    """The average of the networks after each step; k steps ago has the weight (1 - beta) beta^k / (1 - beta^t).

    `optimizer` is an Average, or a chain with one Average; `params` is the network that the last step led to, the
    latest of the t networks. Arrays of floats are averaged, also in states; whole numbers, such as counters, are
    taken from `params`. To compute running statistics of the averaged weights, pass over the data with a learning rate
    of 0, which gives each layer its next state and moves no parameter.

    >>> import numpy as np
    >>> from funcnn import Dense, TrainState, mse, train, value_and_grad
    >>> from funcnn.optimizers import Average, averaged
    >>> one = np.ones((1, 1))
    >>> start = TrainState(Dense(0 * one, None), Average(0.5))
    >>> run = [s for s in train(start, [(one, one)] * 3, value_and_grad(mse), 0.25)]
    >>> [s.params.W.item() for s in run]
    [0.5, 0.75, 0.875]
    >>> averaged(run[-1].optimizer, run[-1].params).W.item() == (0.875 * 4 + 0.75 * 2 + 0.5) / 7
    True

    Raises:
        KindError: there is not exactly one Average in `optimizer`.
        ShapeError: the sums are of another network.
    """
    found = _averages(optimizer)
    if len(found) != 1:
        remedy = "; write averaged(optimizer, params)" if not found and _averages(params) else ""
        raise KindError(f"averaged: optimizer must hold exactly one Average, not {len(found)}{remedy}")
    average = found[0]
    if average.sums is None or (type(average.t) is int and average.t == 0):
        return params
    sums, share = _added(average, params), (1 - average.beta) / (1 - power(average.beta, average.t))
    return map_arrays(lambda p, s: (s * share).astype(p.dtype) if is_float(p) else p, params, sums)


def _added(optimizer: Average, params: P) -> P:
    has_stepped = optimizer.t > 0  # before the first step, params are no result of a step

    def add(p: Array, s: Array) -> Array:
        if getattr(s, "shape", None) != p.shape or s.dtype != (wide(p).dtype if is_float(p) else p.dtype):
            raise ShapeError(f"the sums hold {short(s)} for the parameter {short(p)}")
        return optimizer.beta * s + (wide(p) if has_stepped is True else has_stepped * wide(p)) if is_float(p) else p

    try:
        return map_arrays(add, params, optimizer.sums)
    except ShapeError as error:
        raise ShapeError(f"Average: params must be the network whose sums the Average holds; {error}") from None


def _averages(optimizer: Any) -> list[Average]:
    if type(optimizer) is tuple:
        return [found for part in optimizer for found in _averages(part)]
    return [optimizer] if isinstance(optimizer, Average) else []
