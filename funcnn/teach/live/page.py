"""A page on which a network of one's own trains, in one file that makes no request."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from html import escape
from typing import Any

import attrs

from funcnn.arrays import kind, short
from funcnn.checked import checked
from funcnn.core import Loss
from funcnn.errors import FuncnnError, KindError, RangeError
from funcnn.files.places import replacing
from funcnn.inspection.checks import Network, check_network
from funcnn.needs import Arrays, Positive, Text
from funcnn.recording.program import numbers
from funcnn.recording.recorder import name_of_loss
from funcnn.teach.html import as_html_path, asset, check_numbers, filled, hash_of
from funcnn.teach.live.choice import Given, array_data, choice_data, fewer_rows, first_step, row_count_of, size_of
from funcnn.teach.live.scripts import script_of
from funcnn.teach.live.views import classes_of, grid_of, kind_of_view
from funcnn.training.arguments import check_optimizer, is_optimizer
from funcnn.trees.walks import arrays_in

FIRST = "this page's"  # the name of params among the choices
MOST_BYTES = 250_000  # of a page without its data and parameters


@checked
def write_playground(
    params: Network[Any],
    x: Arrays,
    y: Arrays,
    loss: Loss,
    lr: Positive,
    path: str | os.PathLike[str],
    *,
    optimizer: Any = (),
    choices: Mapping[str, Any] | None = None,
    title: Text = "",
) -> None:
    """Write a page on which this network trains on these data: one file, which makes no request.

    A training step is recorded as a program of array operations (`funcnn.recording`), from the rules as they stand, and
    the page runs it, with the bits of `program(inputs, portable=True)`. The page shows the network as a diagram, the
    data with the predictions, and the cost. The data are a curve for one feature, a plane with its boundary for two,
    images of which the right ones fade, and else a table. The page plays, pauses, makes one step and goes back to the
    start. The learning rate, a weight and a point can be changed; cost and gradients follow. A weight stands beside its
    gradient and the cost at w - h and w + h. A number lists what it is computed from.

    `choices` are other networks for the same data, by name, each a network or a pair (network, optimizer).
    `window.playground` has `step(n)`, `cost`, `parameters()`, `set(path, index, value)` and `lr`.

    >>> import numpy as np, tempfile
    >>> from pathlib import Path
    >>> from funcnn import Sigmoid, Tanh, binary_cross_entropy, mlp
    >>> from funcnn.teach import write_playground
    >>> x = np.random.default_rng(0).uniform(-1, 1, (80, 2))
    >>> y = (np.hypot(*x.T) < 0.6).astype(float)[:, None]
    >>> net = (*mlp([2, 6, 5, 1], hidden=Tanh(), seed=0), Sigmoid())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "ring.html")
    ...     write_playground(net, x, y, binary_cross_entropy, 1.0, page)
    ...     page.stat().st_size < 250_000
    True

    Raises:
        KindError: `loss` does not return (cost, dA), `path` does not end in .html, an array is not of NumPy and of real
            numbers of 32 or 64 bits, a choice is not a network or a pair (network, optimizer), or a rule cannot be
            recorded; the message has its line.
        RangeError: a step computes too many numbers for a page; the message says how many rows a page can have.
        NotFiniteError: the cost is NaN or infinite; the message names the first array that is not finite.
        FileError: the file cannot be written; NoFileError if its folder does not exist.
        Any error of forward, the loss or backward.
    """
    file = as_html_path("write_playground", path)
    text = page_text("write_playground", (params, optimizer), (x, y, loss, lr), choices, title)
    with replacing("write_playground", file) as page:
        page.write(text.encode())


@checked
def playground(
    params: Network[Any],
    x: Arrays,
    y: Arrays,
    loss: Loss,
    lr: Positive,
    *,
    optimizer: Any = (),
    choices: Mapping[str, Any] | None = None,
    title: Text = "",
) -> Playground:
    """The page of `write_playground` in a notebook: the last value of a cell shows it in place.

    >>> import numpy as np
    >>> from funcnn import mlp, mse
    >>> from funcnn.teach import playground
    >>> x = np.linspace(-1, 1, 9)[:, None]
    >>> playground(mlp([1, 8, 1], seed=0), x, x**2, mse, 0.1)
    Playground(Dense → Relu → Dense, mse)

    Raises:
        FuncnnError: as `write_playground`, but for the path.
    """
    text = page_text("playground", (params, optimizer), (x, y, loss, lr), choices, title)
    return Playground(text, network_text(params, loss))


@attrs.frozen(repr=False)
class Playground:
    """A page that a notebook shows in place."""

    html: str
    network: str

    def __repr__(self) -> str:
        return f"Playground({self.network})"

    def _repr_html_(self) -> str:
        frame = f'sandbox="allow-scripts" style="width:100%;height:820px;border:0" title="{escape(self.network)}"'
        return f'<iframe {frame} srcdoc="{escape(self.html)}"></iframe>'


def page_text(
    function: str,
    network: tuple[Any, Any],
    given: Given,
    choices: Mapping[str, Any] | None = None,
    title: str = "",
    step: int | None = None,
) -> str:
    """The text of the page, opened at a rule of the step if `step` is its number; errors name the function."""
    named = {"": network, **_choices(function, choices)}
    for name, (params, optimizer) in named.items():
        check_network(function, f"choices[{name!r}]" if name else "params", params)
        check_optimizer(function, f"the optimizer of choices[{name!r}]" if name else "optimizer", optimizer)
        _check_arrays(function, **{f"choices[{name!r}]" if name else "params": (params, optimizer)})
    _check_arrays(function, x=given[0], y=given[1])
    words = title or network_text(network[0], given[2])
    data = {"title": words, "step": step, **_data(function, named, given, inputs=step is not None)}
    style, script, frame = _assets(data["kind"], data["choices"])
    parts = {
        "title": escape(words),
        "style": style,
        "script": script,
        "style_hash": hash_of(style),
        "script_hash": hash_of(script),
        "data": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
    }
    return filled(frame, parts)


def _assets(view: str, choices: list[dict[str, Any]]) -> tuple[str, str, str]:
    """The style, the script and the frame of a page."""
    return asset("live/playground.css"), script_of(view, choices), asset("live/playground.html")


def _choices(function: str, choices: Any) -> dict[str, tuple[Any, Any]]:
    """The network and the optimizer of each choice."""
    if choices is None:
        return {}
    if not isinstance(choices, Mapping) or not all([type(name) is str and name for name in choices]):
        raise KindError(f"{function}: choices must be a dict of networks by name, not {short(choices)}")
    if FIRST in choices:
        raise KindError(f"{function}: choices must have other names than {FIRST!r}, the name of params")
    return {name: value if _is_pair(value) else (value, ()) for name, value in choices.items()}


def _is_pair(value: Any) -> bool:
    return type(value) is tuple and len(value) == 2 and _is_optimizer(value[1])


def _is_optimizer(value: Any) -> bool:
    return all(map(_is_optimizer, value)) if type(value) is tuple else is_optimizer(value)


def _check_arrays(function: str, **trees: Any) -> None:
    check_numbers(function, **trees)
    for argument, tree in trees.items():
        for a in arrays_in((tree,)):
            if a.dtype.kind == "f" and a.dtype.itemsize < 4:
                raise KindError(f"{function}: {argument} must hold float32 or float64, not {kind(a)}")


def _data(function: str, named: Mapping[str, tuple[Any, Any]], given: Given, *, inputs: bool) -> dict[str, Any]:
    """The data of the page; as many numbers of rows can be chosen as fit."""
    x, y, loss, lr = given
    out = (first := first_step(function, named[""], given)).out
    view = kind_of_view(x, out)
    grid = grid_of(view, x)
    classes, is_logit = classes_of(out, y, loss)
    places, made = None if grid is None else grid["places"], []
    for name, network in named.items():
        try:
            seen = first_step(function, network, given) if name else first
            made.append(choice_data(function, name or FIRST, network, given, seen, places, inputs=inputs))
        except FuncnnError as error:
            if name:
                error.add_note(f"in choices[{name!r}]")
            raise
    used = len("".join(_assets(view, made)).encode()) + size_of([{**choice, "start": {}} for choice in made])
    if used > MOST_BYTES:
        needed = f"fit into a page of {MOST_BYTES:,} bytes, beside its data and parameters"
        raise RangeError(f"{function}: params must {needed}")
    fewer = [fewer_rows(network, given, places, inputs=inputs) for network in named.values()]
    while fewer[0] and used + size_of(fewer) > MOST_BYTES:
        for programs in fewer:
            del programs[min(programs)]
    if fewer[0]:
        made = [{**choice, "fewer": programs} for choice, programs in zip(made, fewer, strict=True)]
    return {
        "loss": name_of_loss(loss),
        "lr": lr,
        "rows": row_count_of(x),
        "x": [array_data(a) for a in arrays_in((x,))],
        "y": [array_data(a) for a in arrays_in((y,))],
        "kind": view,
        "classes": classes,
        "is_logit": is_logit,
        "grid": None if grid is None else {**grid, "places": None, "data": numbers(grid["places"])},
        "choices": made,
    }


def network_text(params: Any, loss: Any) -> str:
    """The classes of the layers, and the loss: "Dense → Relu → Dense, mse"."""
    layers = params if type(params) is tuple else (params,)
    return f"{' → '.join([type(layer).__name__ for layer in layers])}, {name_of_loss(loss)}"
