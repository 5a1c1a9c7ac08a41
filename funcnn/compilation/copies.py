"""Copies of trees with other arrays and numbers, made by code of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from funcnn.compilation.shapes import NUMBER
from funcnn.compilation.symbols import Symbol
from funcnn.records import build, getters, plans


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
