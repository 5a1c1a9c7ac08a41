"""Error messages of batches, their maps, augmentations, and data larger than memory, pinned word for word."""

from itertools import count

import numpy as np

import funcnn as nn
from funcnn import batches, predict
from funcnn.data import prefetch, windowed_batches
from funcnn.errors import NoItemError
from tests.says import assert_says, each_row, kind_error, raises, range_error, shape_error

x = np.linspace(-1, 1, 20).reshape(10, 2)
y = np.ones((10, 1))
classes = np.arange(10) % 3
data = batches(x, y, 4, epochs=3, seed=0)
sequences = [np.ones((t, 2)) for t in (1, 4, 2)]
numbers = count()
of_itself, rng = np.random.default_rng(0), np.random.default_rng(0)
images = np.ones((3, 4, 5, 1))
net, cell, steps = nn.mlp([2, 3, 1], seed=0), nn.GRU.init(2, 3, seed=0), x.reshape(2, 5, 2)
locked = np.zeros((10, 1))
locked.setflags(write=False)


def mapped(f, seed=None):
    return lambda: data.map(f, seed=seed)


def resized(f):
    return lambda: [*data.map(f, changes_rows=True)]


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


def windowed(x=x, y=y, size=4, block=2, window=2, **options):
    return lambda: windowed_batches(x, y, size, block=block, window=window, **{"seed": 0} | options)


def out(out, x=x, params=net):
    return lambda: predict(params, x, 4, out=out)


WINDOWED = "windowed_batches"
MAP = "Batches.map: f must"
CHANGES = "for another number write changes_rows=True"
BALANCED, BUCKETED = "balanced_batches", "bucketed_batches"


def balanced(y, size=3, **options):
    return lambda: nn.data.balanced_batches(x, y, size, seed=0, **options)


def bucketed(x=sequences, y=classes[:3], size=2, lengths=(2, 4)):
    return lambda: nn.data.bucketed_batches(x, y, size, lengths=lengths, seed=0)


