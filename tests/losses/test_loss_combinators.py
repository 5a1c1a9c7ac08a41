"""Losses made of losses: weighted, masked, joint."""

import pickle
import re
from functools import partial, wraps

import numpy as np
import pytest

from funcnn import Dense, Softmax, huber, mse, record, softmax_cross_entropy, tree_map, value_and_grad
from funcnn.errors import KindError
from funcnn.losses import cosine_distance, gaussian_nll, joint, kl_divergence, mae, masked, of_logits, weighted
from funcnn.losses.protocol import takes_logits
from funcnn.testing import BrokenPromise, WrongGradient, check_loss
from funcnn.trees import leaves
from tests.counts import at_most
from tests.said import says

few = at_most(25, quick=4)
both = joint(mse, softmax_cross_entropy, factors=(0.5, 3))
random = np.random.default_rng(0)
OUT, Y, CLASSES = random.standard_normal((4, 3, 2)), random.random((4, 3, 2)), random.integers(0, 2, (4, 3))
MASK = np.array([[True, True, False], [True, False, False], [False, False, False], [True, True, True]])
# Each masked loss, with its out and y.
ALONE = {
    "mse": (mse, OUT, Y),
    "huber": (partial(huber, delta=0.5), OUT, Y),
    "softmax": (softmax_cross_entropy, OUT, CLASSES),
    "soft labels": (softmax_cross_entropy, OUT, Y),
    "kl": (kl_divergence, OUT, Y),
    "cosine": (cosine_distance, OUT, Y),
    "gaussian": (gaussian_nll, (OUT, OUT[::-1]), Y),
    "joint": (both, (OUT, OUT[::-1]), (Y, CLASSES)),
    "one number a step": (mse, OUT[..., 0], Y[..., 0]),
}
each = pytest.mark.parametrize(("loss", "out", "y"), ALONE.values(), ids=ALONE)


def same(a, b):
    return [x.tobytes() for x in leaves(a)] == [x.tobytes() for x in leaves(b)]


def spoiled(bad, a):
    """With something else where the mask is False."""
    a = a.copy()
    a[~MASK] = bad
    return a


# masked


@each
def test_what_is_left_out_does_not_matter(loss, out, y):
    cost, dA = masked(loss)((out, MASK), y)
    for bad in (np.nan, np.inf, -1e308, 1e308):
        again, again_dA = masked(loss)((tree_map(partial(spoiled, bad), out), MASK), tree_map(partial(spoiled, -1), y))
        assert again == cost
        assert same(dA, again_dA)
    for d in leaves(dA):
        assert not d[~MASK].any()
        assert d[MASK].any()


@each
def test_a_mask_is_a_weight_that_does_not_normalise(loss, out, y):
    cost, (d, nothing) = masked(loss)((out, MASK), y)
    expected, expected_dA = loss(out, y, MASK.astype(float))
    assert nothing is None
    assert cost == pytest.approx(expected, rel=1e-14)
    for a, b in zip(leaves(d), leaves(expected_dA), strict=True):
        assert np.allclose(a, b, rtol=1e-14, atol=1e-16)
    real = tree_map(lambda a: a[MASK], (out, y))
    assert cost * MASK.size == pytest.approx(loss(*real)[0] * MASK.sum(), rel=1e-14)


@each
def test_no_mask_and_a_mask_of_all(loss, out, y):
    weight = np.array([0.0, 1.0, 2.0, 0.5])
    for mask in (None, np.ones((4, 3), bool)):
        for name, expected in (("plain", loss(out, y)), ("weighted", loss(out, y, weight))):
            if name == "plain":
                cost, (d, nothing) = masked(loss)((out, mask), y)
            else:
                cost, (d, nothing) = weighted(masked(loss))((out, mask), (y, weight))
            assert nothing is None
            assert cost == expected[0]
            assert same(d, expected[1])
    assert masked(loss)((out, np.zeros((4, 3), bool)), y)[0] == 0
    check_loss(masked(loss), (out, None), y)


def test_a_mask_of_rows_and_a_weight_of_places():
    rows, weight = np.array([True, False, True, True]), random.random((4, 3, 2))
    for mask, w in ((rows, weight), (rows, weight[:, 0, 0]), (MASK, weight), (MASK, weight[:, 0, 0])):
        cost, (d, _) = weighted(masked(mse))((OUT, mask), (Y, w))
        axes = [(*a.shape, *(1,) * (3 - a.ndim)) for a in (mask, w)]
        expected, dA = mse(OUT, Y, np.broadcast_to(mask.reshape(axes[0]) * w.reshape(axes[1]), OUT.shape))
        assert cost == pytest.approx(expected, rel=1e-14)
        assert np.allclose(d, dA, rtol=1e-14, atol=0)
    hidden = np.where(MASK, 1.0, np.nan)
    assert weighted(masked(mse))((OUT, MASK), (Y, hidden))[0] == masked(mse)((OUT, MASK), Y)[0]


