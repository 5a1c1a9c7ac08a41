"""The kernel of each rule, put before it: inside a call of a compiled function kernels compute large arrays."""

from __future__ import annotations

import sys
from collections.abc import Callable, Container
from functools import cache, wraps
from importlib import import_module
from typing import Any

import numpy as np

from funcnn.compilation.inside import LOG
from funcnn.compilation.shapes import FLOATS
from funcnn.dispatch import call_instead
from funcnn.layers.activations import base, elementwise, softmax
from funcnn.layers.convolution import conv, pool
from funcnn.layers.embedding import symbols
from funcnn.layers.normalisation import affine, batchnorm, norm
from funcnn.layers.recurrent import steps
from funcnn.losses import classification
from funcnn.records import plans

Rule = Callable[..., Any]

least: dict[Rule, int] = {}  # of each rule with a kernel: the entries from which on the kernel computes


def before_rule(
    rule: Rule, home: str = "", *, at: int | Callable[..., int], entries: int, but: Container[type] = ()
) -> None:
    """Put the kernel of the same name in the module `home` before a rule of verbs; without a home, the rule, traced.

    Inside a call of a compiled function, the kernel is called with the arguments of the rule, if argument number `at`
    is a NumPy array of float32 or float64 with `entries` entries or more; or if `at`, a function of the arguments,
    gives that many. It returns what the rule returns, but for rounding errors; or None where it cannot, as for arrays
    that are not contiguous or arguments that the rule refuses, and then the rule itself is called. Also the rule is
    called for a record of another package, since a user's subclass may mean something else; and for records of the
    classes `but`.
    """
    call_instead(rule, _with_kernel(rule, home, at, entries, but))


def before_function(function: Rule, home: str = "", *, at: int | Callable[..., int], entries: int) -> None:
    """As `before_rule`, before a function: in all modules of funcnn that have it, and those imported later."""
    name, call = function.__name__, _with_kernel(function, home, at, entries)
    for module in [one for known, one in sys.modules.items() if known.startswith("funcnn.")]:
        if vars(module).get(name) is function:
            setattr(module, name, call)


def _with_kernel(rule: Rule, home: str, at: int | Callable[..., int], entries: int, but: Container[type] = ()) -> Rule:
    found = _size_of_argument(at) if isinstance(at, int) else at
    least[rule] = entries

    @wraps(rule)
    def call(*given: Any, **options: Any) -> Any:
        if (log := LOG.get()) is not None:
            why = _why_not(type(given[0]), but) if found(*given) >= least[rule] else "for few numbers NumPy is as fast"
            if not why:
                made = _kernel(rule, home, at)(*given, **options)
                if made is not None:
                    log.append((rule, ""))
                    return made
                why = "there is no kernel for these arguments"
            log.append((rule, why))
        return rule(*given, **options)

    return call


def _why_not(cls: type, but: Container[type]) -> str:
    """Why a rule computes for records of a class, or an empty string."""
    if cls in but:
        return "it is one pass over the array in NumPy"
    return (
        "" if cls not in plans or cls.__module__.startswith("funcnn.") else f"{cls.__name__} is not a class of funcnn"
    )


def _size_of_argument(at: int) -> Callable[..., int]:
    def size(*given: Any) -> int:
        return a.size if len(given) > at and type(a := given[at]) is np.ndarray and a.dtype in FLOATS else 0

    return size


@cache
def _kernel(rule: Rule, home: str, at: Any) -> Rule:
    module = import_module(f"funcnn.compilation.kernels.{home or 'rows'}")
    return getattr(module, rule.__name__) if home else module.by_rows(rule, at=at)


def _steps(params: Any, given: Any, z: Any, *_: Any) -> int:
    """The entries of z, if there are enough steps: the kernel copies U first."""
    return z.size if type(z) is np.ndarray and 16 * z.shape[1] >= len(params.U) else 0


def _steps_back(params: Any, cache: Any, *_: Any) -> int:
    """The entries of z, if the kernel made the cache."""
    return cache.states[0].size * params.gates if type(cache) is steps.Stacked else 0


_ONE_PASS = {base.Identity, base.Relu}  # activations that are one pass in NumPy; with a cached slope, backward is

before_rule(elementwise.elementwise_forward, at=1, entries=1 << 15, but=_ONE_PASS)
before_rule(elementwise.elementwise_backward, at=2, entries=1 << 15, but=_ONE_PASS | {base.Sigmoid, base.Tanh})
before_rule(softmax.softmax_forward, at=1, entries=1 << 12)
before_rule(softmax.softmax_backward, at=2, entries=1 << 12)
before_rule(softmax.log_softmax_forward, at=1, entries=1 << 12)
before_rule(softmax.log_softmax_backward, at=2, entries=1 << 12)
before_rule(norm.layer_norm_forward, at=1, entries=1 << 12)
before_rule(norm.layer_norm_backward, at=2, entries=1 << 12)
before_rule(norm.rms_norm_forward, at=1, entries=1 << 13)
before_rule(norm.rms_norm_backward, at=2, entries=1 << 13)
before_rule(affine.affine_forward, at=1, entries=1 << 15)
before_rule(affine.affine_backward, at=2, entries=1 << 15)
before_rule(batchnorm.batch_norm_forward, at=1, entries=1 << 16)
before_rule(batchnorm.batch_norm_backward, at=2, entries=1 << 16)
before_rule(batchnorm.batch_norm_backward_params, at=2, entries=1 << 16)
before_rule(pool.max_pool_forward, "pooling", at=1, entries=1 << 12)
before_rule(pool.max_pool_backward, "pooling", at=2, entries=1 << 10)
before_rule(conv.convolution_forward, "convolution", at=1, entries=1 << 10)
before_rule(conv.convolution_backward, "convolution", at=1, entries=1 << 10)
before_rule(conv.convolution_backward_params, "convolution", at=1, entries=1 << 10)
before_function(symbols.rows_added, "embedding", at=1, entries=1 << 12)
before_function(steps.steps_forward, "recurrent", at=_steps, entries=1 << 12)
before_function(steps.steps_backward, "recurrent", at=_steps_back, entries=1)
before_function(classification.cross_entropy, at=1, entries=1 << 12)
