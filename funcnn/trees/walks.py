"""Walks over trees: records, tuples and the arrays in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from numbers import Number
from types import NoneType
from typing import Annotated, Any, TypeVar, cast

import numpy as np

from funcnn.arrays import Array, freeze, is_array, is_float, kind, short
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.needs import FloatDtype, Function, passing
from funcnn.records import build, plans, values
from funcnn.remedies import for_kind, place
from funcnn.trees.libraries import in_any_library

T = TypeVar("T")

DEEPEST = 100
"""Records and tuples inside one another: fewer than Python's limit on recursion lets every function walk through."""


def is_deeper(tree: Any, most: int) -> bool:
    """Whether more than `most` records and tuples are nested in one another; without recursion."""
    level = {id(tree): tree}  # a part that stands in several places is looked at once
    for _ in range(most + 1):
        level = {id(part): part for one in level.values() for part in _parts(one)}
        if not level:
            return False
    return True


def _parts(tree: Any) -> tuple[Any, ...]:
    return tree if type(tree) is tuple else values(tree) if type(tree) in plans else ()


@checked
def tree_map(f: Function, tree: Tree[T], *rest: Tree[Any]) -> T:
    """`tree` with `f(a, *others)` in place of each array a, states included; others: the arrays at a's path in `rest`.

    >>> import numpy as np
    >>> from funcnn import mlp, tree_map
    >>> half = tree_map(lambda a: a.astype(np.float32), mlp([2, 3, 1], seed=0))
    >>> half[0]
    Dense(W=<f32 [[ 0.0702 -0.9459  1.0763] [ 0.7452  0.5648  0.7506]]>, b=<f32 [0. 0. 0.]>)

    Raises:
        ShapeError: the trees differ in the number of layers, or in class.
    """
    return map_arrays(_of_arrays("tree_map", f, rest), tree, *rest, function="tree_map")


@checked
def map_parameters(f: Function, tree: Tree[T], *rest: Tree[Any]) -> T:
    """`tree_map` over the trained arrays only; states and settings are taken from `tree`.

    >>> from funcnn import Dense, trees
    >>> trees.map_parameters(lambda a: 0 * a, Dense.init(2, 1, seed=0))
    Dense(W=<f64 [[ 0.] [-0.]]>, b=<f64 [0.]>)

    Raises:
        ShapeError: as `tree_map`.
    """
    f = _of_arrays("map_parameters", f, rest)
    return map_arrays(f, tree, *rest, function="map_parameters", states=False)


def _of_arrays(function: str, f: Callable[..., Any], rest: Sequence[Any]) -> Callable[..., Any]:
    """f with a check: where the first tree has an array, each tree of `rest` must have an array too."""

    def of_arrays(leaf: Array, *others: Any) -> Any:
        if not all(map(is_array, others)):
            raise _unlike_trees_error(function, leaf, others)
        return f(leaf, *others)

    return of_arrays if rest else f


def map_arrays(f: Callable[..., Any], tree: T, *rest: Any, function: str = "", states: bool = True) -> T:
    """`tree_map` without checks of its arguments, for the functions that use it; errors name `function`."""
    return cast("T", _map(function, f, tree, rest, states=states))


def _map(function: str, f: Callable[..., Any], tree: Any, rest: Sequence[Any], *, states: bool) -> Any:
    cls = type(tree)
    if cls is tuple:
        if any([type(other) is not tuple or len(other) != len(tree) for other in rest]):
            raise _unlike_trees_error(function, tree, rest)
        parts = zip(tree, *rest, strict=True)
        return tuple([_map(function, f, part, others, states=states) for part, *others in parts])
    if cls in plans:
        if any([type(other) is not cls for other in rest]):
            raise _unlike_trees_error(function, tree, rest)
        contents = [getattr(tree, name) for name, _ in plans[cls]]
        for i, (name, is_state) in enumerate(plans[cls]):
            if states or not is_state:
                contents[i] = _map(function, f, contents[i], [getattr(other, name) for other in rest], states=states)
        return build(cls, contents)
    if not is_array(tree):
        if isinstance(tree, np.generic) and any(map(is_array, rest)):  # what NumPy makes of arrays without axes
            raise _unlike_trees_error(function, tree, rest)
        return tree
    new = f(tree, *rest)
    return tree if new is tree else freeze(new)  # an array that f returns unchanged belongs to the caller


# The trees that these functions give to `map_arrays`:
_TREES = {"update": "grads and params", "train": "what constraint returns and params"}


def _unlike_trees_error(function: str, tree: Any, rest: Sequence[Any]) -> ShapeError:
    other = "the second has" if len(rest) == 1 else "others have"
    given = f"where the first has {short(tree)}, {other} {', '.join(map(short, rest))}"
    what = _TREES.get(function, "all trees")
    return ShapeError(f"{function}: {what} must have the same structure; {given}".removeprefix(": "))


