"""Remedies that depend on what was given: each is carried out, and helps."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import accuracy, mlp, mse, record, softmax_cross_entropy, value_and_grad
from funcnn.errors import KindError
from funcnn.inspection import diagram, summary
from funcnn.layers import Residual
from funcnn.losses import mae
from funcnn.metrics import confusion, f1
from funcnn.optimizers import Decay
from funcnn.training import validation

X, Y = np.ones((4, 3)), np.zeros((4, 2))
NET, NARROW = mlp([3, 2], seed=0), mlp([3, 2], seed=0, dtype=np.float32)
IMAGES = nn.Conv2d.init(1, 2, kernel=3, seed=0)
LABELS, WHOLE = np.array([0, 1, 1]), np.array([[2.0, -1.0], [0.0, 3.0], [1.0, 0.0]])


def remedy_of(act, *given):
    """What the error says after "write"; empty without a remedy."""
    with pytest.raises(KindError) as caught:
        act(*given)
    return str(caught.value).partition("; write ")[2]


@pytest.mark.parametrize(
    ("net", "x", "written"),
    [
        (NET, (3,), "np.zeros((1, *x))"),
        (NET, (4, 3), "np.zeros(x)"),
        (NARROW, (4, 3), "np.zeros(x, 'float32')"),
        (NARROW, (3,), "np.zeros((1, *x), 'float32')"),
        (IMAGES, (8, 8, 1), "np.zeros((1, *x))"),
        (IMAGES, (2, 8, 8, 1), "np.zeros(x)"),
        (NET, (5,), ""),  # it takes no x of 5 features
        (NET, (0, 3), ""),
        (NET, (10**9, 3), ""),  # not tried, since it would take 24 GB
        (nn.Embedding.init(3, 2, seed=0), (4, 3), ""),  # it takes whole numbers
    ],
)
def test_a_shape_in_place_of_x(net, x, written):
    for function in (summary, diagram):
        assert remedy_of(function, net, x) == written
        if written:
            function(net, eval(written, {"np": np, "x": x}))


def test_a_loss_of_scikit_learn_is_one_of_funcnn():
    metrics = pytest.importorskip("sklearn.metrics", reason="its functions are meant")
    for theirs, ours in [("mean_squared_error", mse), ("mean_absolute_error", mae)]:
        written = remedy_of(value_and_grad, getattr(metrics, theirs))
        assert written == ours.__name__
        value_and_grad(eval(written, {"mse": mse, "mae": mae}))(NET, X, Y)
    # None, one for probabilities and one for logits, and a metric.
    for without in ("mean_squared_log_error", "log_loss", "accuracy_score"):
        assert remedy_of(value_and_grad, getattr(metrics, without)) == ""


def test_a_metric_of_scikit_learn_takes_its_arguments_in_the_other_order():
    mean_squared_error = pytest.importorskip("sklearn.metrics", reason="it is meant").mean_squared_error
    written = remedy_of(validation, mean_squared_error, X, Y)
    score = validation(eval(written, {"mean_squared_error": mean_squared_error}), X, Y)
    assert np.isfinite(score(nn.TrainState(NET)))


def test_a_loss_of_ones_own_takes_its_arguments_in_the_other_order():
    def mine(y, out):
        return mse(out, y)

    written = remedy_of(value_and_grad, mine)
    value_and_grad(eval(written, {"mine": mine}))(NET, X, Y)
    assert remedy_of(value_and_grad, lambda y, out: mse(out, y)) == ""


@pytest.mark.parametrize("metric", [accuracy, confusion, f1, softmax_cross_entropy])
def test_labels_and_logits_in_the_other_order(metric):
    name = metric.__name__
    for logits in (WHOLE, WHOLE / 3):
        assert remedy_of(metric, LABELS, logits) == f"{name}(out, y), the output of the network first"
        metric(logits, LABELS)


def test_predicted_classes_and_soft_labels_are_in_order():
    assert remedy_of(accuracy, LABELS, np.eye(2)[LABELS]) == ""


@record
class Sizes:
    sizes: object


@record
class Checked:
    sizes: object

    def __attrs_post_init__(self):
        if type(self.sizes) is not int:
            raise KindError("Checked: sizes must be an int")


@pytest.mark.parametrize(
    ("act", "given", "written"),
    [
        (Sizes, [1, 2], "tuple(sizes)"),
        (Sizes, [1, [2]], ""),  # a list is left inside
        (Sizes, (1, [2]), ""),
        (Sizes, {1: 2}, "tuple(sizes.items())"),
        (Sizes, np.arange(3), "np.array(sizes, float)"),
        (Sizes, (1, np.arange(3)), ""),
        (Sizes, map(int, "12"), "tuple(sizes)"),
        (Checked, map(int, "12"), ""),
        (Checked, [1, 2], ""),
        (Checked, {}, ""),
        (Checked, np.arange(3), ""),
        (Residual, [nn.Dense.init(3, 3, seed=0)], "tuple(layer)"),
        (Residual, {1}, ""),
        (Residual, np.arange(3), ""),
        (lambda where: Decay(0.1, where=where), ["*.W"], "tuple(where)"),
        (lambda where: Decay(0.1, where=where), [1], ""),
        (lambda W: nn.Dense(W, None), [[1, 2]], "np.array(W, float)"),
        (lambda W: nn.Dense(W, None), [[1], [2, 3]], ""),
    ],
)
def test_a_field_in_another_form(act, given, written):
    assert remedy_of(act, given) == written
    if written and not isinstance(given, map):
        act(eval(written, {"np": np, **dict.fromkeys(["sizes", "layer", "where", "W"], given)}))


def test_a_table_of_text_has_no_remedy():
    pd = pytest.importorskip("pandas", reason="its tables are meant")
    numbers, text = pd.DataFrame({"a": [1.0]}), pd.DataFrame({"a": ["b"]})
    assert remedy_of(nn.Dense, numbers, None) == "W.to_numpy(float)"
    assert remedy_of(Sizes, numbers) == "sizes.to_numpy()"
    assert remedy_of(nn.Dense, text, None) == remedy_of(Sizes, text) == ""


def test_a_number_as_weight_has_a_remedy_that_an_array_can_hold():
    assert remedy_of(mse, Y, Y, 2) == "np.full(len(y), 2)"
    assert remedy_of(mse, Y, Y, 10**30) == ""
