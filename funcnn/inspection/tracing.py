"""One step of training, with all that went through it: what each layer made, and what it was blamed for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, is_float
from funcnn.core import Loss, backward_params, forward
from funcnn.errors import FuncnnError, KindError
from funcnn.inspection.log import Log, Note
from funcnn.inspection.memory import held_bytes, scaled
from funcnn.inspection.summaries import described, shape
from funcnn.inspection.within import bare, gradients, is_layer, notes, watched
from funcnn.logits import squashed_twice
from funcnn.records import borrowed, plans, record, values
from funcnn.tree import leaves


@record
class Visit:
    """One call of a layer in a step: its path, the layer itself, its out and its cache, dA, and the layer's gradient.

    A layer that holds others has theirs in its own; their visits follow, one deeper. Each call of a layer in several
    places, as in Shared, is a visit, and `number` counts them from 0; the gradient, their sum, stands at the first.
    `cache` is None where it was thrown away, as in Remat, and `held` are the bytes that are there only since the cache
    keeps them. `dA` and `gradient` are None where nobody walked back, since nothing so far is trained.
    """

    path: str
    number: int
    depth: int
    held: int
    layer: Any = borrowed()
    out: Any = borrowed()
    cache: Any = borrowed()
    dA: Any = borrowed()  # noqa: N815  as everywhere
    gradient: Any = borrowed()


@record
class Trace:
    """The cost of a step, and a `Visit` for each call of a layer, in the order of the calls; printed, it is a table.

    `trace[path]` is the visit of one layer, `trace[path, 1]` is the second of a layer that is called several times,
    `trace.visits` are all of them.
    """

    cost: Any = borrowed()
    visits: tuple[Visit, ...] = borrowed()

    def __getitem__(self, key: str | tuple[str, int]) -> Visit:
        """The visit at a path; or the one of a number at a path.

        Raises:
            FuncnnError: there is none.
        """
        path, number = key if isinstance(key, tuple) else (key, 0)
        for visit in self.visits:
            if (visit.path, visit.number) == (path, number):
                return visit
        there = ", ".join([_label(visit) or "''" for visit in self.visits])
        raise FuncnnError(f"trace: there is no layer {path!r}{f' #{number}' if number else ''}; there are {there}")

    def __str__(self) -> str:
        """A row for each visit; columns that would be empty are left out."""
        table = [_HEAD, *map(_row, self.visits)]
        columns = [column for column in zip(*table, strict=True) if any(column[1:])]
        widths = [max(map(len, column)) for column in columns]
        rows = [[column[i] for column in columns] for i in range(len(table))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        held = sum([visit.held for visit in self.visits if visit.depth == 0])
        return "\n".join([*lines, f"The cost is {float(self.cost):.6g}; {scaled(held, 'B')} were kept for backward."])


def trace(params: Any, x: Any, y: Any, loss: Loss) -> Trace:
    """Every intermediate value of one step: forward, the loss, backward.

    The step is that of `value_and_grad(loss)(params, x, y)`, to the bit: each layer, also within layers that hold
    others, is `Watched`. A layer of your own does not notice, and needs nothing but its two rules. A layer that is
    called several times, as in Shared, has a row for each call, and its gradient, the sum, in the first.

    The columns: out, its smallest, mean and largest number, the share of zeros, and of numbers that are not finite; the
    bytes that are there only since the cache keeps them, as in `summary`; the Euclidean norm of dA; that of the
    gradient of each array. Masks and ids do not count, but the zeros at masked places do.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, mse, trace
    >>> net, x = mlp([2, 3, 1], hidden=Relu(), seed=0), np.linspace(-1, 1, 8).reshape(4, 2)
    >>> seen = trace(net, x, x[:, :1], mse)
    >>> print(seen)
    layer                      out  min     mean    max    zero  cache  |dA|   gradients
    0 -> Dense (W: 2x3, b: 3)  4x3  -0.845  0.0829  0.457               1.13   W 1.6, b 1.35
    1 -> Relu                  4x3  0       0.188   0.457  17 %  96 B   1.16
    2 -> Dense (W: 3x1, b: 1)  4x1  0.183   0.339   0.703               0.957  W 0.542, b 0.964
    The cost is 0.915591; 96 B were kept for backward.
    >>> seen["1"].out.shape
    (4, 3)

    Raises:
        KindError: the network ends in probabilities and the loss takes logits.
        And what the four lines raise.
    """
    if found := squashed_twice(loss, params):
        raise KindError(f"trace: {found}")
    log = Log()
    net = watched(params, log)
    out, cache = forward(net, x)
    cost, dA = loss(out, y)
    grads = backward_params(net, cache, dA)
    sums = dict(gradients(grads))
    kept, count = set(map(id, notes(cache))), Counter[str]()
    rows = [(note, depth, bare(note.cache) if id(note) in kept else None) for note, depth in _flat(log.now)]
    held = held_bytes([(depth, own) for _, depth, own in rows], params, x)
    visits = []
    for (note, depth, own), n in zip(rows, held, strict=True):
        gradient = sums.pop(note.path, None)  # once: at the first
        layer = bare(note.layer)
        visits.append(Visit(note.path, count[note.path], depth, n, layer, note.out, own, note.dA, gradient))
        count[note.path] += 1
    return Trace(cost, tuple(visits))


def _flat(caller: Note, depth: int = 0) -> Iterator[tuple[Note, int]]:
    """Each visit, before those within it, and how deep it is."""
    for note in caller.within:
        yield note, depth
        yield from _flat(note, depth + 1)


# The table.

_HEAD = ("layer", "out", "min", "mean", "max", "zero", "not finite", "cache", "|dA|", "gradients")


def _label(visit: Visit) -> str:
    return f"{visit.path} #{visit.number}" if visit.number else visit.path


def _row(visit: Visit) -> tuple[str, ...]:
    label = _label(visit)
    return (
        "  " * visit.depth + (f"{label} -> " if label else "") + _named(visit.layer),
        shape(visit.out),
        *_numbers(visit.out),
        scaled(visit.held, "B") if visit.held else "",
        _norm(visit.dA),
        ", ".join([f"{name} {_norm(g)}" for name, g in _trained(visit.gradient)]),
    )


def _named(layer: Any) -> str:
    """Layers that hold others by their class alone, since those come below."""
    return type(layer).__name__ if any(map(_holds, values(layer))) else described(layer)


def _holds(value: Any) -> bool:
    return any(map(_holds, value)) if type(value) is tuple else is_layer(value)


def _own(value: Any, path: str = "") -> Iterator[tuple[str, Array]]:
    """The arrays of a gradient that are no layer's within."""
    if is_array(value):
        yield path, value
    for i, part in enumerate(value if type(value) is tuple else ()):
        yield from _own(part, f"{path}.{i}")


