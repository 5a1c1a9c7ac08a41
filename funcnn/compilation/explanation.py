"""How a compiled function computes a step, in words."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from itertools import groupby
from typing import Any

from funcnn.arrays import kind
from funcnn.compilation.compiler import Compiled
from funcnn.compilation.inside import Log, inside
from funcnn.compilation.segments import Segments
from funcnn.compilation.step import CompiledStep
from funcnn.core import backward, backward_params, forward
from funcnn.errors import KindError
from funcnn.traits import is_inert


def explain(function: Compiled, params: Any, x: Any, y: Any) -> str:
    """How `function`, made by `compiled`, computes the cost and the gradient for these arguments.

    The text begins with "compiled" or with "plain NumPy" and the reason. A network that is not one kernel has a line
    for each of its segments: the layers, and whether they are machine code or NumPy, and why.

    Raises:
        KindError: `function` is not made by `compiled`.
        FuncnnError: as `function(params, x, y)`.
    """
    if type(function) is not Compiled:
        raise KindError(f"explain: function must be made by compiled, not {kind(function)}{_remedy(function)}")
    function(params, x, y)  # raises an error if the arguments do not fit
    step = function.step(params, x, y, [], [])
    if isinstance(step, str):
        return f"plain NumPy: {step}"
    if isinstance(step, CompiledStep):
        return f"compiled: {_of_kernel(step)}"
    lines = [
        f"compiled in segments, since the network is not one kernel: {step.reason}",
        *_of_segments(step, function.loss, params, x, y),
    ]
    return "\n".join(lines)


def _remedy(function: Any) -> str:
    """How a function is explained that `predictor` or `compiled_step` made, or what another function must be."""
    if (own := getattr(function, "explain", None)) is not None:
        return f"; write function.explain({', '.join(signature(own).parameters)})"
    return "; write compiled(loss)" if callable(function) else ""


def _of_kernel(step: CompiledStep) -> str:
    kernel, program = step.kernel, step.program
    passes = f"in {kernel.rounds} passes " if kernel.rounds > 1 else ""
    shards = len(step.bounds) - 1
    return (
        f"{len(program.nodes)} operations and {len(program.sums)} sums {passes}over tiles of {kernel.tile_rows} rows, "
        f"{shards} shard{'s' * (shards > 1)}, threads: {step.threads}"
    )


def _of_segments(step: Segments, loss: Any, params: Any, x: Any, y: Any) -> Iterator[str]:
    """A line for each run of layers that are computed alike, the tail, and the loss."""
    layers = params if type(params) is tuple else (params,)
    alone = layers if step.tail is None else layers[: step.first]
    logs, caches = [Log() for _ in alone], []
    for layer, log in zip(alone, logs, strict=True):
        with inside(log):
            x, cache = forward(layer, x)
        caches.append(cache)
    of_loss = Log()
    with inside(of_loss):
        dA = loss(x, y)[1] if step.tail is None else step.end(params, x, y)[1].x
    trained = [i for i, layer in enumerate(alone) if not is_inert(layer)]
    for i in range(len(alone) - 1, min(trained, default=len(alone)) - 1, -1):
        with inside(logs[i]):
            dA = backward(alone[i], caches[i], dA).x if i > trained[0] else backward_params(alone[i], caches[i], dA)
    told = [f"{type(layer).__name__}: {_told(log)}" for layer, log in zip(alone, logs, strict=True)]
    told[: step.until] = ["machine code of each layer, whose arrays are used again in each step"] * step.until
    for text, some in groupby(enumerate(told), key=lambda one: one[1]):
        numbers = [i for i, _ in some]
        yield f"{_layers(numbers)}, {text}"
    if step.tail is None:
        yield f"the loss: {_told(of_loss)}"
    elif step.first < len(layers):
        yield f"{_layers(range(step.first, len(layers)))} and the loss, one kernel: {_of_kernel(step.tail)}"
    else:
        yield f"the loss, one kernel: {_of_kernel(step.tail)}"


def _layers(numbers: Any) -> str:
    return f"layer {numbers[0]}" if len(numbers) == 1 else f"layers {numbers[0]} to {numbers[-1]}"


def _told(log: Log) -> str:
    """Which rules have called kernels, and why others have not."""
    made = dict.fromkeys([rule.__name__ for rule, why in log if not why])
    plain = {f"{rule.__name__}: {why}": None for rule, why in log if why and rule.__name__ not in made}
    parts = [f"machine code ({', '.join(made)})"] * bool(made)
    return "; ".join([*parts, *[f"NumPy ({text})" for text in plain]]) or "NumPy, which has no kernel"
