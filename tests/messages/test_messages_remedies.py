"""Remedies in errors of losses and metrics: pinned word for word, and each remedy is tried."""

import re
from functools import partial

import numpy as np
import pytest

import funcnn as nn
from funcnn import accuracy, binary_cross_entropy_with_logits, huber, losses, mse, softmax_cross_entropy
from funcnn.metrics import perplexity
from tests.says import assert_says, each_row, kind_error, range_error, shape_error

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
ROWS = [
    # The order of the arguments.
    kind_error(partial(mse, YES, COLUMN))
    >> f"mse: out must be an array of floats, not int64 array; write mse(out, y){ORDER}",
    kind_error(partial(losses.hinge, YES > 0, COLUMN))
    >> f"hinge: out must be an array of floats, not bool array; write hinge(out, y){ORDER}",
    kind_error(partial(softmax_cross_entropy, CLASSES, OUT))
    >> "softmax_cross_entropy: out must be an array of floats, not int64 array; "
    f"write softmax_cross_entropy(out, y){ORDER}",
    kind_error(partial(accuracy, CLASSES, OUT))
    >> f"accuracy: out must be an array of floats, not int64 array; write accuracy(out, y){ORDER}",
    range_error(partial(softmax_cross_entropy, ONEHOT, OUT))
    >> f"softmax_cross_entropy: y must be in [0, 1]; it has -1.0 .. 4.0; write softmax_cross_entropy(out, y){ORDER}",
    range_error(partial(losses.hinge, YES.astype(float), 2 * COLUMN))
    >> f"hinge: y must be 0 or 1; it has -2.0 .. 4.0; write hinge(out, y){ORDER}",
    kind_error(partial(mse, YES, YES))
    >> "mse: out must be an array of floats, not int64 array; write out.astype(float)",
    # What holds no numbers, or is no array.
    kind_error(partial(softmax_cross_entropy, OUT, WORDS)) >> "softmax_cross_entropy: y must hold numbers, not "
    "strings such as 'cat'; write classes, y = np.unique(y, return_inverse=True)",
    kind_error(partial(accuracy, OUT, WORDS.astype(object)))
    >> "accuracy: y must hold numbers, not objects; write classes, y = np.unique(y, return_inverse=True)",
    kind_error(partial(losses.softmax_focal, OUT, WORDS.astype(bytes))) >> "softmax_focal: y must hold numbers, not "
    "strings such as b'cat'; write classes, y = np.unique(y, return_inverse=True)",
    kind_error(partial(mse, COLUMN, COLUMN.astype(str)))
    >> "mse: y must hold numbers, not strings such as '2.0'; write y.astype(float)",
    kind_error(partial(losses.mae, COLUMN, COLUMN.astype(object)))
    >> "mae: y must hold numbers, not objects; write y.astype(float)",
    kind_error(partial(mse, COLUMN, np.full((5, 1), None))) >> "mse: y must hold numbers, not objects",
    kind_error(partial(mse, COLUMN, WORDS[:, None])) >> "mse: y must hold numbers, not strings such as 'cat'",
    kind_error(partial(mse, COLUMN, WORDS[:0])) >> "mse: y must hold numbers, not strings",
    kind_error(partial(mse, COLUMN, COLUMN + 1j)) >> "mse: y must hold numbers, not complex128",
    kind_error(partial(mse, COLUMN, YES.astype("M8[D]"))) >> "mse: y must hold numbers, not datetime64[D]",
    kind_error(partial(mse, COLUMN, np.zeros((5, 1), [("a", float)])))
    >> "mse: y must hold numbers, not [('a', '<f8')]",
    kind_error(partial(mse, OUT, pd.DataFrame(OUT))) >> "mse: y must be an array, not DataFrame; write y.to_numpy()",
    kind_error(partial(mse, pd.DataFrame(OUT), OUT))
    >> "mse: out must be an array, not DataFrame; write out.to_numpy()",
    kind_error(partial(mse, OUT[:, :2], pd.DataFrame({"a": OUT[:, 0], "b": YES[:, 0] > 0})))
    >> "mse: y must be an array, not DataFrame; write np.asarray(y, float)",
    kind_error(partial(mse, OUT[:, :2], pd.DataFrame({"a": OUT[:, 0], "b": WORDS})))
    >> "mse: y must be an array, not DataFrame; its columns of text must become numbers",
    kind_error(partial(mse, OUT.astype(object), OUT))
    >> "mse: out must be an array of floats, not object array; write out.astype(float)",
    kind_error(partial(mse, WORDS.astype(object)[:, None], COLUMN))
    >> "mse: out must be an array of floats, not object array",
    kind_error(partial(softmax_cross_entropy, OUT, pd.Series(CLASSES)))
    >> "softmax_cross_entropy: y must be an array, not Series; write y.to_numpy()",
    kind_error(partial(mse, OUT, OUT, pd.Series(CLASSES)))
    >> "mse: weight must be an array, not Series; write weight.to_numpy()",
    kind_error(partial(softmax_cross_entropy, OUT, CLASSES.tolist()))
    >> "softmax_cross_entropy: y must be an array, not list; write np.asarray(y)",
    kind_error(partial(mse, COLUMN.tolist(), COLUMN)) >> "mse: out must be an array, not list; write np.asarray(out)",
    kind_error(partial(mse, COLUMN, [COLUMN, COLUMN])) >> "mse: y must be an array, not list",
    kind_error(partial(mse, COLUMN, [[1.0], [1.0, 2.0]]))
    >> "mse: y must be an array, not list; its rows have unequal lengths",
    kind_error(partial(mse, COLUMN, None)) >> "mse: y must be an array, not None",
    kind_error(partial(mse, COLUMN, 1.0)) >> "mse: y must be an array, not float",
    kind_error(partial(mse, COLUMN, float)) >> "mse: y must be an array, not the class float",
    kind_error(partial(mse, COLUMN, {"a": 1})) >> "mse: y must be an array, not dict",
    kind_error(partial(mse, COLUMN, "y")) >> "mse: y must be an array, not str",
    kind_error(partial(mse, COLUMN.astype(">f8"), COLUMN))
    >> "mse: out must be an array in the machine's byte order, not >f8 array; write out.astype('float64')",
    # Shapes.
    shape_error(partial(mse, COLUMN, CLASSES)) >> f"mse: {SAME}(5, 1), y: (5,); write y[:, None]",
    shape_error(partial(mse, COLUMN[:, 0], COLUMN)) >> f"mse: {SAME}(5,), y: (5, 1); write y[:, 0]",
    shape_error(partial(losses.mae, PLACES[..., :1], PLACES[..., 0]))
    >> f"mae: {SAME}(4, 3, 1), y: (4, 3); write y[..., None]",
    shape_error(partial(mse, COLUMN, COLUMN[:4])) >> f"mse: {SAME}(5, 1), y: (4, 1)",
    shape_error(partial(binary_cross_entropy_with_logits, COLUMN, YES[:, 0]))
    >> f"binary_cross_entropy_with_logits: {SAME}(5, 1), y: (5,); write y[:, None]",
    shape_error(partial(softmax_cross_entropy, OUT, CLASSES[:, None]))
    >> f"softmax_cross_entropy: {CLASSES_OR}(5, 1), out: (5, 3); write y[:, 0]",
    shape_error(partial(softmax_cross_entropy, OUT, CLASSES[:, None].astype(float)))
    >> f"softmax_cross_entropy: {CLASSES_OR}(5, 1), out: (5, 3); write y[:, 0].astype(int)",
    shape_error(partial(softmax_cross_entropy, OUT, CLASSES[:, None] / 2))
    >> f"softmax_cross_entropy: {CLASSES_OR}(5, 1), out: (5, 3)",
    shape_error(partial(softmax_cross_entropy, PLACES, np.zeros((4, 3, 1), int))) >> "softmax_cross_entropy: y must "
    "be classes (4, 3) or soft labels (4, 3, 2); y: (4, 3, 1), out: (4, 3, 2); write y[..., 0]",
    shape_error(partial(perplexity, OUT, CLASSES[:, None]))
    >> f"perplexity: {CLASSES_OR}(5, 1), out: (5, 3); write y[:, 0]",
    shape_error(partial(softmax_cross_entropy, OUT, CLASSES[:4]))
    >> f"softmax_cross_entropy: {CLASSES_OR}(4,), out: (5, 3)",
    shape_error(partial(losses.triplet, PLACES, np.ones((4, 1))))
    >> "triplet: y must be (4,), the margin of each row; y: (4, 1), out: (4, 3, 2); write y[:, 0]",
    # Labels.
    kind_error(partial(softmax_cross_entropy, OUT, CLASSES.astype(float)))
    >> "softmax_cross_entropy: y must hold classes as integers, not float64; write y.astype(int)",
    kind_error(partial(softmax_cross_entropy, OUT[:, :2], CLASSES > 0))
    >> "softmax_cross_entropy: y must hold classes as integers, not bool; write y.astype(int)",
    kind_error(partial(softmax_cross_entropy, OUT, CLASSES / 2))
    >> "softmax_cross_entropy: y must hold classes as integers, not float64",
    kind_error(partial(accuracy, OUT, CLASSES * np.nan)) >> "accuracy: y must hold classes as integers, not float64",
    range_error(partial(softmax_cross_entropy, OUT, CLASSES + 1))
    >> "softmax_cross_entropy: y must hold the classes 0 .. 2; it has 1 .. 3; write y - 1",
    range_error(partial(softmax_cross_entropy, OUT, CLASSES + 2))
    >> "softmax_cross_entropy: y must hold the classes 0 .. 2; it has 2 .. 4",
    range_error(partial(losses.hinge, COLUMN, 2 * YES - 1))
    >> "hinge: y must be 0 or 1; it has -1.0 .. 1.0; write (y + 1) / 2",
    range_error(partial(binary_cross_entropy_with_logits, COLUMN, 2 * YES - 1))
    >> "binary_cross_entropy_with_logits: y must be in [0, 1]; it has -1.0 .. 1.0; write (y + 1) / 2",
    range_error(partial(softmax_cross_entropy, OUT, 2 * ONEHOT - 1))
    >> "softmax_cross_entropy: y must be in [0, 1]; it has -1.0 .. 1.0; write (y + 1) / 2",
    range_error(partial(losses.squared_hinge, 0 * COLUMN, 2 * YES))
    >> "squared_hinge: y must be 0 or 1; it has 0.0 .. 2.0",
    # Weights.
    shape_error(partial(softmax_cross_entropy, OUT, CLASSES, np.array([1.0, 2.0, 3.0])))
    >> "softmax_cross_entropy: weight must have the shape (5,), not (3,); for a weight of each class write weight[y]",
    shape_error(partial(losses.softmax_focal, OUT, CLASSES, np.array([1.0, 2.0, 3.0])))
    >> "softmax_focal: weight must have the shape (5,), not (3,); for a weight of each class write weight[y]",
    shape_error(partial(softmax_cross_entropy, OUT, ONEHOT, np.array([1.0, 2.0, 3.0])))
    >> "softmax_cross_entropy: weight must have the shape (5,), not (3,)",
    shape_error(partial(softmax_cross_entropy, PLACES[:, :2], np.zeros((4, 2), int), np.ones(2)))
    >> "softmax_cross_entropy: weight must have the shape (4,) or (4, 2), not (2,)",
    shape_error(partial(mse, OUT, OUT, np.ones(3))) >> "mse: weight must have the shape (5,) or (5, 3), not (3,); "
    "for a weight of each column write np.broadcast_to(weight, (5, 3))",
    shape_error(partial(losses.mae, OUT, OUT, np.ones((5, 1))))
    >> "mae: weight must have the shape (5,) or (5, 3), not (5, 1); write weight[:, 0]",
    shape_error(partial(losses.cosine_distance, OUT, OUT, np.ones((5, 1))))
    >> "cosine_distance: weight must have the shape (5,), not (5, 1); write weight[:, 0]",
    shape_error(partial(losses.poisson_nll, PLACES, PLACES, np.ones((4, 3, 1))))
    >> "poisson_nll: weight must have the shape (4,) or (4, 3) or (4, 3, 2), not (4, 3, 1); write weight[..., 0]",
    kind_error(partial(mse, OUT, OUT, np.array(1)))
    >> "mse: weight must be an array, not int64 array; write np.full(len(y), 1)",
    kind_error(partial(huber, COLUMN, COLUMN, 2.0)) >> "huber: weight must be an array, not float; if it is "
    "delta, write delta=2.0",
    kind_error(partial(losses.quantile, COLUMN, COLUMN)) >> "quantile: q must be given; write partial(quantile, q=0.9)",
    kind_error(partial(losses.quantile, COLUMN, COLUMN, 0.9), partial(losses.quantile, COLUMN, COLUMN, 0.9, q=0.5))
    >> "quantile: weight must be an array, not float; if it is q, write q=0.9",
    kind_error(partial(losses.binary_focal, COLUMN, YES, 2))
    >> "binary_focal: weight must be an array, not int; if it is gamma, write gamma=2",
    kind_error(partial(losses.softmax_focal, OUT, CLASSES, 2))
    >> "softmax_focal: weight must be an array, not int; if it is gamma, write gamma=2",
    kind_error(partial(softmax_cross_entropy, OUT, CLASSES, 0.1))
    >> "softmax_cross_entropy: weight must be an array, not float; if it is smoothing, write smoothing=0.1",
    kind_error(partial(mse, COLUMN, COLUMN, 2.0))
    >> "mse: weight must be an array, not float; write np.full(len(y), 2.0)",
    kind_error(partial(mse, COLUMN, COLUMN, True)) >> "mse: weight must be an array, not bool",  # noqa: FBT003  a value
    kind_error(partial(mse, COLUMN, COLUMN, YES[:, 0].astype(str)))
    >> "mse: weight must hold numbers, not strings such as '1'; write weight.astype(float)",
    # Probabilities and logits.
    range_error(partial(nn.binary_cross_entropy, OUT, ONEHOT)) >> "binary_cross_entropy: out must be in [0, 1]; it "
    "has -1.0 .. 4.0; for logits write binary_cross_entropy_with_logits",
    range_error(partial(losses.kl_divergence, COLUMN, YES)) >> "kl_divergence: out must have at least two classes; "
    "out: (5, 1); for one output write binary_cross_entropy_with_logits",
    range_error(partial(losses.softmax_focal, COLUMN, YES))
    >> "softmax_focal: out must have at least two classes; out: (5, 1); for one output write binary_focal",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row)


@each_row([row for row in ROWS if " write " in row.sentence])
def test_what_it_recommends_succeeds(row):
    (call,) = row.acts
    name, sentence = row.sentence.split(": ", 1)
    loss, given = partial(call.func, **call.keywords), call.args
    remedy = sentence.rpartition(" write ")[2].removesuffix(ORDER)
    names = {"np": np, "partial": partial, **dict(zip(("out", "y", "weight"), given, strict=False))}
    names |= {
        function.__name__: function
        for function in (binary_cross_entropy_with_logits, losses.binary_focal, losses.quantile)
    }
    about = re.match(r"(out|y|weight)\b", sentence)
    if remedy == f"{name}(out, y)":  # as they should be called
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
