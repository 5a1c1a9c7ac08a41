"""A function of each batch, which is called with a generator that depends on the number of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import numpy as np

from funcnn.arrays import as_array, counted, is_array, kind, same, short
from funcnn.errors import KindError, ShapeError
from funcnn.fields import check_function
from funcnn.needs import Seed, as_flag, as_seed
from funcnn.trees.walks import map_arrays, row_count

_NAME = "Batches.map"


def mapped(source: Any, f: Callable[..., Any], seed: Seed | None, changes_rows: Any) -> Mapped:
    """The source with f of each batch."""
    words = None if seed is None else as_seed(_NAME, "seed", seed)
    if words is None:
        remedy = "; for a function with an rng give seed=0" if takes(f, 3) else ""
        check_function(_NAME, "f", f, "a function (x, y)", takes=2, remedy=remedy)
    else:
        check_function(_NAME, "f", f, "a function (x, y, rng)", takes=3)
    depth = source.depth + 1 if isinstance(source, Mapped) else 0
    return Mapped(source, f, words, depth, as_flag(_NAME, "changes_rows", changes_rows))


def takes(f: Any, n: int) -> bool:
    """Whether f can be called with n arguments."""
    try:
        check_function("", "", f, takes=n)
    except KindError:
        return False
    return True


@attrs.frozen(eq=False)
class Mapped:
    """A source of batches that are made from those of another source."""

    source: Any
    f: Callable[..., Any] = attrs.field(repr=lambda f: getattr(f, "__name__", kind(f)))
    seed: tuple[int, ...] | None
    depth: int = attrs.field(repr=False)
    """The number of maps before this one, so that maps with one seed draw other numbers."""
    changes_rows: bool = attrs.field(repr=False)

    @property
    def per_epoch(self) -> int:
        """The number of batches in an epoch."""
        return int(self.source.per_epoch)

    def order(self, epoch: int) -> Any:
        """The order of the rows in an epoch."""
        return self.source.order(epoch)

    def batch(self, order: Any, step: int) -> tuple[Any, Any]:
        """The batch of this number."""
        return self.applied(self.source.batch(order, step), step)

    def applied(self, batch: tuple[Any, Any], step: int) -> tuple[Any, Any]:
        """f of a batch, as read-only arrays."""
        try:
            made = self.f(*batch, *self._generators(step))
        except Exception as error:
            error.add_note(f"in map, in batch {step}")
            raise
        _check_result(made, None if self.changes_rows else row_count(_NAME, "the batch", batch), step)
        return map_arrays(_read_only, made)

    def _generators(self, step: int) -> list[np.random.Generator]:
        """The generator of a batch; with a spawn key, its numbers are not those that draw the order of an epoch."""
        if self.seed is None:
            return []
        return [np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(self.depth, step)))]


def check_pure(source: Mapped, batch: tuple[Any, Any], step: int) -> None:
    """Call f twice with copies of a batch, and check that it changes nothing and that the two results are equal."""
    first, second = [_result_for_copies(source, batch, step) for _ in range(2)]
    for what, a, b in zip("xy", first, second, strict=True):
        if not same(a, b):
            raise KindError(
                f"{_NAME}: f must return equal batches for equal arguments, not another {what} in each call"
            )


def _result_for_copies(source: Mapped, batch: tuple[Any, Any], step: int) -> tuple[Any, Any]:
    given = _copy(batch)
    made = source.applied(given, step)
    for what, before, after in zip("xy", batch, given, strict=True):
        if not same(before, after):
            raise KindError(f"{_NAME}: f must not change its arguments, but it changes {what}")
    return made


def _copy(tree: Any) -> Any:
    """The tree with copies of its NumPy arrays, which can be written to."""
    if type(tree) is tuple:
        return tuple(map(_copy, tree))
    return tree.copy() if isinstance(tree, np.ndarray) else tree


def _read_only(a: Any) -> Any:
    """A read-only view, since an array that f returns may belong to the caller."""
    a = as_array(a)
    if isinstance(a, np.ndarray):
        a = a.view()
        a.setflags(write=False)
    return a


def _check_result(made: Any, rows: int | None, step: int) -> None:
    """Check that f returned arrays of so many rows, or of equally many."""
    if type(made) is not tuple or len(made) != 2:
        given = counted(len(made), "value") if type(made) is tuple else kind(made)
        raise KindError(f"{_NAME}: f must return a pair (x, y), not {given}")
    for what, part in zip("xy", made, strict=True):
        for array in list(_parts(part)) or [part]:  # a tuple without an array is refused as it is
            if not is_array(array) or not array.shape:
                given = short(array) if is_array(array) or type(array) is tuple else kind(array)
                raise KindError(f"{_NAME}: f must return {what} as arrays, rows first, or tuples of them, not {given}")
            if rows is not None and (found := array.shape[0]) != rows:
                needed = f"as many rows as it is given, {rows}, not {found} in {what}"
                raise ShapeError(f"{_NAME}: f must return {needed}; for another number write changes_rows=True")
    if rows is None and not row_count(_NAME, "the result of f", made):
        raise ShapeError(f"{_NAME}: f must return at least one row of each batch, not 0 of batch {step}")


def _parts(tree: Any) -> Iterator[Any]:
    """The parts of nested tuples, less those that are None."""
    if type(tree) is tuple and tree:
        for part in tree:
            yield from _parts(part) if part is not None else ()
    else:
        yield tree
