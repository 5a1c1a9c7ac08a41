"""One training step as a page: one file, which makes no request."""

from __future__ import annotations

import json
import os
from html import escape
from typing import Any

from funcnn.checked import checked
from funcnn.core import Loss
from funcnn.errors import RangeError
from funcnn.files.archive import replacing
from funcnn.inspection.checks import Network
from funcnn.needs import Arrays, Rate
from funcnn.teach.data import data_of, nudges_of
from funcnn.teach.html import as_html_path, asset, check_numbers, filled, hash_of
from funcnn.teach.rows import NUMBERS
from funcnn.teach.steps import Walk, walk_through

MOST_BYTES = 300_000
# The most numbers of an array that is shown as numbers, and the cells of a heat map: the first that fit into the file.
DETAILS = [(NUMBERS, 1024), (100, 256), (40, 64), (10, 16), (1, 4)]


@checked
def write_steps(params: Network[Any], x: Arrays, y: Any, loss: Loss, lr: Rate, path: str | os.PathLike[str]) -> None:
    """Write one training step as a page: forward, the loss, backward and sgd, number by number.

    The page is one file of less than 300 kB, which a browser opens without a server and which makes no request. Its
    numbers are those of `trace(params, x, y, loss, lr=lr, inputs=True)`, bit for bit. A step shows the arrays that it
    is given and those that it makes; a click or Enter on a number lists its terms, "3 * 3 + 3 * (-1) = 6". The terms
    are read from the rules as they stand, also from those of your own layers: each rule runs once more with numbers
    that keep the operations of which they were made. The variables of a rule, such as the gates of an LSTM, are rows of
    their own. The sum of the terms is the number up to rounding, since NumPy may add in another order.
    The equation of a step is the first line of a docstring; its symbols are listed below it.

    "Nudge" changes a number of a parameter or of x by -h and +h and shows forward again, and the slope beside the
    gradient. "Predict first" hides what a step makes until it is answered. `step.html#step=3&number=0.W[0,1]` opens the
    page at a step and a number.

    An array of more than 200 numbers is a heat map. A network of more than 50,000 numbers has no terms, nor has a rule
    that makes more than 20,000 numbers or converts its arrays to arrays of NumPy. If a page would be too large, shorter
    arrays become heat maps too, and long lists of terms are left out.

    >>> import numpy as np, tempfile
    >>> from pathlib import Path
    >>> from funcnn import Relu, mlp, mse
    >>> from funcnn.teach import write_steps
    >>> net, x, y = mlp([2, 2, 1], hidden=Relu(), seed=0), np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "step.html")
    ...     write_steps(net, x, y, mse, 0.01, page)
    ...     page.stat().st_size < 300_000
    True

    Raises:
        KindError: `loss` does not return (cost, dA), `path` does not end in .html, or an array is not of NumPy and of
            real numbers.
        RangeError: the network has too many layers for a page.
        NotFiniteError: the cost is NaN or infinite; the message names the first array that is not finite.
        FileError: the file cannot be written; NoFileError if its folder does not exist.
        Any error of forward, the loss or backward.
    """
    file = as_html_path("write_steps", path)
    check_numbers("write_steps", params=params, x=x, y=y)
    walk = walk_through("write_steps", params, x, y, loss, lr)
    text = page_of(walk, params, x, y, loss, lr)
    with replacing("write_steps", file) as page:
        page.write(text.encode())


def page_of(walk: Walk, params: Any, x: Any, y: Any, loss: Loss, lr: float) -> str:
    """The text of the page: as many details as fit into the file."""
    for numbers, cells in DETAILS:
        nudges = nudges_of(walk, params, x, y, loss, numbers)
        for some in (nudges, {}) if nudges else ({},):
            data = data_of(walk, some, numbers, cells)
            text = _page(walk, data, lr)
            left = MOST_BYTES - len(text.encode()) - 1000
            if left > 0:
                return _page(walk, _with_terms(data, walk.terms, left), lr)
    layers = len(walk.seen.visits)
    raise RangeError(
        f"write_steps: params must have few enough layers for a page of {MOST_BYTES:,} bytes; they have {layers}"
    )


def _with_terms(data: dict[str, Any], terms: dict[int, str], left: int) -> dict[str, Any]:
    """The data with terms, those of the shortest lists first, while they fit."""
    for index, text in sorted(terms.items(), key=lambda item: len(item[1])):
        row = data["rows"][index]
        if "values" not in row:
            continue
        left -= len(text) + 20
        if left > 0:
            row["terms"] = json.loads(text)
        else:
            row["note"] = "The terms of this array are left out, since the file would be too large."
    return data


def _page(walk: Walk, data: dict[str, Any], lr: float) -> str:
    style, script = asset("stepper.css"), "".join([asset(f"{name}.js") for name in ("values", "detail", "stepper")])
    layers = [step.kind for step in walk.steps if step.phase == "forward" and "." not in step.path]
    loss = next(step.kind for step in walk.steps if step.phase == "loss")
    network = f"{' → '.join(layers)}, {loss}, lr = {lr:g}"
    text = asset("stepper.html")
    parts = {
        "title": f"One training step: {escape(network)}",
        "network": escape(network),
        "note": "The numbers are those of funcnn.trace, rounded to four digits; a chosen number has all digits.",
        "style": style,
        "script": script,
        "style_hash": hash_of(style),
        "script_hash": hash_of(script),
        "data": json.dumps(data, separators=(",", ":"), default=int).replace("<", "\\u003c"),
    }
    return filled(text, parts)
