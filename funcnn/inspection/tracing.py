"""Traces of one training step: the output, the cache and the gradients of each layer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from funcnn.arrays import Array, is_array, is_float
from funcnn.checked import checked
from funcnn.core import Loss, backward, backward_params, forward, sgd
from funcnn.errors import FuncnnError, KindError
from funcnn.fields import is_whole
from funcnn.gradients import Grads
from funcnn.inspection.branches import holds_layers
from funcnn.inspection.checks import Network
from funcnn.inspection.log import Entry, Log, bare, entries, gradients, logged
from funcnn.inspection.summaries import described, held_bytes, scaled, shape
from funcnn.logits import squashed_twice
from funcnn.losses.protocol import evaluated
from funcnn.needs import Arrays, Flag, Rate
from funcnn.records import borrowed, plans, record, values
from funcnn.tables import Rows, filled, html, text
from funcnn.trees.walks import arrays_in


@record
class Visit:
    """One call of a layer in a step: the layer and its path, x, out, the cache, dA, dx, and the layer's gradient.

    The visits of inner layers follow the visit of the layer around them, one level deeper, and the values of the outer
    layer include the values of the inner layers. A layer that is called several times, as in Shared, has a visit for
    each call; `number` counts these visits from 0, and the first has the gradient, a sum over the calls. `cache` is
    None if it was discarded, as in Remat. `held` is the number of bytes that the cache keeps only for backward. `dA`
    and `gradient` are None if the step needs no backward of the layer, since neither this layer nor a layer before it
    is trained. `dx` is None if the step does not need it, as for the first layer; `inputs=True` computes it.
    """

    path: str
    number: int
    depth: int
    held: int
    layer: Any = borrowed()
    x: Any = borrowed()
    out: Any = borrowed()
    cache: Any = borrowed()
    dA: Any = borrowed()  # noqa: N815  the symbol dA
    dx: Any = borrowed()
    gradient: Any = borrowed()


@record
class Trace:
    """The cost of a step, and a `Visit` for each call of a layer, in the order of the calls.

    `out` is the output of the network and `dA` the gradient of the cost with respect to it. `grads` is the result of
    backward, and `after` has the parameters after the step, or is None without a learning rate.

    The table is text at a prompt and in `print`, and HTML in a notebook. `trace[path]` is the visit of one
    layer, and `trace[path, 1]` the second visit of a layer that is called several times.
    """

    cost: Any = borrowed()
    visits: tuple[Visit, ...] = borrowed()
    out: Any = borrowed()
    dA: Any = borrowed()  # noqa: N815  the symbol dA
    grads: Any = borrowed()
    after: Any = borrowed()

    def __getitem__(self, key: str | tuple[str, int]) -> Visit:
        """The first visit of the layer at a path, or the visit with the given number.

        Raises:
            FuncnnError: there is no such visit; a KindError if the path is a number.
        """
        path, number = key if isinstance(key, tuple) and len(key) == 2 else (key, 0)
        for visit in self.visits:
            if (visit.path, visit.number) == (path, number):
                return visit
        if is_whole(path):
            raise KindError("trace: the path of a layer must be a string, such as '0', not an int")
        there = ", ".join([repr((visit.path, visit.number) if visit.number else visit.path) for visit in self.visits])
        raise FuncnnError(f"trace: there is no layer {key!r}; there are {there}")

    def _rows(self) -> Rows:
        return filled([_HEAD, *map(_row, self.visits)])

    def _total(self) -> str:
        held = sum([visit.held for visit in self.visits if visit.depth == 0])
        return f"The cost is {float(self.cost):.6g}; {scaled(held, 'B')} were kept for backward."

    def __repr__(self) -> str:
        return f"{text(self._rows())}\n{self._total()}"

    def _repr_html_(self) -> str:
        return html(self._rows(), self._total())


@checked
def trace(
    params: Network[Any], x: Arrays, y: Any, loss: Loss, *, lr: Rate | None = None, inputs: Flag = False
) -> Trace:
    """Every intermediate value of one step: forward, the loss, backward, and with a learning rate sgd.

    The step is `value_and_grad(loss, inputs=inputs)(params, x, y)`, bit for bit, and then `sgd`. It has a row for each
    `Visit`, also of layers inside layers. A layer of your own needs only its two rules.

    The columns: the shape of out; its smallest, mean and largest number; the share of zeros and of numbers that are not
    finite; the bytes that the cache keeps only for backward, as in `summary`; the Euclidean norm of dA; the norm of the
    gradient of each array. Masks and ids are not counted; zeros at padded positions are counted.

    >>> import numpy as np
    >>> from funcnn import Relu, mlp, mse, trace
    >>> net, x = mlp([2, 3, 1], hidden=Relu(), seed=0), np.linspace(-1, 1, 8).reshape(4, 2)
    >>> seen = trace(net, x, x[:, :1], mse)
    >>> seen
    layer                      out  min    mean    max      zero  cache  |dA|  gradients
    0 -> Dense (W: 2x3, b: 3)  4x3  -1.61  0.0886  1.52                  1.27  W 1.66, b 1.59
    1 -> Relu                  4x3  0      0.341   1.52     42 %  96 B   1.4
    2 -> Dense (W: 3x1, b: 1)  4x1  -1.54  -0.586  -0.0821               1.27  W 2.16, b 0.886
    The cost is 1.61979; 96 B were kept for backward.
    >>> seen["1"].out.shape
    (4, 3)

    Raises:
        KindError: `loss` does not return (cost, dA), or takes logits and the network ends in probabilities.
        Any error of forward, the loss or backward.
    """
    return traced("trace", params, x, y, loss, lr, inputs=inputs)


def traced(function: str, params: Any, x: Any, y: Any, loss: Loss, lr: float | None, *, inputs: bool) -> Trace:
    """`trace` for arguments that `function` has checked; errors name `function`."""
    if found := squashed_twice("the loss", loss, params):
        raise KindError(f"{function}: {found}")
    net = logged(params, log := Log())
    out, cache = forward(net, x)
    cost, dA = evaluated(function, loss, out, y)
    back = backward(net, cache, dA) if inputs else Grads(backward_params(net, cache, dA), None)
    grads, sums = Grads(bare(back.params), back.x), dict(gradients(back.params))
    kept, count = set(map(id, entries(cache))), Counter[str]()
    rows = [(entry, depth, bare(entry.cache) if id(entry) in kept else None) for entry, depth in _flat(log.now)]
    held = held_bytes([(depth, own) for _, depth, own in rows], params, x)
    visits = []
    for (entry, depth, own), n in zip(rows, held, strict=True):
        gradient = sums.pop(entry.path, None)  # only at the first visit
        values = bare(entry.layer), entry.x, entry.out, own, entry.dA, entry.dx, gradient
        visits.append(Visit(entry.path, count[entry.path], depth, n, *values))
        count[entry.path] += 1
    after = None if lr is None else sgd(params, grads, lr)
    return Trace(cost, tuple(visits), out, dA, grads, after)


def _flat(caller: Entry, depth: int = 0) -> Iterator[tuple[Entry, int]]:
    """Each entry with its depth, before the entries inside it."""
    for entry in caller.inside:
        yield entry, depth
        yield from _flat(entry, depth + 1)


# The table.

_HEAD = ("layer", "out", "min", "mean", "max", "zero", "not finite", "cache", "|dA|", "gradients")


def label(visit: Visit) -> str:
    """The path of a visit, and its number if the layer is called several times."""
    return f"{visit.path} #{visit.number}" if visit.number else visit.path


def _row(visit: Visit) -> tuple[str, ...]:
    name = label(visit)
    return (
        "  " * visit.depth + (f"{name} -> " if name else "") + _named(visit.layer),
        shape(visit.out),
        *_numbers(visit.out),
        scaled(visit.held, "B") if visit.held else "",
        _norm(visit.dA),
        ", ".join([f"{name} {_norm(g)}" for name, g in _trained(visit.gradient)]),
    )


def _named(layer: Any) -> str:
    """A layer with its fields; for a layer with layers inside, which have rows of their own, the class alone."""
    return type(layer).__name__ if holds_layers(values(layer)) else described(layer)


def own_arrays(value: Any, path: str = "") -> Iterator[tuple[str, Array]]:
    """The arrays of a field of a layer, or of its gradient, that do not belong to a layer inside."""
    if is_array(value):
        yield path, value
    for i, part in enumerate(value if type(value) is tuple else ()):
        yield from own_arrays(part, f"{path}.{i}")


def _trained(gradient: Any) -> Iterator[tuple[str, Array]]:
    for name, is_state in plans.get(type(gradient), ()):
        if not is_state:
            yield from own_arrays(getattr(gradient, name), name)


def _numbers(out: Any) -> tuple[str, ...]:
    """The smallest, the mean and the largest finite number; the shares of zeros and of numbers that are not finite."""
    arrays = arrays_in((out,))
    arrays = [a for a in arrays if is_float(a)] or arrays
    every = np.concatenate([np.asarray(a).astype(np.float64).ravel() for a in arrays] or [np.zeros(0)])
    finite = every[np.isfinite(every)]
    shares = _share(every == 0), _share(~np.isfinite(every))
    if not finite.size:
        return ("", "", "", *shares)
    least, mean, most = finite.min(), finite.mean(), finite.max()
    if abs(mean) < 1e-12 * max(-least, most):
        mean = 0.0  # the mean is only rounding error, as after a normalisation
    return (_digits(least), _digits(mean), _digits(most), *shares)


def _digits(number: float) -> str:
    return f"{number:.3g}"


def _share(which: Array) -> str:
    """The percentage of True in `which`, as text; 100 % only if all are True."""
    percent = 100 * which.mean() if which.any() else 0.0
    return ("> 99 %" if percent < 100 else "100 %") if percent >= 99.5 else f"{percent:.2g} %" if percent else ""


def _norm(tree: Any) -> str:
    arrays = [np.asarray(a).astype(np.float64).ravel() for a in arrays_in((tree,)) if is_float(a)]
    if not arrays:
        return ""
    every = np.concatenate(arrays)
    largest = float(abs(every).max(initial=0))
    scale = largest if 0 < largest < math.inf else 1.0  # squares may overflow, or round to 0
    return _digits(scale * float(np.linalg.norm(every / scale)))
