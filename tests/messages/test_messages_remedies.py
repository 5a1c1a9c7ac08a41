"""Remedies in errors of losses and metrics: pinned word for word, and each remedy is tried."""

import re
from functools import partial

import numpy as np
import pytest

from funcnn import accuracy, binary_cross_entropy, binary_cross_entropy_with_logits, huber, mse, softmax_cross_entropy
from funcnn.errors import KindError, RangeError, ShapeError
from funcnn.losses import (
    binary_focal,
    cosine_distance,
    hinge,
    kl_divergence,
    mae,
    poisson_nll,
    quantile,
    softmax_focal,
    squared_hinge,
    triplet,
)
from funcnn.metrics import perplexity
from tests.says import assert_says

pd = pytest.importorskip("pandas", reason="its tables are what is refused")

OUT = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, 1.0], [-1.0, 0.25, 4.0], [1.0, 0.0, 0.0], [0.5, 0.5, 2.0]])
COLUMN = OUT[:, :1]
CLASSES = np.array([0, 1, 2, 0, 2])
ONEHOT = np.eye(3)[CLASSES]
YES = np.array([[1], [0], [1], [0], [1]])
PLACES = np.zeros((4, 3, 2))
WORDS = np.array(["cat", "dog", "owl", "cat", "owl"])
SAME = "out and y must have the same shape; out: "
CLASSES_OR = "y must be classes (5,) or soft labels (5, 3); y: "
ORDER = ", the output of the network first"

