"""What hypothesis draws: tensors of named sizes, and cases `(params, x)` of every layer.

Sizes are drawn first, all equal one time in four: a forgotten transpose shows only in what is not square, and a wrong
one only in what is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import records
from funcnn.arrays import Array, freeze
from funcnn.core import forward
from funcnn.errors import KindError
from funcnn.layers.activations import Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.dense import Dense

Case = tuple[Any, Any]

# How to draw a case of each layer. `register` adds to it.
table: dict[type, st.SearchStrategy[Case]] = {}


def register(layer: type, strategy: st.SearchStrategy[Case]) -> None:
    """Say how to draw a case `(params, x)` of a layer of your own, for `cases(layer)` and for `unproven`."""
    table[layer] = strategy


def cases(layer: type) -> st.SearchStrategy[Case]:
    """How to draw a layer and an x that fits it.

    >>> from hypothesis import find
    >>> from funcnn import Relu
    >>> from funcnn.testing import strategies as fst
    >>> find(fst.cases(Relu), lambda case: True)
    (Relu(), array([[0.]]))

    Raises:
        KindError: nobody has said how to draw that layer.
    """
    if layer not in table:
        raise KindError(f"cases: there is no strategy for {layer.__name__}; write register({layer.__name__}, ...)")
    return table[layer]


def layers(module: str = "funcnn") -> list[type]:
    """Every layer that a package defines: its records with a forward rule, less the abstract bases; and the chain.

    Raises:
        KindError: there is none, so that a misspelt name cannot pass for a package in which all is proven.
    """
    default = forward.dispatch(object)
    found = [cls for cls in records.registry.values() if cls.__module__.split(".")[0] == module]
    made = [
        cls for cls in found if forward.dispatch(cls) is not default and not getattr(cls, "__abstractmethods__", None)
    ]
    if not made:
        raise KindError(f"layers: {module} defines none, or is not imported")
    return [*made, *([tuple] if module == "funcnn" else [])]


def unproven(module: str = "funcnn") -> list[str]:
    """The layers of a package for which there is no strategy. One line in a suite: `assert not unproven("mine")`."""
    return [cls.__name__ for cls in layers(module) if cls not in table]


def dims(*names: str, least: int = 1, most: int = 4) -> st.SearchStrategy[dict[str, int]]:
    """A size for each name, all equal one time in four."""
    size = st.integers(least, most)
    equal = size.map(lambda n: dict.fromkeys(names, n))
    free = st.fixed_dictionaries(dict.fromkeys(names, size))
    return st.integers(0, 3).flatmap(lambda k: free if k else equal)


def tensors(*shapes: str, least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[Array, ...]]:
    """Arrays whose shapes are named sizes: `tensors("m n", "n k", "k")`; a digit is that size itself."""
    names = sorted({name for shape in shapes for name in shape.split() if not name.isdecimal()})

    def arrays(sizes: dict[str, int]) -> st.SearchStrategy[tuple[Array, ...]]:
        return st.tuples(*[tensor([sizes.get(n) or int(n) for n in shape.split()]) for shape in shapes])

    return dims(*names, least=least, most=most).flatmap(arrays)


def tensor(shape: Sequence[int]) -> st.SearchStrategy[Array]:
    """An array in one of three regimes: multiples of 1/8, with many ties and zeros; normal numbers; a mixture of both.

    The latter two come from one drawn seed, so that large arrays cost no more than small ones.
    """
    size = tuple(shape)
    lattice = hnp.arrays(np.float64, size, elements=st.integers(-16, 16).map(lambda k: k / 8))
    seeds = st.integers(0, 2**31 - 1)
    return (lattice | seeds.map(lambda seed: _normal(seed, size)) | seeds.map(lambda seed: _mixed(seed, size))).map(
        freeze
    )


def _normal(seed: int, shape: tuple[int, ...]) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def _mixed(seed: int, shape: tuple[int, ...]) -> Array:
    rng = np.random.default_rng(seed)
    pool = np.array([0.0, -0.0, 0.5, 0.5, -1.0, 1e-3, -1e-6, 30.0, -800.0, 800.0])
    return np.where(rng.random(shape) < 0.5, rng.choice(pool, shape), rng.standard_normal(shape))


def _inputs() -> st.SearchStrategy[Array]:
    """x of two or three axes, for layers that take any."""
    return (tensors("m n") | tensors("m t n")).map(lambda arrays: arrays[0])


def _dense_cases() -> st.SearchStrategy[Case]:
    def case(arrays: tuple[Array, ...]) -> Case:
        x, W, *b = arrays
        return Dense(W, b[0] if b else None), x

    shapes = [("m n", "n k", "k"), ("m t n", "n k", "k"), ("m n", "n k"), ("m n", "n 1", "1")]
    return st.sampled_from(shapes).flatmap(lambda names: tensors(*names)).map(case)


register(Dense, _dense_cases())
for _layer in (Identity, Relu, Sigmoid, Tanh, Softplus, Gelu):
    register(_layer, st.tuples(st.builds(_layer), _inputs()))
for _leaky in (LeakyRelu, Elu):
    register(_leaky, st.tuples(st.builds(_leaky, st.sampled_from([0.0, 0.01, 0.5, 1.0, 2.0])), _inputs()))


@st.composite
def networks(draw: st.DrawFn) -> Case:
    """A chain of dense layers and smooth activations, nested at random, perhaps empty, and an x that fits it.

    Smooth, since where several kinks meet, the chain rule may leave the subgradient of the whole.
    """
    x = draw(tensors("m n"))[0]
    sizes = [x.shape[1], *draw(st.lists(st.integers(1, 3), max_size=3))]
    net: tuple[Any, ...] = ()
    for n_in, n_out in pairwise(sizes):
        W, b = draw(tensors(f"{n_in} {n_out}", f"{n_out}"))
        layer = (Dense(W, b), draw(st.sampled_from([Tanh(), Sigmoid(), Softplus(), Identity(), ()])))
        net += draw(st.sampled_from([layer, (layer,)]))
    return net, x


register(tuple, networks())
