"""One step of training, with all that went through it: what each layer made, and what it was blamed for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, is_float, short
from funcnn.core import Loss, backward_params, forward, gives_probabilities, takes_logits
from funcnn.errors import FuncnnError, KindError
from funcnn.inspection.costs import scaled
from funcnn.inspection.probe import Probe
from funcnn.inspection.probing import bare, held_bytes, is_layer, kept, probed, probes, with_probed_fields
from funcnn.inspection.summaries import described, shape
from funcnn.records import borrowed, plans, record
from funcnn.tree import leaves


@record
class Visit:
    """One layer in a step: its path, the layer itself, its out and its cache, dA, and the gradient of the layer.

    A layer that holds others has theirs in its own, and their visits follow. `cache` is None where it was thrown away,
    as in Remat; `dA` and `gradient` are None where nobody walked back, since nothing so far is trained.
    """

    path: str
    layer: Any = borrowed()
    out: Any = borrowed()
    cache: Any = borrowed()
    dA: Any = borrowed()  # noqa: N815  as everywhere
    gradient: Any = borrowed()


@record
class Trace:
    """The cost of a step, and a `Visit` for each layer, in the order of the network; printed, it is a table.

    `trace[path]` is the visit of one layer, `trace.visits` are all of them.
    """

    cost: Any = borrowed()
    visits: tuple[Visit, ...] = borrowed()

    def __getitem__(self, path: str) -> Visit:
        """The visit at a path.

        Raises:
            FuncnnError: there is none.
        """
        for visit in self.visits:
            if visit.path == path:
                return visit
        raise FuncnnError(f"trace: there is no layer {path!r}; there are {', '.join([v.path for v in self.visits])}")

    def __str__(self) -> str:
        """A row for each layer; columns that would be empty are left out."""
        table = [_HEAD, *[_row(visit) for visit in self.visits]]
        columns = [column for column in zip(*table, strict=True) if any(column[1:])]
        widths = [max(map(len, column)) for column in columns]
        rows = [[column[i] for column in columns] for i in range(len(table))]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        held = scaled(held_bytes([visit.cache for visit in self.visits]), "B")
        return "\n".join([*lines, f"The cost is {float(self.cost):.6g}; {held} were kept for backward."])


def trace(params: Any, x: Any, y: Any, loss: Loss) -> Trace:
    """Every intermediate value of one step: forward, the loss, backward.

    The step is that of `value_and_grad(loss)(params, x, y)`, to the bit: each layer, also within layers that hold
    others, goes into a `Probe`. A layer of your own does not notice, and needs nothing but its two rules. Of one that
    is in several places, as in Shared, out and dA are those of the last; its gradient is their sum.

    The columns: out, its smallest, mean and largest number, the share of zeros, and of numbers that are not finite; the
    bytes of the cache; the Euclidean norm of dA; that of the gradient of each array. Masks and ids do not count.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, mse, trace
    >>> net, x = mlp([2, 3, 1], hidden=Relu(), seed=0), np.linspace(-1, 1, 8).reshape(4, 2)
    >>> seen = trace(net, x, x[:, :1], mse)
    >>> print(seen)
    layer                      out  min     mean    max    zero  cache  |dA|   gradients
    0 -> Dense (W: 2x3, b: 3)  4x3  -0.845  0.0829  0.457        64 B   1.13   W 1.6, b 1.35
    1 -> Relu                  4x3  0       0.188   0.457  17 %  96 B   1.16
    2 -> Dense (W: 3x1, b: 1)  4x1  0.183   0.339   0.703        96 B   0.957  W 0.542, b 0.964
    The cost is 0.915591; 160 B were kept for backward.
    >>> seen["1"].out.shape
    (4, 3)

    Raises:
        KindError: the network ends in probabilities and the loss takes logits.
        And what the four lines raise.
    """
    if takes_logits(loss) and gives_probabilities(params):
        raise KindError(f"trace: the loss takes logits, so leave out the layer at the end of {short(params)}")
    rows: list[tuple[str, Any]] = []

    def around(path: str, layer: Any) -> Any:
        if type(layer) is Probe:  # the caller's own, which is no part of the network
            return probed(layer.layer, around, f"{path}.layer".lstrip("."))
        number = len(rows)
        rows.append((path, layer))
        return Probe(with_probed_fields(layer, around, path), number)

    net = probed(params, around)
    out, cache = forward(net, x)
    cost, dA = loss(out, y)
    grads = backward_params(net, cache, dA)
    forth = {found.probe.number: found for found in kept(cache, deep=True)}
    back = {probe.number: probe for probe in probes(grads) if probe.seen is not None}
    visits = [
        _visit(path, layer, forth.get(i), back.get(i)) for i, (path, layer) in enumerate(rows) if i in {*forth, *back}
    ]
    return Trace(cost, tuple(visits))


def _visit(path: str, layer: Any, forth: Any, back: Any) -> Visit:
    cache = None if forth is None else bare(forth.own)
    if back is None:
        return Visit(path, layer, forth.out, cache, None, None)
    return Visit(path, layer, back.seen.out, cache, back.seen.dA, bare(back.layer))


# The table.

_HEAD = ("layer", "out", "min", "mean", "max", "zero", "not finite", "cache", "|dA|", "gradients")


def _row(visit: Visit) -> tuple[str, ...]:
    depth = sum([not step.isdecimal() for step in visit.path.split(".")]) if visit.path else 0
    label = f"{visit.path} -> {_named(visit.layer)}" if visit.path else _named(visit.layer)
    held = held_bytes(visit.cache)
    return (
        "  " * depth + label,
        shape(visit.out),
        *_numbers(visit.out),
        scaled(held, "B") if held else "",
        _norm(visit.dA),
        ", ".join([f"{name} {_norm(g)}" for name, g in _trained(visit.gradient)]),
    )


def _named(layer: Any) -> str:
    """Layers that hold others by their class alone, since those come below."""
    held = any([is_layer(part) or type(part) is tuple for part in _fields(layer)])
    return type(layer).__name__ if held else described(layer)


def _fields(layer: Any) -> list[Any]:
    return [getattr(layer, name) for name, _ in plans[type(layer)]]


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
