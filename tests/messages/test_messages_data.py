"""Error messages of batches, of their maps, and of augmentations for invalid arguments, pinned word for word.

Each row: the call, the class of the error, the sentence, and the notes that say where.
"""

from itertools import count

import numpy as np
import pytest

from funcnn import batches
from funcnn.data import (
    balanced_batches,
    bucketed_batches,
    cutout,
    gaussian_noise,
    mixup,
    random_brightness,
    random_crop,
    random_flip,
    random_turn,
    random_window,
    token_dropout,
)
from funcnn.errors import KindError, RangeError, ShapeError
from tests.says import assert_says

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
classes = np.arange(10) % 3
data = batches(x, y, 4, epochs=3, seed=0)
sequences = [np.ones((t, 2)) for t in (1, 4, 2)]
numbers = count()
of_itself, rng = np.random.default_rng(0), np.random.default_rng(0)
images = np.ones((3, 4, 5, 1))


def call(function, *given, **options):
    return lambda: function(*given, **options)


def mapped(f, seed=None):
    return lambda: data.map(f, seed=seed)


def later(f):
    """The second batch, after a first that is right."""
    calls = count()
    return lambda: data.map(lambda x, y: f(x, y) if next(calls) > 1 else (x, y))[1]


def writing(x, y, rng):
    x += rng.normal(size=x.shape)
    return x, y


def writing_to_y(x, y):
    y[0] = 2
    return x, y


def unsealing(x, y, rng):
    x.setflags(write=True)
    rng.shuffle(x)
    return x, y


def drawing(x, y, rng):
    return x + of_itself.normal(size=x.shape), y


MAP = "Batches.map: f must"
BALANCED, BUCKETED = "balanced_batches", "bucketed_batches"


def balanced(y, size=3, **options):
    return call(balanced_batches, x, y, size, seed=0, **options)


def bucketed(x=sequences, y=classes[:3], size=2, lengths=(2, 4)):
    return call(bucketed_batches, x, y, size, lengths=lengths, seed=0)


