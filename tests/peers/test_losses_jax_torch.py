"""Every loss, value and gradient, against torch, and its gradient against `jax.grad` of its value."""

import inspect
import pkgutil
from functools import partial
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import losses, tree_map
from funcnn.testing.strategies import tensor
from funcnn.trees import leaves
from tests import cards as about
from tests.counts import at_most

jax = pytest.importorskip("jax", reason="jax.grad of a loss's value is an oracle for its gradient")
torch = pytest.importorskip("torch", reason="its losses are the oracle")
F = torch.nn.functional
pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]

SHAPE = (5, 3)


def unit(low, shape=SHAPE):
    """Numbers in [low, 1 - low], one seed for all."""
    return st.integers(0, 999).map(lambda seed: np.random.default_rng(seed).uniform(low, 1 - low, shape))


def integers(k, shape):
    return st.integers(0, 999).map(lambda seed: np.random.default_rng(seed).integers(0, k, shape))


def distributions(shape):
    """Over the last axis, with a class that does not occur."""
    return unit(0, shape).map(lambda p: p * (p > p.min())).map(lambda p: p / p.sum(axis=-1, keepdims=True))


clipped = lambda shape, low, high: tensor(shape).map(lambda a: np.clip(a, low, high))


def normal(shape):
    return st.integers(0, 999).map(lambda seed: np.random.default_rng(seed).standard_normal(shape))


def torch_softmax(out, y, **options):
    """torch wants the classes on axis 1."""
    y = y if y.ndim < out.ndim else y.moveaxis(-1, 1)
    return F.cross_entropy(out.moveaxis(-1, 1), y, reduction="none", **options)


torch_huber = lambda delta: partial(F.huber_loss, delta=delta, reduction="none")
torch_log_cosh = lambda out, y: torch.logaddexp(out - y, y - out) - np.log(2)
torch_quantile = lambda out, y, q: (1 - q) * torch.relu(out - y) + q * torch.relu(y - out)


def torch_kl(out, y):
    return F.kl_div(F.log_softmax(out, dim=-1), y, reduction="none").sum(dim=-1)


torch_hinge = lambda out, y, power: torch.relu(1 - (2 * y - 1) * out) ** power


def torch_binary_focal(out, y, gamma):
    p = torch.sigmoid(out)
    q = p * y + (1 - p) * (1 - y)
    return (1 - q) ** gamma * F.binary_cross_entropy_with_logits(out, y.to(out.dtype), reduction="none")


def torch_softmax_focal(out, y, gamma):
    log_p = F.log_softmax(out, dim=-1)
    y = F.one_hot(y, out.shape[-1]) if y.ndim < out.ndim else y
    return -(y * (1 - log_p.exp()) ** gamma * log_p).sum(dim=-1)


def torch_triplet(out, y):
    return F.triplet_margin_with_distance_loss(
        *out.unbind(1), distance_function=lambda a, b: ((a - b) ** 2).sum(dim=-1), margin=float(y[0]), reduction="none"
    )


def torch_gaussian(out, y):
    return F.gaussian_nll_loss(out[0], y, out[1].exp(), eps=1e-30, reduction="none")


torch_cosine = lambda out, y: 1 - F.cosine_similarity(out, y, dim=-1)

torch_logits = F.binary_cross_entropy_with_logits
FLAT, DEEP, NORMAL = tensor(SHAPE), tensor((2, 3, 4)), normal(SHAPE)
BITS, CLASSES, DEEP_CLASSES = integers(2, SHAPE), integers(3, 5), integers(4, (2, 3))
margins = st.sampled_from([0.3, 1.1, 5.1]).map(lambda margin: np.full(5, margin))
terms_of = partial(partial, reduction="none")


def of_setting(loss, terms, **setting):
    """Both with one setting."""
    return partial(loss, **setting), partial(terms, **setting)


