"""One step computed with numbers that keep their terms, by the rules as they stand.

Each call of a layer has limits: a rule that makes too many numbers, or rounds them, is left out, and the step goes on
with the values of the trace. Then the arrays that this rule makes have no terms.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from funcnn.core import Loss, backward, forward, sgd
from funcnn.gradients import Grads
from funcnn.inspection.log import Entry, Log, bare, logged
from funcnn.inspection.nesting import contents
from funcnn.inspection.tracing import Trace, Visit, label, own_arrays
from funcnn.layers.recurrent.base import Recurrent
from funcnn.records import plans
from funcnn.teach.numbers import NoTermsError, TermArray, at_most, floats, given
from funcnn.teach.rows import NUMBERS, StepArrays, agrees
from funcnn.teach.watching import Variables, Watch
from funcnn.trees.walks import arrays_in, map_arrays, walk

MOST_GIVEN = 50_000  # numbers in the network, in x and in y together; with more, no number has terms
MOST_MADE = 20_000  # numbers that one rule may make: a product of three sides of 14 takes 5,488

Between = dict[tuple[int, str], list[int]]
"""The rows of the variables of each rule, by the index of the visit, or -1 for the loss, and the name of the verb."""


def link_terms(rows: StepArrays, seen: Trace, params: Any, x: Any, y: Any, loss: Loss, lr: float) -> Between:
    """Give each number of the rows its terms; the result has new rows, of numbers that the rules make on the way."""
    if sum([a.size for a in arrays_in((params, x, y))]) > MOST_GIVEN:
        return {}
    run = _Run(rows, seen)
    dtypes = {a.dtype for a in arrays_in((params, x)) if a.dtype.kind == "f"}
    with run.watch.running(), floats(np.float32 if dtypes == {np.dtype(np.float32)} else np.float64):
        try:
            run.step(_leaves(params), _leaves(x), _leaves(y), loss, lr, params, y)
        except Exception:  # noqa: BLE001  the step itself was taken before: what fails here has no terms
            return run.between
    return run.between


def _leaves(tree: Any) -> Any:
    return map_arrays(lambda a: given(a) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a, tree)


class _Run(Log):
    """A log whose layers are called with numbers that keep their terms."""

    def __init__(self, rows: StepArrays, seen: Trace) -> None:
        """An empty log; the visits of the trace are found by their paths."""
        super().__init__()
        self.rows, self.seen, self.watch = rows, seen, Watch(NUMBERS)
        self.between: Between = defaultdict(list)
        self.visits: dict[str, list[int]] = defaultdict(list)
        self.index: dict[int, int] = {}
        for i, visit in enumerate(seen.visits):
            self.visits[visit.path].append(i)
        self.several = {path: len(calls) > 1 for path, calls in self.visits.items()}

    def step(self, params: Any, x: Any, y: Any, loss: Loss, lr: float, before: Any, y_before: Any) -> None:
        """Forward, the loss, backward and sgd."""
        net, seen = logged(params, self), self.seen
        self.link((before, y_before), (params, y))
        out, cache = forward(net, x)
        with self.watch.rule() as variables, at_most(MOST_MADE):
            cost, dA = loss(out, y)
        cost = cost if isinstance(cost, TermArray) else TermArray.wrapped(np.asarray(cost, object))
        self.link((np.asarray(seen.cost), seen.dA), (cost, dA))
        self.name(-1, "loss", variables)
        back = backward(net, cache, dA)
        grads = Grads(bare(back.params), back.x)
        self.link(seen.grads.params, grads.params)
        self.link(seen.after, sgd(params, grads, lr))

    def forward(self, path: str, layer: Any, x: Any) -> Entry:
        """The rule of the layer, with terms."""
        entry = next((entry for entry in self.now.repeatable if entry.path == path), None)
        if entry is None:
            entry = Entry(path)
            self.now.inside.append(entry)
            self.index[id(entry)] = self.visits[path].pop(0)
        else:
            self.now.repeatable.remove(entry)
        i = self.index[id(entry)]
        visit, caller = self.seen.visits[i], self.now
        self.link(visit.x, x)
        entry.layer, entry.x, entry.inside, self.now = layer, x, [], entry
        with self.watch.rule() as variables:
            try:
                with at_most(MOST_MADE):
                    entry.out, entry.cache = forward(layer, x)
                self.check(visit.out, entry.out)
            except Exception:  # noqa: BLE001  the step itself was taken before: a rule that fails here has no terms
                entry.out, entry.cache = _leaves(visit.out), _NO_TERMS
        self.now = caller
        self.link(visit.out, entry.out)
        self.name(i, "forward", variables)
        if entry.cache is not _NO_TERMS:
            self.cached(i, visit.cache, bare(entry.cache))
        return entry

    def backward(self, verb: Any, layer: Any, dA: Any, entry: Entry) -> Any:
        """The rule of the layer, with terms."""
        i = self.index[id(entry)]
        visit, caller = self.seen.visits[i], self.now
        self.link(visit.dA, dA)
        entry.dA, entry.repeatable, self.now = dA, list(entry.inside), entry
        with self.watch.rule() as variables:
            try:
                with at_most(MOST_MADE):
                    made = verb(layer, entry.cache, dA)
                self.check(visit.dx, made.x if verb is backward else None)
            except Exception:  # noqa: BLE001  as in forward, after which there may be no cache
                made = self.of_trace(verb, visit)
        self.now = caller
        gradient, dx = (made.params, made.x) if verb is backward else (made, None)
        self.link(visit.dx, dx)
        arrays = own(bare(gradient))
        if self.several[visit.path]:  # the trace has the sum over the calls
            parts = [(None, 1, f"d{name}_of_call", a.data) for name, a in arrays if isinstance(a, TermArray)]
            self.name(i, "backward", Variables(parts))
        else:
            for (_, values), (_, numbers) in zip(own(visit.gradient), arrays, strict=False):
                self.link(values, numbers)
        self.name(i, "backward", variables)
        return made

    def check(self, values: Any, made: Any) -> None:
        """Refuse numbers that the step does not have."""
        if not all([agrees(a, b) for (_, a), (_, b) in zip(walk(values), walk(made), strict=False)]):
            raise NoTermsError("the rule computes other numbers in another dtype")

    def of_trace(self, verb: Any, visit: Visit) -> Any:
        """The result of backward from the trace, which of several calls of a layer has only the sum of gradients."""
        if visit.gradient is None or self.several[visit.path]:
            raise NoTermsError("the trace has no gradient of this call")
        gradient = _leaves(visit.gradient)
        return Grads(gradient, _leaves(visit.dx)) if verb is backward else gradient

    def link(self, values: Any, made: Any) -> None:
        """Give the entries of each array of a tree their numbers."""
        for (_, a), (_, b) in zip(walk(values), walk(made), strict=False):
            self.rows.link(a, b)

    def name(self, i: int, verb: str, variables: Variables) -> None:
        """A row for each variable with numbers that have no place yet, in the order in which they were made.

        The variables of a function that is called several times have the number of the call. A recurrent layer goes
        back in time, so that there the last call has number 1, as the first step of its forward.
        """
        prefix, is_reversed = "loss", False
        if i >= 0:
            visit = self.seen.visits[i]
            prefix, is_reversed = label(visit), verb == "backward" and isinstance(visit.layer, Recurrent)
        made = list[tuple[int, int]]()
        for code, call, name, data in variables.found:
            calls = variables.calls[code]
            number = f"_{calls + 1 - call if is_reversed else call}" if calls > 1 else ""
            row = self.rows.variable(f"{prefix}.{name}{number}".lstrip("."), data)
            if row is not None:
                made.append((max([a.born for a in data.flat]), row))
        self.between[i, verb] += [row for _, row in sorted(made)]

    def cached(self, i: int, values: Any, made: Any) -> None:
        """The cache has the values of the trace; a number without a place gets one."""
        if isinstance(made, TermArray) and made.data.dtype == object:
            if getattr(values, "shape", None) == made.data.shape:
                if made.data.size <= NUMBERS:
                    self.name(i, "forward", Variables([(None, 1, "cache", made.data)]))
                for a, value in zip(made.data.flat, values.flat, strict=True):
                    a.value = float(value)
            return
        for one, other in zip(contents(values), contents(made), strict=False):
            self.cached(i, one, other)


_NO_TERMS = object()


def own(layer: Any) -> list[tuple[str, Any]]:
    """The trained arrays of a layer, or of its gradient, by name, without those of layers inside it."""
    fields = [name for name, is_state in plans.get(type(layer), ()) if not is_state]
    return [pair for name in fields for pair in own_arrays(getattr(layer, name), name)]
