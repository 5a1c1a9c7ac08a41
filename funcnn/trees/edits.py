"""Trees with some parts replaced, and the records among which they are selected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, cast

import attrs

from funcnn.arrays import is_array, kind
from funcnn.checked import checked
from funcnn.errors import FuncnnError, KindError
from funcnn.fields import check_function
from funcnn.needs import fitting, passing
from funcnn.records import build, is_record, plans
from funcnn.trees.walks import Tree, check_part, check_tree

T = TypeVar("T")


def _check_which(function: str, argument: str, value: Any) -> None:
    if not all([isinstance(part, type) for part in (value if type(value) is tuple and value else (value,))]):
        check_function(function, argument, value, "a class, a tuple of classes or a function of a record", takes=1)


def _is_path(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and all([isinstance(path, str) for path in value]))


Which = Annotated[
    type | tuple[type, ...] | Callable[[Any], bool],
    passing("a class, a tuple of classes or a function of a record", _check_which),
]
Path = Annotated[str | dict[str, Any], fitting("a string, or a dict of values by path", _is_path)]


def evolve(record: T, /, **changes: Any) -> T:
    """`record` with some fields replaced; the old record is unchanged.

    >>> from funcnn import evolve
    >>> from funcnn.layers import LeakyRelu
    >>> evolve(LeakyRelu(), alpha=0.2)
    LeakyRelu(alpha=0.2)

    Raises:
        KindError: `record` is not a record. Any error of the constructor of `record`.
    """
    if not is_record(record):
        remedy = "; write replace(tree, path, value)" if type(record) is tuple else ""
        raise KindError(f"evolve: record must be a record, not {kind(record)}{remedy}")
    return cast("T", attrs.evolve(cast("Any", record), **changes))


@checked
def select(tree: Tree[Any], which: Which) -> dict[str, Any]:
    """Each record of a class, of one of several classes, or for which a function is true, by its path.

    `tree` itself has the path `""`. A record inside a selected one is selected too; a record in a state also.

    >>> from funcnn import Dropout, evolve, mlp
    >>> from funcnn.trees import replace, select
    >>> net = mlp([2, 3, 1], Dropout(0.5, seed=0), seed=0)
    >>> select(net, Dropout)
    {'1': Dropout(seed=(0, 1), step=0, rate=0.5)}
    >>> replace(net, {path: evolve(layer, rate=0.1) for path, layer in select(net, Dropout).items()})[1].rate
    0.1
    """
    fits = which if not isinstance(which, type | tuple) else lambda record: isinstance(record, which)
    return {path: part for path, part in _records(tree, "") if fits(part)}


def _records(tree: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Each record with its path, outer ones first."""
    if is_record(tree):
        yield path, tree
    for name, part in parts_of(tree).items():
        yield from _records(part, f"{path}.{name}".lstrip("."))


def parts_of(tree: Any) -> dict[str, Any]:
    """The parts of a tuple by number, or of a record by name."""
    if type(tree) is tuple:
        return {str(i): part for i, part in enumerate(tree)}
    return {name: getattr(tree, name) for name, _ in plans.get(type(tree), ())}


@checked
def replace(tree: Tree[T], path: Path, value: Any = attrs.NOTHING) -> T:
    """`tree` with another part at a path, or with other parts, given by path in a dict; the old tree is unchanged.

    The parts of a dict are replaced at once: a record is constructed with all of its new fields.

    >>> import numpy as np
    >>> from funcnn import mlp, trees
    >>> net = trees.replace(mlp([2, 3, 1], seed=0), "2.b", np.array([0.5]))
    >>> net[2].b
    array([0.5])
    >>> wider = trees.replace(net, {"2.W": np.ones((3, 2)), "2.b": np.zeros(2)})
    >>> wider[2].W.shape
    (3, 2)

    Raises:
        FuncnnError: the tree has no part at a path, or a path leads to a part of another part that is replaced.
        KindError: a layer or an array would be replaced by a value of another kind. Any error of the constructor of
            the record at a path.
    """
    if isinstance(path, str) == (value is attrs.NOTHING):
        given = "a dict with a value" if isinstance(path, dict) else "a path without a value"
        raise KindError(f"replace: path must be a path and a value, or a dict of values by path, not {given}")
    made: T = edited("replace", tree, as_edits(path if isinstance(path, dict) else {path: value}))
    check_tree("replace", "value", made)
    return made


Edits = Mapping[str, tuple[list[str], Any]]


def as_edits(by_path: Mapping[str, Any]) -> Edits:
    """Edits of values by path."""
    return {path: (path.split(".") if path else [], value) for path, value in by_path.items()}


def edited(function: str, tree: Any, edits: Edits, *, checked: bool = True) -> Any:
    """A tree with edits: by path, the steps that still lead to the part, and its new value.

    Numbers that are not known yet, such as tracers, cannot be `checked`.
    """
    inside: dict[str, dict[str, tuple[list[str], Any]]] = {}
    for path, (steps, value) in edits.items():
        if not steps:
            if len(edits) > 1:
                other = next(other for other in edits if other != path)
                raise FuncnnError(f"{function}: {path!r} is replaced, so no path must lead into it, as {other!r} does")
            return value
        inside.setdefault(steps[0], {})[path] = steps[1:], value
    parts, new = parts_of(tree), {}
    for step, some in inside.items():
        if step not in parts:
            has = f"has {', '.join(parts)}" if parts else "has no parts"
            raise FuncnnError(f"{function}: path {next(iter(some))!r} does not exist; the {kind(tree)} {has}")
        new[step] = edited(function, parts[step], some, checked=checked)
        if checked and (done := [path for path, (steps, _) in some.items() if not steps]):
            _check_part(function, tree, step, new[step], done[0])
    if type(tree) is tuple:
        return tuple({**parts, **new}.values())
    return _evolved(tree, new) if checked else built(tree, new)


def _check_part(function: str, tree: Any, step: str, value: Any, path: str) -> None:
    """Check that a layer is replaced by a layer, an array by an array, and a part of a tuple by what a tuple may hold.

    A record checks its arrays itself. A layer in a field may become None, and a state anything.
    """
    if type(tree) is tuple:
        old = tree[int(step)]
        check_part(function, "value", value)
    elif value is None or not is_record(old := getattr(tree, step)) or dict(plans[type(tree)])[step]:
        return
    is_layer, becomes_layer = [is_record(part) or type(part) is tuple for part in (old, value)]
    if (is_layer and not becomes_layer) or (is_array(old) and not is_array(value)):
        needed = "a record or a tuple" if is_layer else "an array"
        raise KindError(f"{function}: value must be {needed}, as the value at {path!r} is, not {kind(value)}")


def _evolved(record: Any, changes: dict[str, Any]) -> Any:
    """`evolve` with fields by name, which may differ from the names of the arguments."""
    fields = attrs.fields_dict(type(record))
    return evolve(record, **{str(fields[name].alias): value for name, value in changes.items()})


def built(record: Any, changes: dict[str, Any]) -> Any:
    """`evolve` without the checks of the constructor, for numbers that are not known yet."""
    return build(type(record), [*{**parts_of(record), **changes}.values()])
