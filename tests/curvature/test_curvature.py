"""Products with the Hessian and the Gauss-Newton matrix within their bounds, and gradients of single rows."""

import inspect
import pickle
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from funcnn import (
    BatchNorm,
    Dense,
    Dropout,
    Elementwise,
    Embedding,
    Frozen,
    LayerNorm,
    Relu,
    Softmax,
    Tanh,
    backward,
    forward,
    inference,
    losses,
    mlp,
    mse,
    record,
    softmax_cross_entropy,
    tree_map,
    value_and_grad,
)
from funcnn.curvature import fisher_diagonal, ggnvp, hvp, per_example
from funcnn.elementary import normal_cdf, sign
from funcnn.errors import RangeError
from funcnn.layers import ExactGelu, Function, GaussianNoise, Map, Residual
from funcnn.losses import joint, masked, of_complex, weighted
from funcnn.losses.protocol import takes_complex_out
from funcnn.testing.strategies import registered
from funcnn.traits import takes_complex
from funcnn.trees import astype, from_vector, map_parameters, parameters, to_vector
from tests.curved import LOSSES, Undeclared, in_80_bits, network, plain, quadratic, shifted

rng = np.random.default_rng(3)
X, Y, LABELS = rng.normal(size=(6, 2)), rng.normal(size=(6, 3)), rng.integers(0, 3, 6)
NET = mlp([2, 4, 3], hidden=Tanh(), seed=0)


def random_like(net, seed=0):
    random = np.random.default_rng(seed)
    return map_parameters(lambda a: random.normal(size=a.shape).astype(a.dtype), net)


def central(net, v, h):
    """The central difference of the gradient of mse along v."""

    def gradient(t):
        return to_vector(value_and_grad(mse)(map_parameters(lambda p, d: p + t * d, net, v), X, Y)[1].params)

    return (gradient(h) - gradient(-h)) / (2 * h)


def assert_agree(one, other):
    """Two products are equal within the sum of their bounds."""
    a, b, bound, other_bound = map(to_vector, (one.value, other.value, one.bound, other.bound))
    assert (abs(a - b) <= bound + other_bound).all()


def undeclared(net, v):
    """The same function, which does not say that it takes complex numbers."""
    return (*net, Undeclared()), (*v, Undeclared())


@pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)
def test_products_by_complex_step_and_by_differences_agree_and_the_matrix_is_symmetric(layer):
    net, x, y, v = network(layer, -1)
    product = hvp(quadratic)(net, x, y, v)
    by = "differences" if layer is Function else "complex step"
    assert (product.method, product.reason == "") == (by, layer is not Function)
    size = max(1, abs(to_vector(product.value)).max())
    assert to_vector(product.bound).max() <= (1e-8 if layer is Function else 1e-11) * size
    net_too, v_too = undeclared(net, v)
    differences = hvp(quadratic)(net_too, x, y, v_too)
    obstacle = "Function" if layer is Function else "Undeclared"
    assert (differences.method, differences.reason) == ("differences", f"{obstacle} is not declared by takes_complex")
    assert_agree(product, differences)
    assert to_vector(differences.bound).max() <= 1e-8 * size
    u = random_like(net, 1)
    other = hvp(quadratic)(net, x, y, u)
    left, right = to_vector(u) @ to_vector(product.value), to_vector(v) @ to_vector(other.value)
    room = abs(to_vector(u)) @ to_vector(product.bound) + abs(to_vector(v)) @ to_vector(other.bound)
    assert abs(left - right) <= room


LARGEST = np.finfo(np.longdouble).max
LONG = np.finfo(np.longdouble).eps < np.finfo(float).eps / 100 and np.isfinite(np.log(LARGEST))


