"""Augmentations of images (m, h, w, c): each image is changed by its own random numbers.

Channels are last. Images (m, c, h, w), with channels first as in PyTorch, cannot be told from images of c rows: write
`x.transpose(0, 2, 3, 1)`.

Functions that move pixels also take a tuple of arrays with equal m, h and w, such as `(images, masks)`, and move the
pixels of all of them alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from funcnn.arrays import Array, is_float, namespace, short
from funcnn.checked import checked
from funcnn.data.checks import Floats, Generator, OneArray, by_row, image_sizes
from funcnn.data.elementary import cos_and_sin
from funcnn.draws import below, bools, key_of, symmetric
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.needs import Count, Fraction, Natural, Positive, Whole, as_count
from funcnn.trees.walks import map_arrays

T = TypeVar("T")


@checked
def random_flip(x: T, rng: Generator, *, axis: Whole = 2) -> T:
    """x, where each image is mirrored with probability 1/2: left to right, or with axis=1 top to bottom

    x: (m, h, w, c), channels last. An x with channels first, (m, c, h, w), is taken as images of c rows: write
    `x.transpose(0, 2, 3, 1)`.

    >>> import numpy as np
    >>> from funcnn.data import random_flip
    >>> x = np.arange(3.0).reshape(1, 1, 3, 1) + np.zeros((4, 1, 1, 1))
    >>> random_flip(x, np.random.default_rng(0))[:, 0, :, 0].tolist()
    [[2.0, 1.0, 0.0], [0.0, 1.0, 2.0], [0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]

    Raises:
        KindError: x is not an array or a tuple of arrays.
        ShapeError: x is not (m, h, w, c), or the arrays of a tuple differ in m, h or w.
        RangeError: `axis` is not 1 or 2, or an axis of x has size 0.
    """
    m, _, _ = image_sizes("random_flip", x)
    if axis not in (1, 2):
        raise RangeError(f"random_flip: axis must be 1, top to bottom, or 2, left to right, not {axis}")
    chosen = bools(key_of(rng), (m,), 0.5).reshape(m, 1, 1, 1)
    return map_arrays(lambda a: namespace(a).where(chosen, a[:, :, ::-1] if axis == 2 else a[:, ::-1], a), x)


@checked
def random_crop(x: T, rng: Generator, *, size: tuple[int, int] | None = None, padding: Natural = 0) -> T:
    """A random part of each image, of `size` (h, w), after `padding` rows and columns of 0 were added on all sides

    Without a size, the images keep theirs: they are shifted by up to `padding` pixels. x: as in `random_flip`, channels
    last. Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1; with
    padding: He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2.

    >>> import numpy as np
    >>> from funcnn.data import random_crop
    >>> x = np.arange(1.0, 5.0).reshape(1, 1, 4, 1)
    >>> random_crop(x, np.random.default_rng(0), padding=1)[0, :, :, 0]
    array([[2., 3., 4., 0.]])

    Raises:
        KindError, ShapeError: as `random_flip`; KindError also if neither `size` nor `padding` is given, or `size` is
            not made of whole numbers.
        RangeError: `size` is greater than the padded image, or less than 1, or x has no pixels.
    """
    function = "random_crop"
    m, h, w = image_sizes(function, x)
    if size is None and padding == 0:
        raise KindError(f"{function}: size or padding must be given, or each crop is the whole image")
    if size is None:
        size = (h, w)
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise KindError(f"{function}: size must be (h, w), two whole numbers, not {short(size)}")
    sides = [as_count(function, argument, side) for side, argument in zip(size, ("size[0]", "size[1]"), strict=True)]
    room = [own + 2 * padding - side for own, side in zip((h, w), sides, strict=True)]
    if min(room) < 0:
        most = (h + 2 * padding, w + 2 * padding)
        raise RangeError(f"{function}: size must be at most {most}, the padded image, not {tuple(sides)}")
    key = key_of(rng)
    rows, columns = [
        below((*key, i), free + 1, (m, 1)) - padding + np.arange(side)
        for i, (free, side) in enumerate(zip(room, sides, strict=True))
    ]
    return map_arrays(lambda a: _bordered(a)(rows[:, :, None], columns[:, None, :]), x)


@checked
def random_turn(x: T, rng: Generator) -> T:
    """x, where each image is turned by 0, 90, 180 or 270 degrees, with equal probabilities

    For images that have no top and bottom, such as micrographs or maps. Images must be square.

    >>> import numpy as np
    >>> from funcnn.data import random_turn
    >>> x = np.arange(4.0).reshape(1, 2, 2, 1)
    >>> random_turn(x, np.random.default_rng(0))[0, :, :, 0]
    array([[1., 3.],
           [0., 2.]])

    Raises:
        KindError, ShapeError, RangeError: as `random_flip`; ShapeError also if h and w differ.
    """
    m, h, w = image_sizes("random_turn", x)
    if h != w:
        raise ShapeError(f"random_turn: x must hold square images, not {h} x {w}")
    turns = below(key_of(rng), 4, (m,))
    groups = [np.flatnonzero(turns == k) for k in range(4)]
    back = np.concatenate(groups).argsort()

    def turned(a: Array) -> Array:
        xp = namespace(a)
        return xp.concatenate([xp.rot90(a[rows], k, axes=(1, 2)) for k, rows in enumerate(groups)])[back]

    return map_arrays(turned, x)


@checked
def random_rotation(x: T, rng: Generator, *, degrees: Positive) -> T:
    """x, where each image is rotated about its centre by an angle between -degrees and degrees

    Pixels are interpolated linearly; pixels outside of the image count as 0. In arrays of whole numbers, such as masks
    of classes, each pixel is the nearest one.

    >>> import numpy as np
    >>> from funcnn.data import random_rotation
    >>> x = np.ones((2, 5, 5, 1), np.float32)
    >>> out = random_rotation(x, np.random.default_rng(0), degrees=10)
    >>> out.dtype, out[:, 2, 2, 0].tolist()
    (dtype('float32'), [1.0, 1.0])

    Raises:
        KindError, ShapeError, RangeError: as `random_flip`.
    """
    m, h, w = image_sizes("random_rotation", x)
    cos, sin = cos_and_sin(symmetric(key_of(rng), (m, 1, 1), degrees))
    below, right = np.arange(h)[:, None] - (h - 1) / 2, np.arange(w) - (w - 1) / 2
    rows = (h - 1) / 2 + cos * below + sin * right  # of the pixel that comes here, counterclockwise
    columns = (w - 1) / 2 - sin * below + cos * right
    nearest = [np.rint(place).astype(int) for place in (rows, columns)]
    return map_arrays(lambda a: _between_pixels(a, rows, columns) if is_float(a) else _bordered(a)(*nearest), x)


@checked
def random_brightness(x: Floats, rng: Generator, *, most: Fraction) -> Array:
    """factor x, with a factor between 1 - most and 1 + most for each image

    >>> import numpy as np
    >>> from funcnn.data import random_brightness
    >>> random_brightness(np.ones((2, 1, 1, 1)), np.random.default_rng(0), most=0.2).ravel().round(3).tolist()
    [1.158, 0.863]

    Raises:
        ShapeError, RangeError: as `random_flip`.
    """
    m, _, _ = image_sizes("random_brightness", x)
    return x * by_row(1 + symmetric(key_of(rng), (m,), most), x)


@checked
def cutout(x: OneArray, rng: Generator, *, size: Count) -> Array:
    """x, with a square of `size` pixels set to 0 in each image, in all channels

    The centre of the square is any pixel of the image, so a part of the square may be outside. DeVries & Taylor 2017,
    Improved Regularization of Convolutional Neural Networks with Cutout.

    >>> import numpy as np
    >>> from funcnn.data import cutout
    >>> cutout(np.ones((1, 3, 5, 1)), np.random.default_rng(1), size=3)[0, :, :, 0]
    array([[1., 1., 1., 1., 1.],
           [0., 0., 0., 1., 1.],
           [0., 0., 0., 1., 1.]])

    Raises:
        ShapeError, RangeError: as `random_flip`; RangeError also if `size` is so large that no pixel is left.
    """
    m, h, w = image_sizes("cutout", x)
    if size >= (most := 2 * max(h, w) - 1):
        why = f"or no pixel of {h} x {w} images is left"
        raise RangeError(f"cutout: size must be less than {most}, {why}; it is {size}")
    key, inside = key_of(rng), []
    for i, n in enumerate((h, w)):
        from_first = np.arange(n) - (below((*key, i), n, (m, 1)) - (size - 1) // 2)
        inside.append((from_first >= 0) & (from_first < size))
    cut = (inside[0][:, :, None] & inside[1][:, None, :])[..., None]
    return namespace(x).where(cut, np.zeros((), x.dtype), x)


def _bordered(a: Array) -> Callable[[Array, Array], Array]:
    """The function of rows and columns that gives the pixels of images, after a border of 0 was added to each."""
    (m, h, w, c), xp = a.shape, namespace(a)
    flat = xp.pad(a, [(0, 0), (1, 1), (1, 1), (0, 0)]).reshape(m * (h + 2) * (w + 2), c)
    first = np.arange(m)[:, None, None] * (h + 2)

    def at(rows: Array, columns: Array) -> Array:
        places = (first + rows.clip(-1, h) + 1) * (w + 2) + columns.clip(-1, w) + 1
        return xp.take(flat, places, axis=0)

    return at


def _between_pixels(a: Array, rows: Array, columns: Array) -> Array:
    """Linear interpolation between the four pixels around (row, column)."""
    above, left = [np.floor(place).astype(int) for place in (rows, columns)]
    down, across = (rows - above)[..., None].astype(a.dtype), (columns - left)[..., None].astype(a.dtype)
    pixels = _bordered(a)
    upper, lower = [pixels(at, left) * (1 - across) + pixels(at, left + 1) * across for at in (above, above + 1)]
    return upper * (1 - down) + lower * down
