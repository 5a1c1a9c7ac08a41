"""Paths of a function that have no gradient, or a gradient with a wrong factor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from funcnn.teach.parts.reverse import Contributions, Rule, Run, Site
from funcnn.teach.parts.rules import pulled_back
from funcnn.teach.parts.trace import FunctionTrace
from funcnn.teach.parts.wrong import Wrong, at_edge, edges, nothing


def paths(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """One argument of an operation has no gradient, or a factor too much; in each round of a loop, if it is in one."""
    trace = run.trace
    for group, j in edges(trace):
        place = _arg(trace, group[0], j)
        is_carried = len(group) > 1 and any(_reaches(trace, one, _arg(trace, group[-1], j)) for one in group[:-1])
        what = trace.name(place, names)
        detail = f"on the path from `{trace.code(group[0])}` back to {what}"
        name = "truncated sequence" if is_carried else "lost path"
        yield Wrong(name, detail, dict.fromkeys(group, at_edge(j, nothing)), is_scaled=True)


def uses(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """A value that is used several times receives the gradient of one use alone."""
    trace = run.trace
    for place, every in trace.uses.items():
        if len(every) > 2:
            for kept in every:
                rules: dict[int, Rule] = {}
                for user in {user for user, _ in every}:
                    dropped = [j for k, j in every if k == user and (k, j) != kept]
                    rules[user] = _without_positions(dropped)
                what = trace.name(place, names)
                same = len({id(group) for group in trace.groups for k, _ in every if k in group}) == 1
                name = "missing sum" if same else "lost path"
                yield Wrong(name, f"only the one from `{trace.code(kept[0])}` to {what} is left", rules)


def _without_positions(dropped: list[int]) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        found = []
        args = run.trace.operation(site.place).args
        for j, i in enumerate(args):
            if i in run.trace.moving and j not in dropped:
                part = pulled_back(run.trace.operation(site.place), j, site.args, site.out, site.g)
                found += [] if part is None else [(i, part)]
        return found

    return rule


def rounds(run: Run, names: Sequence[str]) -> Iterator[Wrong]:
    """Of the rounds of a loop, or of parts that are joined, only one is in the gradient, or one is left out."""
    trace = run.trace
    for group, j in edges(trace):
        rule = at_edge(j, nothing)
        what = f"of `{trace.code(group[0])}`"
        is_carried = any(_reaches(trace, one, group[-1]) for one in group[:-1])
        yield from _one_of([{place: rule} for place in group], what, is_carried=is_carried)
    for place, one in trace.operations:
        if one.name == "concatenate":
            moving = [j for j, i in enumerate(one.args) if i in trace.moving]
            yield from _one_of_joined(place, moving, f"of `{trace.code(place)}`")


def _one_of(rules: list[dict[int, Rule]], part: str, *, is_carried: bool) -> Iterator[Wrong]:
    n = len(rules)
    if n < 2:
        return
    for kept, word in ((0, "first"), (n - 1, "last")):
        others = {place: rule for k, one in enumerate(rules) if k != kept for place, rule in one.items()}
        if n > 2:
            name = "truncated sequence" if is_carried and kept else "missing sum"
            yield Wrong(name, f"only the {word} of {n} rounds {part}", others)
            yield Wrong("term left out", f"the {word} of {n} rounds {part}", rules[kept])


def _one_of_joined(place: int, moving: list[int], part: str) -> Iterator[Wrong]:
    n = len(moving)
    if n < 3:
        return
    for kept, word in ((0, "first"), (n - 1, "last")):
        others = [j for k, j in enumerate(moving) if k != kept]
        yield Wrong("missing sum", f"dA of only the {word} of {n} parts {part}", {place: _without(others)})
        yield Wrong("term left out", f"dA of the {word} of {n} parts {part}", {place: _without([moving[kept]])})


def _without(parts: list[int]) -> Rule:
    def rule(run: Run, site: Site) -> Contributions:
        args = run.trace.operation(site.place).args
        dropped = {args[j] for j in parts}
        return [(i, part) for i, part in run.right(site) if i not in dropped]

    return rule


def _arg(trace: FunctionTrace, place: int, j: int) -> int:
    return trace.operation(place).args[j]


def _reaches(trace: FunctionTrace, start: int, end: int) -> bool:
    """Whether the value at `end` is computed from the one at `start`."""
    seen, left = set(), [start]
    while left:
        place = left.pop()
        if place == end:
            return True
        if place not in seen and place < end:
            seen.add(place)
            left += [user for user, _ in trace.uses[place]]
    return False