@pytest.mark.skipif(not LONG, reason="a long double has the digits, or functions the range, of a double")
@pytest.mark.parametrize(
    "layer", [layer for layer in registered() if layer is not Function], ids=lambda cls: cls.__name__
)
def test_the_product_is_that_of_longer_floats_within_its_bound(layer):
    net, x, y, v = network(layer, 0)
    product = hvp(quadratic)(net, x, y, v)
    error = abs(to_vector(product.value) - in_80_bits(quadratic, net, x, y, v))
    assert (error <= to_vector(product.bound)).all()
    if layer is not ExactGelu:  # whose erfc has the digits of a double
        assert error.max() <= 1e-12 * abs(to_vector(product.value)).max()


def saturated():
    """A softmax that is 1 for one of its entries to the last digit, so that its cancelling sums err alike each time."""
    scores = 60 * np.eye(4)[None] + 1
    net = (Dense(np.eye(4), np.ones(4)), Softmax(), Dense(rng.normal(size=(4, 3)), None))
    return net, scores, (rng.normal(size=(1, 4, 3)),), random_like(net)


@pytest.mark.skipif(not LONG, reason="a long double has the digits, or functions the range, of a double")
def test_a_saturated_softmax_has_a_product_within_its_bound():
    net, x, y, v = saturated()
    product = hvp(quadratic)(net, x, y, v)
    error = abs(to_vector(product.value) - in_80_bits(quadratic, net, x, y, v))
    assert (error <= to_vector(product.bound)).all()


def test_every_loss_has_a_case():
    others = {"of_logits", "of_complex", "weighted", "masked", "joint", "normalised"}
    assert {name.partition(",")[0] for name in LOSSES} | others == set(losses.__all__)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("products", [hvp, ggnvp])
def test_of_every_loss_products_by_both_methods_agree(name, products):
    loss, out, y = LOSSES[name]
    net, v = shifted(out)
    by_step = products(loss)(net, out, y, v)
    assert (by_step.method, by_step.reason) == ("complex step", "")
    differences = products(plain(loss))(net, out, y, v)
    assert (differences.method, differences.reason) == ("differences", "the loss is not declared by of_complex")
    assert_agree(by_step, differences)
    weight = rng.uniform(size=len(y))
    assert_agree(
        products(weighted(loss))(net, out, (y, weight), v),
        products(lambda out, y: loss(out, y, weight))(net, out, y, v),
    )


def dense(products, net, x, y):
    """The matrix of which a function gives the products with vectors."""
    n = to_vector(net).size
    return np.array([to_vector(products(net, x, y, from_vector(net, unit)).value) for unit in np.eye(n)])


@pytest.mark.parametrize(("loss", "y"), [(mse, Y), (softmax_cross_entropy, LABELS)])
def test_the_matrix_is_that_of_second_differences_of_the_cost(loss, y):
    H, at, n, h = dense(hvp(loss, bound=False), NET, X, y), to_vector(NET), to_vector(NET).size, 1e-3
    cost = lambda w: loss(forward(from_vector(NET, w), X)[0], y)[0]
    e = h * np.eye(n)
    expected = np.array(
        [[(cost(at + a + b) - cost(at + a - b) - cost(at - a + b) + cost(at - a - b)) for a in e] for b in e]
    )
    np.testing.assert_allclose(H, expected / (4 * h * h), rtol=0, atol=1e-5)
    np.testing.assert_allclose(H, H.T, rtol=0, atol=1e-15)


@pytest.mark.parametrize(("loss", "y"), [(mse, Y), (softmax_cross_entropy, LABELS)])
def test_the_gauss_newton_matrix_is_that_of_its_definition(loss, y):
    out, n = forward(NET, X)[0], to_vector(NET).size
    rows = [backward(NET, forward(NET, X)[1], unit.reshape(out.shape)).params for unit in np.eye(out.size)]
    J = np.array([to_vector(row) for row in rows])
    net, _ = shifted(out)
    L = dense(hvp(loss), tree_map(lambda a: 0 * a, net), out, y)  # by the outputs
    G = dense(ggnvp(loss), NET, X, y)
    np.testing.assert_allclose(G, J.T @ L @ J, rtol=0, atol=1e-15)
    assert np.linalg.eigvalsh((G + G.T) / 2).min() > -1e-15
    assert abs(dense(hvp(loss), NET, X, y) - G).max() > 0.01  # the network is not linear
    assert G.shape == (n, n)


