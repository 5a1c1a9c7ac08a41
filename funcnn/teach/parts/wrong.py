"""A wrong backward pass: other rules at some operations, and the name of the mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from funcnn.arrays import Array
from funcnn.teach.parts.reverse import Contributions, Rule, Run, Site
from funcnn.teach.parts.trace import FunctionTrace


class Wrong(NamedTuple):
    """Rules in place of the right ones, by place, the name of the mistake, and what it is about, in words.

    With `is_scaled` the rules leave a part of the gradient out, and the mistake is any factor of that part. With
    `any_amount` they change a part, and any multiple of the change is the mistake. With `product_of` an argument, the
    part of its gradient that is left out multiplies the other part.
    """

    name: str
    detail: str
    rules: Mapping[int, Rule]
    is_scaled: bool = False
    any_amount: bool = False
    product_of: int | None = None


Local = Callable[[Run, Site], Array | None]


def at_edge(j: int, wrong: Local) -> Rule:
    """The rule that sends another gradient to argument j, or none, and the right ones to the others."""

    def rule(run: Run, site: Site) -> Contributions:
        i = run.trace.operation(site.place).args[j]
        part = wrong(run, site)
        return [*run.right(site, but=j), *([] if part is None else [(i, part)])]

    return rule


def nothing(run: Run, site: Site) -> None:
    """No gradient."""


def edges(trace: FunctionTrace) -> Iterator[tuple[list[int], int]]:
    """The operations of each line, and the number of an argument that has a gradient."""
    for group in trace.groups:
        one = trace.operation(group[0])
        if one.call not in {"", "matmul"}:
            continue  # what a function of NumPy is made of is not the learner's
        for j in range(len(one.args)):
            own = [place for place in group if _arg(trace, place, j) in trace.moving]
            if own:
                yield own, j


def _arg(trace: FunctionTrace, place: int, j: int) -> int:
    return trace.operation(place).args[j]