# The loss, its arguments, what it says. A remedy is what follows "; write", carried out in the namespace of the row:
# an assignment, a new call, or a new value of what the sentence is about.
ROWS = {
    # The order of the arguments.
    "mse, y first": (
        mse,
        (YES, COLUMN),
        KindError,
        f"out must be an array of floats, not int64 array; write mse(out, y){ORDER}",
    ),
    "bools first": (
        hinge,
        (YES > 0, COLUMN),
        KindError,
        f"out must be an array of floats, not bool array; write hinge(out, y){ORDER}",
    ),
    "classes first": (
        softmax_cross_entropy,
        (CLASSES, OUT),
        KindError,
        f"out must be an array of floats, not int64 array; write softmax_cross_entropy(out, y){ORDER}",
    ),
    "classes first, of a metric": (
        accuracy,
        (CLASSES, OUT),
        KindError,
        f"out must be an array of floats, not int64 array; write accuracy(out, y){ORDER}",
    ),
    "one-hot labels first": (
        softmax_cross_entropy,
        (ONEHOT, OUT),
        RangeError,
        f"y must be in [0, 1]; it has -1.0 .. 4.0; write softmax_cross_entropy(out, y){ORDER}",
    ),
    "zeros and ones first": (
        hinge,
        (YES.astype(float), 2 * COLUMN),
        RangeError,
        f"y must be 0 or 1; it has -2.0 .. 4.0; write hinge(out, y){ORDER}",
    ),
    "whole numbers twice": (
        mse,
        (YES, YES),
        KindError,
        "out must be an array of floats, not int64 array; write out.astype(float)",
    ),
    # What holds no numbers, or is no array.
    "strings for classes": (
        softmax_cross_entropy,
        (OUT, WORDS),
        KindError,
        "y must hold numbers, not strings; write classes, y = np.unique(y, return_inverse=True)",
    ),
    "objects for classes": (
        accuracy,
        (OUT, WORDS.astype(object)),
        KindError,
        "y must hold numbers, not objects; write classes, y = np.unique(y, return_inverse=True)",
    ),
    "bytes for classes": (
        softmax_focal,
        (OUT, WORDS.astype(bytes)),
        KindError,
        "y must hold numbers, not strings; write classes, y = np.unique(y, return_inverse=True)",
    ),
    "strings of numbers": (
        mse,
        (COLUMN, COLUMN.astype(str)),
        KindError,
        "y must hold numbers, not strings; write y.astype(float)",
    ),
    "objects that are numbers": (
        mae,
        (COLUMN, COLUMN.astype(object)),
        KindError,
        "y must hold numbers, not objects; write y.astype(float)",
    ),
    "objects that are not": (mse, (COLUMN, np.full((5, 1), None)), KindError, "y must hold numbers, not objects"),
    "words for numbers": (mse, (COLUMN, WORDS[:, None]), KindError, "y must hold numbers, not strings"),
    "no strings at all": (mse, (COLUMN, WORDS[:0]), KindError, "y must hold numbers, not strings"),
    "complex numbers": (mse, (COLUMN, COLUMN + 1j), KindError, "y must hold numbers, not complex128"),
    "dates": (mse, (COLUMN, YES.astype("M8[D]")), KindError, "y must hold numbers, not datetime64[D]"),
    "a table with named columns": (
        mse,
        (COLUMN, np.zeros((5, 1), [("a", float)])),
        KindError,
        "y must hold numbers, not [('a', '<f8')]",
    ),
    "a DataFrame for y": (
        mse,
        (OUT, pd.DataFrame(OUT)),
        KindError,
        "y must be an array, not DataFrame; write y.to_numpy()",
    ),
    "a DataFrame for out": (
        mse,
        (pd.DataFrame(OUT), OUT),
        KindError,
        "out must be an array, not DataFrame; write out.to_numpy()",
    ),
    "a DataFrame of floats and bools for y": (
        mse,
        (OUT[:, :2], pd.DataFrame({"a": OUT[:, 0], "b": YES[:, 0] > 0})),
        KindError,
        "y must be an array, not DataFrame; write np.asarray(y, float)",
    ),
    "a DataFrame of floats and words for y": (
        mse,
        (OUT[:, :2], pd.DataFrame({"a": OUT[:, 0], "b": WORDS})),
        KindError,
        "y must be an array, not DataFrame; its columns of text must become numbers",
    ),
    "objects for out": (
        mse,
        (OUT.astype(object), OUT),
        KindError,
        "out must be an array of floats, not object array; write out.astype(float)",
    ),
    "words in objects for out": (
        mse,
        (WORDS.astype(object)[:, None], COLUMN),
        KindError,
        "out must be an array of floats, not object array",
    ),
    "a Series for y": (
        softmax_cross_entropy,
        (OUT, pd.Series(CLASSES)),
        KindError,
        "y must be an array, not Series; write y.to_numpy()",
    ),
    "a Series for weight": (
        mse,
        (OUT, OUT, pd.Series(CLASSES)),
        KindError,
        "weight must be an array, not Series; write weight.to_numpy()",
    ),
    "a list for y": (
        softmax_cross_entropy,
        (OUT, CLASSES.tolist()),
        KindError,
        "y must be an array, not list; write np.asarray(y)",
    ),
    "a list for out": (
        mse,
        (COLUMN.tolist(), COLUMN),
        KindError,
        "out must be an array, not list; write np.asarray(out)",
    ),
    "a list of arrays": (mse, (COLUMN, [COLUMN, COLUMN]), KindError, "y must be an array, not list"),
    "a list of unequal lengths": (mse, (COLUMN, [[1.0], [1.0, 2.0]]), KindError, "y must be an array, not list"),
    "None for y": (mse, (COLUMN, None), KindError, "y must be an array, not None"),
    "a number for y": (mse, (COLUMN, 1.0), KindError, "y must be an array, not float"),
    "a class for y": (mse, (COLUMN, float), KindError, "y must be an array, not the class float"),
    "a dict for y": (mse, (COLUMN, {"a": 1}), KindError, "y must be an array, not dict"),
    "a word for y": (mse, (COLUMN, "y"), KindError, "y must be an array, not str"),
    "another byte order": (
        mse,
        (COLUMN.astype(">f8"), COLUMN),
        KindError,
        "out must be an array in the machine's byte order, not >f8 array; write out.astype('float64')",
    ),
    # Shapes.
    "y without its axis": (mse, (COLUMN, CLASSES), ShapeError, f"{SAME}(5, 1), y: (5,); write y[:, None]"),
    "y in a column": (mse, (COLUMN[:, 0], COLUMN), ShapeError, f"{SAME}(5,), y: (5, 1); write y[:, 0]"),
    "y without its last axis": (
        mae,
        (PLACES[..., :1], PLACES[..., 0]),
        ShapeError,
        f"{SAME}(4, 3, 1), y: (4, 3); write y[..., None]",
    ),
    "y of other rows": (mse, (COLUMN, COLUMN[:4]), ShapeError, f"{SAME}(5, 1), y: (4, 1)"),
    "binary labels without their axis": (
        binary_cross_entropy_with_logits,
        (COLUMN, YES[:, 0]),
        ShapeError,
        f"{SAME}(5, 1), y: (5,); write y[:, None]",
    ),
    "classes in a column": (
        softmax_cross_entropy,
        (OUT, CLASSES[:, None]),
        ShapeError,
        f"{CLASSES_OR}(5, 1), out: (5, 3); write y[:, 0]",
    ),
    "classes of steps in a column": (
        softmax_cross_entropy,
        (PLACES, np.zeros((4, 3, 1), int)),
        ShapeError,
        "y must be classes (4, 3) or soft labels (4, 3, 2); y: (4, 3, 1), out: (4, 3, 2); write y[..., 0]",
    ),
    "classes of a metric in a column": (
        perplexity,
        (OUT, CLASSES[:, None]),
        ShapeError,
        f"{CLASSES_OR}(5, 1), out: (5, 3); write y[:, 0]",
    ),
    "classes of other rows": (softmax_cross_entropy, (OUT, CLASSES[:4]), ShapeError, f"{CLASSES_OR}(4,), out: (5, 3)"),
    "margins in a column": (
        triplet,
        (PLACES, np.ones((4, 1))),
        ShapeError,
        "y must be (4,), the margin of each row; y: (4, 1), out: (4, 3, 2); write y[:, 0]",
    ),
    # Labels.
    "whole floats for classes": (
        softmax_cross_entropy,
        (OUT, CLASSES.astype(float)),
        KindError,
        "classes must be integers, not float64; write y.astype(int)",
    ),
    "bools for classes": (
        softmax_cross_entropy,
        (OUT[:, :2], CLASSES > 0),
        KindError,
        "classes must be integers, not bool; write y.astype(int)",
    ),
    "fractions for classes": (
        softmax_cross_entropy,
        (OUT, CLASSES / 2),
        KindError,
        "classes must be integers, not float64",
    ),
    "NaN for classes": (accuracy, (OUT, CLASSES * np.nan), KindError, "classes must be integers, not float64"),
    "classes from 1": (
        softmax_cross_entropy,
        (OUT, CLASSES + 1),
        RangeError,
        "classes must be in 0 .. 2; y has 1 .. 3; write y - 1",
    ),
    "classes too high": (
        softmax_cross_entropy,
        (OUT, CLASSES + 2),
        RangeError,
        "classes must be in 0 .. 2; y has 2 .. 4",
    ),
    "labels of -1 and 1": (
        hinge,
        (COLUMN, 2 * YES - 1),
        RangeError,
        "y must be 0 or 1; it has -1.0 .. 1.0; write (y + 1) / 2",
    ),
    "soft labels of -1 and 1": (
        binary_cross_entropy_with_logits,
        (COLUMN, 2 * YES - 1),
        RangeError,
        "y must be in [0, 1]; it has -1.0 .. 1.0; write (y + 1) / 2",
    ),
    "one-hot labels of -1 and 1": (
        softmax_cross_entropy,
        (OUT, 2 * ONEHOT - 1),
        RangeError,
        "y must be in [0, 1]; it has -1.0 .. 1.0; write (y + 1) / 2",
    ),
    "labels beyond, of an output of zeros": (
        squared_hinge,
        (0 * COLUMN, 2 * YES),
        RangeError,
        "y must be 0 or 1; it has 0.0 .. 2.0",
    ),
    # Weights.
    "a weight of each class": (
        softmax_cross_entropy,
        (OUT, CLASSES, np.array([1.0, 2.0, 3.0])),
        ShapeError,
        "weight must have the shape (5,), not (3,); for a weight of each class write weight[y]",
    ),
    "a weight of each class, with a focus": (
        softmax_focal,
        (OUT, CLASSES, np.array([1.0, 2.0, 3.0])),
        ShapeError,
        "weight must have the shape (5,), not (3,); for a weight of each class write weight[y]",
    ),
    "a weight of each class, for soft labels": (
        softmax_cross_entropy,
        (OUT, ONEHOT, np.array([1.0, 2.0, 3.0])),
        ShapeError,
        "weight must have the shape (5,), not (3,)",
    ),
    "a weight of each class, with as many steps": (
        softmax_cross_entropy,
        (PLACES[:, :2], np.zeros((4, 2), int), np.ones(2)),
        ShapeError,
        "weight must have the shape (4,) or (4, 2), not (2,)",
    ),
    "a weight of each column": (
        mse,
        (OUT, OUT, np.ones(3)),
        ShapeError,
        "weight must have the shape (5,) or (5, 3), not (3,); "
        "for a weight of each column write np.broadcast_to(weight, (5, 3))",
    ),
    "weights in a column": (
        mae,
        (OUT, OUT, np.ones((5, 1))),
        ShapeError,
        "weight must have the shape (5,) or (5, 3), not (5, 1); write weight[:, 0]",
    ),
    "weights of examples in a column": (
        cosine_distance,
        (OUT, OUT, np.ones((5, 1))),
        ShapeError,
        "weight must have the shape (5,), not (5, 1); write weight[:, 0]",
    ),
    "weights of steps in a column": (
        poisson_nll,
        (PLACES, PLACES, np.ones((4, 3, 1))),
        ShapeError,
        "weight must have the shape (4,) or (4, 3) or (4, 3, 2), not (4, 3, 1); write weight[..., 0]",
    ),
    "a weight of no axes": (
        mse,
        (OUT, OUT, np.array(1)),
        KindError,
        "weight must be an array, not int64 array; write np.full(len(y), 1)",
    ),
    "delta by position": (
        huber,
        (COLUMN, COLUMN, 2.0),
        KindError,
        "weight must be an array, not float; write delta=2.0",
    ),
    "q by position": (quantile, (COLUMN, COLUMN, 0.9), KindError, "q must be given; write partial(quantile, q=0.9)"),
    "q by position, and by name": (
        partial(quantile, q=0.5),
        (COLUMN, COLUMN, 0.9),
        KindError,
        "weight must be an array, not float; write q=0.9",
    ),
    "gamma by position": (binary_focal, (COLUMN, YES, 2), KindError, "weight must be an array, not int; write gamma=2"),
    "gamma of classes by position": (
        softmax_focal,
        (OUT, CLASSES, 2),
        KindError,
        "weight must be an array, not int; write gamma=2",
    ),
    "smoothing by position": (
        softmax_cross_entropy,
        (OUT, CLASSES, 0.1),
        KindError,
        "weight must be an array, not float; write smoothing=0.1",
    ),
    "a number for weight": (
        mse,
        (COLUMN, COLUMN, 2.0),
        KindError,
        "weight must be an array, not float; write np.full(len(y), 2.0)",
    ),
    "True for weight": (mse, (COLUMN, COLUMN, True), KindError, "weight must be an array, not bool"),
    "strings for weight": (
        mse,
        (COLUMN, COLUMN, YES[:, 0].astype(str)),
        KindError,
        "weight must hold numbers, not strings; write weight.astype(float)",
    ),
    # Probabilities and logits.
    "logits for probabilities": (
        binary_cross_entropy,
        (OUT, ONEHOT),
        RangeError,
        "out must be in [0, 1]; it has -1.0 .. 4.0; for logits write binary_cross_entropy_with_logits",
    ),
    "one logit": (
        kl_divergence,
        (COLUMN, YES),
        RangeError,
        "out must have two classes or more; out: (5, 1); for one output write binary_cross_entropy_with_logits",
    ),
    "one logit, with a focus": (
        softmax_focal,
        (COLUMN, YES),
        RangeError,
        "out must have two classes or more; out: (5, 1); for one output write binary_focal",
    ),
}


