"""The arrays of a step by name, and the numbers with terms that stand for their entries."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.expressions import terms_of
from funcnn.teach.numbers import CONSTANT, Number, TermArray

NUMBERS = 200  # an array with more numbers is a heat map


@attrs.define(eq=False)
class StepArray:
    """An array: its name in the step, its values, and for each entry the number with its terms, or None.

    `axes` are the axes whose entries stand below each other and beside each other.
    """

    name: str
    values: Array
    numbers: Any = None
    axes: tuple[int, int] = (-2, -1)


@attrs.define(eq=False)
class StepArrays:
    """Every array of a step, once, whatever the number of places in which it stands.

    `places` has the place of each number with terms by its id: `@3.5` is entry 5 of row 3, and `#3.5` an entry of a row
    that is a heat map.
    """

    rows: list[StepArray] = attrs.field(factory=list)
    places: dict[int, str] = attrs.field(factory=dict)
    _indices: dict[int, int] = attrs.field(factory=dict)
    _names: Counter[str] = attrs.field(factory=Counter)
    _kept: list[Any] = attrs.field(factory=list)  # ids are of objects that exist

    def put(self, name: str, values: Array) -> int:
        """The index of the row of an array, which is new if the array has none."""
        if id(values) not in self._indices:
            self._names[name] += 1
            name = f"{name}_{self._names[name]}" if self._names[name] > 1 else name
            self._indices[id(values)] = len(self.rows)
            self.rows.append(StepArray(name, values))
        return self._indices[id(values)]

    def index(self, values: Any) -> int | None:
        """The index of the row of an array, or None."""
        return self._indices.get(id(values))

    def link(self, values: Any, made: Any) -> None:
        """Give the entries of an array their numbers; the numbers of `made` take the values of the trace.

        An array that does not agree with `made` gets none.
        """
        if not isinstance(made, TermArray) or made.data.dtype != object or id(values) not in self._indices:
            return
        if not agrees(values, made):
            return
        index = self._indices[id(values)]
        row, data = self.rows[index], made.data
        row.numbers = data.copy() if row.numbers is None else row.numbers
        self.name(index, data)
        for a, value in zip(data.flat, np.asarray(row.values).flat, strict=True):
            if a.how != CONSTANT:
                a.value = float(value)

    def name(self, index: int, data: Any) -> None:
        """Give each number that has no place yet its place in a row."""
        self._kept.append(data)
        mark = "@" if data.size <= NUMBERS else "#"
        for i, a in enumerate(data.flat):
            if a.how != CONSTANT:
                self.places.setdefault(id(a), f"{mark}{index}.{i}")

    def variable(self, name: str, data: Any) -> int | None:
        """The index of a new row for a variable of a rule; None if each of its numbers has a place."""
        numbers: list[Number] = list(data.flat)
        if all([id(a) in self.places or a.how == CONSTANT for a in numbers]):
            return None
        index = self.put(name, np.array([a.value for a in numbers]).reshape(data.shape))
        self.rows[index].numbers = data
        self.name(index, data)
        return index


def agrees(values: Any, made: Any) -> bool:
    """Whether two arrays have the same numbers, up to rounding in the dtype of the first; infinities are not compared.

    They may differ where a rule computes in its dtype what is computed here in another, such as random numbers.
    """
    if not isinstance(made, TermArray) or made.data.dtype != object:
        return True
    tolerance = _TOLERANCES.get(values.dtype.itemsize, 1e-6)
    found = np.array([a.value for a in made.data.flat])
    wanted = np.asarray(values, np.float64).ravel()
    finite = np.isfinite(found) & np.isfinite(wanted)
    scale = abs(wanted[finite]).max(initial=1e-3)
    return found.shape == wanted.shape and bool((abs(found - wanted)[finite] <= tolerance * scale).all())


_TOLERANCES = {2: 3e-2, 4: 1e-3}  # by the bytes of a number


def terms_of_rows(rows: StepArrays) -> dict[int, str]:
    """The terms of each row as JSON, by the index of the row: a list for each entry, or 0 for an entry without."""
    found = {}
    for index, row in enumerate(rows.rows):
        if row.numbers is None or not 0 < row.values.size <= NUMBERS:
            continue
        entries = [terms_of(a, f"@{index}.{i}", rows.places) or 0 for i, a in enumerate(row.numbers.flat)]
        if any(entries):
            found[index] = json.dumps(entries, separators=(",", ":"))
    return found
