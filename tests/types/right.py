"""Correct user code: mypy --strict and pyright must accept this file, and pytest runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar, assert_type

import attrs
import numpy as np

import funcnn as nn
from funcnn import generation, state
from funcnn.curvature import fisher_diagonal, hvp, per_example
from funcnn.data import (
    Batches,
    balanced_batches,
    bucketed_batches,
    prefetch,
    random_crop,
    random_flip,
    windowed_batches,
)
from funcnn.layers import Parallel, Residual
from funcnn.losses import joint, masked, weighted
from funcnn.optimizers import L2, Average, Decay, Lion, PerArray, Rates
from funcnn.records import branches
from funcnn.sampling import generate, sample, top_k, top_p
from funcnn.testing import Report, check_gradient, check_hessian, check_jvp, check_layer, check_loss, check_vjp
from funcnn.training import WithBest
from funcnn.trees import from_vector, map_parameters, replace, to_vector, with_parameters

L = TypeVar("L")
x, y = np.ones((5, 2)), np.ones((5, 1))

# Records of funcnn, with and without what has a default.
dense = nn.Dense(np.ones((2, 1)), None)
drop = nn.Dropout(0.5, seed=1), nn.Dropout(rate=0.5, seed=(1, 2), step=3)
side_by_side = Parallel((nn.Relu(), Residual((nn.Tanh(),))))
optimizers = nn.ClipNorm(1.0), nn.Adam(b1=0.8), nn.AdamW(decay=0.1, where="!*.b"), nn.Momentum(nesterov=True), Lion()
transformations = Decay(0.1), L2(0.1, "*.W"), Rates((("*.b", 2.0),)), Average(0.5), Average()
assert_type(nn.Adam().b1, float)
assert_type(dense.W, nn.Array)
assert_type(dense.b, nn.Array | None)


# Batches and functions of them.
def augment(x: nn.Array, y: nn.Array, rng: np.random.Generator) -> tuple[nn.Array, nn.Array]:
    return random_crop(random_flip(x, rng), rng, padding=1), y


images = np.ones((6, 4, 4, 1))
augmented = nn.batches(images, images[:, 0, 0], 2, seed=0).map(augment, seed=1)
assert_type(augmented[2:], Batches[nn.Array, nn.Array])
assert_type(augmented.map(lambda x, y: (x, y)), Batches[Any, Any])
assert_type(prefetch(augmented, 2)[0], tuple[nn.Array, nn.Array])
assert_type(bucketed_batches([np.ones(3)], np.ones(1), 1, lengths=(4, 8), seed=0)[0][0], tuple[nn.Array, nn.Array])
assert_type(nn.value_and_grad(nn.mse, inputs=True)(dense, x, y), tuple[float, nn.Grads[nn.Dense]])


def of_arrays(x: nn.Array, pair: tuple[nn.Array, nn.Array]) -> None:
    """What is made of arrays, and of tuples of them"""
    assert_type(nn.forward(dense, pair)[0], Any)
    assert_type(nn.predict((), pair), Any)
    assert_type(generation.step((), x)[0], nn.Array)
    for loss in (weighted(nn.mse), masked(nn.mse), joint(nn.mse, nn.softmax_cross_entropy)):
        assert_type(loss(pair, pair)[0], float)
    assert_type(nn.load("net.npz", nn.Dense), nn.Dense)
    assert_type(nn.load("net.npz"), Any)
    assert_type(nn.batches(x, x, 2, seed=0)[0], tuple[nn.Array, nn.Array])
    assert_type(balanced_batches(pair, x, 2, seed=0)[0], tuple[tuple[nn.Array, nn.Array], nn.Array])
    for a, b in windowed_batches(x, pair, 2, block=2, window=1, seed=0):
        assert_type(a, nn.Array)
        assert_type(b, tuple[nn.Array, nn.Array])


# Samplers, and a network that writes.
attending = nn.Attention.init(4, 2, seed=1, causal=True, dropout=0.1)
writer = nn.Embedding.init(5, 4, seed=0), attending, nn.Dense.init(4, 5, seed=2)
assert_type(sample(top_p(top_k(np.ones((2, 5)), 3), 0.9), 0, temperature=0.5), nn.Array)
written = [*generate(writer, np.ones((1, 2), int), 3, seed=0, choose=sample, stop=1)]
assert_type(written, list[nn.Array])

# The four lines.
params = (nn.Dense.init(2, 1, seed=1), nn.Tanh())
out, cache = nn.forward(params, x)
assert_type(out, nn.Array)
cost, dA = nn.mse(out, y)
assert_type(cost, float)
assert_type(dA, nn.Array)
grads = nn.backward(params, cache, dA)
assert_type(grads, nn.Grads[tuple[nn.Dense, nn.Tanh]])
params = nn.sgd(params, grads, 0.1)
assert_type(nn.predict(params, x, 2), nn.Array)
assert_type(params, tuple[nn.Dense, nn.Tanh])
assert_type(nn.reseed(params, 1), tuple[nn.Dense, nn.Tanh])
assert_type(nn.update((), grads, params), tuple[nn.Grads[tuple[nn.Dense, nn.Tanh]], tuple[()]])
steps, adam = nn.update(nn.Adam(), grads, params)
assert_type(steps, nn.Grads[tuple[nn.Dense, nn.Tanh]])
assert_type(adam, nn.Adam)

# Trees.
assert_type(with_parameters(params, nn.parameters(params)), tuple[nn.Dense, nn.Tanh])
assert_type(from_vector(params, to_vector(params)), tuple[nn.Dense, nn.Tanh])
assert_type(replace(params, "0.b", np.zeros(1)), tuple[nn.Dense, nn.Tanh])
assert_type(nn.evolve(dense, b=np.zeros(1)), nn.Dense)
assert_type(nn.tree_map(np.negative, params), tuple[nn.Dense, nn.Tanh])
assert_type(map_parameters(np.negative, params), tuple[nn.Dense, nn.Tanh])
assert_type(nn.parameters(params), dict[str, nn.Array])
assert_type(hvp(nn.mse)(params, x, y, params).value, tuple[nn.Dense, nn.Tanh])
assert_type(per_example(nn.value_and_grad(nn.mse))(params, x, y)[1], nn.Grads[tuple[nn.Dense, nn.Tanh]])
assert_type(fisher_diagonal(nn.value_and_grad(nn.mse))(params, x, y), tuple[nn.Dense, nn.Tanh])


@nn.record
class Gated(Generic[L]):
    """out = inner(x) * gate"""

    inner: L
    gate: nn.Array
    seen: int = state(default=0)
    noise: nn.Seed = state(kw_only=True)
    rate: float = 0.5


@nn.forward.register(Gated)
def gated_forward(params: Gated[L], x: nn.Array) -> tuple[nn.Array, tuple[nn.Array, Any]]:
    """out = inner(x) * gate"""
    out, cache = nn.forward(params.inner, x)
    return out * params.gate, (out, cache)


@nn.backward.register(Gated)
def gated_backward(params: Gated[L], cache: tuple[nn.Array, Any], dA: nn.Array) -> nn.Grads[Gated[L]]:
    """The product rule"""
    out, inner = cache
    grads = nn.backward(params.inner, inner, dA * params.gate)
    gate = (dA * out).sum(axis=0)
    return nn.Grads(nn.gradient(params, inner=grads.params, gate=gate, seen=params.seen + 1), grads.x)


gated = Gated(dense, np.ones(1), noise=1), Gated(inner=dense, gate=np.ones(1), seen=3, noise=(1, 2), rate=1)
assert_type(gated[0].inner, nn.Dense)
nested = (Gated(params, np.ones(1), noise=1), nn.Relu())
out, cache = nn.forward(nested, x)
assert_type(nn.backward(nested, cache, out), nn.Grads[tuple[Gated[tuple[nn.Dense, nn.Tanh]], nn.Relu]])
assert nn.sgd(nested, nn.backward(nested, cache, out), 0.1)[0].seen == 1


@nn.record
class Cube(nn.Elementwise):
    """out = x^3"""

    def value(self, x: nn.Array) -> nn.Array:
        """x^3"""
        return x**3

    def slope(self, kept: nn.Array) -> nn.Array:
        """3 x^2"""
        return 3 * kept**2


@nn.record
class Several:
    """A record with a field of each kind"""

    layers: tuple[Any, ...] = branches(default=())
    weights: nn.Array = attrs.field(default=np.ones(1))
    name: str = attrs.field(default="several", kw_only=True)


several = Several(), Several((Cube(), nn.Relu())), Several(name="another")


@nn.record(kw_only=True)
class Inertia(PerArray):
    """m' = beta m + g"""

    beta: float = 0.9

    def step(self, g: nn.Array, p: nn.Array, t: int, m: nn.Array | float = 0) -> tuple[nn.Array, nn.Array]:
        """m' twice"""
        m = self.beta * m + g
        return m, m


