"""Mistakes where each output depends on a whole group of entries: softmax, norms, mean and variance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.tutor.view import Prediction, View, known, same, subsets

FULL = 0.9  # chosen: the share of entries of a block that are not 0, above which its outputs depend on all entries


class Groups(NamedTuple):
    """A function whose outputs depend on the entries of their own group: along `axes`, of the shape of x.

    `x` and `out` are (group, member), and `blocks` (group, output, entry).
    """

    axes: tuple[int, ...]
    x: Array
    out: Array
    blocks: Array


def groups_of(view: View) -> Groups | None:
    """The groups, along as few axes as possible; None if each output depends on one entry alone, or shapes differ."""
    if view.out.shape != view.x.shape or view.slopes is not None:
        return None
    every = [*subsets(range(view.x.ndim), view.x.shape)]  # with all axes, all entries are one group
    possible = [axes for axes in every if same(restored(view, axes, _blocks(view, axes)), view.jacobian)]
    axes = possible[0]
    return Groups(axes, _grouped(view.x, axes), _grouped(view.out, axes), _blocks(view, axes))


def _blocks(view: View, axes: tuple[int, ...]) -> Array:
    index = _grouped(np.arange(view.x.size).reshape(view.x.shape), axes)
    return view.matrix[index[:, :, None], index[:, None, :]]


def _grouped(a: Array, axes: tuple[int, ...]) -> Array:
    moved = np.moveaxis(a, axes, range(-len(axes), 0))
    return moved.reshape(-1, int(np.prod([a.shape[axis] for axis in axes])))


def restored(view: View, axes: tuple[int, ...], blocks: Array) -> Array:
    """The Jacobian whose blocks are given."""
    index = _grouped(np.arange(view.x.size).reshape(view.x.shape), axes)
    found = np.zeros(view.matrix.shape)
    found[index[:, :, None], index[:, None, :]] = blocks
    return found.reshape(view.jacobian.shape)


def diagonal_only(view: View) -> Iterator[Prediction]:
    """The diagonal of each block, where every output depends on all entries of its group."""
    groups = groups_of(view)
    if view.x.ndim > 1 and 1 in view.x.shape:
        return  # a sum over an axis of length 1 leaves the diagonal too
    if groups is not None and (abs(groups.blocks) > 0).mean() > FULL and groups.x.shape[1] > 1:
        yield known("", view.diagonal(np.diag(view.matrix).reshape(view.x.shape)))


def _softmax(p: Array) -> Array:
    """The blocks of the Jacobian of a softmax whose outputs are p, (group, member)."""
    return np.eye(p.shape[1]) * p[:, None, :] - p[:, :, None] * p[:, None, :]


class Quotient(NamedTuple):
    """A function g(x_i) / S of each entry, where S depends on the group: its Jacobian is diag(own) - out by^T.

    `own` is g' / S and `by` is dS / S, both of the shape of x.
    """

    own: Array
    by: Array


def quotient(view: View, groups: Groups | None) -> Quotient | None:
    """The parts of the Jacobian of a quotient; None if it is none, or if that cannot be said, as for two entries."""
    if groups is None or groups.x.shape[1] < 3 or abs(groups.out).min() < 1e-6 * abs(groups.out).max():
        return None
    n = groups.x.shape[1]
    ratio = -groups.blocks / groups.out[:, :, None]  # by_j in each row i but for i = j
    others = 1 - np.eye(n)
    by = (ratio * others).sum(axis=1, keepdims=True) / (n - 1)
    if not same(groups.blocks * others, -groups.out[:, :, None] * by * others):
        return None
    own = np.einsum("gii->gi", groups.blocks) + groups.out * by[:, 0]
    index = _grouped(np.arange(view.x.size).reshape(view.x.shape), groups.axes)
    found = np.zeros((2, view.x.size))
    found[:, index] = own, by[:, 0]
    return Quotient(*found.reshape(2, *view.x.shape))


def quotient_axis(view: View) -> Iterator[Prediction]:
    """The sum of a quotient such as a softmax over other axes than its own."""
    groups = groups_of(view)
    parts = quotient(view, groups)
    if groups is None or parts is None:
        return
    for axes in subsets(range(view.x.ndim), view.x.shape):
        if axes != groups.axes:
            own = _grouped(parts.own, axes)
            diagonal, detail = np.eye(own.shape[1]) * own[:, None], f"over axis {' and '.join(map(str, axes))}"
            for by in (np.ones_like(parts.own), parts.own):  # 1 / S before the sum, or after it
                left, right = _grouped(view.out / by, axes), _grouped(parts.by * by, axes)
                yield known(detail, restored(view, axes, diagonal - left[:, :, None] * right[:, None]))


def quotient_constant(view: View) -> Iterator[Prediction]:
    """The denominator of a quotient, without its gradient."""
    parts = quotient(view, groups_of(view))
    if parts is not None:
        yield known("the denominator", view.diagonal(parts.own))


def softmax_at_x(view: View) -> Iterator[Prediction]:
    """The formula of a softmax in terms of its output, given x."""
    groups = groups_of(view)
    if groups is not None and same(groups.blocks, _softmax(groups.out)):
        yield known("", restored(view, groups.axes, _softmax(groups.x)))


@attrs.frozen(eq=False)
class Normalised:
    """A function D (x - mean) / root: its slopes D / root for constant statistics, and the terms that they leave out.

    All are (group, output, entry). `by_mean` is the term of the mean, `by_variance` that of the variance.
    """

    slopes: Array
    by_mean: Array
    by_variance: Array


def normalised(groups: Groups) -> Normalised | None:
    """The parts of the Jacobian of a normalisation; None if it is none.

    Along a change of x that moves neither mean nor variance, the Jacobian is the diagonal D / root.
    """
    n = groups.x.shape[1]
    if n < 3:
        return None
    centred = groups.x - groups.x.mean(axis=1, keepdims=True)
    slopes = np.zeros(groups.blocks.shape)
    by_mean, by_variance = np.zeros_like(slopes), np.zeros_like(slopes)
    for k, block in enumerate(groups.blocks):
        span = np.stack([np.ones(n), centred[k]], axis=1)
        basis = np.linalg.svd(span.T)[2][np.linalg.matrix_rank(span) :]  # what moves neither of the two
        d = ((block @ basis.T) * basis.T).sum(axis=1) / (basis**2).sum(axis=0)
        slopes[k] = np.diag(d)
        by_mean[k] = -np.outer(d, np.ones(n)) / n
        by_variance[k] = block - slopes[k] - by_mean[k]
        along = centred[k] / (np.linalg.norm(centred[k]) or 1.0)
        left = by_variance[k] @ along
        if not same(slopes[k] + by_mean[k] + np.outer(left, along), block):
            return None
        if abs(left - (left @ (d * along)) / ((d * along) @ (d * along)) * d * along).max() > 1e-6 * abs(d).max():
            return None
    return Normalised(slopes, by_mean, by_variance)


def statistics_constant(view: View) -> Iterator[Prediction]:
    """Mean and variance, a norm, or a number that is subtracted, without their gradients."""
    yield from norm_constant(view)
    groups = groups_of(view)
    if groups is None:
        return
    apart = groups.out - groups.x
    if abs(apart - apart[:, :1]).max() <= 1e-9 * abs(groups.x).max():
        yield known("what is subtracted", view.diagonal(np.ones_like(view.x)))
    parts = normalised(groups)
    if parts is not None:
        yield known("mean and variance", restored(view, groups.axes, parts.slopes))


def variance_constant(view: View) -> Iterator[Prediction]:
    """The mean has a gradient, the variance has none."""
    yield from _one_constant(view, lambda parts: parts.by_mean)


def mean_constant(view: View) -> Iterator[Prediction]:
    """The variance has a gradient, the mean has none."""
    yield from _one_constant(view, lambda parts: parts.by_variance)


def _one_constant(view: View, other: Callable[[Normalised], Array]) -> Iterator[Prediction]:
    """The gradient with the term of the other statistic alone, unless the variance has none."""
    groups = groups_of(view)
    parts = groups and normalised(groups)
    if groups and parts and abs(parts.by_variance).max() > 1e-6 * abs(parts.slopes).max():
        yield known("", restored(view, groups.axes, parts.slopes + other(parts)))


def norm_constant(view: View) -> Iterator[Prediction]:
    """A function that is linear in x but for a division by a norm of x, held constant.

    Where f(x) = A x / n(x), the Jacobian is A / n - out w^T with w = dn/dx / n. For a root of squares w is along x, and
    A x / n = out says how long it is.
    """
    matrix, x, out = view.matrix, view.x.ravel(), view.out.ravel()
    found = matrix.copy()
    for outputs, entries in _components(matrix):
        o, v = out[outputs], x[entries]
        block = matrix[np.ix_(outputs, entries)]
        if not (o @ o and v @ v):
            return
        rest = o - block @ v
        share = float(o @ rest) / float(o @ o)
        if abs(rest - share * o).max() > 1e-6 * abs(o).max() or abs(share) < 1e-6 or len(entries) == 1:
            return
        found[np.ix_(outputs, entries)] = block + np.outer(o, v) * share / float(v @ v)
    yield known("a norm", found.reshape(view.jacobian.shape))


def _components(matrix: Array) -> Iterator[tuple[Array, Array]]:
    """The outputs and entries that depend on one another."""
    linked = abs(matrix) > 1e-9 * abs(matrix).max(initial=0)
    free = linked.any(axis=1)
    while free.any():
        outputs = np.zeros_like(free)
        outputs[int(free.argmax())] = True
        size = 0
        while outputs.sum() > size:
            size = int(outputs.sum())
            entries = linked[outputs].any(axis=0)
            outputs = linked[:, entries].any(axis=1)
        free &= ~outputs
        yield np.flatnonzero(outputs), np.flatnonzero(entries)
