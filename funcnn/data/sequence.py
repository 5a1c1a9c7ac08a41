"""The sequence of batches: batch i is a function of i alone, so a slice of the batches resumes training."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar, overload

import attrs

from funcnn.arrays import kind
from funcnn.data.mapped import check_pure, mapped
from funcnn.errors import KindError, NoItemError
from funcnn.needs import Seed, as_count

A = TypeVar("A")
B = TypeVar("B")
X_co = TypeVar("X_co", covariant=True)  # x of a batch: an array, or a tuple of arrays
Y_co = TypeVar("Y_co", covariant=True)


class Source(Protocol):
    """Epochs of equally many batches, each a function of its number."""

    @property
    def per_epoch(self) -> int:
        """The number of batches in an epoch."""

    def order(self, epoch: int) -> Any:
        """The order of the rows in an epoch, which its batches share."""

    def batch(self, order: Any, step: int) -> Any:
        """The batch of this number, from the order of its epoch."""


def in_epochs(function: str, source: Source, epochs: int) -> Batches[Any, Any]:
    """The batches of some epochs; check that their number is a length."""
    number = as_count(function, "the number of batches", source.per_epoch * epochs, least=0, most=sys.maxsize)
    return Batches(source, range(number))


@attrs.frozen(eq=False)
class Batches(Sequence[tuple[X_co, Y_co]]):
    """A sequence of batches `(x, y)`, such as `batches` makes; a slice of a Batches is a Batches.

    `steps` has the numbers of the batches. Batch number i is the same in every slice and after every restart, to the
    same bits, so `data[state.step:]` resumes a run.
    """

    source: Source
    steps: range

    @property
    def per_epoch(self) -> int:
        """How many batches make an epoch."""
        return self.source.per_epoch

    def map(
        self, f: Callable[..., tuple[A, B]], *, seed: Seed | None = None, changes_rows: bool = False
    ) -> Batches[A, B]:
        """The batches `f(x, y)` of these; with a seed `f(x, y, rng)`, where rng is a generator for each batch.

        rng is a `numpy.random.Generator` that depends on the seed, on the number of the batch, and on how many maps
        come before this one; so augmentation can be sliced and resumed as the batches can. f must be pure: it takes
        random numbers from rng alone, and writes new arrays. It may return other dtypes and other structures, such as
        `(x, mask)` in place of x, but as many rows as it is given, unless `changes_rows` is True: then each batch may
        have another number of rows, at least 1, equal in x and y, as for two views of each row, or a filter. The number
        of batches stays, so slices resume as before.

        f is called twice with the first batch, to check that it is pure, when `map` is called. Later batches are passed
        as read-only arrays. The result pickles if f does.

        >>> import numpy as np
        >>> from funcnn import batches
        >>> def noisy(x, y, rng):
        ...     return x + rng.normal(size=x.shape), y
        >>> x = np.zeros((6, 2))
        >>> data = batches(x, x, 2, epochs=9, seed=0).map(noisy, seed=1)
        >>> len(data), np.array_equal(data[5][0], data[3:][2][0])
        (27, True)

        Raises:
            KindError: f does not take two arguments, or three if there is a seed; it does not return a pair of arrays
                or tuples of arrays; it changes an argument; or two calls with equal arguments differ. `seed` is not a
                seed, or `changes_rows` not True or False.
            ShapeError: f returns another number of rows; or with `changes_rows` no rows, or unequally many in x and y.
        """
        source = mapped(self.source, f, seed, changes_rows)
        if self.steps:
            check_pure(source, self[0], self.steps[0])
        return Batches(source, self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @overload
    def __getitem__(self, i: int) -> tuple[X_co, Y_co]: ...
    @overload
    def __getitem__(self, i: slice) -> Batches[X_co, Y_co]: ...
    def __getitem__(self, i: int | slice) -> Any:
        check_index("Batches", i, len(self.steps), "batches")
        if isinstance(i, slice):
            return attrs.evolve(self, steps=self.steps[i])
        step = self.steps[i]
        return self.source.batch(self.source.order(step // self.per_epoch), step)

    def __iter__(self) -> Iterator[tuple[X_co, Y_co]]:
        """The batches in order. The order of each epoch is drawn only once."""
        current, order = -1, None
        for step in self.steps:
            if (epoch := step // self.per_epoch) != current:
                current, order = epoch, self.source.order(epoch)
            yield self.source.batch(order, step)


@attrs.frozen(eq=False)
class Rerouted(Sequence[tuple[X_co, Y_co]]):
    """The batches of another sequence, which a subclass reads in its own way."""

    data: Sequence[tuple[X_co, Y_co]]

    def __len__(self) -> int:
        return len(self.data)

    @overload
    def __getitem__(self, i: int) -> tuple[X_co, Y_co]: ...
    @overload
    def __getitem__(self, i: slice) -> Rerouted[X_co, Y_co]: ...
    def __getitem__(self, i: int | slice) -> Any:
        check_index(type(self).__name__, i, len(self.data), "batches")
        return attrs.evolve(self, data=self.data[i]) if isinstance(i, slice) else self.data[i]


def first_step(data: Any) -> int | None:
    """The number of the first batch of `data`; None if it is unknown, as for a list or a generator."""
    while isinstance(data, Rerouted):
        data = data.data
    return data.steps[0] if isinstance(data, Batches) and data.steps and data.steps.step == 1 else None


def check_index(function: str, i: Any, n: int, items: str) -> None:
    """Check an index of a sequence of n items: a whole number from -n to n - 1, or a slice of whole numbers."""
    parts = [part for part in (i.start, i.stop, i.step) if part is not None] if isinstance(i, slice) else [i]
    for part in parts:
        try:
            operator.index(part)
            fits = not isinstance(part, bool)
        except TypeError:
            fits = False
        if not fits:
            raise KindError(f"{function}: an index must be a whole number or a slice, not {kind(part)}")
    if not isinstance(i, slice) and not -n <= i < n:
        raise NoItemError(f"{function}: index {i} is out of range; there are {n} {items}")
