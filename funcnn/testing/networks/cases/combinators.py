"""Cases of combinators: layers that contain layers, also probes, and layers that join or reshape arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn.arrays import Array, namespace
from funcnn.inspection.probe import Probe
from funcnn.layers.activations.base import Sigmoid, Tanh
from funcnn.layers.activations.smooth import Gelu
from funcnn.layers.combinators.branches import Copy, Parallel, Take
from funcnn.layers.combinators.first import First
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.function import Function
from funcnn.layers.combinators.joins import Concat, Sum
from funcnn.layers.combinators.map import Map
from funcnn.layers.combinators.remat import Remat
from funcnn.layers.combinators.residual import Residual
from funcnn.layers.combinators.scale import Scale
from funcnn.layers.combinators.shapes import Flatten, Reshape
from funcnn.layers.combinators.shared import Here, Shared
from funcnn.layers.combinators.tied import Tied
from funcnn.layers.dense import Dense
from funcnn.testing.networks.cases.dense import networks
from funcnn.testing.networks.table import Case, cases, masks, perhaps_masked, register
from funcnn.testing.tensors import dims, tensors

Draw = st.DrawFn


def _drawn(draw: Draw, *shapes: str, limit: float = 30) -> tuple[Array, ...]:
    """Tensors of moderate size, since +-800 would overflow after several layers."""
    return tuple([np.clip(a, -limit, limit) for a in draw(tensors(*shapes))])


@st.composite
def _some(draw: Draw) -> Any:
    """An array of two or three axes, alone or with a mask."""
    return draw(perhaps_masked(draw(tensors("m n") | tensors("m t n"))[0]))


register(Copy, st.tuples(st.builds(Copy, st.integers(1, 3)), _some()))
_pairs = tensors("m n", "m k") | tensors("m t n", "m k") | tensors("m n", "m t k")
register(Take, st.tuples(st.builds(Take, st.integers(0, 1)), _pairs))


@st.composite
def _parallel(draw: Draw) -> Case:
    """Branches of several widths; one or both may be the identity."""
    x, z, W, b = draw(tensors("m n", "m k", "n j", "j"))
    branches = draw(st.sampled_from([(Dense(W, b), Tanh()), ((), (Dense(W, b), Tanh())), ((), ())]))
    return Parallel(branches), (z, x) if branches[0] == () else (x, z)


register(Parallel, _parallel())


@st.composite
def _joined(draw: Draw, *shapes: str) -> Any:
    """Arrays to be joined, each with or without a mask."""
    parts = draw(tensors(*shapes))
    if draw(st.booleans()):
        return parts
    return tuple([(part, draw(masks(*part.shape[:2]))) for part in parts])


register(Sum, st.tuples(st.just(Sum()), _joined("m n") | _joined("m n", "m n") | _joined("m t n", "m t n", "m t n")))
register(
    Concat, st.tuples(st.just(Concat()), _joined("m n") | _joined("m n", "m k") | _joined("m t n", "m t k", "m t 1"))
)


def _kept(arrays: tuple[Array, ...]) -> tuple[Any, Array]:
    """A layer that keeps the shape of x, and x."""
    x, W, b = arrays
    return (Dense(W, b), Tanh()), x


_square = tensors("m n", "n n", "n") | tensors("m t n", "n n", "n")


@st.composite
def _with_mask(draw: Draw, case: Case) -> Case:
    """The layer within a First, for x with a mask."""
    layer, x = case
    return First(layer), (x, draw(masks(*x.shape[:2])))


register(
    Residual,
    _square.map(_kept)
    .flatmap(lambda case: st.just(case) | st.just(((), case[1])) | _with_mask(case))
    .map(lambda case: (Residual(case[0]), case[1])),
)
register(First, _square.map(_kept).flatmap(lambda case: _with_mask(case) | st.just((First(case[0]), case[1]))))


def _scaled(arrays: tuple[Array, ...]) -> Case:
    """A factor for each feature, or a 0-d array for all features."""
    x, factor = arrays
    return Scale(factor if x.ndim > 1 and factor.shape == x.shape[-1:] else factor.reshape(())), x


_factors = [("m n", "n"), ("m t n", "n"), ("m n", "1"), ("m t n", "1"), ("m", "1")]
_nets = st.one_of(cases(Dense), cases(Gelu), networks())
register(Frozen, _nets.map(lambda case: (Frozen(case[0]), case[1])))
register(Probe, _nets.map(lambda case: (Probe(case[0]), case[1])))
register(Scale, st.sampled_from(_factors).flatmap(lambda shapes: tensors(*shapes)).map(_scaled))

register(Flatten, st.tuples(st.just(Flatten()), (tensors("m n") | tensors("m t n k")).map(lambda arrays: arrays[0])))


@st.composite
def _reshape(draw: Draw) -> Case:
    """The sizes of a row in another order; one of them may be -1."""
    x = draw(tensors("m n") | tensors("m t n"))[0]
    shape = draw(st.sampled_from([x.shape[:0:-1], (1, *x.shape[1:]), (-1,), (*x.shape[:1:-1], -1)]))
    return Reshape(shape), x


register(Reshape, _reshape())


@st.composite
def _map(draw: Draw) -> Case:
    """A chain that flattens each row, a dense layer, or a sum of two arrays."""
    kind = draw(st.sampled_from(["flatten", "dense", "sum"]))
    x, z, W, b = draw(tensors("m t n", "m t n", "n k", "k"))
    if kind == "flatten":
        return Map((Reshape((1, -1)), Flatten(), Dense(W, b))), x
    return (Map(Dense(W, b)), x) if kind == "dense" else (Map(Sum()), (x, z))


register(Map, _map())
register(
    Remat, _square.map(_kept).map(lambda case: (Remat(case[0]), case[1])) | st.tuples(st.just(Remat(Copy(2))), _some())
)
register(Here, _square.map(_kept).map(lambda case: (Here("block", case[0]), case[1])))


@st.composite
def _shared(draw: Draw) -> Case:
    """`Here` in a chain, in branches and in nested layers; a net with parameters; two nested shared layers."""
    x, W, b, V, U, c = _drawn(draw, "m n", "n n", "n", "n n", "n k", "k", limit=3)
    layer, here, other = Dense(W, b), Here(), Here("other")
    nets: list[Any] = [
        here,
        (here, Tanh(), here, Tanh()),
        (Copy(2), Parallel((here, (here, Sigmoid()))), Sum()),
        (Residual((Remat(here), Tanh())), Tanh(), First(here), Dense(U, c)),
    ]
    pairs = Shared(Dense(V, None), (other, Tanh(), Shared(layer, (other, Tanh(), here, Tanh(), here)), other), "other")
    return draw(st.sampled_from([*[Shared(layer, net) for net in nets], pairs])), x


register(Shared, _shared())


@st.composite
def _tied(draw: Draw) -> Case:
    """A table with at most as many symbols as ids, so that ids repeat; a net or (); x with or without a mask."""
    sizes = draw(dims("m", "t", "v", "n"))
    size = " ".join
    W, V, b = _drawn(draw, *[size([str(sizes[name]) for name in names]) for names in ("vn", "nn", "n")], limit=3)
    ids = draw(hnp.arrays(np.int64, (sizes["m"], sizes["t"]), elements=st.integers(0, sizes["v"] - 1)))
    net: Any = draw(st.sampled_from([(), (Dense(V, b), Tanh())]))
    return draw(st.sampled_from([(Tied(W, net), ids), (Tied(W, First(net)), (ids, draw(masks(*ids.shape))))]))


register(Tied, _tied())


def swish(x: Array) -> Array:
    """x / (1 + e^-x)"""
    return x / (1 + namespace(x).exp(-x))


def swish_vjp(x: Array, dA: Array) -> Array:
    """dA times the derivative"""
    s = 1 / (1 + namespace(x).exp(-x))
    return dA * (s + x * s * (1 - s))


register(Function, tensors("m n").map(lambda arrays: (Function(swish, swish_vjp), np.clip(arrays[0], -30, 30))))