def smoothed(by):
    return partial(losses.softmax_cross_entropy, smoothing=by), partial(torch_softmax, label_smoothing=by)


focal = lambda gamma: of_setting(losses.softmax_focal, torch_softmax_focal, gamma=gamma)
# The loss, torch's terms of its mean, how to draw out, and how to draw y. `tensor` draws up to +-800, and ties.
CASES = {
    "mse": (losses.mse, terms_of(F.mse_loss), FLAT, FLAT),
    "mse (m, t, n)": (losses.mse, terms_of(F.mse_loss), DEEP, DEEP),
    "mae": (losses.mae, terms_of(F.l1_loss), FLAT, FLAT),
    "huber": (losses.huber, torch_huber(1.0), FLAT, FLAT),
    "huber 0.125": (partial(losses.huber, delta=0.125), torch_huber(0.125), FLAT, FLAT),
    "huber 30": (partial(losses.huber, delta=30), torch_huber(30.0), FLAT, FLAT),
    # Strictly inside: torch clamps log p at -100 and p (1 - p) at 1e-12, funcnn clips p itself, one ulp from 0 and 1.
    "binary, probabilities": (losses.binary_cross_entropy, terms_of(F.binary_cross_entropy), unit(0.01), unit(0)),
    "binary, logits": (losses.binary_cross_entropy_with_logits, terms_of(torch_logits), FLAT, unit(0)),
    "softmax, classes": (losses.softmax_cross_entropy, torch_softmax, FLAT, CLASSES),
    "softmax, classes (m, t, k)": (losses.softmax_cross_entropy, torch_softmax, DEEP, DEEP_CLASSES),
    "softmax, soft labels": (losses.softmax_cross_entropy, torch_softmax, FLAT, unit(0)),
    "softmax, soft labels (m, t, k)": (losses.softmax_cross_entropy, torch_softmax, DEEP, unit(0, (2, 3, 4))),
    "smoothed classes": (*smoothed(0.1), DEEP, DEEP_CLASSES),
    "smoothed soft labels": (*smoothed(0.3), FLAT, distributions(SHAPE)),
    "log cosh": (losses.log_cosh, torch_log_cosh, FLAT, FLAT),
    "quantile 0.9": (*of_setting(losses.quantile, torch_quantile, q=0.9), FLAT, FLAT),
    "quantile 0.25": (*of_setting(losses.quantile, torch_quantile, q=0.25), DEEP, DEEP),
    "kl": (losses.kl_divergence, torch_kl, FLAT, distributions(SHAPE)),
    "kl (m, t, k)": (losses.kl_divergence, torch_kl, DEEP, distributions((2, 3, 4))),
    "hinge": (losses.hinge, partial(torch_hinge, power=1), FLAT, BITS),
    "squared hinge": (losses.squared_hinge, partial(torch_hinge, power=2), FLAT, BITS),
    "binary focal": (losses.binary_focal, partial(torch_binary_focal, gamma=2.0), FLAT, BITS),
    # Where p is 1 to the last digit, the others' gradient of a power below 1 is not finite.
    "binary focal 0.5": (*of_setting(losses.binary_focal, torch_binary_focal, gamma=0.5), NORMAL, BITS),
    "softmax focal": (losses.softmax_focal, partial(torch_softmax_focal, gamma=2.0), FLAT, CLASSES),
    "softmax focal 0.5 (m, t, k)": (*focal(0.5), normal((2, 3, 4)), DEEP_CLASSES),
    "softmax focal, soft labels": (*focal(3.0), NORMAL, distributions(SHAPE)),
    "triplet": (losses.triplet, torch_triplet, clipped((5, 3, 4), -8, 8), margins),  # without ties: torch has a slope
    "poisson": (losses.poisson_nll, terms_of(F.poisson_nll_loss), clipped(SHAPE, -800, 8), integers(9, SHAPE)),
    "gaussian": (losses.gaussian_nll, torch_gaussian, st.tuples(FLAT, clipped(SHAPE, -3, 30)), FLAT),
    "cosine": (losses.cosine_distance, torch_cosine, NORMAL, NORMAL),
    "cosine (m, t, k)": (losses.cosine_distance, torch_cosine, normal((2, 3, 4)), normal((2, 3, 4))),
}