start = nn.TrainState(nn.mlp([2, 3, 1], seed=0), (Inertia(beta=0.5), Decay(0.1)))


def costs(state: nn.TrainState[tuple[Any, ...]], x: nn.Array, y: nn.Array) -> list[float]:
    """The cost of each step"""
    return [
        float(now.cost)
        for now in nn.train(state, nn.batches(x, y, 2, seed=0), nn.value_and_grad(nn.mse), lambda i: 0.1 / (i + 1))
    ]


begun = nn.TrainState(params)
for now in nn.train(begun, nn.batches(x, y, 2, seed=0), nn.value_and_grad(nn.mse), 0.1):
    assert_type(now, nn.TrainState[tuple[nn.Dense, nn.Tanh]])
    assert_type(now.params, tuple[nn.Dense, nn.Tanh])
    assert_type(now.cost, float | nn.Array)


def best(now: WithBest[tuple[nn.Dense, nn.Tanh]]) -> nn.Dense:
    """The first layer of the best network so far"""
    assert_type(now.best_or_none, nn.TrainState[tuple[nn.Dense, nn.Tanh]] | None)
    assert_type(now.best.params, tuple[nn.Dense, nn.Tanh])
    return now.best.params[0]


def tanh_vjp(args: tuple[nn.Array, ...], dA: nn.Array) -> list[nn.Array]:
    """The gradient of tanh"""
    return [dA * (1 - np.tanh(args[0]) ** 2)]