ROWS = {
    # Batches.map.
    "a map of a name": (mapped("flip"), KindError, f"{MAP} be a function (x, y), not str"),
    "a map of a class": (mapped(np.ndarray), KindError, f"{MAP} be a function (x, y), not the class ndarray"),
    "a map of one argument": (
        mapped(lambda x: x),
        KindError,
        f"{MAP} be a function (x, y), not a function (x)",
    ),
    "a map with random numbers and no seed": (
        mapped(writing),
        KindError,
        f"{MAP} be a function (x, y), not writing(x, y, rng); for an rng give a seed",
    ),
    "a map with a seed and no random numbers": (
        mapped(writing_to_y, 0),
        KindError,
        f"{MAP} be a function (x, y, rng), not writing_to_y(x, y)",
    ),
    "a map with half a seed": (
        mapped(writing, 0.5),
        KindError,
        "Batches.map: seed must be an int in [0, 2**31), or a tuple of them, not 0.5",
    ),
    "a map with a generator for a seed": (
        mapped(writing, of_itself),
        KindError,
        "Batches.map: seed must be an int in [0, 2**31), or a tuple of them, not Generator",
    ),
    "a map that changes x": (mapped(writing, 0), KindError, f"{MAP} not change its arguments, but it changes x"),
    "a map that changes y": (mapped(writing_to_y), KindError, f"{MAP} not change its arguments, but it changes y"),
    "a map that shuffles x": (mapped(unsealing, 0), KindError, f"{MAP} not change its arguments, but it changes x"),
    "a map that is random by itself": (
        mapped(drawing, 0),
        KindError,
        f"{MAP} return equal batches for equal arguments, not another x in each call",
    ),
    "a map that draws from NumPy's global generator": (
        mapped(lambda x, y: (x, y * np.random.random())),  # noqa: NPY002  what is refused
        KindError,
        f"{MAP} return equal batches for equal arguments, not another y in each call",
    ),
    "a map that counts": (
        mapped(lambda x, y: (x + next(numbers), y)),
        KindError,
        f"{MAP} return equal batches for equal arguments, not another x in each call",
    ),
    "a map that returns x": (mapped(lambda x, y: x), KindError, f"{MAP} return a pair (x, y), not float64 array"),
    "a map that returns nothing": (mapped(lambda x, y: None), KindError, f"{MAP} return a pair (x, y), not None"),
    "a map that returns three": (
        mapped(lambda x, y: (x, y, y)),
        KindError,
        f"{MAP} return a pair (x, y), not 3 values",
    ),
    "a map that returns a list": (
        mapped(lambda x, y: (x.tolist(), y)),
        KindError,
        f"{MAP} return x as arrays, rows first, or tuples of them, not list",
    ),
    "a map that returns a list in a tuple": (
        mapped(lambda x, y: (x, (y, [1.0]))),
        KindError,
        f"{MAP} return y as arrays, rows first, or tuples of them, not list",
    ),
    "a map that returns an empty tuple": (
        mapped(lambda x, y: ((), y)),
        KindError,
        f"{MAP} return x as arrays, rows first, or tuples of them, not tuple",
    ),
    "a map that returns tuples of nothing": (
        mapped(lambda x, y: ((None, (None,)), y)),
        KindError,
        f"{MAP} return x as arrays, rows first, or tuples of them, not tuple",
    ),
    "a map that returns a number": (
        mapped(lambda x, y: (x, y.mean())),
        KindError,
        f"{MAP} return y as arrays, rows first, or tuples of them, not float64",
    ),
    "a map that returns an array without rows": (
        mapped(lambda x, y: (x, np.asarray(y.mean()))),
        KindError,
        f"{MAP} return y as arrays, rows first, or tuples of them, not <f64 1.>",
    ),
    "a map that returns one row less": (
        mapped(lambda x, y: (x[1:], y[1:])),
        ShapeError,
        f"{MAP} return as many rows as it is given, 4, not 3 in x",
    ),
    "a map that returns more rows of y": (
        mapped(lambda x, y: (x, (y, np.repeat(y, 2, axis=0)))),
        ShapeError,
        f"{MAP} return as many rows as it is given, 4, not 8 in y",
    ),
    "a map that later returns one row less": (
        later(lambda x, y: (x[1:], y[1:])),
        ShapeError,
        f"{MAP} return as many rows as it is given, 4, not 3 in x",
    ),
    "batches of no rows": (
        lambda: batches(np.ones((0, 2)), np.ones((0, 1)), 9, seed=0),
        RangeError,
        "batches: x must have one row or more, got none",
    ),
    "a map that fails": (
        mapped(lambda x, y: batches(x, y, 9, seed=0)),
        RangeError,
        "batches: size must be at most the number of rows, 4, not 9",
        ["in map, in batch 0"],
    ),
    # balanced_batches.
    "classes in floats": (
        balanced(classes * 1.0),
        KindError,
        f"{BALANCED}: y must be an array of whole numbers, not float64 array; give the class of each row as classes",
    ),
    "classes in a column": (
        balanced(classes[:, None]),
        ShapeError,
        f"{BALANCED}: y must be (10,), a class for each row, not (10, 1); give the class of each row as classes",
    ),
    "classes that are one-hot": (
        balanced(np.eye(3, dtype=int)[classes]),
        ShapeError,
        f"{BALANCED}: y must be (10,), a class for each row, not (10, 3); give the class of each row as classes",
    ),
    "classes in a list": (
        balanced(y, classes=[0] * 10),
        KindError,
        f"{BALANCED}: classes must be an array of whole numbers, not list",
    ),
    "classes as bools": (
        call(balanced_batches, np.ones((4, 1)), np.ones(4) > 0, 2, seed=0),
        KindError,
        f"{BALANCED}: y must be an array of whole numbers, not bool array; give y.astype(int) as classes",
    ),
    "classes given as bools": (
        call(balanced_batches, np.ones((4, 1)), np.ones(4), 2, classes=np.ones(4) > 0, seed=0),
        KindError,
        f"{BALANCED}: classes must be an array of whole numbers, not bool array; write classes.astype(int)",
    ),
    "classes of fewer rows": (
        balanced(y, classes=classes[1:]),
        ShapeError,
        f"{BALANCED}: classes must be (10,), a class for each row, not (9,)",
    ),
    "a class of no rows": (
        balanced(2 * classes),
        RangeError,
        f"{BALANCED}: each class from 0 to 4 must have a row; class 1 has none",
    ),
    "a class below 0": (
        balanced(classes - 1),
        RangeError,
        f"{BALANCED}: y must be 0 or more, for one row or more; the least is -1",
    ),
    "no rows of any class": (
        call(balanced_batches, x[:0], classes[:0], 3, seed=0),
        RangeError,
        f"{BALANCED}: y must be 0 or more, for one row or more; there are no rows",
    ),
    "fewer rows than classes in a batch": (
        balanced(classes, 2),
        RangeError,
        f"{BALANCED}: size must be at least the number of classes, 3, and at most the rows in an epoch, 12, not 2",
    ),
    "more rows than an epoch has": (
        balanced(classes, 13),
        RangeError,
        f"{BALANCED}: size must be at least the number of classes, 3, and at most the rows in an epoch, 12, not 13",
    ),
    "balanced batches of unequal rows": (
        balanced(classes[1:]),
        ShapeError,
        f"{BALANCED}: x and y must have equally many rows; x: 10, y: 9",
    ),
    # bucketed_batches.
    "buckets of a padded array": (
        bucketed(np.ones((3, 4, 2))),
        KindError,
        f"{BUCKETED}: x must be a list of arrays, not float64 array; write [a[b] for a, b in zip(x, mask)]",
    ),
    "buckets of a tuple": (bucketed(tuple(sequences)), KindError, f"{BUCKETED}: x must be a list of arrays, not tuple"),
    "buckets of lists": (
        bucketed([[1, 2], [3]]),
        KindError,
        f"{BUCKETED}: x must be a list of arrays (t, ...); x[0] is [1, 2]",
    ),
    "buckets of nothing": (bucketed([]), RangeError, f"{BUCKETED}: x must have a sequence, got none"),
    "buckets of two dtypes": (
        bucketed([np.ones(2), np.ones(2, int)]),
        KindError,
        f"{BUCKETED}: x must have one dtype; x[1] is int64, not float64",
    ),
    "buckets of unequal features": (
        bucketed([np.ones((2, 2)), np.ones((2, 3))]),
        ShapeError,
        f"{BUCKETED}: x must be alike after the first axis; x[1] is (2, 3), x[0] is (2, 2)",
    ),
    "an empty sequence": (
        bucketed([np.ones(2), np.ones(0)]),
        RangeError,
        f"{BUCKETED}: x must have a position in each sequence; x[1] has none",
    ),
    "a bucket of zero length": (
        bucketed(lengths=(0, 4)),
        RangeError,
        f"{BUCKETED}: lengths must be above 0 and rising, one or more; they are (0, 4)",
    ),
    "lengths that fall": (
        bucketed(lengths=(4, 2)),
        RangeError,
        f"{BUCKETED}: lengths must be above 0 and rising, one or more; they are (4, 2)",
    ),
    "no lengths": (
        bucketed(lengths=()),
        RangeError,
        f"{BUCKETED}: lengths must be above 0 and rising, one or more; they are ()",
    ),
    "lengths in floats": (
        bucketed(lengths=(2, 4.0)),
        KindError,
        f"{BUCKETED}: lengths must be a tuple of whole numbers, not (2, 4.0)",
    ),
    "one length": (bucketed(lengths=4), KindError, f"{BUCKETED}: lengths must be a tuple of whole numbers, not int"),
    "a sequence that is longer than every bucket": (
        bucketed(lengths=(1, 3)),
        RangeError,
        f"{BUCKETED}: lengths must end at 4 or more, the longest sequence, not at 3",
    ),
    "labels of fewer sequences": (
        bucketed(y=classes[:2]),
        ShapeError,
        f"{BUCKETED}: x and y must have equally many rows; x: 3, y: 2",
    ),
    "labels of fewer positions": (
        bucketed(y=[np.ones(1), np.ones(4), np.ones(3)]),
        ShapeError,
        f"{BUCKETED}: x and y must have equally many positions; x[2]: 2, y[2]: 3",
    ),
    "lists of unequal length": (
        bucketed(y=[np.ones(1)]),
        ShapeError,
        f"{BUCKETED}: x and y must have equally many rows; x: 3, y: 1",
    ),
    # Augmentations.
    "NumPy's old generator": (
        call(gaussian_noise, x, np.random.RandomState(0), deviation=0.1),
        KindError,
        "gaussian_noise: rng must be a numpy.random.Generator, as map gives it, not RandomState",
    ),
    "a flip of rows of numbers": (
        call(random_flip, x, rng),
        ShapeError,
        "random_flip: x must be (m, h, w, c), not (10, 2)",
    ),
    "a flip of channels": (
        call(random_flip, images, rng, axis=3),
        RangeError,
        "random_flip: axis must be 1, top to bottom, or 2, left to right, not 3",
    ),
    "a flip of no images": (
        call(random_flip, images[:0], rng),
        RangeError,
        "random_flip: x must be (m, h, w, c), with no axis of 0, not (0, 4, 5, 1)",
    ),
    "images and masks of other images": (
        call(random_turn, (images, images[1:]), rng),
        ShapeError,
        "random_turn: x must hold arrays alike in (m, h, w, c), not (3, 4, 5, 1) and (2, 4, 5, 1)",
    ),
    "images and a list": (
        call(random_turn, (images, [1]), rng),
        KindError,
        "random_turn: x[1] must be an array, not list; write np.asarray(x[1])",
    ),
    "no image in a tuple": (
        call(random_turn, (), rng),
        KindError,
        "random_turn: x must be an array, not tuple",
    ),
    "a turn of images that are not square": (
        call(random_turn, images, rng),
        ShapeError,
        "random_turn: x must hold square images, not 4 x 5",
    ),
    "a crop that is larger than the image": (
        call(random_crop, images, rng, size=(7, 5), padding=1),
        RangeError,
        "random_crop: size must be at most (6, 7), the padded image, not (7, 5)",
    ),
    "a crop without size and padding": (
        call(random_crop, images, rng),
        KindError,
        "random_crop: size or padding must be given, or each crop is the whole image",
    ),
    "a crop of one size": (
        call(random_crop, images, rng, size=3),
        KindError,
        "random_crop: size must be (h, w), two whole numbers, not 3",
    ),
    "a crop to nothing": (
        call(random_crop, images, rng, size=(0, 2)),
        RangeError,
        "random_crop: size[0] must be at least 1, not 0",
    ),
    "brightness of bytes": (
        call(random_brightness, images.astype(np.uint8), rng, most=0.1),
        KindError,
        "random_brightness: x must be an array of floats, not uint8 array; write x.astype(float)",
    ),
    "a cutout of all pixels": (
        call(cutout, np.ones((2, 3, 5, 1)), rng, size=9),
        RangeError,
        "cutout: size must be less than 9, or all pixels of 3 x 5 images are 0, not 9",
    ),
    "a cutout of two arrays": (
        call(cutout, (images, images), rng, size=2),
        KindError,
        "cutout: x must be an array, not tuple",
    ),
    "noise of ids": (
        call(gaussian_noise, classes, rng, deviation=0.1),
        KindError,
        "gaussian_noise: x must be an array of floats, not int64 array; write x.astype(float)",
    ),
    "noise of one number": (
        call(gaussian_noise, np.array(0.5), rng, deviation=0.1),
        ShapeError,
        "gaussian_noise: x must be (m, ...), rows first, not ()",
    ),
    "a mixture of classes": (
        call(mixup, x, classes, rng, alpha=0.2),
        KindError,
        "mixup: y must be an array of floats, not int64 array; write np.eye(k)[y] for k classes",
    ),
    "a mixture of unequal rows": (
        call(mixup, x, y[1:], rng, alpha=0.2),
        ShapeError,
        "mixup: x and y must have equally many rows; x: 10, y: 9",
    ),
    "a window that is longer than the sequence": (
        call(random_window, x, rng, size=3),
        RangeError,
        "random_window: size must be at most 2, the number of positions, not 3",
    ),
    "a window of a mask for lengths": (
        call(random_window, x, rng, size=1, lengths=x > 0),
        KindError,
        "random_window: lengths must be an array of whole numbers, not bool array",
    ),
    "lengths of fewer sequences": (
        call(random_window, x, rng, size=1, lengths=classes[1:]),
        ShapeError,
        "random_window: lengths must be (10,), one for each sequence, not (9,)",
    ),
    "a length that is longer than the sequence": (
        call(random_window, x, rng, size=1, lengths=classes + 1),
        RangeError,
        "random_window: lengths must be in 0 .. 2; they are in 1 .. 3",
    ),
    "a window of single numbers": (
        call(random_window, classes, rng, size=1),
        ShapeError,
        "random_window: x must be (m, t, ...), not (10,)",
    ),
    "tokens in floats": (
        call(token_dropout, x, rng, rate=0.1, token=0),
        KindError,
        "token_dropout: ids must be an array of whole numbers, not float64 array",
    ),
    "a token that ids cannot hold": (
        call(token_dropout, classes.astype(np.uint8), rng, rate=0.1, token=256),
        RangeError,
        "token_dropout: token must fit uint8, 0 .. 255; it is 256",
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    assert_says(ROWS[row], x, y, classes)
