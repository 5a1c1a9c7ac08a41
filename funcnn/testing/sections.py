"""Sections of a function of large arrays: some of their entries, and some directions, as arguments of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import attrs
import numpy as np

from funcnn.arrays import Array, freeze
from funcnn.testing.comparison.directions import MOST_ENTRIES
from funcnn.testing.differentiation.vector_function import generator, magnitudes
from funcnn.testing.numbers import entry_of


@attrs.frozen(eq=False)
class Section:
    """Arrays of which the large ones are replaced by an argument for each of some entries, and one for directions.

    Arrays with an index in `whole_ones` stay whole, since a structure moves their entries together.
    `places` has for each argument the index of its array, and None for the whole array, the flat index of an entry, or
    -1 for the directions.
    """

    names: tuple[str, ...]
    arrays: tuple[Array, ...]
    whole_ones: Collection[int] = ()
    places: tuple[tuple[int, int | None], ...] = attrs.field(init=False)
    directions: dict[int, Array] = attrs.field(factory=dict, init=False)

    @places.default
    def _places(self) -> tuple[tuple[int, int | None], ...]:
        rng = generator(self.arrays)
        found: list[tuple[int, int | None]] = []
        for i, a in enumerate(self.arrays):
            if a.size <= MOST_ENTRIES or a.dtype.kind != "f" or i in self.whole_ones:
                found.append((i, None))
            else:
                some = np.sort(rng.choice(a.size, MOST_ENTRIES // 3, replace=False)).tolist()
                found += [*[(i, k) for k in some], (i, -1)]
        return tuple(found)

    def __attrs_post_init__(self) -> None:
        """Draw the directions, in which every entry moves in proportion to itself."""
        rng = generator(self.arrays)
        for i in {i for i, k in self.places if k == -1}:
            a = self.arrays[i].astype(np.float64)
            self.directions[i] = rng.choice([-1.0, -0.5, 0.5, 1.0], (3, *a.shape)) * magnitudes(a)

    def parts(self) -> Iterator[tuple[str, Array]]:
        """The arguments with their names."""
        for i, k in self.places:
            name, a = self.names[i], self.arrays[i]
            if k is None:
                yield name, a
            elif k < 0:
                yield f"{name} along random directions", np.zeros(3, a.dtype)
            else:
                yield entry_of(name, k, a.shape), np.asarray(a.flat[k])

    def whole(self, parts: Sequence[Array]) -> tuple[Array, ...]:
        """The arrays that consist of these arguments; read-only."""
        if not self.directions:
            return tuple(parts)
        found = list(self.arrays)
        for (i, k), part in zip(self.places, parts, strict=True):
            if k is None:
                found[i] = part
                continue
            if found[i] is self.arrays[i] or found[i].dtype != part.dtype:
                found[i] = found[i].astype(part.dtype)  # a copy
            if k < 0:
                found[i] += np.tensordot(part, self.directions[i].astype(part.dtype), 1)
            else:
                found[i].flat[k] = part
        return tuple(map(freeze, found))

    def basis(self, parts: Sequence[Array], j: int) -> Iterator[list[Array | None]]:
        """For each entry of an argument, the tangents of all arrays when this entry moves."""
        (i, k), part = self.places[j], parts[j]
        if part.dtype.kind != "f":
            return
        whole = [None if a.dtype.kind != "f" else freeze(np.zeros(a.shape, part.dtype)) for a in self.arrays]
        for entry in range(part.size):
            tangents = list(whole)
            if k is not None and k < 0:
                tangents[i] = freeze(self.directions[i][entry].astype(part.dtype))
            else:
                e = np.zeros(self.arrays[i].shape, part.dtype)
                e.flat[entry if k is None else k] = 1
                tangents[i] = freeze(e)
            yield tangents
