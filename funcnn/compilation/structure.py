"""The structure of a network: what two networks have in common that run in the same kernel, and copies of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.compilation.outside import parts_of
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.symbols import Symbol
from funcnn.records import build, getters, plans
from funcnn.trees.walks import arrays_in

Source = Any
Leaf = Callable[[Symbol], Callable[[Source], Any]]


def form_of_rows(x: Any, y: Any) -> list[Any]:
    """What two batches must have in common to use the same kernel."""
    form: list[Any] = [type(x), type(y)]
    for one in [part for rows in (x, y) for part in (rows if type(rows) is tuple else (rows,))]:
        if type(one) is not np.ndarray:
            raise Untraceable(f"x and y must be NumPy arrays, or tuples of them, got {kind(x)} and {kind(y)}")
        form += (one.shape, one.dtype)
    return form


def flatten(tree: Any, arrays: list[Any], numbers: list[Any], form: list[Any], *, is_state: bool = False) -> None:
    """Append the arrays of a tree to `arrays`, the numbers that may change to `numbers`, and the rest to `form`.

    The rest are classes and settings, and the shapes and dtypes of the arrays.
    """
    cls = type(tree)
    if cls is np.ndarray:
        arrays.append(tree)
        form += (tree.shape, tree.dtype)
    elif cls is tuple:
        form += (tuple, len(tree))
        for part in tree:
            flatten(part, arrays, numbers, form, is_state=is_state)
    elif cls in plans:
        form.append(cls)
        for (_, part_is_state), part in zip(plans[cls], getters[cls](tree), strict=True):
            if type(part) is np.ndarray:  # as above, without a call for each array
                arrays.append(part)
                form += (part.shape, part.dtype)
            elif part_is_state and type(part) is int:
                numbers.append(part)
                form.append(int)
            else:
                flatten(part, arrays, numbers, form, is_state=part_is_state)
    elif is_state and cls is float:
        numbers.append(tree)
        form.append(float)
    elif is_array(tree):
        raise Untraceable(f"a {kind(tree)} in the network")
    else:
        parts_of(tree, form)


def symbolic(tree: Any, array: Callable[[Any], Symbol], numbers: list[Symbol], *, is_state: bool = False) -> Any:
    """A tree with `array(a)` in place of each array a, and symbolic numbers in place of the numbers that may change.

    These are ints that are states, such as a step, and floats in states, such as in the memory of an optimizer; not the
    ints in tuples, such as a seed.
    """
    cls = type(tree)
    if cls is np.ndarray:
        return array(tree)
    if is_state and cls is float:
        return _number(numbers)
    if cls is tuple:
        return tuple([symbolic(part, array, numbers, is_state=is_state) for part in tree])
    if cls not in plans:
        return tree
    parts = []
    for (_, part_is_state), part in zip(plans[cls], getters[cls](tree), strict=True):
        if part_is_state and type(part) is int:
            parts.append(_number(numbers))
        else:
            parts.append(symbolic(part, array, numbers, is_state=part_is_state))
    return build(cls, parts)


def _number(numbers: list[Symbol]) -> Symbol:
    numbers.append(Symbol("state", (), (), NUMBER, None))
    return numbers[-1]


def builder(tree: Any, leaf: Leaf) -> Callable[[Source], Any]:
    """The function from a source to a tree like this one, with `leaf(s)(source)` in place of each symbolic array s."""
    cls = type(tree)
    if cls is Symbol:
        return leaf(tree)
    if not symbols_in(tree):
        return lambda _: tree
    parts = [builder(part, leaf) for part in (tree if cls is tuple else getters[cls](tree))]
    if cls is tuple:
        return lambda source: tuple([part(source) for part in parts])
    return lambda source: build(cls, [part(source) for part in parts])


def symbols_in(tree: Any) -> list[Symbol]:
    """The symbolic arrays and numbers of a tree."""
    found: list[Any] = arrays_in(tree)
    return [s for s in found if type(s) is Symbol]
