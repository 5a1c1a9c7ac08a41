"""A network as a tree of blocks with texts: what `diagram` draws, without positions."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from funcnn.inspection.branches import branches_of
from funcnn.inspection.log import Entry
from funcnn.inspection.summaries import details, numbers, shape
from funcnn.layers.combinators.frozen import Frozen
from funcnn.layers.combinators.shared import Here, Shared
from funcnn.trees.walks import arrays_in

_COLUMNS = 34  # the longest line of settings
_REPEATED = 3  # so many equal blocks in a row are drawn once


@attrs.frozen
class Block:
    """A layer, or blocks that repeat: a box if it has no branches, else a frame around them.

    `x` and `out` are the shapes at its two ends, as text. The path is the first word of a title, and is not part of
    what makes two blocks equal.
    """

    path: str = attrs.field(eq=False)
    title: str
    lines: tuple[str, ...] = ()
    x: str = ""
    out: str = ""
    branches: tuple[tuple[Block, ...], ...] = ()
    join: str = ""
    repeats: bool = False


class BlockBuilder:
    """Builds the blocks of a network; in the shapes of its blocks, m is the number of rows of x."""

    def __init__(self, x: Any) -> None:
        arrays = arrays_in((x,)) if x is not None else []
        self.m = arrays[0].shape[0] if arrays and arrays[0].shape else 0
        self.homes: dict[str, str] = {}  # the path of the layer of each Shared, by its name
        self.drawn: set[str] = set()  # those of these layers that have a block

    def chain(
        self, layers: Any, path: str, calls: Sequence[Entry], *, trained: bool = True, shared: bool = False
    ) -> tuple[Block, ...]:
        """The blocks of a layer or of a tuple of layers, at any depth; equal ones in a row are one."""
        flat = _flat(layers, path)
        return folded([self._block(layer, where, calls, trained, shared) for where, layer in flat])

    def shape(self, value: Any) -> str:
        """`m × 27`, `2m × 27` if there are twice as many rows, `(m × 5 × 9, m × 5)` for a tuple."""
        return shape(value, " \N{MULTIPLICATION SIGN} ", self._rows)

    def _rows(self, n: int) -> str:
        times, rest = divmod(n, self.m) if self.m else (1, n)
        return str(n) if rest or not times else "m" if times == 1 else f"{times}m"

    def _block(self, layer: Any, path: str, calls: Sequence[Entry], trained: bool, shared: bool) -> Block:  # noqa: FBT001  both are named by the caller
        call = next((entry for entry in calls if entry.path == path), None)
        x, out = ("", "") if call is None else (self.shape(call.x), self.shape(call.out))
        if type(layer) is Shared:
            self.homes[layer.name] = f"{path}.layer".lstrip(".")
        found = branches_of(layer)
        inside, count = call.inside if call else (), numbers(layer, trained=trained)
        branches = []
        for branch in found.branches:
            blocks: tuple[Block, ...] = ()
            for name, part in branch.items():
                where, again = f"{path}.{name}".lstrip("."), shared
                if type(layer) is Here and layer.name in self.homes:
                    where = self.homes[layer.name]
                    again = shared or where in self.drawn
                    self.drawn.add(where)
                blocks += self.chain(part, where, inside, trained=trained and type(layer) is not Frozen, shared=again)
            branches.append(blocks)
        drawn = {name.split(".")[0] for branch in found.branches for name in branch}
        settings = ", ".join(details(layer, drawn if branches else ()))
        if type(layer) is Here:
            count = ""  # the Shared has them
        lines = [*textwrap.wrap(settings, _COLUMNS), "shared" if shared and count else count]
        return Block(path, type(layer).__name__, tuple(filter(None, lines)), x, out, tuple(branches), found.join)


def _flat(layers: Any, path: str) -> Iterator[tuple[str, Any]]:
    if type(layers) is not tuple:
        yield path, layers
        return
    for i, layer in enumerate(layers):
        yield from _flat(layer, f"{path}.{i}".lstrip("."))


def folded(blocks: Sequence[Block]) -> tuple[Block, ...]:
    """The blocks, with three or more equal groups in a row as one frame around the first of them."""
    made, i = [], 0
    while i < len(blocks):
        length, times = _longest(blocks, i)
        if times < _REPEATED:
            made.append(blocks[i])
            i += 1
            continue
        group, last = tuple(blocks[i : i + length]), blocks[i + length * times - 1]
        lines = (f"{group[0].path} to {last.path}",)
        made.append(Block("", f"{times} times", lines, group[0].x, last.out, (group,), repeats=True))
        i += length * times
    return tuple(made)


def _longest(blocks: Sequence[Block], start: int) -> tuple[int, int]:
    """The (length, times) of the repetition from `start` on that covers most; (1, 1) if there is none."""
    best = (1, 1)
    for length in range(1, (len(blocks) - start) // _REPEATED + 1):
        group, times = blocks[start : start + length], 1
        while blocks[start + times * length : start + (times + 1) * length] == group:
            times += 1
        if times >= _REPEATED and times * length > best[0] * best[1]:
            best = (length, times)
    return best
