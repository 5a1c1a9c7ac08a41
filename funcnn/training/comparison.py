"""What differs between two values, and where two runs part."""

from __future__ import annotations

from contextlib import closing
from itertools import zip_longest
from numbers import Number
from typing import Any, NamedTuple

import numpy as np

from funcnn.arrays import Array, is_array, same, short
from funcnn.errors import RangeError, ShapeError
from funcnn.records import is_record, plans
from funcnn.training.runs import Run, check_run, states_of
from funcnn.tree import check_tree


def difference(a: Any, b: Any) -> dict[str, float]:
    """The largest `|a - b|` of each array, state and setting in which two trees of one shape differ, by its path.

    Empty where they are equal, as `==` has it: NaN equals NaN, and 0.0 equals -0.0. Infinite where one is NaN or
    infinite and the other is not, and for settings that are no numbers. A number may stand for an array of no
    dimension, since `jax.jit` turns the one into the other.

    >>> import numpy as np
    >>> from funcnn import LeakyRelu, difference, mlp, replace
    >>> net = mlp([2, 3, 1], hidden=LeakyRelu(0.01), seed=0)
    >>> difference(net, replace(replace(net, "2.b", np.array([0.25])), "1.alpha", 0.51))
    {'1.alpha': 0.5, '2.b': 0.25}

    Raises:
        ShapeError: the trees are not alike: somewhere a class, a number of parts, a shape or a dtype is another.
        KindError: one is no tree: a list, a class, a number.
    """
    check_tree(a, "difference")
    check_tree(b, "difference")
    found: dict[str, float] = {}
    _collect(a, b, "", found)
    return found


def _collect(a: Any, b: Any, path: str, found: dict[str, float]) -> None:
    """Enter in `found` what differs in a and b and in all that is inside."""
    if is_array(a) or is_array(b):
        p, q = _numbers(a), _numbers(b)
        if p is None or q is None or p.shape != q.shape or (is_array(a) and is_array(b) and p.dtype != q.dtype):
            raise _unlike(a, b, path)
        if distance := _distance(p, q):
            found[path] = distance
    elif type(a) is tuple or type(b) is tuple or is_record(a) or is_record(b):
        if type(a) is not type(b) or (type(a) is tuple and len(a) != len(b)):
            raise _unlike(a, b, path)
        for name, p, q in _parts(a, b):
            _collect(p, q, f"{path}.{name}" if path else name, found)
    elif not same(a, b):
        p, q = _numbers(a), _numbers(b)
        found[path] = np.inf if p is None or q is None else _distance(p, q)


def _parts(a: Any, b: Any) -> list[tuple[str, Any, Any]]:
    if type(a) is tuple:
        return [(str(i), p, q) for i, (p, q) in enumerate(zip(a, b, strict=True))]
    return [(name, getattr(a, name), getattr(b, name)) for name, _ in plans[type(a)]]


def _numbers(value: Any) -> Array | None:
    """An array, or a number as one of no dimension."""
    return np.asarray(value) if is_array(value) or isinstance(value, Number) else None


def _distance(p: Array, q: Array) -> float:
    """The largest |p - q|, which is 0 only where all are equal, NaN to NaN."""
    where = (p != q) & ((p == p) | (q == q))  # noqa: PLR0124  NaN is what differs from itself
    if not where.any():
        return 0.0
    p, q = p[where], q[where]
    if p.dtype.kind in "biuO" and q.dtype.kind in "biuO":  # exactly: in float64 two large ones could be the same
        return float(max([abs(i - j) for i, j in zip(p.tolist(), q.tolist(), strict=True)]))
    wide = np.result_type(p.dtype, q.dtype, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):  # the difference of two large ones may be infinite
        largest = float(abs(p.astype(wide) - q.astype(wide)).max())
    return np.inf if np.isnan(largest) else largest


def _unlike(a: Any, b: Any, path: str) -> ShapeError:
    where = f" at {path}" if path else ""
    return ShapeError(f"difference: the trees must be alike{where}; they have {_outline(a)} and {_outline(b)}")


def _outline(value: Any) -> str:
    if type(value) is tuple:
        return f"a tuple of {len(value)}"
    return type(value).__name__ if is_record(value) else short(value)


class Divergence(NamedTuple):
    """The first step at which two runs differ, with their difference there, or with the run that `ended` before it.

    Its `str` is a sentence.
    """

    step: int
    difference: dict[str, float]
    ended: str = ""

    def __str__(self) -> str:
        """One sentence."""
        if self.ended:
            other = {"run_a": "run_b", "run_b": "run_a"}[self.ended]
            return f"{self.ended} ends before step {self.step}, which {other} has; the steps before it are equal"
        path, most = max(self.difference.items(), key=lambda item: item[1])
        parts = "1 part differs" if len(self.difference) == 1 else f"{len(self.difference)} parts differ"
        return f"the runs differ from step {self.step} on: {parts}, the most {path}, by {most:.3g}"


def compare(run_a: Run[Any], run_b: Run[Any]) -> Divergence | None:
    """The first step at which two runs differ, and their `difference` there; None if they never do.

    A run is an iterable of states, such as `train` gives, or a list of them. The two are read in lockstep, up to the
    step at which they differ, and then closed. If one run ends before the other, they differ at that step.

    >>> import numpy as np
    >>> from funcnn import TrainState, batches, compare, mlp, mse, train, value_and_grad
    >>> x, start = np.arange(8.0)[:, None], TrainState(mlp([1, 1], seed=0))
    >>> run = lambda lr: train(start, batches(x, x, 4, epochs=5, seed=0), value_and_grad(mse), lr)
    >>> compare(run(0.01), run(0.01)) is None
    True
    >>> print(compare(run(0.01), run(lambda step: 0.01 if step < 3 else 0.02)))
    the runs differ from step 4 on: 2 parts differ, the most params.0.W, by ...

    Raises:
        KindError: `run_a` or `run_b` is not a run.
        RangeError: the runs are at different steps, or neither has a state: a generator gives its states once.
        ShapeError: as `difference`.
    """
    check_run("compare", run_a, "run_a")
    check_run("compare", run_b, "run_b")
    step = None
    read_a, read_b = states_of(run_a, "compare", "run_a"), states_of(run_b, "compare", "run_b")
    with closing(read_a) as states_a, closing(read_b) as states_b:
        for a, b in zip_longest(states_a, states_b):
            if a is None or b is None:
                return Divergence((a or b).step, {}, "run_b" if b is None else "run_a")
            step = a.step
            if b.step != step:
                raise RangeError(
                    f"compare: the runs must be at one step; run_a is at step {step}, run_b at step {b.step}"
                )
            if found := difference(a, b):
                return Divergence(step, found)
    if step is None:
        raise RangeError("compare: neither run has a state; a generator gives each of its states once")
    return None