def tanh_jvp(args: tuple[nn.Array, ...], tangents: tuple[nn.Array, ...]) -> Any:
    """The tangent of tanh"""
    return tangents[0] * (1 - np.tanh(args[0]) ** 2)


def twice(x: nn.Array, p: nn.Array) -> nn.Array:
    """The Hessian of the sum of squares, times p"""
    return 2 * p


assert len(costs(start, x, y)) == 3
assert several[0] == Several()
assert_type(check_layer(nn.Tanh(), x, domain={"x": (None, 10.0)}, tolerance=1e-6, float32=False), Report)
assert_type(check_loss(nn.mse, x, x, structure={"out": lambda out: out}, layouts=False, fast=True), Report)
assert_type(
    check_vjp(np.tanh, tanh_vjp, [x], structure={"x": lambda x: x}, oracle=None, exact=False, fast=True), Report
)
assert_type(check_jvp(np.tanh, tanh_jvp, [x], layouts=False, purity=False, aliasing=False), Report)
assert_type(check_gradient(np.sum, np.ones_like, x, at_kinks="hull", resolution=1e-6), Report)
assert_type(check_hessian(lambda x: 2 * x, twice, x, product=True, nondeterministic=1e-9, fast=True), Report)

if TYPE_CHECKING:  # scikit-learn may be absent when this runs
    from functools import partial

    from funcnn.interop.sklearn import NetworkClassifier, NetworkRegressor

    NetworkClassifier((20, 20), nn.Tanh(), loss=nn.softmax_cross_entropy, optimizer=(L2(0.1, "*.W"), nn.Adam()), lr=0.1)
    NetworkClassifier(network=lambda n_in, n_out, seed: nn.mlp([n_in, n_out], seed=seed), class_weight={"cat": 2.0})
    NetworkClassifier(np.array([3]), lr=nn.cosine(0.1, 9), random_state=np.random.RandomState(0), class_weight=[None])
    NetworkClassifier().fit([[1.0], [2.0]], ["a", "b"], sample_weight=[1, 2]).predict(x)
    lower, upper = NetworkRegressor(loss=partial(nn.mse, weight=None)).fit(x, y).predict_interval(x, trained_on=(x, y))
    assert_type(lower, nn.Array)
