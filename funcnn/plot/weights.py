"""Matrices as pictures: one colour scale for all numbers, blue above 0, red below 0, white at 0."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from funcnn.arrays import Array, kind, namespace, short
from funcnn.checked import checked
from funcnn.errors import KindError, ShapeError
from funcnn.needs import Count
from funcnn.plot.axes import Ax, axes_of
from funcnn.plot.images import PictureShape


@checked
def heat_map(matrix: Array, ax: Ax | None = None, **image: Any) -> Axes:
    """A matrix as a heat map, such as the weights of a Dense, the weights of attention, or a confusion matrix.

    matrix: (rows, columns), row 0 above. The colour scale is symmetric about 0, where it is white, and reaches to the
    largest |entry|; without negative numbers it is one hue from 0 on. A colour bar shows it. Numbers that are not
    finite are left blank. Further arguments go to `Axes.imshow`.

    >>> import numpy as np
    >>> from funcnn import Dense
    >>> from funcnn.plot import heat_map
    >>> ax = heat_map(Dense.init(8, 3, seed=0).W)
    >>> ax.images[0].get_array().shape
    (8, 3)

    Raises:
        KindError, ShapeError: `matrix` is not such an array of real numbers, or has an axis of 0.
    """
    _check_numbers("heat_map", "matrix", matrix)
    if matrix.ndim != 2 or 0 in matrix.shape:
        raise ShapeError(f"heat_map: matrix must be (rows, columns), with no axis of length 0; matrix: {matrix.shape}")
    return _drawn(matrix.astype(float), axes_of(ax), **image)


@checked
def filters(W: Array, ax: Ax | None = None, *, shape: PictureShape | None = None, columns: Count | None = None) -> Axes:
    """The weights of the first layer as images: of each unit of a Dense, or the kernels of a Conv2d.

    For a Dense on images of one channel, W: (h w, n_out) and `shape` is (h, w): image k has the weights of unit k,
    W[:, k]. For a Conv2d, W: (kh, kw, c_in, c_out): a row of images for each output channel, with one image for each
    input channel; a row of `columns` images if there is one input channel. `columns` is 8, unless there are several
    input channels. The images have one colour scale, as in `heat_map`.

    >>> from funcnn import Conv2d, Dense
    >>> from funcnn.plot import filters
    >>> ax = filters(Dense.init(64, 16, seed=0).W, shape=(8, 8))
    >>> ax = filters(Conv2d.init(3, 4, 5, seed=0).W)

    Raises:
        KindError: W is not an array of real numbers.
        ShapeError: W has an axis of 0 or neither two axes nor four, `shape` is missing for two or given for four, or W
            does not have h w rows.
    """
    _check_numbers("filters", "W", W)
    if W.ndim not in (2, 4) or 0 in W.shape:
        needed = "(h w, n_out) or (kh, kw, c_in, c_out), with no axis of length 0"
        raise ShapeError(f"filters: W must be {needed}; W: {W.shape}")
    wide = W.shape[2] if W.ndim == 4 and W.shape[2] > 1 else 8
    columns = wide if columns is None else columns
    images, ax = _as_images(W, shape), axes_of(ax)
    k, h, w = images.shape
    rows = -(-k // columns)
    tiles = np.full((rows * columns, h + 1, w + 1), np.nan)  # a blank line between the images
    tiles[:k, :h, :w] = images
    mosaic = tiles.reshape(rows, columns, h + 1, w + 1).swapaxes(1, 2).reshape(rows * (h + 1), columns * (w + 1))
    ax = _drawn(mosaic[:-1, : min(k, columns) * (w + 1) - 1], ax, aspect="equal")
    ax.set_axis_off()
    return ax


def _as_images(W: Array, shape: tuple[int, int] | None) -> Array:
    """The weights as (k, h, w)"""
    if W.ndim == 4:
        if shape is not None:
            raise ShapeError(f"filters: shape must be None for kernels of four axes, not {short(shape)}")
        return W.transpose(3, 2, 0, 1).reshape(-1, *W.shape[:2])
    if shape is None:
        raise ShapeError(f"filters: shape must be the (h, w) of the images if W has two axes, not None; W: {W.shape}")
    h, w = shape
    if len(W) != h * w:
        raise ShapeError(f"filters: W must have {h * w} rows for shape=({h}, {w}), not {len(W)}")
    return W.T.reshape(-1, h, w)


def _check_numbers(function: str, argument: str, array: Any) -> None:
    namespace(array, argument, f"{function}: ")
    if array.dtype.kind not in "biuf":
        raise KindError(f"{function}: {argument} must be an array of real numbers, not {kind(array)}")


def _drawn(matrix: Array, ax: Axes, **image: Any) -> Axes:
    """The matrix with its colour scale and its bar, and with whole numbers at the axes"""
    finite = np.asarray(matrix)[np.isfinite(matrix)]
    most = float(abs(finite).max(initial=0)) or 1.0
    scale = {"cmap": "RdBu", "vmin": -most} if (finite < 0).any() else {"cmap": "Blues", "vmin": 0}
    shown = ax.imshow(matrix, **{**scale, "vmax": most, "aspect": "auto", **image})
    ax.locator_params(integer=True)
    ax.figure.colorbar(shown, cax=ax.inset_axes((1.02, 0, 0.04, 1)))  # as high as the picture
    return ax
