"""Images: grids of pictures with titles, and networks that give the pixels of a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import is_color_like

from funcnn.arrays import Array, is_array, is_float, kind, namespace, short
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.inspection.checks import Network
from funcnn.needs import Count, passing
from funcnn.plot.axes import Ax, axes_of
from funcnn.prediction import predict
from funcnn.sizes import check_sizes
from funcnn.trees.walks import arrays_in

ROWS = 1 << 16  # pixels at a time, so the memory needed does not grow with the picture


def check_shape(function: str, argument: str, shape: Any) -> None:
    """Check that `shape` is the (h, w) of a picture."""
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise KindError(f"{function}: {argument} must be (h, w), two whole numbers, not {short(shape)}")
    check_sizes(function, {"h": shape[0], "w": shape[1]})


PictureShape = Annotated[tuple[int, int], passing("(h, w), two whole numbers of at least 1", check_shape)]


@checked
def pictures(
    images: Array,
    titles: Sequence[str],
    ax: Ax | None = None,
    *,
    columns: Count = 8,
    colors: Sequence[str] | str = "black",
) -> Axes:
    """A grid of pictures, each with a title below it in a colour of its own.

    images: (k, h, w) in grey or (k, h, w, 3) in colour; 0 is black and 1 is white.

    Raises:
        KindError: `images` is not an array of numbers, `titles` is not a list of strings, or `colors` is not a colour
            of matplotlib or a list of colours.
        ShapeError: `images` has other axes, or the number of titles or colours is not the number of pictures.
    """
    namespace(images, "images", "pictures: ")
    if images.dtype.kind not in "biuf":
        raise KindError(f"pictures: images must be an array of numbers, not {kind(images)}")
    if images.shape[3:] not in ((), (3,)) or images.ndim < 3 or 0 in images.shape:
        raise ShapeError(
            f"pictures: images must be (k, h, w) or (k, h, w, 3), with no axis of length 0; images: {images.shape}"
        )
    k, h, w = images.shape[:3]
    colors = [colors] * k if isinstance(colors, str) else colors
    _check_each("titles", titles, "strings", lambda title: isinstance(title, str))
    _check_each("colors", colors, "colours of matplotlib", is_color_like)
    if not k == len(titles) == len(colors):
        needed = f"{k} entries each, one for each picture"
        raise ShapeError(f"pictures: titles and colors must have {needed}, not {len(titles)} and {len(colors)}")
    ax = axes_of(ax)
    for i, (image, title, color) in enumerate(zip(images, titles, colors, strict=True)):
        row, column = divmod(i, columns)
        left, top = 1.1 * w * column, 1.35 * h * row
        ax.imshow(image, cmap="gray", vmin=0, vmax=1, extent=(left, left + w, top + h, top))
        ax.text(left + w / 2, top + 1.04 * h, title, ha="center", va="top", fontsize=7, color=color)
    last_row = (k - 1) // columns
    ax.set(xlim=(-0.05 * w, 1.1 * w * min(columns, k)), ylim=((1.35 * last_row + 1.25) * h, -0.05 * h))
    ax.set_axis_off()
    return ax


@checked
def picture(
    params: Network[Any], shape: PictureShape, ax: Ax | None = None, *, rows: Count = ROWS, **image: Any
) -> Axes:
    """The output of a network as a picture of `shape` pixels; x is (row, column), each from -1 to 1.

    One output is drawn in grey, three in colour; 0 is black and 1 is white. Further arguments go to `Axes.imshow`:
    `cmap="gray_r"` draws 1 as black.

    Raises:
        ShapeError: as `render`.
    """
    pixels, ax = _rendered("picture", params, shape, rows), axes_of(ax)
    ax.imshow(pixels, **{"cmap": "gray", "vmin": 0, "vmax": 1, **image})
    ax.set_axis_off()
    return ax


@checked
def render(params: Network[Any], shape: PictureShape, *, rows: Count = ROWS) -> Array:
    """The array that `picture` draws: (h, w) for one output, (h, w, 3) for three, clipped to [0, 1].

    Raises:
        ShapeError: the network has another number of outputs.
    """
    return _rendered("render", params, shape, rows)


def _rendered(function: str, params: Any, shape: tuple[int, int], rows: int) -> Array:
    x = coordinates(shape)
    dtype = next((leaf.dtype for leaf in arrays_in(params) if is_float(leaf)), x.dtype)
    out = predict(params, x.astype(dtype), rows=rows)
    if not is_array(out) or out.shape not in ((len(x), 1), (len(x), 3)):
        raise ShapeError(
            f"{function}: the network must give 1 or 3 outputs, (h w, 1) or (h w, 3); it gives {short(out)}"
        )
    return np.clip(out, 0, 1).reshape(tuple(shape) if out.shape[1] == 1 else (*shape, 3))


@checked
def coordinates(shape: PictureShape) -> Array:
    """(row, column) of every pixel of a picture of h x w, in [-1, 1], as an array of (h w, 2)."""
    grid = np.meshgrid(*[np.linspace(-1, 1, n) for n in shape], indexing="ij")
    return np.stack([part.ravel() for part in grid], axis=1)


def _check_each(argument: str, values: Any, needed: str, fits: Callable[[Any], bool]) -> None:
    if not isinstance(values, list | tuple | np.ndarray) or getattr(values, "ndim", 1) != 1:
        raise KindError(f"pictures: {argument} must be a list of {needed}, not {kind(values)}")
    for value in values:
        if not fits(value):
            raise KindError(f"pictures: {argument} must be a list of {needed}, not one with {short(value)}")