def name_of(loss):
    return loss.func.__name__ if isinstance(loss, partial) else loss.__name__


@pytest.mark.parametrize("row", ROWS)
def test_it_says(row):
    loss, given, kind, sentence = ROWS[row]
    assert_says((lambda: loss(*given), kind, f"{name_of(loss)}: {sentence}"))


@pytest.mark.parametrize("row", [row for row, (*_, sentence) in ROWS.items() if " write " in sentence])
def test_what_it_recommends_succeeds(row):
    loss, given, _, sentence = ROWS[row]
    remedy = sentence.rpartition(" write ")[2].removesuffix(ORDER)
    names = {"np": np, "partial": partial, **dict(zip(("out", "y", "weight"), given, strict=False))}
    names |= {function.__name__: function for function in (binary_cross_entropy_with_logits, binary_focal, quantile)}
    about = re.match(r"(out|y|weight)\b", sentence)
    if remedy == f"{name_of(loss)}(out, y)":  # as they should be called
        names |= {"out": given[1], "y": given[0]}
    elif "y = " in remedy:
        exec(remedy, names)
    elif re.fullmatch(r"\w+=[\d.]+", remedy):
        del names["weight"]
        loss = eval(f"partial(loss, {remedy})", {"partial": partial, "loss": loss})
    elif remedy in names or remedy.startswith("partial("):
        loss = eval(remedy, names)
        names.pop("weight", None)
    else:
        what = "y" if "y" in re.findall(r"\w+", remedy) and "weight" not in remedy and "len" not in remedy else about[1]
        names[what] = eval(remedy, names)
    result = loss(*[names[what] for what in ("out", "y", "weight") if what in names])
    assert np.isfinite(result[0] if type(result) is tuple else result)