def test_the_hessian_of_a_linear_network_is_its_gauss_newton_matrix():
    net, v = NET[:1], random_like(NET[:1])
    y = rng.normal(size=(6, 4))
    assert_agree(hvp(mse)(net, X, y, v), ggnvp(mse)(net, X, y, v))


# Results.


def test_states_and_settings_stay_and_the_result_is_like_the_network():
    net = (Frozen(Dense.init(2, 4, seed=0)), BatchNorm.init(4), Dropout(0.5, seed=1, step=7), Dense.init(4, 3, seed=1))
    before = to_vector(net)
    product = hvp(mse)(net, X, Y, random_like(net))
    for part in (product.value, product.bound):
        assert part[0] == net[0]
        assert (part[1].mean == net[1].mean).all()
        assert part[2] == net[2]
        assert {path: a.dtype for path, a in parameters(part).items()} == {
            path: a.dtype for path, a in parameters(net).items()
        }
    assert (to_vector(net) == before).all()


def test_the_states_of_v_do_not_matter_so_a_gradient_is_a_vector():
    net = (Dense.init(2, 4, seed=0), BatchNorm.init(4), Dense.init(4, 3, seed=1))
    gradient = value_and_grad(mse)(net, X, Y)[1].params
    product = hvp(mse)(net, X, Y, gradient)
    np.testing.assert_allclose(to_vector(product.value), central(net, gradient, 1e-5), atol=1e-8)


def test_equal_calls_have_equal_bits_and_without_a_bound_the_product_is_the_same():
    v = random_like(NET)
    one, two, bare = hvp(mse)(NET, X, Y, v), hvp(mse)(NET, X, Y, v), hvp(mse, bound=False)(NET, X, Y, v)
    assert one == two
    assert (bare.value, bare.bound, bare.method) == (one.value, None, "complex step")
    by_differences = hvp(mse, bound=False)(*undeclared_arguments(v))
    assert (by_differences.bound, by_differences.method) == (None, "differences")
    assert pickle.loads(pickle.dumps(hvp(mse)))(NET, X, Y, v) == one


def undeclared_arguments(v):
    net, v = undeclared(NET, v)
    return net, X, Y, v


@pytest.mark.parametrize("size", [1e-300, 1e-20, 1e20, 1e300])
def test_the_product_is_linear_in_v_at_every_size(size):
    v = random_like(NET)
    huge = map_parameters(lambda a: a * size, v)
    one, other = hvp(mse)(NET, X, Y, v), hvp(mse)(NET, X, Y, huge)
    np.testing.assert_allclose(to_vector(other.value) / size, to_vector(one.value), rtol=1e-10)
    net, v = undeclared(NET, huge)
    np.testing.assert_allclose(to_vector(hvp(mse)(net, X, Y, v).value) / size, to_vector(one.value), atol=1e-9)


def test_the_product_with_zeros_is_zero():
    zeros = map_parameters(np.zeros_like, NET)
    assert not to_vector(hvp(mse)(NET, X, Y, zeros).value).any()
    net, v = undeclared(NET, zeros)
    assert not to_vector(hvp(mse)(net, X, Y, v).value).any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_small_floats_are_computed_in_double_precision_and_rounded_within_the_bound(dtype):
    net, x, y = astype((NET, X, Y), dtype)
    v = astype(random_like(net), dtype)
    product = hvp(mse)(net, x, y, v)
    assert {a.dtype for a in parameters((product.value, product.bound)).values()} == {np.dtype(dtype)}
    exact = hvp(mse)(*[astype(part, np.float64) for part in (net, x, y, v)])
    error = abs(to_vector(astype(product.value, np.float64)) - to_vector(exact.value))
    assert (error <= to_vector(product.bound)).all()
    assert to_vector(product.bound).max() < 4 * np.finfo(dtype).eps * abs(to_vector(exact.value)).max()


