"""Numbers that change from step to step, such as the step of a dropout or the t of an optimizer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from funcnn.compilation.evaluation import Calculation
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.symbols import Symbol, is_number, reached
from funcnn.records import getters, plans


class SymbolicStates:
    """Symbolic numbers, and for each the value after a step, computed from them."""

    def __init__(self, symbols: list[Symbol], following: list[Any]) -> None:
        self.symbols, self.following = symbols, following
        self.places = {id(s): i for i, s in enumerate(symbols)}
        self.after = Calculation(self.places).function(following) if symbols else list
        """The function from the numbers to those one step later."""

    def named(self, numbers: Any) -> dict[int, Any]:
        """These numbers by the ids of their symbols."""
        return {id(s): number for s, number in zip(self.symbols, numbers, strict=True)} if self.symbols else {}

    def run(self, numbers: list[Any], steps: int) -> list[list[Any]]:
        """The numbers before each step, and after the last."""
        if not numbers:
            return [numbers] * (steps + 1)
        run = [numbers]
        for _ in range(steps):
            run.append(self.after(run[-1]))
        if list(map(type, run[-1])) != list(map(type, numbers)):
            raise Untraceable("a state that becomes a number of another class")
        return run


def states(symbols: list[Symbol], before: Any, after: Any) -> SymbolicStates:
    """The states of a tree, given the tree before and after a step; in `after`, None means unchanged."""
    following = [s if one is None else one for s, one, _ in pairs(before, after) if getattr(s, "op", "") == "state"]
    if len(following) != len(symbols) or not all(
        [is_number(s) or getattr(s, "dtype", None) == NUMBER for s in following]
    ):
        raise Untraceable("a state that is not a number after the step")
    if not {id(s) for s in reached(following) if s.op == "state"} <= set(map(id, symbols)):
        raise Untraceable("a state that follows from a state of something else")
    return SymbolicStates(symbols, following)


def pairs(before: Any, after: Any, *, is_state: bool = False) -> Iterator[tuple[Any, Any, bool]]:
    """What a tree holds besides records and tuples, each with what it is after a step, and whether it is in a state."""
    cls = type(before)
    if cls is not tuple and cls not in plans:
        yield before, after, is_state
        return
    contents: Any = tuple if cls is tuple else getters[cls]
    parts, are_states = contents(before), [False] * len(before) if cls is tuple else [s for _, s in plans[cls]]
    others = [None] * len(parts) if after is None else contents(after)
    for part, other, part_is_state in zip(parts, others, are_states, strict=True):
        yield from pairs(part, other, is_state=is_state or part_is_state)
