"""One network of a page: its layers, its start, and the programs of its step and of its prediction."""

from __future__ import annotations

import json
import math
from typing import Any

from funcnn.arrays import Array
from funcnn.core import Loss, backward, forward, sgd
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.inspection.summaries import described
from funcnn.inspection.tracing import Trace, traced
from funcnn.layers.recurrent.base import Recurrent
from funcnn.optimizers.base import update
from funcnn.recording.leaves import leaves_of
from funcnn.recording.program import Program, numbers
from funcnn.recording.recorder import record_prediction, record_step
from funcnn.teach.live.sources import sources_of, symbols_of_rules
from funcnn.training.finite import is_finite
from funcnn.training.origin import origin
from funcnn.trees.walks import map_arrays, parameters

Given = tuple[Any, Any, Loss, float]
"""x, y, the loss and the learning rate."""

MOST_NUMBERS = 3_000_000
"""The most numbers that a step of a page may compute: a browser takes 10 to 25 ms for a million."""
FEWEST_ROWS, MOST_COUNTS = 4, 4  # the fewest rows that a page offers, and the most numbers of rows to choose from


def first_step(function: str, network: tuple[Any, Any], given: Given) -> Trace:
    """The first step in Python, which raises the errors for arguments that do not fit; they name `function`."""
    params, _ = network
    x, y, loss, lr = given
    seen = traced(function, params, x, y, loss, lr, inputs=False)
    if not seen.visits:
        raise KindError(f"{function}: params must have a layer")
    if not is_finite(seen.cost):
        raise NotFiniteError(f"{function}: the cost is {seen.cost}; {origin(params, x, y)}")
    return seen


def choice_data(
    function: str, name: str, network: tuple[Any, Any], given: Given, seen: Trace, places: Any, *, inputs: bool
) -> dict[str, Any]:
    """The choice for the page, whose first step was `seen`; errors name `function`. `inputs` asks for dx."""
    params, optimizer = network
    x, _, loss, _ = given
    programs = _programs(network, given, places, inputs=inputs)
    _check_work(function, programs["first"], x)
    start = {**leaves_of(params, "params"), **leaves_of(optimizer, "optimizer")}
    return {
        "name": name,
        "optimizer": _text(optimizer),
        "layers": _layers(seen),
        "start": {path: array_data(a) for path, a in start.items()},
        "parameters": [path for path in parameters(params) if f"grads.{path}" in programs["first"].outputs],
        "sources": sources_of(seen, loss, optimizer),
        "symbols": symbols_of_rules(seen, loss),
        "recurrent": [visit.path for visit in seen.visits if isinstance(visit.layer, Recurrent)],
        **_as_json(programs),
    }


def fewer_rows(network: tuple[Any, Any], given: Given, places: Any, *, inputs: bool) -> dict[int, dict[str, Any]]:
    """The programs of a choice for the first half of the rows, for a quarter of them, and so on."""
    made, rows = dict[int, dict[str, Any]](), row_count_of(given[0]) // 2
    while rows >= FEWEST_ROWS and len(made) + 1 < MOST_COUNTS:
        x, y = (map_arrays(lambda a, n=rows: a[:n], tree) for tree in given[:2])
        programs = _programs(network, (x, y, *given[2:]), places, inputs=inputs)
        if places is not None:
            del programs["predict"]
        made[rows], rows = _as_json(programs), rows // 2
    return made


def row_count_of(x: Any) -> int:
    """The number of rows of an array, or of the arrays of a tuple."""
    return len(x[0] if type(x) is tuple else x)


def _programs(network: tuple[Any, Any], given: Given, places: Any, *, inputs: bool) -> dict[str, Program]:
    """The step from the start, each step after it if an optimizer has a memory then, and the prediction."""
    params, optimizer = network
    x, y, loss, lr = given
    programs = {"first": record_step(params, x, y, loss, lr, optimizer=optimizer, inputs=inputs)}
    if optimizer != ():
        out, cache = forward(params, x)
        grads, after = update(optimizer, backward(params, cache, loss(out, y)[1]), params)
        programs["next"] = record_step(sgd(params, grads, lr), x, y, loss, lr, optimizer=after)
    return {**programs, "predict": record_prediction(params, x if places is None else places)}


def _as_json(programs: dict[str, Program]) -> dict[str, Any]:
    return {name: program.to_json() for name, program in programs.items()}


def _check_work(function: str, program: Program, x: Any) -> None:
    work = sum([math.prod(one.shape) for one in program.operations])
    if work <= MOST_NUMBERS:
        return
    rows = row_count_of(x)
    if most := rows * MOST_NUMBERS // work:
        needed = f"have at most {most} rows on a page of this network, not {rows}; write x[:{most}] and y[:{most}]"
        raise RangeError(f"{function}: x must {needed}")
    raise RangeError(f"{function}: params must compute at most {MOST_NUMBERS:,} numbers in a step, not {work:,}")


def array_data(a: Array) -> dict[str, Any]:
    """An array for the page."""
    return {"shape": list(a.shape), "dtype": a.dtype.str[1:], "data": numbers(a)}


def _text(optimizer: Any) -> str:
    parts = optimizer if type(optimizer) is tuple else (optimizer,)
    return " → ".join([described(part) for part in parts]) or "sgd"


def _layers(seen: Trace) -> list[dict[str, Any]]:
    """The outermost layers with the shapes of a row."""
    depth = 0 if seen.visits[0].path or len(seen.visits) == 1 else 1
    return [
        {
            "path": visit.path,
            "kind": type(visit.layer).__name__,
            "shape_in": _row_shape(visit.x),
            "shape_out": _row_shape(visit.out),
            "label": described(visit.layer),
        }
        for visit in seen.visits
        if visit.depth == depth
    ]


def _row_shape(tree: Any) -> list[int]:
    first = tree[0] if type(tree) is tuple else tree
    return list(first.shape[1:])


def size_of(data: Any) -> int:
    """The bytes of data on a page."""
    return len(json.dumps(data, separators=(",", ":")))
