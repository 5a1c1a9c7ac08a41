"""A player of a training run: one HTML file with a picture for each of some states, and the curve of the costs."""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Callable
from html import escape
from importlib.resources import files
from os import PathLike
from typing import Annotated, Any, TypeVar, cast

import numpy as np
from matplotlib.image import imsave

from funcnn.arrays import Array, is_array, short
from funcnn.checked import checked
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.files.places import as_path, replacing
from funcnn.needs import Count, Text, function
from funcnn.training.loop import TrainState
from funcnn.training.runs import Run, every_kth

S = TypeVar("S", bound=TrainState[Any])

LARGEST = 5_000_000  # bytes of the file
_WIDTH, _HEIGHT, _EDGE = 600.0, 120.0, 8.0  # of the curve
_SECONDS = 12.0  # that a run takes to play, at 5 to 20 frames in a second


@checked
def write_player(
    path: str | PathLike[str],
    run: Run[S],
    frame: Annotated[Callable[[S], Array], function("a function of a state, such as render_regions", takes=1)],
    *,
    every: Count = 1,
    title: Text = "Training run",
) -> None:
    """Write a run as one HTML file that plays it: a picture of each state, its step and cost, and the curve of costs.

    `frame(state)` is the picture of a state: an array (h, w) in grey or (h, w, 3) in colour with numbers from 0, black,
    to 1, white, such as `render` and `render_regions` give; numbers outside are clipped. There is a frame for each step
    that `every` divides, and for the last step. The costs in the curve are the costs of these steps, on a logarithmic
    scale if all of them are positive.

    The file needs no other file and no network, and has at most 5 MB: the pictures are PNG. A slider, a button, the
    space bar and the arrow keys choose the frame; nothing moves before the reader starts it. The page follows the
    colour scheme of the system, and fits a screen of 400 pixels.

    >>> import os, tempfile
    >>> from funcnn import TrainState, mlp, mse, train, value_and_grad
    >>> from funcnn.plot import coordinates, render, write_player
    >>> x = coordinates((8, 8))
    >>> data = [(x, (x[:, :1] > 0) * 1.0)] * 20
    >>> run = train(TrainState(mlp([2, 8, 1], seed=0)), data, value_and_grad(mse), 0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_player(os.path.join(folder, "run.html"), run, lambda state: render(state.params, (32, 32)), every=5)

    Raises:
        KindError, ShapeError, RangeError: `frame` does not return such pictures, of one shape and with finite numbers.
            RangeError also if the run is empty, or the file would have more than 5 MB.
        NotFiniteError: as `history`.
        FileError: `path` is not the path of a file, or the file cannot be written.
    """
    where = as_path("write_player", path)
    steps, costs, pictures, size, shape = [], [], [], 0, None
    with every_kth("write_player", run, every) as states:
        for now in states:
            image = _as_image(frame(now), shape)
            shape = image.shape
            pictures.append(_png(image))
            size += len(pictures[-1])
            if size > LARGEST:
                break
            steps.append(int(now.step))
            costs.append(float(now.cost))
    if shape is None:
        raise RangeError("write_player: run must give at least one state, not 0; a generator can be read once")
    text = _page(title, steps, costs, pictures, shape) if size <= LARGEST else ""
    if max(size, len(text)) > LARGEST:
        held = f"more after {len(pictures)} frames; give a larger every, or smaller frames"
        raise RangeError(f"write_player: the file must have at most 5 MB; it has {held}")
    with replacing("write_player", where) as file:
        file.write(text.encode())


def _as_image(made: Any, shape: tuple[int, ...] | None) -> Array:
    """What `frame` returned, checked and clipped."""
    if not is_array(made) or made.dtype.kind not in "biuf":
        raise KindError(f"write_player: frame must return an array of real numbers, not {short(made)}")
    if made.shape[2:] not in ((), (3,)) or made.ndim < 2 or 0 in made.shape:
        needed = "(h, w) or (h, w, 3), with no axis of length 0"
        raise ShapeError(f"write_player: frame must return {needed}, not {made.shape}")
    if shape is not None and made.shape != shape:
        raise ShapeError(f"write_player: frame must return arrays of one shape, not {shape} and {made.shape}")
    if not np.isfinite(made).all():
        raise RangeError("write_player: frame must return finite numbers")
    return np.clip(np.asarray(made, float), 0, 1)


def _png(image: Array) -> str:
    """An image as PNG, in base 64."""
    file = io.BytesIO()
    imsave(
        file,
        image,
        format="png",
        cmap="gray",
        vmin=0,
        vmax=1,
        metadata=cast("dict[str, str]", {"Software": None}),  # the same bytes from every version of matplotlib
        pil_kwargs={"optimize": True},
    )
    return base64.b64encode(file.getvalue()).decode()


def _page(title: str, steps: list[int], costs: list[float], pictures: list[str], shape: tuple[int, ...]) -> str:
    points, scale = _curve(steps, costs)
    told = [None if not math.isfinite(cost) else f"{cost:.3g}" for cost in costs]
    run = json.dumps({"frames": pictures, "steps": steps, "costs": told, "points": points}, allow_nan=False)
    curve = f"The cost over the steps{scale}"
    values = {
        "title": escape(title),
        "width": shape[1],
        "height": shape[0],
        "curve": escape(curve),
        "points": " ".join([f"{point[0]},{point[1]}" for point in points if point]),
        "last": len(steps) - 1,
        "pause": round(1000 * min(max(_SECONDS / len(steps), 0.05), 0.2)),
        "run": run.replace("<", "\\u003c"),
    }
    text = files("funcnn.plot").joinpath("player.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: f"{values[found[1]]}", text)


def _curve(steps: list[int], costs: list[float]) -> tuple[list[tuple[float, float] | None], str]:
    """The point of each cost in the picture of the curve, None for one that is not finite; and the scale in words."""
    heights, finite = np.array(costs), np.isfinite(costs)
    scale = ""
    if finite.any() and heights[finite].min() > 0:
        heights, scale = np.log(heights, where=finite, out=heights.copy()), ", on a logarithmic scale"
    low, high = (heights[finite].min(), heights[finite].max()) if finite.any() else (0.0, 0.0)
    x = _EDGE + (_WIDTH - 2 * _EDGE) * (np.array(steps) - steps[0]) / max(steps[-1] - steps[0], 1)
    y = _HEIGHT - _EDGE - (_HEIGHT - 2 * _EDGE) * (np.where(finite, heights, low) - low) / max(high - low, 1e-12)
    points = [(round(a, 1), round(b, 1)) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    return [point if own else None for point, own in zip(points, finite, strict=True)], scale
