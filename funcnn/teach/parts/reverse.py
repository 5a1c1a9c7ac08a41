"""Reverse mode over a recorded program, with another rule at some operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import attrs
import numpy as np

from funcnn.arrays import Array
from funcnn.teach.parts.rules import pulled_back
from funcnn.teach.parts.trace import FunctionTrace

Contributions = list[tuple[int, Array]]
"""Gradients that an operation sends to values, by their places."""


class Site(NamedTuple):
    """An operation that backward has reached: the numbers of its arguments, its output, and the gradient of that.

    `gradient_of` gives the gradient of each value: that of this backward pass, if it has been there, or else the right
    one.
    """

    place: int
    args: list[Array]
    out: Array
    g: Array
    gradient_of: Callable[[int], Array]


Rule = Callable[["Run", Site], Contributions]


@attrs.frozen(eq=False)
class Run:
    """A trace at some arguments, with the number of each value."""

    trace: FunctionTrace
    values: list[Array]
    names: Sequence[str] = ()
    _known: dict[object, dict[int, Array]] = attrs.field(factory=dict, init=False)

    def backward(self, dA: Array, wrong: Mapping[int, Rule] | None = None) -> list[Array]:
        """The gradients of the inputs of floats, with the given rules in place of the right ones."""
        found = self._walked({self.trace.out: dA}, wrong or {}, self.trace.floats)
        return [found.get(i, np.zeros(self.values[i].shape)) for i in self.trace.floats]

    def _walked(self, given: dict[int, Array], wrong: Mapping[int, Rule], wanted: Sequence[int]) -> dict[int, Array]:
        found = dict(given)
        for place in range(max(found), self.trace.first - 1, -1):
            g = found.get(place)
            if g is None or place in wanted:
                continue
            site = self.site(place, g, self._gradients(found, given, place))
            for i, part in wrong[place](self, site) if place in wrong else self.right(site):
                found[i] = found[i] + part if i in found else part
        return found

    def _gradients(self, found: dict[int, Array], given: dict[int, Array], place: int) -> Callable[[int], Array]:
        def gradient_of(i: int) -> Array:
            kept = found if i in found and i > place else self._right(given)
            return kept.get(i, np.zeros(self.values[i].shape))

        return gradient_of

    def _right(self, given: dict[int, Array]) -> dict[int, Array]:
        key = tuple([(i, g.tobytes()) for i, g in given.items()])
        if key not in self._known:
            self._known[key] = self._walked(given, {}, ())
        return self._known[key]

    def site(self, place: int, g: Array, gradient_of: Callable[[int], Array]) -> Site:
        """An operation with a gradient of its output."""
        one = self.trace.operation(place)
        return Site(place, [self.values[i] for i in one.args], self.values[place], g, gradient_of)

    def right(self, site: Site, *, but: int | None = None) -> Contributions:
        """What the right rule sends to each argument, but for one argument."""
        one = self.trace.operation(site.place)
        found = []
        for j, i in enumerate(one.args):
            if i in self.trace.moving and j != but:
                part = pulled_back(one, j, site.args, site.out, site.g)
                if part is not None:
                    found.append((i, part))
        return found

    def between(self, u: int, v: int, g: Array) -> Array:
        """The gradient of the value at u if that of the value at v is g, on the paths from v to u alone."""
        return self._walked({v: g}, {}, [u]).get(u, np.zeros(self.values[u].shape))

    def at(self, u: int, v: int, value: Array) -> Run:
        """The same program with another number at u, for what depends on it up to v."""
        found = dict(enumerate(self.values))
        found[u] = value
        changed = {u}
        for place in range(max(u + 1, self.trace.first), v + 1):
            one = self.trace.operation(place)
            if changed & set(one.args):
                found[place] = one(*[found[i] for i in one.args])
                changed.add(place)
        return Run(self.trace, list(found.values()))
