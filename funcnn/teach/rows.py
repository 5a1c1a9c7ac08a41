"""The arrays of a step by name, and the terms of their entries as text: sums of products of other numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.numbers import CONSTANT, GIVEN, NoTermsError, Number, TermArray

NUMBERS = 200  # an array with more numbers is a heat map
MOST_TERMS = 100  # a longer sum is not read
MOST_PLACES = 60  # numbers in one term
_STRENGTH = {"+": 1, "-": 1, "neg": 2, "*": 2, "/": 2, "^": 3}


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


def terms_of(a: Number, own: str, places: dict[int, str]) -> list[str] | None:
    """The terms of a number at the place `own`; None if it is given, or too long to be read.

    A term is a product of places and constants, such as `@1.0*@2.3` or `-@1.0`, or another expression, behind which
    stands its value: `tanh(@1.0)=0.76`. The number is the sum of its terms.
    """
    place = places.get(id(a), own)
    if place != own:
        return [place]
    if a.how == GIVEN:
        return None
    taken = places.pop(id(a), None)  # a number is not a term of itself
    try:
        return [_term(sign, part, places) for sign, part in _summands(a, places)]
    except NoTermsError:
        return None
    finally:
        if taken is not None:
            places[id(a)] = taken


def _summands(a: Number, places: Mapping[int, str]) -> list[tuple[int, Number]]:
    """The summands of a number, each with its sign."""
    found, waiting = list[tuple[int, Number]](), [(1, a)]
    while waiting:
        sign, part = waiting.pop()
        if part.how in {"+", "-", "neg"} and id(part) not in places:
            signs = {"+": (1, 1), "-": (1, -1), "neg": (-1,)}[part.how]
            waiting += reversed([(sign * s, one) for s, one in zip(signs, part.parts, strict=True)])
        else:
            found.append((sign, part))
        if len(found) + len(waiting) > MOST_TERMS:
            raise NoTermsError("the sum is too long to be read")
    return found


def _term(sign: int, a: Number, places: Mapping[int, str]) -> str:
    left = [MOST_PLACES]
    factors = _factors(a, places)
    if all([_is_short(part, places) for part in factors]):
        return "-" * (sign < 0) + "*".join([_text(part, places, 2, left) for part in factors])
    value = sign * a.value
    return "-" * (sign < 0) + f"{_text(a, places, 2 if sign < 0 else 0, left)}={value!r}"


def _factors(a: Number, places: Mapping[int, str]) -> list[Number]:
    if a.how != "*" or id(a) in places:
        return [a]
    return [factor for part in a.parts for factor in _factors(part, places)]


def _choices(a: Number, root: Number, places: Mapping[int, str]) -> tuple[Number, ...]:
    """max(a, b, c) for max(max(a, b), c)."""
    if a.how != root.how or (a is not root and id(a) in places):
        return (a,)
    return tuple([choice for part in a.parts for choice in _choices(part, root, places)])


def _is_short(a: Number, places: Mapping[int, str]) -> bool:
    return places.get(id(a), "#")[0] == "@" or a.how == CONSTANT


def _text(a: Number, places: Mapping[int, str], strength: int, left: list[int]) -> str:
    """The expression of a number as an operand of an operator of the given strength."""
    left[0] -= 1
    if left[0] < 0:
        raise NoTermsError("the expression is too long to be read")
    if id(a) in places:
        return places[id(a)]
    if a.how == CONSTANT:
        return f"({a.value:.12g})" if a.value < 0 and strength else f"{a.value:.12g}"
    if a.how == GIVEN:
        raise NoTermsError("a number without a place")
    own = _STRENGTH.get(a.how)
    if own is None:
        parts = _choices(a, a, places) if a.how in {"max", "min"} else a.parts
        return f"{a.how}({', '.join([_text(part, places, 0, left) for part in parts])})"
    if a.how == "neg":
        text = f"-{_text(a.parts[0], places, 3, left)}"
    else:
        one, other = a.parts
        last = own + (a.how in {"-", "/", "^"})
        space = " " * (own == 1)
        text = (
            f"{_text(one, places, own + (a.how == '^'), left)}{space}{a.how}{space}{_text(other, places, last, left)}"
        )
    return f"({text})" if own < strength or (a.how == "neg" and strength) else text
