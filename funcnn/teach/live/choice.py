"""One network of a page: its layers, its start, and the programs of its step and of its prediction."""

from __future__ import annotations

import json
import math
from typing import Any

import attrs

from funcnn.arrays import Array
from funcnn.core import Loss, backward, forward, sgd
from funcnn.errors import NotFiniteError, RangeError
from funcnn.inspection.summaries import described
from funcnn.inspection.tracing import Trace, traced
from funcnn.optimizers.base import update
from funcnn.recording.leaves import leaves_of
from funcnn.recording.program import Program, numbers
from funcnn.recording.recorder import name_of_loss, record_prediction, record_step
from funcnn.teach.steps import equations, first_line
from funcnn.training.finite import is_finite
from funcnn.training.origin import origin

MOST_NUMBERS = 3_000_000
"""The most numbers that a step of a page may compute: a browser takes about 10 ms for a million."""


@attrs.frozen(eq=False)
class Choice:
    """A network with its optimizer, the trace of its first step, and its programs."""

    name: str
    params: Any
    optimizer: Any
    seen: Trace
    first: Program
    following: Program | None
    predict: Program


def choice_of(
    function: str, name: str, network: tuple[Any, Any], given: tuple[Any, Any, Loss, float], places: Any
) -> Choice:
    """The choice, after a first step that Python takes; errors name `function`."""
    params, optimizer = network
    x, y, loss, lr = given
    seen = traced(function, params, x, y, loss, lr, inputs=False)
    if not is_finite(seen.cost):
        raise NotFiniteError(f"{function}: the cost is {seen.cost}; {origin(params, x, y)}")
    first = record_step(params, x, y, loss, lr, optimizer=optimizer)
    _check_work(function, first, x)
    following = None
    if optimizer != ():
        out, cache = forward(params, x)
        grads, after = update(optimizer, backward(params, cache, loss(out, y)[1]), params)
        following = record_step(sgd(params, grads, lr), x, y, loss, lr, optimizer=after)
    return Choice(
        name, params, optimizer, seen, first, following, record_prediction(params, x if places is None else places)
    )


def _check_work(function: str, program: Program, x: Any) -> None:
    work = sum([math.prod(one.shape) for one in program.operations])
    if work <= MOST_NUMBERS:
        return
    rows = len(x[0] if type(x) is tuple else x)
    if most := rows * MOST_NUMBERS // work:
        needed = f"have at most {most} rows on a page of this network, not {rows}; write x[:{most}] and y[:{most}]"
        raise RangeError(f"{function}: x must {needed}")
    raise RangeError(f"{function}: params must compute at most {MOST_NUMBERS:,} numbers in a step, not {work:,}")


def data_of_choice(choice: Choice, loss: Loss) -> dict[str, Any]:
    """The choice for the page."""
    start = {**leaves_of(choice.params, "params"), **leaves_of(choice.optimizer, "optimizer")}
    programs = {"first": choice.first, "next": choice.following, "predict": choice.predict}
    return {
        "name": choice.name,
        "optimizer": _text(choice.optimizer),
        "layers": _layers(choice.seen),
        "start": {path: array_data(a) for path, a in start.items()},
        "sources": _sources(choice.seen, loss),
        **{name: program.to_json() for name, program in programs.items() if program is not None},
    }


def array_data(a: Array) -> dict[str, Any]:
    """An array for the page."""
    return {"shape": list(a.shape), "dtype": a.dtype.str[1:], "data": numbers(a)}


def _text(optimizer: Any) -> str:
    parts = optimizer if type(optimizer) is tuple else (optimizer,)
    return " → ".join([described(part) for part in parts]) or "sgd"


def _layers(seen: Trace) -> list[dict[str, Any]]:
    """The outermost layers with the shapes of a row."""
    return [
        {
            "path": visit.path,
            "kind": type(visit.layer).__name__,
            "shape_in": _row_shape(visit.x),
            "shape_out": _row_shape(visit.out),
            "label": described(visit.layer),
        }
        for visit in seen.visits
        if visit.depth == (0 if seen.visits[0].path else 1) or len(seen.visits) == 1
    ]


def _row_shape(tree: Any) -> list[int]:
    first = tree[0] if type(tree) is tuple else tree
    return list(first.shape[1:])


def _sources(seen: Trace, loss: Loss) -> dict[str, list[str]]:
    """The equations of each rule by phase and class."""
    found = {f"loss {name_of_loss(loss)}": first_line(loss)}
    for visit in seen.visits:
        for phase in ("forward", "backward"):
            cls = type(visit.layer)
            found.setdefault(f"{phase} {cls.__name__}", equations(phase, cls))
    return found


def size_of(choices: list[dict[str, Any]]) -> int:
    """The bytes of the choices without their parameters."""
    return sum([len(json.dumps({**one, "start": {}}, separators=(",", ":"))) for one in choices])
