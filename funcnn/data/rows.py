"""Batches of rows, in a random order in each epoch; or with equally many rows of each class."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np

from funcnn.arrays import Array, freeze, is_array, kind
from funcnn.checked import checked
from funcnn.data.checks import checked_equal
from funcnn.data.sequence import A, B, Batches, in_epochs
from funcnn.draws import ROWS, permutation
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.needs import Count, Natural, Seed, words_of
from funcnn.remedies import span
from funcnn.standard import is_bare
from funcnn.trees.walks import arrays_in, map_arrays, row_count


@checked
def batches(x: A, y: B, size: Count, *, epochs: Natural = 1, seed: Seed) -> Batches[A, B]:
    """The rows of x and y in batches of `size` rows, `epochs` times over, each time in a new random order.

    Batch i of epoch e holds rows `i size ... (i + 1) size - 1` of a permutation that depends on `(*seed, e)` alone; the
    last batch of an epoch may be smaller. x and y are arrays, or tuples of arrays, with equally many rows; a None in a
    tuple is a None in each batch. The arrays are not copied, so writing to them changes later batches. For all rows in
    each step, without shuffling, write `[(x, y)] * steps`.

    >>> import numpy as np
    >>> from funcnn import batches
    >>> x = np.arange(10.0).reshape(5, 2)
    >>> data = batches(x, x[:, :1], 2, epochs=3, seed=0)
    >>> len(data), data.per_epoch, data[2][0].shape, len(data[4:])
    (9, 3, (1, 2), 5)

    Raises:
        KindError: x or y is not an array or a tuple of arrays.
        ShapeError: x and y have unequal numbers of rows.
        RangeError: there are no rows, or `size` is more than the rows.
    """
    rows = common_row_count("batches", x, y)
    if not rows:
        raise RangeError("batches: x must have at least one row, not 0")
    if size > rows:
        raise RangeError(f"batches: size must be at most the number of rows, {rows}, not {size}")
    source = Shuffled(x, y, size, words_of(seed), -(-rows // size))
    return in_epochs("batches", source, epochs)


@checked
def balanced_batches(
    x: A, y: B, size: Count, *, classes: Array | None = None, epochs: Natural = 1, seed: Seed
) -> Batches[A, B]:
    """Batches in which each class has equally many rows, or one more if the number of classes does not divide `size`.

    `classes` has the class of each row, whole numbers from 0 on, (m,); without it, y has. An epoch holds each row of
    the largest class once; the rows of a smaller class are repeated, each as often as the other rows of its class, or
    once less. A network trained on such batches gives probabilities as if all classes were equally frequent.
    The order in epoch e depends on `(*seed, e)` alone; the last batch of an epoch may be smaller.

    >>> import numpy as np
    >>> from funcnn.data import balanced_batches
    >>> classes = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    >>> data = balanced_batches(np.zeros((8, 2)), classes, 4, epochs=5, seed=0)
    >>> len(data), np.bincount(data[7][1])
    (15, array([2, 2]))

    Raises:
        KindError, ShapeError: as `batches`; or the classes are not an array (m,) of whole numbers.
        RangeError: a class is negative or has no rows; `size` is less than the number of classes, or greater than the
            number of rows in an epoch.
    """
    function, argument = "balanced_batches", "y" if classes is None else "classes"
    rows = common_row_count(function, x, y)
    groups = _groups(function, argument, y if classes is None else classes, rows)
    most = len(groups) * max(map(len, groups))
    if not len(groups) <= size <= most:
        needed = f"at least the number of classes, {len(groups)}, and at most the rows in an epoch, {most}"
        raise RangeError(f"{function}: size must be {needed}, not {size}")
    source = Balanced(x, y, size, words_of(seed), -(-most // size), groups)
    return in_epochs(function, source, epochs)


def common_row_count(function: str, x: Any, y: Any) -> int:
    """The number of rows of x, checked to be that of y; rows of arrays of the standard cannot be chosen by NumPy's."""
    for argument, tree in (("x", x), ("y", y)):
        if (bare := next(filter(is_bare, arrays_in(tree)), None)) is not None:
            given = f"{kind(bare)}; write tree_map(np.asarray, {argument})"
            raise KindError(f"{function}: {argument} must be an array of NumPy or JAX, or a tuple of them, not {given}")
    return checked_equal(function, row_count(function, "x", x), row_count(function, "y", y))


def _groups(function: str, argument: str, classes: Any, rows: int) -> tuple[Array, ...]:
    """The rows of each class."""
    remedy = "; give the class of each row as classes" if argument == "y" else ""
    if is_array(classes) and classes.dtype.kind == "b":
        remedy = "; give y.astype(int) as classes" if argument == "y" else "; write classes.astype(int)"
    if not is_array(classes) or classes.dtype.kind not in "iu":
        raise KindError(f"{function}: {argument} must be an array of whole numbers, not {kind(classes)}{remedy}")
    if classes.shape != (rows,):
        raise ShapeError(f"{function}: {argument} must be ({rows},), a class for each row, not {classes.shape}{remedy}")
    classes = np.asarray(classes)
    if rows == 0 or classes.min() < 0:
        needed = "have at least one row, not 0" if rows == 0 else f"not be negative; it has {span(classes)}"
        raise RangeError(f"{function}: {argument} must {needed}")
    counts = np.bincount(classes)
    if not counts.all():
        raise RangeError(
            f"{function}: each class from 0 to {len(counts) - 1} must have a row; class {counts.argmin()} has none"
        )
    return tuple(np.split(classes.argsort(kind="stable"), counts.cumsum()[:-1]))


@attrs.frozen(eq=False)
class Shuffled:
    """Rows in an order of each epoch, cut into batches."""

    x: Any = attrs.field(repr=False)
    y: Any = attrs.field(repr=False)
    size: int
    seed: tuple[int, ...]
    per_epoch: int

    def order(self, epoch: int) -> Array:
        """A permutation of the rows."""
        return permutation((*self.seed, epoch, ROWS), row_count("batches", "x", self.x))

    def batch(self, order: Array, step: int) -> tuple[Any, Any]:
        """The rows of a batch."""
        k = step % self.per_epoch
        rows = order[k * self.size : (k + 1) * self.size]
        return map_arrays(lambda a: freeze(a[rows]), (self.x, self.y))


@attrs.frozen(eq=False)
class Balanced(Shuffled):
    """Rows in an order that takes one of each class in turn."""

    groups: tuple[Array, ...] = attrs.field(repr=False)

    def order(self, epoch: int) -> Array:
        """Permutations of each class, repeated to the length of the largest."""
        most = max(map(len, self.groups))
        turns = []
        for c, group in enumerate(self.groups):
            keys = [(*self.seed, epoch, ROWS, c, i) for i in range(-(-most // len(group)))]
            turns.append(np.concatenate([group[permutation(key, len(group))] for key in keys])[:most])
        return np.stack(turns, axis=1).ravel()
