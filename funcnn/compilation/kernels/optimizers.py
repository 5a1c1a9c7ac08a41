"""Kernels of optimizers and of sgd, with the bits of NumPy: one pass over each array."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from operator import attrgetter
from typing import Any, cast

import numpy as np

from funcnn.arrays import is_array
from funcnn.compilation.kernels.calls import FLOATS, fresh, sealed
from funcnn.compilation.kernels.entries import EntryRule
from funcnn.compilation.memory import address
from funcnn.compilation.text import LINE
from funcnn.gradients import Grads
from funcnn.optimizers.base import PerArray, update
from funcnn.optimizers.base import per_array_update as rule
from funcnn.records import build, getters, plans

_dispatch = cast("Any", update).dispatch
_NUMBERS, _SETTINGS = {int, float}, {int, float, bool, str, type(None)}
_MOST = 1000  # kernels that are kept, one for each combination of settings
PAST_CACHE = 1 << 22  # bytes of all parameters, from which on results are written past the cache: 1.6 times as fast
FEWEST = 1 << 10  # parameters: for fewer, NumPy is as fast
Pairs = list[tuple[Any, Any]]


def moved(optimizer: Any, grads: Any, params: Any, lr: Any) -> tuple[Any, Any] | None:
    """(params, optimizer) after the update and sgd: the rule of the optimizer, traced, for all arrays in one call.

    None where `update` and `sgd` must compute, as before the first update, which makes the memory.
    """
    cls: Any = type(optimizer)
    pairs: Pairs = []
    is_ours = isinstance(optimizer, PerArray) and cls.__module__.startswith("funcnn.") and _dispatch(cls) is rule
    if not is_ours or not (memory := optimizer.memory) or type(optimizer.t) is not int or type(grads) is not Grads:
        return None
    if type(lr) is not float or not 0 < lr < math.inf or not _are_alike(grads.params, params, pairs):
        return None
    if sum([p.size for _, p in pairs]) < FEWEST or len(pairs) != len(memory) or not _fit(pairs, memory):
        return None
    numbers = [part for part in memory[0] if type(part) is not np.ndarray]
    kinds = [type(part) is np.ndarray for part in memory[0]]
    is_large = sum([p.nbytes for _, p in pairs]) >= PAST_CACHE
    key = cls, pairs[0][1].dtype, is_large, _settings(cls)(optimizer), *kinds
    if not _NUMBERS.issuperset(map(type, numbers)) or (traced := _RULES.get(key) or _rule(key, optimizer)) is None:
        return None
    t = optimizer.t + 1
    made, after = _run(traced, [t, *numbers, lr], pairs, memory)
    fields = zip(plans[cls], getters[cls](optimizer), strict=True)
    new = {"memory": after, "t": t}
    following = build(cls, [new.get(name, old) for (name, _), old in fields])
    return _filled(params, grads.params, iter(made)), following


def _are_alike(grads: Any, params: Any, pairs: Pairs) -> bool:
    """Whether two trees are alike and of NumPy arrays; the arrays g and p are added to `pairs`."""
    cls = type(params)
    if cls is not type(grads) or (cls is tuple and len(grads) != len(params)):
        return False
    if cls is not tuple and cls not in plans:
        return not is_array(params)
    contents: Any = tuple if cls is tuple else getters[cls]
    for is_state, g, p in zip(_states(cls, params), contents(grads), contents(params), strict=True):
        if type(p) is np.ndarray and not is_state:
            pairs.append((g, p))
        elif not is_state and type(p) not in _SETTINGS and not _are_alike(g, p, pairs):
            return False
    return True


def _states(cls: type, params: Any) -> Any:
    """Of each part of a record or a tuple, whether it is a state."""
    return [False] * len(params) if cls is tuple else _ARE_STATES(cls)


_ARE_STATES = cache(lambda cls: [is_state for _, is_state in plans[cls]])


def _fit(pairs: Pairs, memory: Any) -> bool:
    """Whether all arrays are as the kernel reads them, and all memories hold the same numbers."""
    dtype, first = pairs[0][1].dtype, memory[0]
    for (g, p), parts in zip(pairs, memory, strict=True):
        if len(parts) != len(first):
            return False
        for part, like in zip((g, p, *parts), (g, p, *first), strict=True):
            if type(part) is np.ndarray is type(like):
                if part.shape != p.shape or part.dtype != dtype or not part.flags.c_contiguous:
                    return False
            elif type(part) is not type(like) or part != like:
                return False
    return dtype in FLOATS


def _filled(tree: Any, grads: Any, arrays: Iterator[Any]) -> Any:
    """A network with other arrays, and with the states that the gradient has."""
    cls = type(tree)
    if cls is np.ndarray:
        return next(arrays)
    if cls is not tuple and not plans.get(cls):
        return tree
    contents: Any = tuple if cls is tuple else getters[cls]
    parts = []
    for is_state, p, g in zip(_states(cls, tree), contents(tree), contents(grads), strict=True):
        if is_state:
            parts.append(p if g is None else g)
        else:
            parts.append(p if type(p) in _SETTINGS else _filled(p, g, arrays))
    return tuple(parts) if cls is tuple else build(cls, parts)


_RULES: dict[Any, EntryRule | None] = {}


def _rule(key: Any, optimizer: Any) -> EntryRule | None:
    """The kernel for these settings and this kind of memory; None if there is none."""
    if key not in _RULES:
        if len(_RULES) >= _MOST:
            _RULES.clear()
        try:
            _RULES[key] = EntryRule(optimizer, optimizer.memory[0], key[1], past_cache=key[2])
        except Exception:  # noqa: BLE001  of a rule, which raises its errors again where it runs plain
            _RULES[key] = None
    return _RULES[key]


@cache
def _settings(cls: Any) -> Any:
    """The function from an optimizer to its settings."""
    return attrgetter("__class__", *[name for name, is_state in plans[cls] if not is_state])


def _run(rule: EntryRule, numbers: list[Any], pairs: Pairs, memory: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """(p - lr g', the new memory) of each array, given the numbers of the rule.

    Each part of the memory is one block for all arrays. Parameters have each their own, so that one that is kept does
    not keep the others.
    """
    dtype, table = pairs[0][1].dtype, list[int]()
    ends = list(accumulate([-(-p.nbytes // LINE) * LINE for _, p in pairs]))
    blocks = [fresh((ends[-1] // dtype.itemsize,), dtype) for _ in range(1, rule.outputs)]
    places, starts = [address(block) for block in blocks], [0, *ends[:-1]]
    own = [fresh(p.shape, dtype) for _, p in pairs]
    for first, (g, p), parts, start in zip(own, pairs, memory, starts, strict=True):
        given = (g, p, *parts)
        table += [p.size, *[address(given[j]) for j in rule.inputs], address(first), *[at + start for at in places]]
    constants, known = rule.numbers(numbers)
    rule.call(constants, np.array(table, np.int64), len(pairs))
    owners, after = [sealed(block).base for block in blocks], []
    offsets = [place - address(owner) for place, owner in zip(places, owners, strict=True)]
    for first, (g, p), parts, start in zip(own, pairs, memory, starts, strict=True):
        views = [np.ndarray(p.shape, dtype, owner, at + start) for owner, at in zip(owners, offsets, strict=True)]
        sources = {"output": [sealed(first), *views], "given": (g, p, *parts), "number": known}
        after.append(tuple([sources[name][j] for name, j in rule.made[1:]]))
    return own, tuple(after)
