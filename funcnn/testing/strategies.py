"""What hypothesis draws: arrays, cases `(params, x)` of a layer, of any layer, of whole networks.

A layer of one's own is registered once, with how to draw a case of it:

    fst.register(Swish, fst.tensors("m n").map(lambda arrays: (Swish(), *arrays)))

Then `fst.cases(Swish)` and hypothesis' own `st.from_type(Swish)` both work.
"""

from __future__ import annotations

from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies._internal.types import _global_type_lookup

from funcnn import records
from funcnn.arrays import Array, freeze
from funcnn.core import forward
from funcnn.errors import KindError
from funcnn.layers.activations import Elu, Gelu, Identity, LeakyRelu, Relu, Sigmoid, Softplus, Tanh
from funcnn.layers.dense import Dense
from funcnn.testing.tensors import dims, tensor, tensors
from funcnn.tree import parameters

__all__ = ["cases", "dims", "layers", "networks", "register", "registered", "tensor", "tensors", "unproven"]

Case = tuple[Any, Any]

# How to draw a case of each layer. `register` adds to it.
table: dict[type, st.SearchStrategy[Case]] = {}


def register(layer: type, strategy: st.SearchStrategy[Case]) -> None:
    """Say how to draw a case `(params, x)` of a layer of your own: for `cases` and `layers`, and for `st.from_type`."""
    table[layer] = strategy
    st.register_type_strategy(layer, strategy.map(lambda case: case[0]))


def cases(layer: type) -> st.SearchStrategy[Case]:
    """How to draw a layer and an x that fits it.

    Of a layer that only `st.register_type_strategy` knows, x has two axes, of a width that forward accepts.

    >>> from hypothesis import find
    >>> from funcnn import Relu
    >>> from funcnn.testing import strategies as fst
    >>> find(fst.cases(Relu), lambda case: True)
    (Relu(), array([[0.125]]))

    Raises:
        KindError: nobody has said how to draw that layer.
    """
    if layer in table:
        return table[layer]
    if layer in _global_type_lookup:
        return st.from_type(layer).flatmap(_with_x)
    raise KindError(f"cases: there is no strategy for {layer.__name__}; write register({layer.__name__}, ...)")


def _with_x(params: Any) -> st.SearchStrategy[Case]:
    """A layer, with an x of any width that it takes."""
    widths = dict.fromkeys([*[size for a in parameters(params).values() for size in a.shape], 1, 2, 3, 4])
    for width in widths:
        try:
            forward(params, np.zeros((1, width)))
        except Exception:  # noqa: BLE001, S112  this width does not fit
            continue
        return st.tuples(st.just(params), tensors(f"m {width}").map(lambda arrays: arrays[0]))
    raise KindError(
        f"cases: no x of two axes fits {type(params).__name__}; write register({type(params).__name__}, ...)"
    )


def layers(module: str = "funcnn") -> st.SearchStrategy[Case]:
    """A case of any layer that a package defines.

    Raises:
        KindError: as `registered` and `cases`.
    """
    return st.one_of([cases(layer) for layer in registered(module)])


def registered(module: str = "funcnn") -> list[type]:
    """Every layer that a package defines: its records with a forward rule, less the abstract bases; and the chain.

    Raises:
        KindError: there is none, so that a misspelt name cannot pass for a package in which all is proven.
    """
    try:
        import_module(module)  # what is there must not depend on who was imported before
    except ModuleNotFoundError:
        raise KindError(f"registered: there is no module {module}") from None
    default = forward.dispatch(object)
    found = [
        cls for cls in records.registry.values() if cls.__module__.split(".")[0] == module.split(".", maxsplit=1)[0]
    ]
    made = [
        cls for cls in found if forward.dispatch(cls) is not default and not getattr(cls, "__abstractmethods__", None)
    ]
    if not made:
        raise KindError(f"registered: {module} defines no layer")
    return [*made, *([tuple] if module == "funcnn" else [])]


def unproven(module: str = "funcnn") -> list[str]:
    """The layers of a package for which there is no strategy. One line in a suite: `assert not unproven("mine")`."""
    return [cls.__name__ for cls in registered(module) if cls not in table and cls not in _global_type_lookup]


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
    """A chain of dense layers and activations, nested at random, perhaps empty, and an x that fits it.

    With kinks only where all numbers are generic: where several meet, the chain rule leaves the subgradient of the
    whole. relu(x) - relu(-x) is x, whose slope at 0 is 1; the rules say 0.
    """
    kinked = draw(st.booleans())
    x = draw(_generic("m n") if kinked else tensors("m n"))[0]
    sizes = [x.shape[1], *draw(st.lists(st.integers(1, 3), max_size=3))]
    net: tuple[Any, ...] = ()
    for n_in, n_out in pairwise(sizes):
        shapes = f"{n_in} {n_out}", f"{n_out}"
        W, b = draw(_generic(*shapes) if kinked else tensors(*shapes))
        smooth: list[Any] = [Tanh(), Sigmoid(), Softplus(), Gelu(), Identity(), ()]
        layer = (Dense(W, b), draw(st.sampled_from([Relu(), LeakyRelu(), Elu(2.0), Tanh()] if kinked else smooth)))
        net += draw(st.sampled_from([layer, (layer,)]))
    return net, x


def _generic(*shapes: str) -> st.SearchStrategy[tuple[Array, ...]]:
    """Normal numbers only: no two are equal, and none is 0."""

    def normal(drawn: tuple[tuple[Array, ...], int]) -> tuple[Array, ...]:
        rng = np.random.default_rng(drawn[1])
        return tuple([freeze(rng.standard_normal(a.shape)) for a in drawn[0]])

    return st.tuples(tensors(*shapes), st.integers(0, 2**32 - 1)).map(normal)


table[tuple] = networks()  # not registered with hypothesis, to which a tuple is a tuple