def test_a_flat_direction_at_a_minimum_has_a_product_within_the_bound():
    """The product is nearly 0 beside its terms, and the gradient is 0, so neither shows how large the rounding is."""
    x = rng.normal(size=(6, 1)) * [1, 0.1]
    net, v = Dense(np.array([[0.3], [0.2]]), None), Dense(np.array([[0.1], [-1.0]]), None)
    product = hvp(mse)(net, x, forward(net, x)[0], v)
    rows, w = [list(map(Fraction, row)) for row in x], list(map(Fraction, v.W[:, 0]))
    exact = [sum([row[i] * (row[0] * w[0] + row[1] * w[1]) for row in rows]) / 3 for i in range(2)]
    error = abs(to_vector(product.value) - np.array(exact, float))
    assert 0 < error.max() <= to_vector(product.bound).max() < 1e-14
    assert (error <= to_vector(product.bound)).all()


# Layers and losses of one's own.


@record
class Bent(Elementwise):
    """x |x|, of which NumPy's complex numbers lose the step"""

    def value(self, x):
        return x * abs(x)

    def slope(self, kept):
        return 2 * abs(kept)


@record
class Cubic(Elementwise):
    def value(self, x):
        return x * x * x

    def slope(self, kept):
        return 3 * kept * kept


takes_complex.register(Cubic)(lambda _: True)


def test_a_layer_of_ones_own_is_differentiated_by_differences_unless_it_is_declared():
    bent, cubic = (NET[0], Bent(), NET[2]), (NET[0], Cubic(), NET[2])
    product = hvp(mse)(bent, X, Y, random_like(bent))
    assert (product.method, product.reason) == ("differences", "Bent is not declared by takes_complex")
    np.testing.assert_allclose(to_vector(product.value), central(bent, random_like(bent), 1e-6), atol=1e-7)
    assert hvp(mse)(cubic, X, Y, random_like(cubic)).method == "complex step"


@pytest.mark.parametrize(
    ("net", "answer"),
    [
        ((), True),
        (Relu(), True),
        ((Relu(), Residual((Dense.init(2, 2, seed=0), Bent()))), False),
        (Frozen((Dense.init(2, 2, seed=0), Cubic())), True),
        (Map(Bent()), False),
        (Function(np.negative, np.multiply), False),
    ],
)
def test_a_network_takes_complex_numbers_if_every_layer_inside_does(net, answer):
    assert takes_complex(net) is answer


def test_a_subclass_of_a_layer_of_funcnn_is_a_layer_of_ones_own():
    @record
    class Mine(Relu):
        def slope(self, kept):
            return abs(super().slope(kept))

    assert not takes_complex(Mine())


@of_complex
def quartic(out, y):
    e = out - y
    return (e**4).mean(), 4 * e**3 / e.size


@record
class Quartic:
    @of_complex
    def __call__(self, out, y):
        return quartic(out, y)


@pytest.mark.parametrize(
    ("loss", "answer"),
    [
        (mse, True),
        (partial(losses.huber, delta=2.0), True),
        (quartic, True),
        (Quartic(), True),
        (partial(quartic), True),
        (weighted(mse), True),
        (masked(mse), True),
        (joint(mse, quartic), True),
        (plain(mse), False),
        (joint(mse, plain(mse)), False),
        (of_complex(partial(plain(mse))), True),
    ],
)
def test_the_declaration_of_a_loss_is_found_inside_others(loss, answer):
    assert takes_complex_out(loss) is answer


def test_a_loss_of_ones_own_is_right_by_both_methods():
    v = random_like(NET)
    one, other = hvp(quartic)(NET, X, Y, v), hvp(plain(quartic))(NET, X, Y, v)
    assert (one.method, other.method) == ("complex step", "differences")
    assert_agree(one, other)