@checked
def leaves(tree: Tree[Any]) -> list[Array]:
    """Every array, states included, in field order, as in JAX.

    >>> from funcnn import mlp, trees
    >>> [leaf.shape for leaf in trees.leaves(mlp([2, 3, 1], seed=0))]
    [(2, 3), (3,), (3, 1), (1,)]
    """
    return arrays_in(tree)


def arrays_in(tree: Any) -> list[Array]:
    """`leaves` without the check: for a value that is not a tree the list is empty."""
    if type(tree) is tuple or type(tree) in plans:  # without the paths of `walk`, which take most of its time
        parts = tree if type(tree) is tuple else values(tree)
        return [leaf for part in parts for leaf in arrays_in(part)]
    return [tree] if is_array(tree) else []


@checked
def parameters(tree: Tree[Any]) -> dict[str, Array]:
    """Each trained array by its path, in field order.

    >>> from funcnn import mlp, parameters
    >>> list(parameters(mlp([2, 3, 1], seed=0)))
    ['0.W', '0.b', '2.W', '2.b']
    """
    return dict(walk(tree, states=False))


def walk(tree: Any, path: str = "", *, states: bool = True) -> Iterator[tuple[str, Array]]:
    """Each array with its path, in field order; with `states=False` without states."""
    if is_array(tree):
        yield path, tree
        return
    if type(tree) is tuple:
        parts = [(str(i), part) for i, part in enumerate(tree)]
    else:
        parts = [(name, getattr(tree, name)) for name, state in plans.get(type(tree), ()) if states or not state]
    for name, part in parts:
        yield from walk(part, f"{path}.{name}" if path else name, states=states)


@checked
def count(tree: Tree[Any]) -> int:
    """The number of trained numbers: the entries of all `parameters`.

    >>> from funcnn import mlp, trees
    >>> trees.count(mlp([2, 27, 1], seed=0))
    109
    """
    return sum([leaf.size for _, leaf in walk(tree, states=False)])


@in_any_library
@checked
def astype(tree: Tree[T], dtype: FloatDtype) -> T:
    """`tree` with every array of floats as `dtype`, states included; arrays of whole numbers are unchanged.

    An array that has the dtype already is shared. A number that is too large for `dtype` becomes infinite, and NumPy
    warns.

    >>> import numpy as np
    >>> from funcnn import mlp, trees
    >>> trees.astype(mlp([2, 1], seed=0), np.float32)
    (Dense(W=<f32 [[ 0.0907] [-1.2212]]>, b=<f32 [0.]>),)

    Raises:
        KindError: an array holds complex numbers.
    """
    for path, leaf in walk(tree):
        if leaf.dtype.kind == "c":
            needed = f"hold real numbers, as {dtype.name} does"
            raise KindError(f"astype: {place('tree', path)} must {needed}, not {kind(leaf)}")
    return map_arrays(lambda a: a.astype(dtype) if is_float(a) and a.dtype != dtype else a, tree)


def check_tree(function: str, argument: str, tree: Any) -> None:
    """Check that `tree` is a record, an array or a tuple of trees; a tuple may also hold None, numbers and strings."""
    cls = type(tree)
    if cls in plans:
        return
    if cls is tuple:
        for part in tree:
            if type(part) not in plans:
                break
        else:  # only records, as in most networks: enumerate would double the time
            return
        for i, part in enumerate(tree):
            check_part(function, f"{argument}[{i}]", part)
    elif not is_array(tree) or (isinstance(tree, np.ndarray) and tree.dtype.kind in "OSU"):
        numbers = " of numbers" if is_array(tree) else ""
        remedy = f"; write tuple({argument})" if cls is list else ""
        raise KindError(
            f"{function}: {argument} must be a record, a tuple or an array{numbers}, not {kind(tree)}{remedy}"
        )


def check_part(function: str, argument: str, part: Any) -> None:
    """Check that `part` may stand in a tree: it is a tree, None, a number or a string."""
    if not isinstance(part, _LEAVES):
        check_tree(function, argument, part)


_LEAVES = (NoneType, bool, int, float, complex, str, np.generic)
Tree = Annotated[T, passing("a record, an array or a tuple of trees", check_tree)]


def row_count(function: str, argument: str, x: Any) -> int:
    """The number of rows of an array, or of all arrays in a tuple, checked to be equal; a part may be None."""
    parts = [part for part in x if part is not None] if type(x) is tuple else []  # a missing mask or first state
    if parts:
        counts = [row_count(function, argument, part) for part in parts]
        if len(set(counts)) > 1:
            raise ShapeError(f"{function}: {argument} must hold arrays with equally many rows; rows: {counts}")
        return counts[0]
    if not is_array(x) or not x.shape:
        given = short(x) if is_array(x) or type(x) is tuple else kind(x)
        has_no_rows = type(x) is tuple or isinstance(x, Number) or getattr(x, "shape", None) == ()
        remedy = "" if has_no_rows or is_array(x) else for_kind(argument, x)
        raise KindError(
            f"{function}: {argument} must be an array or a tuple of arrays, rows first, not {given}{remedy}"
        )
    return cast("int", x.shape[0])  # in jax.export it may be a symbol
