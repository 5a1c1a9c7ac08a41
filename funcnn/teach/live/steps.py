"""One training step as a page: the page that trains, opened at the first rule of a step."""

from __future__ import annotations

import os
from typing import Any

from funcnn.checked import checked
from funcnn.core import Loss
from funcnn.files.places import replacing
from funcnn.inspection.checks import Network
from funcnn.needs import Arrays, Rate
from funcnn.teach.html import as_html_path
from funcnn.teach.live.page import network_text, page_text


@checked
def write_steps(params: Network[Any], x: Arrays, y: Any, loss: Loss, lr: Rate, path: str | os.PathLike[str]) -> None:
    """Write one training step as a page: forward, the loss, backward and sgd, number by number.

    It is the page of `write_playground`, one file which makes no request, opened at the first rule of a step; training
    is one click away. A rule shows the arrays that it is given beside those that it makes, by the names that they have
    in the source of the rule, also in a layer of your own; the gates of an LSTM are arrays of their own. A click or
    Enter on a number lists its terms, "dW[0,0] = 3 * 3 + 3 * (-1) = 6", computed from the operations of the rule as it
    stands. The equation of a rule is the first line of its docstring or of that of the class; its symbols are listed
    below it. The numbers are those of `trace(params, x, y, loss, lr=lr, inputs=True)`, up to rounding.

    "Nudge" computes the cost again with a number of a parameter or of x changed by -h and by +h, and shows the slope
    beside the gradient. "Predict first" hides what a rule makes until it is answered.
    `step.html#step=3&number=0.W[0,1]` opens the page at a rule and a number.

    >>> import numpy as np, tempfile
    >>> from pathlib import Path
    >>> from funcnn import Relu, mlp, mse
    >>> from funcnn.teach import write_steps
    >>> net, x, y = mlp([2, 2, 1], hidden=Relu(), seed=0), np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = Path(folder, "step.html")
    ...     write_steps(net, x, y, mse, 0.01, page)
    ...     page.stat().st_size < 250_000
    True

    Raises:
        FuncnnError: as `write_playground`.
        Any error of forward, the loss or backward.
    """
    file = as_html_path("write_steps", path)
    title = f"One training step: {network_text(params, loss)}, lr = {lr:g}"
    text = page_text("write_steps", (params, ()), (x, y, loss, lr), title=title, step=0)
    with replacing("write_steps", file) as page:
        page.write(text.encode())
