"""The structure of a network: what two networks have in common that run in the same kernel, and copies of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from funcnn.arrays import is_array, kind
from funcnn.compilation.agreement import parts_of
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


def flattened(*trees: Any) -> tuple[list[Any], list[Any], list[Any]]:
    """The arrays, the numbers that may change, and the rest of trees, as `flatten` has them."""
    arrays, numbers, form = list[Any](), list[Any](), list[Any]()
    for tree in trees:
        flatten(tree, arrays, numbers, form)
    return arrays, numbers, form


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


class Copies:
    """The function `(old, vector, numbers)`: a copy of the tree `old` with arrays that are views of the vector.

    `like` is a tree of the same structure with symbolic arrays and numbers, `firsts` says by the id of an array where
    it begins in the vector, and `places` by the id of a number where it stands among the numbers. The copy keeps the
    parts of `old` that have neither; and the parts where `new`, a tree like it, is None, such as a frozen layer.

    The vector is seen as one structure whose fields are the arrays, since a field takes a third of the time of a slice
    and a reshape.
    """

    def __init__(self, like: Any, new: Any, dtype: Any, firsts: Mapping[int, int], places: Mapping[int, int]) -> None:
        self._firsts, self._places, self._paths = firsts, places, list[str]()
        self._layout: Any = {"names": [], "formats": [], "offsets": []}
        self._dtype = dtype
        self._space: dict[str, Any] = {"build": build, "ndarray": np.ndarray}
        self._lines = ["def copy(old, vector, numbers):", " fields = ndarray((), layout, vector)"]
        self._lines.append(f" return {self._text(like, new, 'old')}")
        self._lines.append(f"def arrays(old):\n return [{', '.join(self._paths)}]")
        self._space["layout"] = np.dtype(self._layout)  # type: ignore[call-overload]  # of lists
        exec("\n".join(self._lines), self._space)  # noqa: S102  names of fields, and numbers
        self.copy: Callable[..., Any] = self._space["copy"]
        self.arrays: Callable[[Any], list[Any]] = self._space["arrays"]
        """The arrays of a tree like `old` in the places of views of the vector."""
        self.firsts: list[int] = [at // dtype.itemsize for at in self._layout["offsets"]]

    def _text(self, like: Any, new: Any, path: str) -> str:
        """The expression for a part, which stands in `old` at `path`."""
        cls = type(like)
        if new is None or self._is_kept(like):
            return path
        if cls is Symbol:
            return f"numbers[{self._places[id(like)]}]" if like.dtype == NUMBER else self._field(like, path)
        if cls is tuple:
            paths = [f"{path}[{i}]" for i in range(len(like))]
            return self._part("({},)", map(self._text, like, new, paths))
        paths, contents = [f"{path}.{name}" for name, _ in plans[cls]], getters[cls]
        self._space[name := f"cls{len(self._space)}"] = cls
        return self._part(f"build({name}, ({{}},))", map(self._text, contents(like), contents(new), paths))

    def _is_kept(self, like: Any) -> bool:
        """Whether a copy has this part of the old tree."""
        cls = type(like)
        if cls is Symbol:
            return id(like) not in self._firsts and id(like) not in self._places
        return (cls is not tuple and cls not in plans) or all(
            map(self._is_kept, like if cls is tuple else getters[cls](like))
        )

    def _part(self, text: str, parts: Iterable[str]) -> str:
        """A variable, since Python reads few brackets inside of one another."""
        line = text.format(", ".join(parts))
        self._lines.append(f" part{len(self._lines)} = {line}")
        return self._lines[-1].split()[0]

    def _field(self, s: Symbol, path: str) -> str:
        self._paths.append(path)
        name = str(len(self._layout["names"]))
        self._layout["names"].append(name)
        self._layout["formats"].append((self._dtype, s.shape))
        self._layout["offsets"].append(self._firsts[id(s)] * self._dtype.itemsize)
        return f"fields['{name}']"