# joint


def test_costs_add_and_gradients_stand_beside_each_other():
    one, two = mse(OUT, Y), softmax_cross_entropy(OUT, CLASSES)
    for factors, (f, g) in ((None, (1, 1)), ((0.5, -3), (0.5, -3)), ([0, 2], (0, 2))):
        cost, dA = joint(mse, softmax_cross_entropy, factors=factors)((OUT, OUT), (Y, CLASSES))
        assert cost == pytest.approx(f * one[0] + g * two[0], rel=1e-14)
        assert type(cost) is float
        assert np.allclose(dA[0], f * one[1], rtol=1e-14, atol=0)
        assert np.allclose(dA[1], g * two[1], rtol=1e-14, atol=0)


def test_what_stands_in_a_joint_loss_may_be_made_of_losses():
    weight = np.array([1.0, 0, 2, 0])
    loss = joint(weighted(mae), joint(mse, masked(mse), factors=(1, 0.5)))
    cost, (d, (e, (f, nothing))) = loss((OUT, (OUT, (OUT, MASK))), ((Y, weight), (Y, Y)))
    parts = mae(OUT, Y, weight), mse(OUT, Y), mse(OUT, Y, MASK)
    assert cost == pytest.approx(parts[0][0] + parts[1][0] + 0.5 * parts[2][0], rel=1e-14)
    for a, b in zip((d, e, f), (parts[0][1], parts[1][1], 0.5 * parts[2][1]), strict=True):
        assert np.allclose(a, b, rtol=1e-14, atol=0)
    assert nothing is None


def test_float32_stays_float32():
    single = tree_map(lambda a: a.astype(np.float32), (OUT, OUT))
    for factors in (None, (np.float64(0.5), 2)):
        _, dA = joint(mse, softmax_cross_entropy, factors=factors)(single, (Y, CLASSES))
        assert {d.dtype for d in leaves(dA)} == {np.dtype(np.float32)}
    weight = random.random((4, 3))
    for w in (None, weight):
        y = (Y, w) if w is not None else Y
        loss = weighted(masked(mse)) if w is not None else masked(mse)
        assert loss((single[0], MASK), y)[1][0].dtype == np.float32


def test_they_pickle_and_pass_on_what_they_are():
    again = pickle.loads(pickle.dumps(masked(both)))
    assert again(((OUT, OUT), MASK), (Y, CLASSES))[0] == masked(both)(((OUT, OUT), MASK), (Y, CLASSES))[0]
    assert takes_logits(masked(softmax_cross_entropy))
    assert takes_logits(weighted(masked(partial(softmax_cross_entropy, smoothing=0.1))))
    assert not takes_logits(masked(mse))


# of_logits


@of_logits
def tempered(out, y):
    cost, dA = softmax_cross_entropy(out / 2, y)
    return cost, dA / 2


@wraps(tempered)
def renamed(*given):
    return tempered(*given)


@record
class Tempered:
    """A loss that is a record, and its method."""

    by: float = 2.0

    @of_logits
    def __call__(self, out, y, weight=None):
        cost, dA = softmax_cross_entropy(out / self.by, y, weight)
        return cost, dA / self.by

    @of_logits
    def cost(self, out, y):
        return self(out, y)

    def error(self, out, y):
        return mse(out, y)


@of_logits
@record
class Declared:
    def __call__(self, out, y):
        return tempered(out, y)


@record
class Contrastive:
    """Not of logits, though its fields are losses, and though it answers whatever it is asked."""

    inner: object

    def __call__(self, out, y):
        return mse(out, y)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return True


def contrastive(model, out, y):
    return mse(out, y)


OF_LOGITS = {
    "a function": tempered,
    "a partial": partial(softmax_cross_entropy, smoothing=0.1),
    "a partial of a partial": partial(partial(tempered)),
    "a function that wraps": renamed,
    "a record": Tempered(),
    "a bound method": Tempered().cost,
    "a record of a class that is declared": Declared(),
    "a partial of a record": partial(Tempered()),
    "a weighted loss": weighted(softmax_cross_entropy),
    "all of them": weighted(masked(partial(partial(softmax_cross_entropy, smoothing=0.1)))),
    "a masked record": partial(masked(Tempered())),
    "a partial of one's own": of_logits(partial(contrastive, softmax_cross_entropy)),
}
NOT_OF_LOGITS = {
    "a function": mse,
    "a partial with a function in it": partial(contrastive, softmax_cross_entropy),
    "a partial with a record in it": partial(contrastive, Tempered()),
    "a record that answers anything": Contrastive(softmax_cross_entropy),
    "a method beside one that is declared": Tempered().error,
    "a masked loss": masked(mse),
    "a class": Tempered,
    "a number": 3,
}


