"""What loops over the entries of arrays store, and which of it needs to be in one loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs

from funcnn.compilation.graph import Node, Value, in_order, needed
from funcnn.compilation.pieces import Form

MOST_LOOPS = 16
"""In one function; more are functions of their own."""


@attrs.frozen(eq=False)
class Store:
    """What a loop over `size` entries stores, from number `first` of a memory on: a value; or start - lr value."""

    name: str
    first: int
    value: Value
    size: int
    start: Value = None

    def offset(self, _: int) -> int:
        """The first number."""
        return self.first


@attrs.frozen(eq=False)
class Stores:
    """Stores of arrays of one size, which are in one loop."""

    stores: Sequence[Store]

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.stores[0].size

    def form(self) -> Form:
        """What the text depends on."""
        form = Form("stores")
        self.add_to(form)
        return form

    def add_to(self, form: Form) -> None:
        """Add the stores to a form."""
        form.key += (self.size, len(self.stores))
        form.add([node for node in in_order(needed([v for s in self.stores for v in (s.value, s.start)])) if node.args])
        for store in self.stores:
            values = [form.read(v) if isinstance(v, Node) else repr(v) for v in (store.value, store.start)]
            form.key += (store.name, form.own(store), *values)


def together(stores: Sequence[Store], is_joint: Callable[[Node], bool]) -> list[Stores]:
    """The stores in groups: those of one size that need one of the nodes that are joint."""
    groups = list(range(len(stores)))
    first: dict[tuple[int, Node], int] = {}

    def group(i: int) -> int:
        while groups[i] != i:
            groups[i] = i = groups[groups[i]]
        return i

    for i, store in enumerate(stores):
        for node in needed([store.value, store.start]):
            if is_joint(node):
                groups[group(i)] = group(first.setdefault((store.size, node), i))
    found: dict[int, list[Store]] = {}
    for i, store in enumerate(stores):
        found.setdefault(group(i), []).append(store)
    return [Stores(some) for some in found.values()]