def of_card(loss):
    """A loss with the last of its settings, its equation in torch, and how to draw out and y."""
    chosen = about.set_up(loss)[-1]
    largest = lambda a, b: torch.maximum(*torch.broadcast_tensors(torch.as_tensor(a), torch.as_tensor(b)))
    smallest = lambda a, b: -largest(-a, -b)
    out, y = [st.integers(0, 999).map(lambda seed, i=i: about.arguments(loss, SHAPE, seed)[i]) for i in range(2)]
    return chosen, lambda out, y: about.terms(chosen, out, y, torch, max=largest, min=smallest), out, y


CASES |= {f"{name}, by its equation": of_card(loss) for name, loss in about.LOSSES.items()}
# The losses that have one term for all outputs of an example.
TOGETHER = {losses.softmax_cross_entropy, losses.softmax_focal, losses.kl_divergence, losses.cosine_distance}
every_loss = pytest.mark.parametrize("name", CASES)
every_weight = pytest.mark.parametrize("weigh", ["nothing", "rows", "all"])


def function(loss):
    """Of a loss, or of a partial of one."""
    return getattr(loss, "func", loss)


def draw(name, weigh, data):
    """(loss, torch's terms, out, y, weight) of a case."""
    loss, terms, out, y = CASES[name]
    out, y = data.draw(out, "out"), data.draw(y, "y")
    shape = leaves(out)[0].shape  # of the terms of the mean
    shape = shape[:1] if loss is losses.triplet else shape[:-1] if function(loss) in TOGETHER else shape
    weight = {"nothing": st.none(), "rows": unit(0, shape[:1]).map(lambda w: 3 * w), "all": unit(0, shape)}[weigh]
    return loss, terms, out, y, data.draw(weight, "weight")


def torch_value_and_grad(terms, out, y, weight):
    """The mean of the weighted terms, and its gradient: a list, with an entry for each array of out."""
    parts = [torch.tensor(a, requires_grad=True) for a in leaves(out)]
    each = terms(tuple(parts) if type(out) is tuple else parts[0], torch.tensor(y))
    if weight is not None:
        each = each * torch.tensor(weight).reshape(weight.shape + (1,) * (each.ndim - weight.ndim))
    cost = each.mean()
    cost.backward()
    return cost.item(), [part.grad.numpy() for part in parts]


def assert_close(dA, wanted, tolerance=1e-12):
    for d, other in zip(leaves(dA), wanted, strict=True):
        np.testing.assert_allclose(d, other, rtol=tolerance, atol=tolerance)


@every_loss
@every_weight
@at_most(20)
@given(data=st.data())
def test_value_and_gradient_are_those_of_torch(name, weigh, data):
    loss, terms, out, y, weight = draw(name, weigh, data)
    cost, dA = loss(out, y, weight)
    torch_cost, torch_dA = torch_value_and_grad(terms, out, y, weight)
    assert type(cost) is float
    np.testing.assert_allclose(cost, torch_cost, rtol=1e-12, atol=1e-12)
    assert_close(dA, torch_dA)


@every_loss
@every_weight
def test_gradient_is_jax_grad_of_the_value(name, weigh):
    value_and_grad = jax.jit(jax.value_and_grad(lambda out, *rest: CASES[name][0](out, *rest)[0]))

    @at_most(15)
    @given(data=st.data())
    def check(data):
        loss, _, out, y, weight = draw(name, weigh, data)
        # Off the kinks of abs and max, whose gradients at 0 JAX takes as 1 and 1/2.
        out = out * 1.0001234 if loss is losses.triplet else tree_map(lambda a: a + 0.001234, out)
        cost, dA = loss(out, y, weight)
        jax_cost, jax_dA = value_and_grad(out, y, weight)
        np.testing.assert_allclose(cost, jax_cost, rtol=1e-12, atol=1e-12)
        assert_close(dA, leaves(jax_dA))

    check()


