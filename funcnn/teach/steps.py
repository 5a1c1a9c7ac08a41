"""The steps of a page in their order: which arrays each of them is given, makes on its way, and makes."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from typing import Any

import attrs
import numpy as np

from funcnn.core import Loss, backward, backward_params, forward, forward_only
from funcnn.errors import FuncnnError, NotFiniteError
from funcnn.inspection.tracing import Trace, Visit, label, traced
from funcnn.layers.activations.base import Elementwise
from funcnn.recording.recorder import name_of_loss
from funcnn.teach.rows import StepArrays, terms_of_rows
from funcnn.teach.symbols import symbols_of, without_arguments
from funcnn.teach.terms import Between, link_terms, own
from funcnn.training.finite import is_finite
from funcnn.training.origin import origin
from funcnn.trees.edits import evolve
from funcnn.trees.walks import walk

Named = list[tuple[str, int]]
"""Labels of arrays in a step, each with the index of its row."""


@attrs.define(eq=False)
class Step:
    """One step: the phase, the path and the class of the layer, its equations, and the arrays by label."""

    phase: str
    path: str
    kind: str
    equations: list[str]
    given: Named = attrs.field(factory=list)
    between: Named = attrs.field(factory=list)
    made: Named = attrs.field(factory=list)
    symbols: list[tuple[str, str]] = attrs.field(factory=list)  # of the equations, with their meanings
    kept: Named = attrs.field(factory=list)  # what the terms take from other steps


@attrs.define(eq=False)
class Walk:
    """All steps of one training step, their arrays, and the terms of the numbers as `terms_of_rows` writes them.

    `after` is the cost with the parameters after the step, or None if the loss refuses what the network gives then.
    """

    seen: Trace
    rows: StepArrays
    steps: list[Step]
    terms: dict[int, str]
    after: float | None


def walk_through(function: str, params: Any, x: Any, y: Any, loss: Loss, lr: float) -> Walk:
    """The steps of forward, of the loss, of backward and of sgd; errors name `function`."""
    seen, rows = traced(function, params, x, y, loss, lr, inputs=True), StepArrays()
    if not is_finite(seen.cost):
        raise NotFiniteError(f"{function}: the cost is {seen.cost}; {origin(params, x, y)}")
    seen = evolve(seen, cost=np.asarray(seen.cost))
    named(rows, "x", x)
    counts = Counter([visit.path for visit in seen.visits])
    calls = [_Call(rows, visit, counts[visit.path] > 1) for visit in seen.visits]
    cost = rows.put("cost", seen.cost)
    ends = named(rows, "out", seen.out), named(rows, "y", y), [("cost", cost), *named(rows, "dA", seen.dA)]
    steps = _updates(rows, seen, params, calls, lr)
    between = link_terms(rows, seen, params, x, y, loss, lr)
    loss_step = Step(
        "loss", "", name_of_loss(loss), first_line(without_arguments(loss)), [*ends[0], *ends[1]], [], ends[2]
    )
    loss_step.symbols = symbols_of(loss_step.equations, loss, _shown(loss_step))
    loss_step.between = _short(rows, "loss", between.get((-1, "loss"), []), [*loss_step.given, *loss_step.made])
    order = inner_first(seen.visits)
    there = [calls[i].forward(i, between) for i in order]
    back = [calls[i].backward(i, between) for i in reversed(range(len(calls)))]
    walked = Walk(seen, rows, [*there, loss_step, *back, *steps], terms_of_rows(rows), _cost_after(seen, x, y, loss))
    _keep(walked)
    return walked


def _cost_after(seen: Trace, x: Any, y: Any, loss: Loss) -> float | None:
    try:
        with np.errstate(all="ignore"):
            return float(loss(forward_only(seen.after, x), y)[0])
    except FuncnnError:
        return None


def named(rows: StepArrays, name: str, tree: Any, prefix: str = "") -> Named:
    """The rows of the arrays of x, out, dA or dx, which may be a tuple: `x`, or `x.0` and `x.1`."""
    pairs = [(f"{name}.{path}".rstrip("."), a) for path, a in walk(tree) if isinstance(a, np.ndarray)]
    return [(short, rows.put(f"{prefix}.{short}".lstrip("."), a)) for short, a in pairs]


class _Call:
    """The arrays of one call of a layer."""

    def __init__(self, rows: StepArrays, visit: Visit, several: bool) -> None:  # noqa: FBT001  it is a fact of the visit
        """Give each array a row."""
        self.rows, self.visit, self.label = rows, visit, label(visit)
        self.x = named(rows, "x", visit.x, self.label)
        self.params = [pair for name, a in own(visit.layer) for pair in named(rows, name, a, self.label)]
        self.out = named(rows, "out", visit.out, self.label)
        self.dA = named(rows, "dA", visit.dA, self.label)
        gradient = [] if several else own(visit.gradient)  # a gradient of several calls is a sum
        self.gradient = [pair for name, a in gradient for pair in named(rows, f"d{name}", a, self.label)]
        self.dx = named(rows, "dx", visit.dx, self.label)
        if self.x and rows.rows[self.x[0][1]].values.ndim == 4:
            self._show_images()

    def _show_images(self) -> None:
        """Rows and columns of images and of kernels stand in tables, not positions and channels."""
        for named, axes in (
            ([*self.x, *self.out, *self.dA, *self.dx], (1, 2)),
            ([*self.params, *self.gradient], (0, 1)),
        ):
            for _, index in named:
                if self.rows.rows[index].values.ndim == 4:
                    self.rows.rows[index].axes = axes

    def forward(self, i: int, between: Between) -> Step:
        """out from x and the parameters."""
        return self._step("forward", i, between, [*self.x, *self.params], self.out)

    def backward(self, i: int, between: Between) -> Step:
        """The gradients of the parameters, and dx, from dA."""
        return self._step("backward", i, between, self.dA, [*self.gradient, *self.dx])

    def _step(self, phase: str, i: int, between: Between, given: Named, made: Named) -> Step:
        cls = type(self.visit.layer)
        rows = _short(self.rows, self.label, between.get((i, phase), []), [*given, *made])
        step = Step(phase, self.label, cls.__name__, equations(phase, cls), given, rows, made)
        step.symbols = symbols_of(step.equations, self.visit.layer, _shown(step))
        return step


def _updates(rows: StepArrays, seen: Trace, params: Any, calls: list[_Call], lr: float) -> list[Step]:
    """The steps of sgd, one for each layer with parameters."""
    homes = {f"{call.visit.path}.{name}".lstrip("."): call for call in calls for name, _ in own(call.visit.layer)}
    gradients, after, steps = dict(walk(seen.grads.params)), dict(walk(seen.after)), dict[str, Step]()
    for path, p in walk(params, states=False):
        call, g, new = homes.get(path), gradients.get(path), after[path]
        if call is None or new is p or not isinstance(p, np.ndarray) or g is None:
            continue
        name = path.removeprefix(call.visit.path).lstrip(".")
        prefix, kind = call.visit.path, type(call.visit.layer).__name__
        step = steps.setdefault(prefix, Step("sgd", prefix, kind, ["p after = p - lr dp, for each parameter p"]))
        step.symbols = [("lr", f"the learning rate, {lr:g}"), ("dp", "∂cost / ∂p")]
        step.given += [*named(rows, name, p, prefix), *named(rows, f"d{name}", g, prefix)]
        index = rows.put(f"{prefix}.{name}_after".lstrip("."), new)
        step.made.append((f"{name} after", index))
    return list(steps.values())


def _keep(walked: Walk) -> None:
    """Add to each step the rows that its terms take from other steps, by the labels that they have in the layer."""
    terms, labels = walked.terms, dict[tuple[str, int], str]()
    for step in walked.steps:
        own = [*step.given, *step.between, *step.made]
        labels |= {(step.path, i): name for name, i in reversed(own)}
        text = "".join([terms.get(i, "") for _, i in [*step.between, *step.made]])
        used = sorted({int(found) for found in re.findall(r"[@#](\d+)\.", text)} - {i for _, i in own})
        step.kept = [(labels.get((step.path, i), walked.rows.rows[i].name), i) for i in used]
        shown = _shown(step)
        step.symbols = [(symbol, meaning) for symbol, meaning in step.symbols if symbol not in shown]


def _shown(step: Step) -> set[str]:
    """The names of the arrays of a step, without the numbers of parts: x for x.0 and x.1."""
    return {name.split(".")[0] for name, _ in [*step.given, *step.between, *step.made, *step.kept]}


def inner_first(visits: tuple[Visit, ...]) -> list[int]:
    """The order in which the calls of a forward end: a layer after the layers inside it."""
    order, open_calls = list[int](), list[int]()
    for i, visit in enumerate(visits):
        while len(open_calls) > visit.depth:
            order.append(open_calls.pop())
        open_calls.append(i)
    return [*order, *reversed(open_calls)]


def _short(rows: StepArrays, prefix: str, indices: list[int], others: Named) -> Named:
    """The labels of variables: their names, without the path of the layer unless another array has the name."""
    names, taken = [rows.rows[i].name for i in indices], {name for name, _ in others}
    pairs = [(name, name.removeprefix(prefix).lstrip(".")) for name in names]
    return [(name if short in taken else short, i) for (name, short), i in zip(pairs, indices, strict=True)]


def equations(phase: str, cls: type) -> list[str]:
    """The first lines of the docstrings of the class and of its rules."""
    there, _, back = "".join(first_line(cls)).partition("; dx")
    if phase == "forward":
        return [there, *_formulas(cls, _FORWARD)] if there else first_line(forward.dispatch(cls))
    if back:
        return [f"dx{back}"]
    lines = first_line(backward.dispatch(cls))
    own: Any = backward_params
    if own.dispatch(cls) is not own.dispatch(object):
        lines += first_line(own.dispatch(cls))
    lines += [f"slope: {line}" for line in first_line(vars(cls).get("slope")) if issubclass(cls, Elementwise)]
    lines = [_REFERENCE.sub("", line) for line in dict.fromkeys(lines)]
    return [line for line in lines if line] + _formulas(cls, _BACKWARD)


_REFERENCE = re.compile(r"(, and |; |^)((?!, and |; ).)*\b[Aa]s (in )?`\w+`.*")  # to another docstring


def _formulas(cls: type, begins: str) -> list[str]:
    """The lines of the paragraph of a docstring that begins with a word, and of the indented block behind it."""
    found, is_wanted = list[str](), False
    for paragraph in (inspect.getdoc(cls) or "").split("\n\n"):
        is_block = paragraph.startswith("    ")
        is_wanted = (is_wanted and is_block) or paragraph.startswith(begins)
        if is_wanted and (is_block or begins == _FORWARD):
            found += [line.strip() for line in paragraph.splitlines()] if is_block else [" ".join(paragraph.split())]
    return found


_FORWARD, _BACKWARD = "where ", "Backwards "


def first_line(of: Any) -> list[str]:
    """The first line of a docstring, if there is one."""
    text = inspect.getdoc(of) if of is not None else None
    return [text.splitlines()[0].rstrip(".")] if text and not isinstance(text, property) else []
