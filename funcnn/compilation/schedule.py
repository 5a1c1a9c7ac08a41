"""When a kernel computes each node for a panel of rows, and where it keeps the numbers."""

from __future__ import annotations

from typing import ClassVar

import attrs

from funcnn.compilation.graph import READ, ROOMS, Node
from funcnn.compilation.pieces import Pattern
from funcnn.compilation.program import SumOfProducts

# Operations that take many instructions: a product with many outputs has no registers left for them.
DEAR = {"cos", "divide", "erfc", "exp", "expm1", "log", "log1p", "normal", "power", "sign", "sin", "sqrt", "tanh"}
MOST_STAGES = 16
"""Of a round that is one function, since LLVM's time grows with the square of the size of a function."""
MOST_COST, DEAR_COST = 1000, 20  # of the nodes of one loop, where other nodes than dear ones cost 1
MOST_BYTES = 192 * 1024  # kept for the panels of a tile: half of a second-level cache, or less


@attrs.define(eq=False)
class Stage:
    """A room, which is an operation across features, and the groups of elementwise nodes around it.

    Each group has nodes with one number of features, computed in one loop over the features. `own` is computed in the
    loop of the room itself, if `is_fused`, else in a loop after it.
    """

    room: Node | None
    before: list[list[Node]]
    own: list[Node]
    after: list[list[Node]]
    is_fused: bool = True
    is_shared: ClassVar = True

    def store(self) -> None:
        """Mark the nodes that another loop than their own reads."""
        if self.room is not None and not self.is_fused:
            self.room.is_stored = True
        for group in [*self.before, self.own, *self.after]:
            for a in [a for node in group for a in node.inputs if a not in group]:
                a.is_stored |= not (a is self.room and self.is_fused and group is self.own)

    def add_to(self, pattern: Pattern) -> None:
        """Add the nodes to a pattern."""
        pattern.key += (self.is_fused, len(self.before), len(self.after))
        room = [] if self.room is None else [self.room]
        for group in (*self.before, room, self.own, *self.after):
            pattern.add(group)


class Schedule:
    """Stages, and for each stored node a place: in the tile, which sums read at the end, or in the panel.

    `kept` and `passing` are the lines of the two, and `panels` is the number of panels of a tile. If the schedule
    `is_long`, the stages are functions of their own.
    """

    def __init__(self, nodes: list[Node], sums: list[SumOfProducts], rows: int, line_bytes: int) -> None:
        slots = _slots(nodes)
        self.stages = [stage for some in slots for stage in _stages(some)]
        self.is_long = len(self.stages) > min(MOST_STAGES, len(slots))
        for stage in self.stages:
            stage.store()
        summed = {one for s in sums for one in s.arguments}
        lengths = {"tile": 0, "panel": 0}
        for node in nodes:
            if node.is_stored and node.op != "vector" and not node.place[0]:
                area = "tile" if node in summed else "panel"
                node.place = area, lengths[area]
                lengths[area] += node.features
        self.kept, self.passing = lengths["tile"] | 1, lengths["panel"]  # odd, so that panels use all sets of a cache
        self.panels = max(4, min(16, MOST_BYTES // (self.kept * line_bytes)))
        self.tile_rows = self.panels * rows


def _slots(nodes: list[Node]) -> list[list[Node]]:
    """Nodes by slot: a slot begins with a room, and the elementwise nodes after it need no later room.

    A node is computed as early as it can be, while its arguments are in registers; but as late as it can be if all
    its arguments are in memory anyway.
    """
    last = 0
    for node in nodes:
        if node.op in ROOMS:
            last += 1
            node.slot = last
            node.args[0].is_stored = True
        elif node.op in READ:
            node.is_stored = True
    latest: dict[Node, int] = {}
    for node in reversed(nodes):
        latest[node] = min([u.slot - 1 if u.op in ROOMS else latest[u] for u in node.users], default=last)
    slots: list[list[Node]] = [[] for _ in range(last + 1)]
    for node in nodes:
        if node.op in {"vector", *READ}:
            continue
        if node.op not in ROOMS:
            node.slot = max([a.slot for a in node.inputs], default=0)
            if not node.is_stored and node.inputs and all([a.is_stored for a in node.inputs]):
                node.slot = max(node.slot, latest[node])
        slots[node.slot].append(node)
    return slots


def _stages(nodes: list[Node]) -> list[Stage]:
    """The room of a slot, and its other nodes by number of features.

    A node needs only nodes with as many features or with one: so groups of one feature come first. If a group takes
    several loops, each loop has a stage of its own.
    """
    room = next((node for node in nodes if node.op in ROOMS), None)
    groups: dict[int, list[Node]] = {}
    for node in nodes:
        if node is not room:
            groups.setdefault(node.features, []).append(node)
    loops = {n: _loops(groups[n]) for n in sorted(groups)}
    own, *rest = loops.pop(room.features, [[]]) if room is not None else [[]]
    others = [loop for some in loops.values() for loop in some]
    before, after = (others, []) if room is not None and room.features != 1 else ([], others)
    is_dear = any([node.op in DEAR for node in own])
    is_fused = room is None or not is_dear or room.op != "dense" or room.features <= 2
    if not rest and len(others) == len(loops):
        return [Stage(room, before, own, after, is_fused)]
    firsts, lasts = [[Stage(None, [], [], [loop]) for loop in some] for some in (before, [*rest, *after])]
    return [*firsts, Stage(room, [], own, [], is_fused), *lasts]


def _loops(group: list[Node]) -> list[list[Node]]:
    """The nodes of a group in parts, each of which is computed in one loop."""
    loops: list[list[Node]] = [[]]
    left = MOST_COST
    for node in group:
        cost = DEAR_COST if node.op in DEAR else 1
        if cost > left:
            loops.append([])
            left = MOST_COST
        loops[-1].append(node)
        left -= cost
    return loops