@every_loss
@every_weight
@at_most(5)
@given(data=st.data())
def test_float32_stays_float32_in_numpy_and_jax_and_torch_agrees(name, weigh, data):
    loss, terms, out, y, weight = draw(name, weigh, data)
    out = tree_map(lambda a: a.astype("f4"), out)
    cost, dA = loss(out, y, weight)  # y and weight are float64 or integers
    assert type(cost) is float
    assert {d.dtype for d in leaves(dA)} == {np.dtype("f4")}
    assert {traced.dtype for traced in jax.tree.leaves(jax.eval_shape(loss, out, y, weight))} == {np.dtype("f4")}
    floats = [None if a is None else a.astype("f4") if a.dtype.kind == "f" else a for a in (y, weight)]
    torch_cost, torch_dA = torch_value_and_grad(terms, out, *floats)
    np.testing.assert_allclose(cost, torch_cost, rtol=1e-5, atol=1e-5)
    assert_close(dA, torch_dA, 1e-5)


def test_every_loss_has_a_case():
    modules = [import_module(f"funcnn.losses.{module.name}") for module in pkgutil.iter_modules(losses.__path__)]
    functions = [(m, f) for m in modules for name, f in inspect.getmembers(m, inspect.isfunction) if name[0] != "_"]
    functions = [f for m, f in functions if f.__module__ == m.__name__]
    every = {f for f in functions if next(iter(inspect.signature(f).parameters), "") == "out"}
    assert len(every) > 15
    assert every == {function(loss) for loss, *_ in CASES.values()}


# Where others clip, overflow, or rule a class out.


def test_a_logit_of_minus_infinity_rules_its_class_out_as_in_torch():
    out, y = np.array([[-np.inf, 0.5, 1.0], [2.0, -np.inf, -np.inf]]), np.array([1, 0])
    expected_cost, expected_dA = torch_value_and_grad(torch_softmax, out, y, None)
    for labels in (y, np.eye(3)[y]):
        cost, dA = losses.softmax_cross_entropy(out, labels)
        assert cost == pytest.approx(expected_cost, rel=1e-12)
        assert_close(dA, expected_dA)


@pytest.mark.parametrize("s", [-80.0, -800.0, -2000.0])
def test_a_tiny_variance_without_an_error_has_the_gradient_of_jax(s):
    out, y = (np.full((1, 1), 3.0), np.full((1, 1), s)), np.full((1, 1), 3.0)
    cost, dA = losses.gaussian_nll(out, y)
    jax_cost, jax_dA = jax.jit(jax.value_and_grad(lambda out: losses.gaussian_nll(out, y)[0]))(out)
    assert cost == float(jax_cost) == s / 2
    assert_close(dA, jax_dA, 0)
    assert [d.item() for d in dA] == [0, 0.5]


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_clipped_probabilities_have_the_gradient_of_jax_which_is_zero_and_near_ones_have_theirs(y):
    out = np.array([[0.0, 1.0, 1e-17, 1e-15, 1e-9, 0.5, 1 - 1e-15]])
    y = np.full(out.shape, y)
    cost, dA = losses.binary_cross_entropy(out, y)
    jax_cost, jax_dA = jax.value_and_grad(lambda out: losses.binary_cross_entropy(out, y)[0])(out)
    assert cost == pytest.approx(float(jax_cost), rel=1e-12)
    np.testing.assert_allclose(dA, jax_dA, rtol=1e-12)
    assert dA[0, :3].tolist() == [0, 0, 0]
    assert (dA[0, 3:] != 0).all()
