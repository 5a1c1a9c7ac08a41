"""Walks over trees: records, tuples and the arrays in them. Whoever else needs the arrays of a network asks here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import NoneType
from typing import Any, TypeVar, cast

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, is_array, is_float, kind, namespace, short
from funcnn.errors import FuncnnError, KindError, ShapeError
from funcnn.fields import as_float_dtype
from funcnn.records import build, is_record, plans

T = TypeVar("T")


def tree_map(f: Callable[..., Any], tree: T, *rest: Any) -> T:
    """`tree` with `f(leaf, *the same leaf of each of rest)` in place of every array, states included, as in JAX.

    >>> import numpy as np
    >>> from funcnn import mlp, tree_map
    >>> half = tree_map(lambda a: a.astype(np.float32), mlp([2, 3, 1], seed=0))
    >>> half[0]
    Dense(W=<f32 [[ 0.3001 -0.5044 -1.0057] [-1.0592  0.6863  0.9043]]>, b=<f32 [0. 0. 0.]>)

    Raises:
        ShapeError: the trees differ in the number of layers, or in class.
    """
    return cast("T", _map(f, tree, rest, states=True))


def map_parameters(f: Callable[..., Any], tree: T, *rest: Any) -> T:
    """`tree_map` over the trained arrays only; states and settings are those of `tree`.

    >>> from funcnn import Dense, trees
    >>> trees.map_parameters(lambda a: 0 * a, Dense.init(2, 1, seed=0))
    Dense(W=<f64 [[ 0.] [-0.]]>, b=<f64 [0.]>)
    """
    return cast("T", _map(f, tree, rest, states=False))


def _map(f: Callable[..., Any], tree: Any, rest: Sequence[Any], *, states: bool) -> Any:
    cls = type(tree)
    if cls is tuple:
        if any([type(other) is not tuple or len(other) != len(tree) for other in rest]):
            raise _unlike(tree, rest)
        return tuple([_map(f, part, others, states=states) for part, *others in zip(tree, *rest, strict=True)])
    if cls in plans:
        if any([type(other) is not cls for other in rest]):
            raise _unlike(tree, rest)
        contents = [getattr(tree, name) for name, _ in plans[cls]]
        for i, (name, is_state) in enumerate(plans[cls]):
            if states or not is_state:
                contents[i] = _map(f, contents[i], [getattr(other, name) for other in rest], states=states)
        return build(cls, contents)
    if not is_array(tree):
        return tree
    new = f(tree, *rest)
    return tree if new is tree else freeze(new)  # what f passes on is the caller's


def _unlike(tree: Any, rest: Sequence[Any]) -> ShapeError:
    return ShapeError(f"tree_map: the trees are not alike: {', '.join(map(short, (tree, *rest)))}")


def leaves(tree: Any) -> list[Array]:
    """Every array, states included, in field order, as in JAX.

    >>> from funcnn import mlp, trees
    >>> [leaf.shape for leaf in trees.leaves(mlp([2, 3, 1], seed=0))]
    [(2, 3), (3,), (3, 1), (1,)]
    """
    return [leaf for _, leaf in walk(tree)]


def parameters(tree: Any) -> dict[str, Array]:
    """Each trained array by its path, in field order.

    >>> from funcnn import mlp, parameters
    >>> list(parameters(mlp([2, 3, 1], seed=0)))
    ['0.W', '0.b', '2.W', '2.b']
    """
    return dict(walk(tree, states=False))


def walk(tree: Any, path: str = "", *, states: bool = True) -> Iterator[tuple[str, Array]]:
    """Each array with its path, in field order; without the states if so asked."""
    if is_array(tree):
        yield path, tree
        return
    if type(tree) is tuple:
        parts = [(str(i), part) for i, part in enumerate(tree)]
    else:
        parts = [(name, getattr(tree, name)) for name, state in plans.get(type(tree), ()) if states or not state]
    for name, part in parts:
        yield from walk(part, f"{path}.{name}" if path else name, states=states)


def count(tree: Any) -> int:
    """How many trained numbers there are: the entries of all `parameters`.

    >>> from funcnn import mlp, trees
    >>> trees.count(mlp([2, 27, 1], seed=0))
    109

    Raises:
        KindError: `tree` is none: a list, a class, a number.
    """
    check_tree(tree, "count")
    return sum([leaf.size for _, leaf in walk(tree, states=False)])


def astype(tree: T, dtype: Any) -> T:
    """`tree` with every array of floats as `dtype`, states included; whole numbers stay.

    An array that has the dtype already is shared. A number too large for it becomes infinite, and NumPy warns.

    >>> import numpy as np
    >>> from funcnn import mlp, trees
    >>> trees.astype(mlp([2, 1], seed=0), np.float32)
    (Dense(W=<f32 [[ 0.3874] [-0.6511]]>, b=<f32 [0.]>),)

    Raises:
        KindError: `dtype` is no real float type, an array holds complex numbers, or `tree` is none.
    """
    check_tree(tree, "astype")
    new = as_float_dtype("astype", dtype)
    for path, leaf in walk(tree):
        if leaf.dtype.kind == "c":
            raise KindError(f"astype: {path or 'the array'} holds complex numbers; no array of {new.name} can")
    return tree_map(lambda a: a.astype(new) if is_float(a) and a.dtype != new else a, tree)


def check_tree(tree: Any, name: str, what: str = "tree") -> None:
    """`tree` is a record, an array or a tuple of such; beside them a tuple may hold None, numbers and strings."""
    cls = type(tree)
    if cls in plans or is_array(tree):
        return
    if cls is not tuple:
        remedy = f"; write tuple({what})" if cls is list else ""
        raise KindError(f"{name}: {what} must be a record, a tuple or an array, not {kind(tree)}{remedy}")
    for i, part in enumerate(tree):
        if type(part) not in plans and not isinstance(part, _LEAVES):
            check_tree(part, name, f"{what}[{i}]")


_LEAVES = (np.ndarray, NoneType, bool, int, float, complex, str, np.generic)


def to_vector(tree: Any) -> Array:
    """All trained arrays one after the other, as one array of one dimension: what optimizers of other libraries take.

    >>> from funcnn import Dense, trees
    >>> trees.to_vector(Dense.init(2, 3, seed=1)).shape
    (9,)
    """
    parts = [leaf.reshape(-1) for _, leaf in walk(tree, states=False)] or [np.zeros(0)]
    traced = [part for part in parts if type(part) is not np.ndarray]  # in part or in whole
    return freeze(namespace([*traced, *parts][0]).concatenate(parts))


def from_vector(tree: T, vector: Array) -> T:
    """`tree` with the entries of `vector`, shape `(n,)`, as its trained arrays: the inverse of `to_vector`.

    >>> import numpy as np
    >>> from funcnn import Dense, trees
    >>> trees.from_vector(Dense.init(2, 1, seed=1), np.arange(3.0))
    Dense(W=<f64 [[0.] [1.]]>, b=<f64 [2.]>)

    Raises:
        ShapeError: the vector has another number of entries than the tree has trained numbers.
    """
    needed = sum([leaf.size for _, leaf in walk(tree, states=False)])
    if vector.shape != (needed,):
        raise ShapeError(f"from_vector: the vector has the shape {vector.shape}, the tree needs ({needed},)")
    start = 0

    def cut(leaf: Array) -> Array:
        nonlocal start
        start += leaf.size
        return vector[start - leaf.size : start].astype(leaf.dtype).reshape(leaf.shape)

    return map_parameters(cut, tree)


def evolve(record: T, **changes: Any) -> T:
    """`record` with some fields replaced; the old one stays as it is.

    >>> from funcnn import evolve
    >>> from funcnn.layers import LeakyRelu
    >>> evolve(LeakyRelu(), alpha=0.2)
    LeakyRelu(alpha=0.2)

    Raises:
        KindError: `record` is none. What its class refuses, it refuses here too.
    """
    if not is_record(record):
        raise KindError(f"evolve: {kind(record)} is no record; of a tuple replace(tree, path, value) makes another")
    return cast("T", attrs.evolve(cast("Any", record), **changes))


def replace(tree: T, path: str, value: Any) -> T:
    """`tree` with another part at a path; the old tree stays as it is.

    >>> import numpy as np
    >>> from funcnn import mlp, trees
    >>> net = trees.replace(mlp([2, 3, 1], seed=0), "2.b", np.array([0.5]))
    >>> net[2].b
    array([0.5])

    Raises:
        FuncnnError: there is nothing at that path. What the record there refuses, it refuses here too.
    """
    return cast("T", _replaced(tree, path.split("."), value, path))


def _replaced(tree: Any, steps: list[str], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, *rest = steps
    if type(tree) is tuple and step.isdecimal() and int(step) < len(tree):
        i = int(step)
        return (*tree[:i], _replaced(tree[i], rest, value, path), *tree[i + 1 :])
    if is_record(tree) and step in [name for name, _ in plans[type(tree)]]:
        return evolve(tree, **{step: _replaced(getattr(tree, step), rest, value, path)})
    raise FuncnnError(f"replace: there is no {step!r} of {path!r} in {short(tree)}")


def row_count(x: Any, name: str = "x", whose: str = "") -> int:
    """The number of examples in an array, or in a tuple of arrays, which must agree on it; a part may be None."""
    parts = [part for part in x if part is not None] if type(x) is tuple else []  # no mask, no first state
    if parts:
        counts = [row_count(part, name, whose) for part in parts]
        if len(set(counts)) > 1:
            raise ShapeError(f"{whose}{name} must hold arrays with equally many rows; rows: {counts}")
        return counts[0]
    if not is_array(x) or not x.shape:
        given = short(x) if is_array(x) else kind(x)
        remedy = f"; write {name}.to_numpy()" if hasattr(x, "to_numpy") else ""
        raise KindError(f"{whose}{name} must be an array or a tuple of arrays, rows first, not {given}{remedy}")
    return int(x.shape[0])