@pytest.mark.parametrize("loss", OF_LOGITS.values(), ids=OF_LOGITS)
def test_a_declaration_is_found(loss):
    assert takes_logits(loss) is True
    assert takes_logits(joint(mse, loss, joint(loss))) == (False, True, (True,))
    assert takes_logits(masked(joint(mse, loss))) == (False, True)
    with pytest.raises(KindError, match=r"^value_and_grad: the loss takes logits"):
        value_and_grad(loss)((Dense(np.eye(2), None), Softmax()), OUT[0], Y[0])


@pytest.mark.parametrize("loss", NOT_OF_LOGITS.values(), ids=NOT_OF_LOGITS)
def test_no_other_function_counts(loss):
    assert takes_logits(loss) is False


@pytest.mark.parametrize("loss", [loss for name, loss in OF_LOGITS.items() if "wraps" not in name])
def test_a_declaration_pickles(loss):
    assert takes_logits(pickle.loads(pickle.dumps(loss))) is True
    assert takes_logits(pickle.loads(pickle.dumps(joint(mse, loss)))) == (False, True)


def test_a_declaration_goes_along_where_the_function_is_pickled_by_value():
    cloudpickle = pytest.importorskip("cloudpickle", reason="it sends functions by value")

    @of_logits
    def local(out, y, weight=None):
        return softmax_cross_entropy(out / 2, y, weight)

    assert takes_logits(pickle.loads(cloudpickle.dumps(weighted(local)))) is True


# What check_loss reports of wrong losses.


def doubled(out, y, weight=None):
    cost, d = mse(out, y, weight)
    return cost, 2 * d


@pytest.mark.parametrize(
    ("loss", "out", "y", "name"),
    [
        (weighted(doubled), OUT, (Y, np.ones(len(Y))), "weighted(doubled)"),
        (weighted(masked(doubled)), (OUT, None), (Y, np.ones(len(Y))), "weighted(masked(doubled))"),
        (joint(doubled, mse), (OUT, OUT), (Y, Y), "joint(doubled, mse)"),
        (partial(doubled, weight=np.ones(len(Y))), OUT, Y, "doubled"),
        (weighted(lambda out, y, weight: doubled(3 * out, y, weight)), OUT, (Y, np.ones(len(Y))), "weighted(loss)"),
    ],
)
def test_a_loss_made_of_losses_has_their_names_in_reports(loss, out, y, name):
    says(WrongGradient, "^" + re.escape(f"{name}: "), check_loss, loss, out, y)


def test_a_gradient_of_one_of_several_outputs_that_is_wrong():
    def wrong(out, y):
        cost, (a, b) = joint(mse, mse)(out, y)
        return cost, (a, 2 * b)

    says(WrongGradient, r"^wrong: .* 24 of 24 entries wrong, first out\.1\[", check_loss, wrong, (OUT, OUT), (Y, Y))


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda d: d[:1], "dA must be a tuple of 2, as out is, not (<f64 4x3x2>,)"),
        (lambda d: d[0], "dA must be a tuple of 2, as out is, not <f64 4x3x2>"),
    ],
)
def test_a_gradient_of_another_arity(broken, sentence):
    def wrong(out, y):
        cost, dA = joint(mse, mse)(out, y)
        return cost, broken(dA)

    says(BrokenPromise, re.escape(sentence), check_loss, wrong, (OUT, OUT), (Y, Y))


def test_a_second_output_whose_blocks_do_not_combine():
    def scaled(out, y):
        cost, (a, b) = joint(mse, mse)(out, y)
        return cost, (a, np.where(len(b) > 3, b, 0))  # right for all rows, and for no block of them

    with pytest.raises(BrokenPromise, match="dA of all rows is not the weighted sum of dA of blocks of rows"):
        check_loss(scaled, (OUT, OUT), (Y, Y))


def test_a_second_output_that_widens():
    def widens(out, y):
        cost, (a, b) = joint(mse, mse)(tree_map(lambda a: a.astype(float), out), y)
        return cost, (a.astype(out[0].dtype), b)

    with pytest.raises(Exception, match="float32") as caught:
        check_loss(widens, (OUT, OUT), (Y, Y))
    said = "dA must have the dtype and shape of out, float32 (4, 3, 2)"
    assert "out.1" in str(caught.value) or said in str(caught.value)


def test_blocks_of_rows_of_a_masked_loss_combine():
    out, y = np.random.default_rng(0).normal(size=(2, 4, 3))
    assert check_loss(masked(mse), (out, np.array([True, True, False, True])), y).verdict == "pass"
