"""Every loss, its value and its gradient, against torch, and its gradient against `jax.grad` of its own value."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funcnn
from funcnn import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber,
    mae,
    mse,
    softmax_cross_entropy,
    weighted,
)
from funcnn.testing.strategies import tensor

jax = pytest.importorskip("jax", reason="jax.grad of a loss's value is an oracle for its gradient")
torch = pytest.importorskip("torch", reason="its losses are the oracle")
F = torch.nn.functional
pytestmark = pytest.mark.usefixtures("jax64")

SHAPE = (5, 3)


def unit(low, shape=SHAPE):
    """Numbers in [low, 1 - low], one seed for all."""
    return st.integers(0, 999).map(lambda seed: np.random.default_rng(seed).uniform(low, 1 - low, shape))


def integers(k, shape):
    return st.integers(0, 999).map(lambda seed: np.random.default_rng(seed).integers(0, k, shape))


def torch_softmax(out, y):
    """torch wants the classes on axis 1."""
    return F.cross_entropy(out.moveaxis(-1, 1), y if y.ndim < out.ndim else y.moveaxis(-1, 1), reduction="none")


def torch_huber(delta):
    return partial(F.huber_loss, delta=delta, reduction="none")


# name: (loss, torch's terms of its mean, how to draw out, how to draw y). `tensor` draws values up to +-800, and ties.
CASES = {
    "mse": (mse, partial(F.mse_loss, reduction="none"), tensor(SHAPE), tensor(SHAPE)),
    "mse (m, t, n)": (mse, partial(F.mse_loss, reduction="none"), tensor((2, 3, 4)), tensor((2, 3, 4))),
    "mae": (mae, partial(F.l1_loss, reduction="none"), tensor(SHAPE), tensor(SHAPE)),
    "huber": (huber, torch_huber(1.0), tensor(SHAPE), tensor(SHAPE)),
    "huber 0.125": (partial(huber, delta=0.125), torch_huber(0.125), tensor(SHAPE), tensor(SHAPE)),
    "huber 30": (partial(huber, delta=30), torch_huber(30.0), tensor(SHAPE), tensor(SHAPE)),
    # Strictly inside: torch clamps log p at -100 and p (1 - p) at 1e-12, funcnn clips p itself, one ulp from 0 and 1.
    "binary, probabilities": (
        binary_cross_entropy,
        partial(F.binary_cross_entropy, reduction="none"),
        unit(0.01),
        unit(0),
    ),
    "binary, logits": (
        binary_cross_entropy_with_logits,
        partial(F.binary_cross_entropy_with_logits, reduction="none"),
        tensor(SHAPE),
        unit(0),
    ),
    "softmax, classes": (softmax_cross_entropy, torch_softmax, tensor(SHAPE), integers(3, 5)),
    "softmax, classes (m, t, k)": (softmax_cross_entropy, torch_softmax, tensor((2, 3, 4)), integers(4, (2, 3))),
    "softmax, soft labels": (softmax_cross_entropy, torch_softmax, tensor(SHAPE), unit(0)),
    "softmax, soft labels (m, t, k)": (softmax_cross_entropy, torch_softmax, tensor((2, 3, 4)), unit(0, (2, 3, 4))),
}
every_loss = pytest.mark.parametrize("name", CASES)
every_weight = pytest.mark.parametrize("weigh", ["nothing", "rows", "all"])


def draw(name, weigh, data):
    """(loss, torch's terms, out, y, weight) of a case."""
    loss, terms, out, y = CASES[name]
    out, y = data.draw(out, "out"), data.draw(y, "y")
    shape = out.shape[:-1] if loss is softmax_cross_entropy else out.shape  # of the terms of the mean
    weight = {"nothing": st.none(), "rows": unit(0, shape[:1]).map(lambda w: 3 * w), "all": unit(0, shape)}[weigh]
    return loss, terms, out, y, data.draw(weight, "weight")


def torch_value_and_grad(terms, out, y, weight):
    """The mean of the weighted terms, and its gradient."""
    out = torch.tensor(out, requires_grad=True)
    each = terms(out, torch.tensor(y))
    if weight is not None:
        each = each * torch.tensor(weight).reshape(weight.shape + (1,) * (each.ndim - weight.ndim))
    cost = each.mean()
    cost.backward()
    return cost.item(), out.grad.numpy()


@every_loss
@every_weight
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_value_and_gradient_are_those_of_torch(name, weigh, data):
    loss, terms, out, y, weight = draw(name, weigh, data)
    cost, dA = loss(out, y, weight)
    torch_cost, torch_dA = torch_value_and_grad(terms, out, y, weight)
    assert type(cost) is float
    np.testing.assert_allclose(cost, torch_cost, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dA, torch_dA, rtol=1e-12, atol=1e-12)


@every_loss
@every_weight
def test_gradient_is_jax_grad_of_the_value(name, weigh):
    value_and_grad = jax.jit(jax.value_and_grad(lambda out, *rest: CASES[name][0](out, *rest)[0]))

    @settings(max_examples=15, deadline=None)
    @given(data=st.data())
    def check(data):
        loss, _, out, y, weight = draw(name, weigh, data)
        out = out + 0.001234  # off the kinks of abs and max, whose gradients at 0 JAX takes as 1 and 1/2
        cost, dA = loss(out, y, weight)
        jax_cost, jax_dA = value_and_grad(out, y, weight)
        np.testing.assert_allclose(cost, jax_cost, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(dA, jax_dA, rtol=1e-12, atol=1e-12)

    check()


@every_loss
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_weighted_takes_the_weight_from_y(name, data):
    loss, _, out, y, weight = draw(name, "rows", data)
    cost, dA = loss(out, y, weight)
    again, dA_again = weighted(loss)(out, (y, weight))
    assert again == cost
    np.testing.assert_array_equal(dA_again, dA)
    assert cost != loss(out, y)[0] or cost == 0


@every_loss
@every_weight
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_float32_stays_float32_in_numpy_and_jax_and_torch_agrees(name, weigh, data):
    loss, terms, out, y, weight = draw(name, weigh, data)
    out = out.astype("f4")
    cost, dA = loss(out, y, weight)  # y and weight are float64 or integers
    assert (type(cost), dA.dtype) == (float, np.float32)
    assert {traced.dtype for traced in jax.eval_shape(loss, out, y, weight)} == {np.dtype("f4")}
    floats = [None if a is None else a.astype("f4") if a.dtype.kind == "f" else a for a in (y, weight)]
    torch_cost, torch_dA = torch_value_and_grad(terms, out, *floats)
    np.testing.assert_allclose(cost, torch_cost, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(dA, torch_dA, rtol=1e-5, atol=1e-5)


def test_every_loss_has_a_case():
    losses = {getattr(funcnn, name) for name in funcnn.__all__ if hasattr(funcnn.losses, name)}
    losses = {f for f in losses if getattr(f, "__module__", "") == "funcnn.losses"} - {funcnn.of_logits, weighted}
    assert losses == {getattr(loss, "func", loss) for loss, *_ in CASES.values()}


# Where others clip, overflow, or rule a class out.

EXTREME = np.array([[-800.0, 800.0], [800.0, -800.0], [800.0, 800.0], [-800.0, -800.0], [0.0, 800.0], [-1e300, 1e300]])


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_extreme_logits_of_two_classes_give_what_torch_gives(y):
    y = np.full(EXTREME.shape, y)
    terms = partial(F.binary_cross_entropy_with_logits, reduction="none")
    expected_cost, expected_dA = torch_value_and_grad(terms, EXTREME[:-1], y[:-1], None)
    cost, dA = binary_cross_entropy_with_logits(EXTREME[:-1], y[:-1])
    assert cost == pytest.approx(expected_cost, rel=1e-12)
    np.testing.assert_allclose(dA, expected_dA, rtol=1e-12, atol=1e-12)
    assert np.isfinite(binary_cross_entropy_with_logits(EXTREME, y)[0])


@pytest.mark.parametrize("y", [0, 1, (0.3, 0.7), (0.0, 0.0), (1.0, 1.0)])
def test_extreme_logits_of_many_classes_give_what_torch_gives(y):
    y = np.array([y] * len(EXTREME))
    expected_cost, expected_dA = torch_value_and_grad(torch_softmax, EXTREME, y, None)
    cost, dA = softmax_cross_entropy(EXTREME, y)
    assert cost == pytest.approx(expected_cost, rel=1e-12)
    np.testing.assert_allclose(dA, expected_dA, rtol=1e-12, atol=1e-12)


def test_a_logit_of_minus_infinity_rules_its_class_out_as_in_torch():
    out, y = np.array([[-np.inf, 0.5, 1.0], [2.0, -np.inf, -np.inf]]), np.array([1, 0])
    expected_cost, expected_dA = torch_value_and_grad(torch_softmax, out, y, None)
    for labels in (y, np.eye(3)[y]):
        cost, dA = softmax_cross_entropy(out, labels)
        assert cost == pytest.approx(expected_cost, rel=1e-12)
        np.testing.assert_allclose(dA, expected_dA, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_clipped_probabilities_have_the_gradient_of_jax_which_is_zero_and_near_ones_have_theirs(y):
    out = np.array([[0.0, 1.0, 1e-17, 1e-15, 1e-9, 0.5, 1 - 1e-15]])
    y = np.full(out.shape, y)
    cost, dA = binary_cross_entropy(out, y)
    jax_cost, jax_dA = jax.value_and_grad(lambda out: binary_cross_entropy(out, y)[0])(out)
    assert cost == pytest.approx(float(jax_cost), rel=1e-12)
    np.testing.assert_allclose(dA, jax_dA, rtol=1e-12)
    assert dA[0, :3].tolist() == [0, 0, 0]
    assert (dA[0, 3:] != 0).all()
