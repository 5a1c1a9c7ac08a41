"""Mistakes in the sums of a gradient: over the axes along which an array was copied, or over the rows of a product."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.reverse import Contributions, Rule, Run, Site
from funcnn.teach.parts.rules import SLOPES, matmul_pulled_back, summed
from funcnn.teach.parts.wrong import Local, Wrong, at_edge, edges

TERMS = (
    ("missing sum", "only the first term", slice(0, 1)),
    ("missing sum", "only the last term", slice(-1, None)),
    ("term left out", "the first term", slice(1, None)),
    ("term left out", "the last term", slice(None, -1)),
)


def sums(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """One term of a sum is kept, one is left out, or all entries are added."""
    for group, j in edges(run.trace):
        one = run.trace.operation(group[0])
        of = f"in the gradient of {run.trace.name(one.args[j], names)}"
        shape, out = run.values[one.args[j]].shape, run.values[group[0]].shape
        if one.name in SLOPES and out != shape:
            yield from _of_copies(group, j, of, out, shape)
        if one.name == "matmul" and min(run.values[i].ndim for i in one.args) == 2:
            for name, word, part in TERMS:
                if _is_left(out[1 - j], name):
                    yield _wrong(name, f"{word} along axis {1 - j} of dA {of}", group, j, _of_product(j, part))


def _of_copies(group: list[int], j: int, of: str, out: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[Wrong]:
    for axis, n in enumerate(out):
        if _is_copied(axis, len(out), shape):
            for name, word, part in TERMS:
                if _is_left(n, name):
                    yield _wrong(name, f"{word} along axis {axis} {of}", group, j, _of_copy(j, axis, part))
        else:
            yield _wrong("wrong sum", f"over axis {axis} {of}", group, j, _over(j, axis))
    yield _wrong("wrong sum", f"over all axes {of}", group, j, _over_all(j))
    yield _wrong("wrong sum", f"over all axes {of}", group, j, _of_all(j))


def _of_all(j: int) -> Local:
    return lambda run, site: np.asarray(_scaled(run, site, j).sum())


def ends(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """Of dA only the first or the last entries along an axis are used, or all but these."""
    out = run.values[run.trace.out]
    for axis, n in enumerate(out.shape):
        for name, word, part in TERMS:
            if _is_left(n, name):
                what = f"{word.replace('term', 'entries')} of dA along axis {axis}"
                yield Wrong(name, what, {run.trace.out: _of_end(axis, part)})


def _of_end(axis: int, part: slice) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        kept = np.zeros_like(site.g)
        where = (slice(None),) * axis + (part,)
        kept[where] = site.g[where]
        return run.right(site._replace(g=kept))

    return rule


def _is_left(n: int, name: str) -> bool:
    """Whether enough terms are there to tell one of them from all but one."""
    return n > (1 if name == "missing sum" else 2)


def _is_copied(axis: int, ndim: int, shape: tuple[int, ...]) -> bool:
    own = axis - (ndim - len(shape))
    return own < 0 or shape[own] == 1


def _wrong(name: str, detail: str, group: list[int], j: int, local: Local) -> Wrong:
    return Wrong(name, detail, dict.fromkeys(group, at_edge(j, local)))


def _scaled(run: Run, site: Site, j: int) -> Array:
    one = run.trace.operation(site.place)
    return site.g * SLOPES[one.name][j](*site.args, site.out)


def _of_copy(j: int, axis: int, part: slice) -> Callable[[Run, Site], Array]:
    def local(run: Run, site: Site) -> Array:
        g = _scaled(run, site, j)
        kept = np.zeros_like(g)
        where = (slice(None),) * axis + (part,)
        kept[where] = g[where]
        return summed(kept, site.args[j].shape)

    return local


def _over_all(j: int) -> Callable[[Run, Site], Array]:
    return lambda run, site: np.full(site.args[j].shape, _scaled(run, site, j).sum())


def _over(j: int, axis: int) -> Callable[[Run, Site], Array]:
    """The sum over another axis, if it has the length of the right one."""

    def local(run: Run, site: Site) -> Array:
        shape, scaled = site.args[j].shape, _scaled(run, site, j)
        made = scaled.sum(axis=axis)
        kept = scaled.sum(axis=axis, keepdims=True)
        return made.reshape(shape) if made.size == np.prod(shape) else kept if len(shape) == scaled.ndim else made

    return local


def _of_product(j: int, part: slice) -> Callable[[Run, Site], Array]:
    def local(run: Run, site: Site) -> Array:
        g = np.zeros_like(site.g)
        where = (part,) if j == 1 else (slice(None), part)
        g[where] = site.g[where]
        return matmul_pulled_back(j, site.args[0], site.args[1], g)

    return local