def test_differences_stay_inside_the_domain_and_near_a_kink():
    """Steps that leave the domain are left out; near a kink only steps shorter than its distance count."""
    out = np.array([[0.01], [0.98], [0.5]])
    net, v = shifted(out)
    net, v = tree_map(lambda a: 0 * a, net), map_parameters(np.ones_like, v)
    loss, y = losses.binary_cross_entropy, np.array([[0], [1], [1]])
    assert_agree(hvp(loss)(net, out, y, v), hvp(plain(loss))(net, out, y, v))
    out = np.array([[1e-4], [-2e-4], [1.0]])
    rectified = (*net, Relu())
    v = (*v, Relu())
    product, other = (
        hvp(quadratic)(rectified, out, (Y[:3, :1],), v),
        hvp(quadratic)(
            *[
                (*part, Undeclared())
                if type(part) is tuple and part and part[0].__class__.__name__ == "Shifted"
                else part
                for part in (rectified, out, (Y[:3, :1],), v)
            ]
        ),
    )
    assert_agree(product, other)
    assert to_vector(product.value).tolist() == [1.0, 0.0, 1.0]


@record
class Kinked(Elementwise):
    """x^2 above 0, else 0: its slope has a kink."""

    def value(self, x):
        return np.where(x.real > 0, x * x, 0 * x)

    def slope(self, kept):
        return np.where(kept.real > 0, 2 * kept, 0 * kept)


takes_complex.register(Kinked)(lambda _: True)


@pytest.mark.parametrize("largest", [1e-1, 1e-7], ids=["further than a step", "nearer than all steps"])
def test_next_to_a_kink_the_error_of_differences_is_within_the_bound(largest):
    """One number that enters the layer is next to the kink, by 1e-8 of `largest` or more, on either side."""
    for seed in range(40):
        rng = np.random.default_rng(seed)
        m, n, units = rng.integers(1, 12), rng.integers(1, 4), rng.integers(1, 6)
        x, y, W, b = [rng.normal(size=shape) for shape in ((m, n), (m, 1), (n, units), (units,))]
        unit = rng.integers(units)
        b[unit] = largest * 10 ** rng.uniform(-8, 0) * rng.choice([-1, 1]) - x[rng.integers(m)] @ W[:, unit]
        net = (Dense(W, b), Kinked(), Dense.init(units, 1, seed=seed))
        v = random_like(net, seed)
        other, w = undeclared(net, v)
        exact, estimate = hvp(mse)(net, x, y, v), hvp(mse)(other, x, y, w)
        assert (exact.method, estimate.method) == ("complex step", "differences")
        assert (abs(parts(exact.value) - parts(estimate.value)) <= parts(exact.bound) + parts(estimate.bound)).all()


def parts(net):
    return to_vector(net[:3])


def test_at_a_jump_the_bound_of_differences_is_large():
    net, v = shifted(np.zeros((1, 1)))
    net, v = tree_map(lambda a: 0 * a, net), map_parameters(np.ones_like, v)
    jump = lambda out, y: (abs(out).sum(), np.sign(out))
    assert not to_vector(hvp(jump)(net, np.zeros((1, 1)), Y, v).bound)[0] < 1


@pytest.mark.parametrize("x", [np.array([-2.5, 0.0, 0.3, 2.0, 45.0])])
def test_exact_gelu_and_sign_follow_a_complex_step(x):
    moved = x + 1e-30j
    density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(normal_cdf(moved).imag / 1e-30, density, rtol=1e-15)
    assert (normal_cdf(moved).real == normal_cdf(x)).all()
    assert sign(moved).tolist() == np.sign(x).astype(complex).tolist()


def test_the_probability_of_a_large_imaginary_part_is_refused():
    with pytest.raises(RangeError, match=r"^normal_cdf: imaginary parts of x must be at most 1e-09, not 0\.5$"):
        normal_cdf(np.array([1 + 0.5j]))


# Single examples.


