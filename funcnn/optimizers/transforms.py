"""Gradient transformations without memory: clipping, decay, and rates by layer.

Put a transformation before or after an optimizer, in a tuple: `(ClipNorm(1.0), Adam(), Decay(0.01))`.
"""

from __future__ import annotations

import math
from typing import Any

import attrs

from funcnn.arrays import namespace, short, wide
from funcnn.errors import KindError, RangeError
from funcnn.gradients import Grads
from funcnn.needs import Positive, Rate
from funcnn.optimizers.base import P, per_parameter, update
from funcnn.paths import Where, as_patterns
from funcnn.records import record
from funcnn.sums import sum_by_halves
from funcnn.trees.walks import walk


@record
class ClipNorm:
    """g' = g min(1, norm / |g|), where |g| is the length of all gradients as one vector

    Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1. Optax has the
    same rule; torch adds 1e-6 to |g|. If a gradient is infinite, all gradients become NaN.

    Raises:
        RangeError: `norm` is not above 0.
    """

    norm: Positive


@update.register(ClipNorm)
def clip_norm_update(optimizer: ClipNorm, grads: Grads[P], params: P) -> tuple[Grads[P], ClipNorm]:
    """One factor for all arrays"""
    arrays = [g for _, g in walk(grads.params, states=False)]
    if not arrays:
        return grads, optimizer
    xp = namespace(arrays[0])
    entries = xp.concatenate([wide(g).reshape(-1) for g in arrays])
    largest = xp.maximum(entries.max(initial=0), -entries.min(initial=0))
    scale = xp.maximum(largest, optimizer.norm)  # squares far below the norm may become 0, but none overflows
    entries /= scale
    entries *= entries
    length, limit = xp.sqrt(sum_by_halves(entries)), optimizer.norm / scale
    factor = limit / xp.maximum(length, limit)
    return per_parameter(lambda g, _: g * factor.astype(g.dtype), grads, params), optimizer


@record
class ClipValue:
    """g' = min(max(g, -value), value), elementwise

    Mikolov 2012, Statistical Language Models Based on Neural Networks, section 3.2.2. Torch and optax have the same
    rule.

    Raises:
        RangeError: `value` is not above 0.
    """

    value: Positive


@update.register(ClipValue)
def clip_value_update(optimizer: ClipValue, grads: Grads[P], params: P) -> tuple[Grads[P], ClipValue]:
    """Elementwise"""
    most = optimizer.value
    return per_parameter(lambda g, _: namespace(g).clip(g, -most, most), grads, params), optimizer


@record
class Decay:
    """g' = g + rate p, for the parameters that `where` chooses

    Behind an adaptive optimizer the decay is decoupled: `(Adam(), Decay(0.01))` is AdamW. `where` is a pattern of
    paths, or a tuple of them; `"!*.b"` is all parameters but the biases. Hanson & Pratt 1988, Comparing Biases for
    Minimal Network Construction with Back-Propagation; decoupled: Loshchilov & Hutter 2019, Decoupled Weight Decay
    Regularization, eq. 1.

    >>> import numpy as np
    >>> from funcnn import Dense, Grads, gradient, update
    >>> from funcnn.optimizers import Decay
    >>> net = Dense(np.array([[2.0]]), np.array([2.0]))
    >>> zero = Grads(gradient(net, W=np.zeros((1, 1)), b=np.zeros(1)), None)
    >>> grads, _ = update(Decay(0.1, "!b"), zero, net)
    >>> grads.params
    Dense(W=<f64 [[0.2]]>, b=<f64 [0.]>)

    Raises:
        RangeError: `rate` is negative.
        FuncnnError: in `update`, a pattern of `where` matches no parameter.
    """

    rate: Rate
    where: Where = "*"


@update.register(Decay)
def decay_update(optimizer: Decay, grads: Grads[P], params: P) -> tuple[Grads[P], Decay]:
    """Add the decay to the gradient"""
    return decayed(grads, params, optimizer.rate, optimizer.where), optimizer


def decayed(grads: Grads[P], params: P, rate: float, where: Where) -> Grads[P]:
    """`grads` with g + rate p in place of each chosen g."""
    return per_parameter(lambda g, p: g + rate * p, grads, params, where=where)


@record
class L2(Decay):
    """g' = g + rate p: the gradient of the penalty rate / 2 |p|^2 on the cost

    `L2` has the same rule as `Decay`, but stands before an optimizer, which then gets the gradient with the penalty in
    it: `(L2(0.01), Adam())`. The optimizers of torch, other than AdamW, call this penalty weight_decay.

    Raises:
        RangeError: `rate` is negative.
        FuncnnError: in `update`, a pattern of `where` matches no parameter.
    """


Factors = tuple[tuple[Where, float], ...]


def _check_pairs(record: Any, _: Any, value: Any) -> None:
    """Check that each pair is a pattern and a number."""
    function, pairs = type(record).__name__, value if type(value) is tuple else (value,)
    if not all([type(pair) is tuple and len(pair) == 2 and isinstance(pair[1], int | float) for pair in pairs]):
        needed = 'pairs, such as (("0.*", 0.1), ("*.b", 2.0))'
        raise KindError(f"{function}: factors must be {needed}, not {short(value)}")
    for where, factor in pairs:
        as_patterns(function, "the first of a pair", where)
        if not 0 <= factor < math.inf:
            raise RangeError(f"{function}: a factor must be finite and not negative, not {factor}")


@record
class Rates:
    """g' = factor g, for the parameters that match the pattern of a factor; if several match, their factors multiply

    Learning rates by layer: `Rates((("0.*", 0.1), ("*.b", 2.0)))`. Put rates last, since Adam and other adaptive
    optimizers cancel a factor that comes before them; a factor 0, for layers that do not move, may come first. Howard &
    Ruder 2018, Universal Language Model Fine-tuning for Text Classification, section 3.2.

    Raises:
        KindError: the factors are not pairs of a pattern, or a tuple of patterns, and a number.
        RangeError: a factor is negative or not finite.
        FuncnnError: in `update`, a pattern matches no parameter.
    """

    factors: Factors = attrs.field(validator=_check_pairs)


@update.register(Rates)
def rates_update(optimizer: Rates, grads: Grads[P], params: P) -> tuple[Grads[P], Rates]:
    """One pattern after another"""
    for where, factor in optimizer.factors:
        grads = per_parameter(lambda g, _: factor * g, grads, params, where=where)  # noqa: B023  called in this iteration
    return grads, optimizer