ROWS = [
    # Batches.map.
    kind_error(mapped("flip")) >> f"{MAP} be a function (x, y), not str",
    kind_error(mapped(lambda x: x)) >> f"{MAP} be a function (x, y), not a function (x)",
    kind_error(mapped(writing))
    >> f"{MAP} be a function (x, y), not writing(x, y, rng); for a function with an rng give seed=0",
    kind_error(mapped(writing_to_y, 0)) >> f"{MAP} be a function (x, y, rng), not writing_to_y(x, y)",
    kind_error(mapped(writing, 0)) >> f"{MAP} not change its arguments, but it changes x",
    kind_error(mapped(writing_to_y)) >> f"{MAP} not change its arguments, but it changes y",
    kind_error(mapped(unsealing, 0)) >> f"{MAP} not change its arguments, but it changes x",
    kind_error(mapped(drawing, 0)) >> f"{MAP} return equal batches for equal arguments, not another x in each call",
    kind_error(mapped(lambda x, y: (x, y * np.random.random())))  # noqa: NPY002  what is refused
    >> f"{MAP} return equal batches for equal arguments, not another y in each call",
    kind_error(mapped(lambda x, y: (x + next(numbers), y)))
    >> f"{MAP} return equal batches for equal arguments, not another x in each call",
    kind_error(mapped(lambda x, y: x)) >> f"{MAP} return a pair (x, y), not float64 array",
    kind_error(mapped(lambda x, y: (x, y, y))) >> f"{MAP} return a pair (x, y), not 3 values",
    kind_error(mapped(lambda x, y: (x.tolist(), y)))
    >> f"{MAP} return x as arrays, rows first, or tuples of them, not list",
    kind_error(mapped(lambda x, y: ((), y))) >> f"{MAP} return x as arrays, rows first, or tuples of them, not ()",
    kind_error(mapped(lambda x, y: (x, y.mean())))
    >> f"{MAP} return y as arrays, rows first, or tuples of them, not float64",
    kind_error(mapped(lambda x, y: (x, np.asarray(y.mean()))))
    >> f"{MAP} return y as arrays, rows first, or tuples of them, not <f64 1.>",
    shape_error(mapped(lambda x, y: (x[1:], y[1:])))
    >> f"{MAP} return as many rows as it is given, 4, not 3 in x; {CHANGES}",
    shape_error(mapped(lambda x, y: (x, (y, np.repeat(y, 2, axis=0)))))
    >> f"{MAP} return as many rows as it is given, 4, not 8 in y; {CHANGES}",
    shape_error(later(lambda x, y: (x[1:], y[1:])))
    >> f"{MAP} return as many rows as it is given, 4, not 3 in x; {CHANGES}",
    kind_error(lambda: data.map(lambda x, y: (x, y), changes_rows=2))
    >> "Batches.map: changes_rows must be True or False, not int",
    shape_error(resized(lambda x, y: (x[1:], y)))
    >> "Batches.map: the result of f must hold arrays with equally many rows; rows: [3, 4]",
    shape_error(resized(lambda x, y: (x, (y, y[:2]))))
    >> "Batches.map: the result of f must hold arrays with equally many rows; rows: [4, 2]",
    shape_error(resized(lambda x, y: (x[:0], y[:0])))
    >> f"{MAP} return at least one row of each batch, not 0 of batch 0",
    shape_error(resized(lambda x, y: (x[x[:, 0] < -0.9], y[x[:, 0] < -0.9])))
    >> f"{MAP} return at least one row of each batch, not 0 of batch 1",
    kind_error(resized(lambda x, y: (x[:1], y.mean())))
    >> f"{MAP} return y as arrays, rows first, or tuples of them, not float64",
    range_error(lambda: batches(np.ones((0, 2)), np.ones((0, 1)), 9, seed=0))
    >> "batches: x must have at least one row, not 0",
    range_error(mapped(lambda x, y: batches(x, y, 9, seed=0)))
    >> "batches: size must be at most the number of rows, 4, not 9"
    >> ["in map, in batch 0"],
    # balanced_batches.
    kind_error(balanced(classes * 1.0))
    >> f"{BALANCED}: y must be an array of whole numbers, not float64 array; give the class of each row as classes",
    shape_error(balanced(classes[:, None]))
    >> f"{BALANCED}: y must be (10,), a class for each row, not (10, 1); give the class of each row as classes",
    kind_error(balanced(y, classes=[0] * 10)) >> f"{BALANCED}: classes must be an array of whole numbers, not list",
    kind_error(lambda: nn.data.balanced_batches(np.ones((4, 1)), np.ones(4), 2, classes=np.ones(4) > 0, seed=0))
    >> f"{BALANCED}: classes must be an array of whole numbers, not bool array; write classes.astype(int)",
    shape_error(balanced(y, classes=classes[1:]))
    >> f"{BALANCED}: classes must be (10,), a class for each row, not (9,)",
    range_error(balanced(2 * classes)) >> f"{BALANCED}: each class from 0 to 4 must have a row; class 1 has none",
    range_error(balanced(classes - 1)) >> f"{BALANCED}: y must not be negative; it has -1 .. 1",
    range_error(lambda: nn.data.balanced_batches(x[:0], classes[:0], 3, seed=0))
    >> f"{BALANCED}: y must have at least one row, not 0",
    range_error(balanced(classes, 2))
    >> f"{BALANCED}: size must be at least the number of classes, 3, and at most the rows in an epoch, 12, not 2",
    range_error(balanced(classes, 13))
    >> f"{BALANCED}: size must be at least the number of classes, 3, and at most the rows in an epoch, 12, not 13",
    shape_error(balanced(classes[1:])) >> f"{BALANCED}: x and y must have equally many rows; x: 10, y: 9",
    # bucketed_batches.
    kind_error(bucketed(np.ones((3, 4, 2))))
    >> f"{BUCKETED}: x must be a list of arrays, not float64 array; for a padded x with a mask "
    "write [a[b] for a, b in zip(x, mask)]",
    kind_error(bucketed(tuple(sequences))) >> f"{BUCKETED}: x must be a list of arrays, not tuple",
    kind_error(bucketed([[1, 2], [3]])) >> f"{BUCKETED}: x must be a list of arrays (t, ...); x[0] is [1, 2]",
    range_error(bucketed([])) >> f"{BUCKETED}: x must hold at least one sequence, not 0",
    kind_error(bucketed([np.ones(2), np.ones(2, int)]))
    >> f"{BUCKETED}: x must have one dtype; x[1] is int64, not float64",
    shape_error(bucketed([np.ones((2, 2)), np.ones((2, 3))]))
    >> f"{BUCKETED}: x must have one shape after the first axis; x[1] is (2, 3), x[0] is (2, 2)",
    range_error(bucketed([np.ones(2), np.ones(0)]))
    >> f"{BUCKETED}: x must have at least one position in each sequence; x[1] has none",
    range_error(bucketed(lengths=(0, 4)))
    >> f"{BUCKETED}: lengths must be one or more rising numbers above 0, not (0, 4)",
    range_error(bucketed(lengths=(4, 2)))
    >> f"{BUCKETED}: lengths must be one or more rising numbers above 0, not (4, 2)",
    range_error(bucketed(lengths=())) >> f"{BUCKETED}: lengths must be one or more rising numbers above 0, not ()",
    kind_error(bucketed(lengths=(2, 4.0))) >> f"{BUCKETED}: lengths must be a tuple of whole numbers, not (2, 4.0)",
    range_error(bucketed(lengths=(1, 3)))
    >> f"{BUCKETED}: lengths must end at 4 or more, the longest sequence, not at 3",
    shape_error(bucketed(y=classes[:2])) >> f"{BUCKETED}: x and y must have equally many rows; x: 3, y: 2",
    shape_error(bucketed(y=[np.ones(1), np.ones(4), np.ones(3)]))
    >> f"{BUCKETED}: x and y must have equally many positions; x[2]: 2, y[2]: 3",
    shape_error(bucketed(y=[np.ones(1)])) >> f"{BUCKETED}: x and y must have equally many rows; x: 3, y: 1",
    # Augmentations.
    kind_error(lambda: nn.data.gaussian_noise(x, np.random.RandomState(0), deviation=0.1))
    >> "gaussian_noise: rng must be a numpy.random.Generator, such as Batches.map passes, not RandomState",
    shape_error(lambda: nn.data.random_flip(x, rng)) >> "random_flip: x must be (m, h, w, c), not (10, 2)",
    range_error(lambda: nn.data.random_flip(images, rng, axis=3))
    >> "random_flip: axis must be 1, top to bottom, or 2, left to right, not 3",
    range_error(lambda: nn.data.random_flip(images[:0], rng))
    >> "random_flip: x must be (m, h, w, c), with no axis of length 0, not (0, 4, 5, 1)",
    shape_error(lambda: nn.data.random_turn((images, images[1:]), rng))
    >> "random_turn: x must hold arrays of equal (m, h, w, c), not (3, 4, 5, 1) and (2, 4, 5, 1)",
    kind_error(lambda: nn.data.random_turn((images, [1]), rng))
    >> "random_turn: x[1] must be an array, not list; write np.asarray(x[1])",
    kind_error(lambda: nn.data.random_turn((), rng)) >> "random_turn: x must be an array, not tuple",
    shape_error(lambda: nn.data.random_turn(images, rng)) >> "random_turn: x must hold square images, not 4 x 5",
    range_error(lambda: nn.data.random_crop(images, rng, size=(7, 5), padding=1))
    >> "random_crop: size must be at most (6, 7), the padded image, not (7, 5)",
    kind_error(lambda: nn.data.random_crop(images, rng))
    >> "random_crop: size or padding must be given, or each crop is the whole image",
    kind_error(lambda: nn.data.random_crop(images, rng, size=3))
    >> "random_crop: size must be (h, w), two whole numbers, not 3",
    range_error(lambda: nn.data.random_crop(images, rng, size=(0, 2)))
    >> "random_crop: size[0] must be at least 1, not 0",
    range_error(lambda: nn.data.cutout(np.ones((2, 3, 5, 1)), rng, size=9))
    >> "cutout: size must be less than 9, or no pixel of 3 x 5 images is left; it is 9",
    shape_error(lambda: nn.data.gaussian_noise(np.array(0.5), rng, deviation=0.1))
    >> "gaussian_noise: x must be (m, ...), rows first, not ()",
    kind_error(lambda: nn.data.mixup(x, classes, rng, alpha=0.2))
    >> "mixup: y must be an array of floats, not int64 array; write np.eye(k)[y] for k classes",
    shape_error(lambda: nn.data.mixup(x, y[1:], rng, alpha=0.2))
    >> "mixup: x and y must have equally many rows; x: 10, y: 9",
    range_error(lambda: nn.data.random_window(x, rng, size=3))
    >> "random_window: size must be at most 2, the number of positions, not 3",
    kind_error(lambda: nn.data.random_window(x, rng, size=1, lengths=x > 0))
    >> "random_window: lengths must be an array of whole numbers, not bool array",
    shape_error(lambda: nn.data.random_window(x, rng, size=1, lengths=classes[1:]))
    >> "random_window: lengths must be (10,), one for each sequence, not (9,)",
    range_error(lambda: nn.data.random_window(x, rng, size=1, lengths=classes + 1))
    >> "random_window: lengths must be in 0 .. 2; they are 1 .. 3",
    shape_error(lambda: nn.data.random_window(classes, rng, size=1))
    >> "random_window: x must be (m, t, ...), not (10,)",
    kind_error(lambda: nn.data.token_dropout(x, rng, rate=0.1, token=0))
    >> "token_dropout: ids must be an array of whole numbers, not float64 array",
    range_error(lambda: nn.data.token_dropout(classes.astype(np.uint8), rng, rate=0.1, token=256))
    >> "token_dropout: token must fit uint8, 0 .. 255; it is 256",
    # windowed_batches.
    range_error(windowed(block=11)) >> f"{WINDOWED}: block must be at most the number of rows, 10, not 11",
    range_error(windowed(size=11)) >> f"{WINDOWED}: size must be at most the number of rows, 10, not 11",
    shape_error(windowed(y=y[1:])) >> f"{WINDOWED}: x and y must have equally many rows; x: 10, y: 9",
    kind_error(windowed(x=(x, np.ma.array(y)))) >> f"{WINDOWED}: x[1] must be an array, not MaskedArray; write "
    "x[1].filled(...), with a value for its gaps",
    # prefetch.
    kind_error(lambda: prefetch(iter(data), 2))
    >> "prefetch: data must be a sequence of batches, such as batches makes, not generator",
    raises(NoItemError, lambda: prefetch(data, 2)[9]) >> "Prefetched: index 9 is out of range; there are 9 batches",
    # predict(out=).
    kind_error(out([[0.0]] * 10)) >> "predict: out must be an array of NumPy, or a tuple of arrays, not list",
    kind_error(out(locked)) >> "predict: out must be an array that can be written to, not a read-only one",
    shape_error(out(np.zeros((4, 1)))) >> "predict: out must be (10, 1), the shape of the result, not (4, 1)",
    shape_error(out(np.zeros(10))) >> "predict: out must be (10, 1), the shape of the result, not (10,)",
    kind_error(out(np.zeros((10, 1), np.float32)))
    >> "predict: out must be a float64 array, as the result is, not float32 array",
    kind_error(out(np.zeros((10, 1), np.dtype(float).newbyteorder())))
    >> "predict: out must be a float64 array, as the result is, in the machine's byte order, not "
    f"{np.dtype(float).newbyteorder()} array",
    kind_error(out((y.copy(), y.copy()))) >> "predict: out must be one array, as the result is, not a tuple of 2",
    kind_error(out(np.zeros((2, 5, 3)), (steps, None), cell))
    >> "predict: out must be a tuple of 2 arrays, as the result is, not float64 array",
    kind_error(out((np.zeros((2, 5, 3)), np.ones((2, 5), bool)), (steps, None), cell))
    >> "predict: out[1] must be None, as the result is, not bool array",
    kind_error(out((np.zeros((2, 5, 3)), None), (steps, np.ones((2, 5), bool)), cell))
    >> "predict: out[1] must be a bool array, as the result is, not None",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, x, y, classes, net, locked)
