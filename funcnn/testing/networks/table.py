"""The table of strategies for cases `(params, x)` of each layer; `register` adds to it."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from funcnn import records
from funcnn.about.card import Card
from funcnn.about.table import card_of
from funcnn.arrays import Array, freeze, kind
from funcnn.checked import checked
from funcnn.core import forward
from funcnn.errors import KindError
from funcnn.inspection.log import Logged
from funcnn.lazy import load_all
from funcnn.needs import Text, passing
from funcnn.records import is_record
from funcnn.testing.tensors import Strategy, tensors

Case = tuple[Any, Any]


def _check_class(function: str, argument: str, value: Any) -> None:
    if not isinstance(value, type):
        remedy = f"; write {function}({type(value).__name__})" if function == "cases" and is_record(value) else ""
        raise KindError(f"{function}: {argument} must be a class of layers, not {kind(value)}{remedy}")


LayerClass = Annotated[type, passing("a class of layers", _check_class)]

table: dict[type, st.SearchStrategy[Case]] = {}


@checked
def register(layer: LayerClass, strategy: Strategy[Case]) -> None:
    """Register a strategy for cases `(params, x)` of a layer of your own, for `cases`, `layers` and `st.from_type`."""
    table[layer] = strategy
    st.register_type_strategy(layer, strategy.map(lambda case: case[0]))


@checked
def cases(layer: LayerClass) -> st.SearchStrategy[Case]:
    """A strategy for cases `(params, x)`: a layer, and an x that fits it.

    >>> from hypothesis import find
    >>> from funcnn import Relu
    >>> from funcnn.testing import strategies as fst
    >>> find(fst.cases(Relu), lambda case: True)
    (Relu(), array([[0.125]]))

    Raises:
        KindError: there is no strategy for that layer.
    """
    if layer in table:
        return table[layer]
    if (card := card_of(layer, bases=False)) is not None:
        return of_card(layer, card)
    raise KindError(f"cases: there is no strategy for {layer.__name__}; write register({layer.__name__}, ...)")


def of_card(layer: type, card: Card) -> st.SearchStrategy[Case]:
    """The cases of a card: the layer with each of its settings, and x of each shape, outside of the jumps."""
    layers = st.sampled_from([layer(*numbers) for numbers in card.settings])
    arrays = st.one_of([tensors(shape) for shape in card.axes]).map(lambda drawn: drawn[0])
    outside = lambda x: freeze(np.where(np.isin(abs(x), card.jumps), 1.01 * x, x))
    return st.tuples(layers, arrays.map(outside) if card.jumps else arrays)


def masks(*shape: int) -> st.SearchStrategy[Array]:
    """Random bools, read-only; some rows are all False or all True."""
    return hnp.arrays(bool, shape).map(freeze)


def perhaps_masked(x: Array) -> st.SearchStrategy[Any]:
    """X, or (x, mask) with random bools for each position."""
    return st.just(x) | st.tuples(st.just(x), masks(*x.shape[:2]))


@checked
def layers(module: Text = "funcnn") -> st.SearchStrategy[Case]:
    """A case of any layer that a package defines.

    Raises:
        KindError: as `registered` and `cases`.
    """
    return st.one_of([cases(layer) for layer in layers_of("layers", module)])


@checked
def registered(module: Text = "funcnn") -> list[type]:
    """Every layer that a package defines: its records with a forward rule, except abstract bases; in funcnn, also the
    chain.

    `Logged` is left out: only `trace` puts it around layers, and its results are compared bit for bit. So are layers
    around functions of other libraries, in `funcnn.interop`.

    Raises:
        KindError: the package defines no layer: a misspelt name must not pass as a package without untested
        layers.
    """
    return layers_of("registered", module)


def layers_of(function: str, module: str) -> list[type]:
    """As `registered`; errors begin with the name of the function that was called."""
    try:
        import_module(module)  # so that the result does not depend on earlier imports
        load_all()  # the layers of funcnn
    except (ModuleNotFoundError, ValueError):  # an empty name raises ValueError
        raise KindError(f"{function}: there is no module {module!r}") from None
    default, package = forward.dispatch(object), module.split(".", maxsplit=1)[0]
    # A class of a docstring example has the name of a module that does not contain it.
    found = [
        cls
        for cls in records.registry.values()
        if cls.__module__.split(".")[0] == package
        and not cls.__module__.startswith("funcnn.interop.")  # loaded only where its library is used
        and (package != "funcnn" or hasattr(sys.modules.get(cls.__module__), cls.__name__))
    ]
    made = [
        cls
        for cls in found
        if cls is not Logged and forward.dispatch(cls) is not default and not getattr(cls, "__abstractmethods__", None)
    ]
    if not made:
        raise KindError(f"{function}: module must be one that defines a layer; {module} defines none")
    return [*made, *([tuple] if module == "funcnn" else [])]


@checked
def unproven(module: Text = "funcnn") -> list[str]:
    """The layers of a package for which there is no strategy. One line in a suite: `assert not unproven("mine")`.

    Raises:
        KindError: as `registered`.
    """
    found = layers_of("unproven", module)
    return [cls.__name__ for cls in found if cls not in table and card_of(cls, bases=False) is None]
