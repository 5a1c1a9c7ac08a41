"""The trained arrays of a tree as one vector or by path, and the tree with other arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from funcnn.arrays import Array, as_array, float_namespace, freeze, is_array, is_plain, kind, namespace, owned, short
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.records import is_record
from funcnn.remedies import place
from funcnn.trees.libraries import in_any_library
from funcnn.trees.walks import Tree, map_arrays, walk

T = TypeVar("T")


@in_any_library
@checked
def to_vector(tree: Tree[Any]) -> Array:
    """All trained arrays, concatenated into one array with one axis, the form that optimizers of other libraries take.

    >>> from funcnn import Dense, trees
    >>> trees.to_vector(Dense.init(2, 3, seed=1)).shape
    (9,)

    Raises:
        KindError: an array of the tree does not hold numbers.
    """
    found = dict(walk(tree, states=False))
    for path, leaf in found.items():
        if not is_plain(leaf) or leaf.dtype.kind not in "biufcV" or leaf.dtype.fields:  # V: bfloat16
            raise KindError(f"to_vector: {place('tree', path)} must be an array of numbers, not {kind(leaf)}")
    parts = [leaf.reshape(-1) for leaf in found.values()] or [np.zeros(0)]
    return freeze(namespace(parts[0]).concatenate(parts))


@in_any_library
@checked
def from_vector(tree: Tree[T], vector: Array) -> T:
    """`tree` with the entries of `vector`, shape `(n,)`, as its trained arrays: the inverse of `to_vector`.

    >>> import numpy as np
    >>> from funcnn import Dense, trees
    >>> trees.from_vector(Dense.init(2, 1, seed=1), np.arange(3.0))
    Dense(W=<f64 [[0.] [1.]]>, b=<f64 [2.]>)

    Raises:
        ShapeError: the vector has another number of entries than the tree has trained numbers.
        KindError: `vector` is not an array of floats, or `vector` is complex and the tree is not.
    """
    if is_array(tree) and (isinstance(vector, tuple) or is_record(vector)):
        raise KindError(f"from_vector: vector must be an array, not {kind(vector)}; write from_vector(tree, vector)")
    float_namespace("from_vector", "vector", vector)
    needed = sum([leaf.size for _, leaf in walk(tree, states=False)])
    if vector.shape != (needed,):
        raise ShapeError(f"from_vector: vector must have the shape ({needed},) for this tree, not {vector.shape}")
    start = 0

    def cut(leaf: Array) -> Array:
        nonlocal start
        start += leaf.size
        if vector.dtype.kind == "c" != leaf.dtype.kind:
            raise KindError(f"from_vector: vector must hold real numbers, as the tree does, not {kind(vector)}")
        return vector[start - leaf.size : start].astype(leaf.dtype).reshape(leaf.shape)

    return map_arrays(cut, tree, states=False)


@checked
def with_parameters(tree: Tree[T], arrays: Mapping[str, Array]) -> T:
    """`tree` with other trained arrays, given by path: the inverse of `parameters`.

    >>> import numpy as np
    >>> from funcnn import Dense, parameters, trees
    >>> old = parameters(Dense.init(2, 1, seed=1))
    >>> trees.with_parameters(Dense.init(2, 1, seed=0), old | {"b": np.array([3.0])})
    Dense(W=<f64 [[ 0.9327] [-1.299 ]]>, b=<f64 [3.]>)

    Raises:
        KindError: `arrays` has other paths than `parameters(tree)`, or an array has another dtype.
        ShapeError: an array has another shape.
    """
    if not isinstance(arrays, Mapping):
        raise KindError(f"with_parameters: arrays must be a dict of arrays by path, not {kind(arrays)}")
    paths = [path for path, _ in walk(tree, states=False)]
    needed = "with_parameters: arrays must have the paths of parameters(tree)"
    missing, others = [p for p in paths if p not in arrays], [str(p) for p in arrays if p not in paths]
    if others:
        raise KindError(f"{needed}, {', '.join(paths)}; there is no {', '.join(others)}")
    if missing:
        raise KindError(f"{needed}; {', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing")
    rest = iter(paths)

    def given(leaf: Array) -> Any:
        new = as_array(arrays[path := next(rest)])
        if not is_array(new):
            raise KindError(f"with_parameters: arrays[{path!r}] must be an array like {short(leaf)}, not {kind(new)}")
        if new.shape != leaf.shape:
            raise ShapeError(f"with_parameters: arrays[{path!r}] must be like {short(leaf)}, not {short(new)}")
        if new.dtype != leaf.dtype:
            remedy = f"write arrays[{path!r}].astype({leaf.dtype.name!r})"
            raise KindError(f"with_parameters: arrays[{path!r}] must be {leaf.dtype}, not {new.dtype}; {remedy}")
        return owned(new)

    return map_arrays(given, tree, states=False)