def _trained(gradient: Any) -> Iterator[tuple[str, Array]]:
    for name, is_state in plans.get(type(gradient), ()):
        if not is_state:
            yield from _own(getattr(gradient, name), name)


def _numbers(out: Any) -> tuple[str, ...]:
    """The smallest, the mean and the largest finite number; the shares of zeros and of what is not finite."""
    arrays = leaves((out,))
    arrays = [a for a in arrays if is_float(a)] or arrays
    every = np.concatenate([np.asarray(a).astype(np.float64).ravel() for a in arrays] or [np.zeros(0)])
    finite = every[np.isfinite(every)]
    shares = _share(every == 0), _share(~np.isfinite(every))
    if not finite.size:
        return ("", "", "", *shares)
    least, mean, most = finite.min(), finite.mean(), finite.max()
    if abs(mean) < 1e-12 * max(-least, most):
        mean = 0.0  # but for rounding, as behind a normalisation
    return (_digits(least), _digits(mean), _digits(most), *shares)


def _digits(number: float) -> str:
    return f"{number:.3g}"


def _share(which: Array) -> str:
    return f"{100 * which.mean():.2g} %" if which.any() else ""


def _norm(tree: Any) -> str:
    arrays = [np.asarray(a).astype(np.float64).ravel() for a in leaves((tree,)) if is_float(a)]
    return _digits(float(np.linalg.norm(np.concatenate(arrays)))) if arrays else ""