@pytest.mark.parametrize(
    ("net", "x", "loss", "y"),
    [
        (NET, X, mse, Y),
        (NET, X, softmax_cross_entropy, LABELS),
        ((Dense.init(2, 4, seed=0), LayerNorm.init(4), Dense.init(4, 3, seed=1)), X, softmax_cross_entropy, LABELS),
        ((Embedding.init(5, 3, seed=0),), np.array([[0, 1], [4, 4], [2, 0], [1, 1]]), mse, rng.normal(size=(4, 2, 3))),
    ],
    ids=["mse", "cross-entropy", "layer norm", "embedding"],
)
def test_the_gradient_of_a_row_is_that_of_a_weight_on_it_alone(net, x, loss, y):
    costs, grads = per_example(value_and_grad(loss))(net, x, y)
    m = len(x)
    assert (costs.shape, grads.x) == ((m,), None)
    assert {path: a.shape for path, a in parameters(grads.params).items()} == {
        path: (m, *a.shape) for path, a in parameters(net).items()
    }
    squares = 0
    for i in range(m):
        cost, own = value_and_grad(weighted(loss))(net, x, (y, np.eye(m)[i]))
        assert costs[i] == pytest.approx(m * cost, rel=1e-12)
        row = np.concatenate([a[i].ravel() for a in parameters(grads.params).values()])
        np.testing.assert_allclose(row, m * to_vector(own.params), rtol=1e-10, atol=1e-14)
        squares = squares + row**2 / m
    fisher = fisher_diagonal(value_and_grad(loss))(net, x, y)
    np.testing.assert_allclose(to_vector(fisher), squares, rtol=1e-12)
    assert type(fisher) is type(net)


def test_gradients_of_x_come_with_the_others_if_they_are_given():
    def with_dx(params, x, y):
        out, cache = forward(params, x)
        cost, dA = mse(out, y)
        return cost, backward(params, cache, dA)

    _, grads = per_example(with_dx)(NET, X, Y)
    np.testing.assert_allclose(grads.x, len(X) * with_dx(NET, X, Y)[1].x, rtol=1e-12)


def test_weights_travel_with_the_rows():
    weight = rng.uniform(size=6)
    costs, _ = per_example(value_and_grad(weighted(mse)))(NET, X, (Y, weight))
    plain, _ = per_example(value_and_grad(mse))(NET, X, Y)
    np.testing.assert_allclose(costs, weight * plain, rtol=1e-13)


def test_what_is_coupled_in_training_has_gradients_of_rows_in_prediction():
    net = (Dense.init(2, 4, seed=0), BatchNorm.init(4), Dropout(0.5, seed=1), Dense.init(4, 3, seed=1))
    costs, _ = per_example(value_and_grad(mse))(inference(net), X, Y)
    assert costs.mean() == pytest.approx(value_and_grad(mse)(inference(net), X, Y)[0])


def test_the_fisher_information_is_estimated_with_labels_that_the_network_draws():
    """For a softmax of logits it is the diagonal of the Gauss-Newton matrix."""
    net, m = NET[:1], 3000
    x = np.repeat(X[:1], m, axis=0)
    p = np.exp(forward(net, x)[0])
    p /= p.sum(axis=1, keepdims=True)
    drawn = (rng.uniform(size=(m, 1)) > p.cumsum(axis=1)).sum(axis=1)
    fisher = to_vector(fisher_diagonal(value_and_grad(softmax_cross_entropy))(net, x, drawn))
    G = dense(ggnvp(softmax_cross_entropy, bound=False), net, X[:1], LABELS[:1])
    np.testing.assert_allclose(fisher, np.diag(G), atol=0.1 * np.diag(G).max())


def test_noise_of_fixed_seeds_is_the_same_in_all_evaluations():
    net = (Dense.init(2, 4, seed=0), Dropout(0.5, seed=1), GaussianNoise(0.1, seed=2), Tanh(), Dense.init(4, 3, seed=1))
    v = random_like(net)
    assert_agree(hvp(mse)(net, X, Y, v), hvp(mse)(*[undeclared(net, v)[0], X, Y, undeclared(net, v)[1]]))


def test_signatures_say_what_is_left_to_give():
    assert list(inspect.signature(hvp(mse)).parameters) == ["params", "x", "y", "v"]
    assert list(inspect.signature(per_example(value_and_grad(mse))).parameters) == ["params", "x", "y"]
