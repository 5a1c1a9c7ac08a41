"""Correct user code: mypy --strict and pyright must accept this file, and pytest runs it."""

from __future__ import annotations

from typing import Any, Generic, TypeVar, assert_type

import attrs
import numpy as np

from funcnn import (
    Adam,
    AdamW,
    Array,
    ClipNorm,
    Dense,
    Dropout,
    Elementwise,
    Grads,
    Momentum,
    Relu,
    Seed,
    Tanh,
    TrainState,
    backward,
    batches,
    evolve,
    forward,
    gradient,
    mlp,
    mse,
    parameters,
    record,
    reseed,
    sgd,
    state,
    train,
    tree_map,
    update,
    value_and_grad,
)
from funcnn.curvature import fisher_diagonal, hvp, per_example
from funcnn.data import Batches, bucketed_batches, random_crop, random_flip
from funcnn.layers import Parallel, Residual
from funcnn.optimizers import L2, Average, Decay, Lion, PerArray, Rates
from funcnn.records import branches
from funcnn.testing import Report, check_gradient, check_hessian, check_jvp, check_layer, check_loss, check_vjp
from funcnn.training import WithBest
from funcnn.trees import from_vector, map_parameters, replace, to_vector, with_parameters

L = TypeVar("L")
x, y = np.ones((5, 2)), np.ones((5, 1))

# Records of funcnn, with and without what has a default.
dense = Dense(np.ones((2, 1)), None)
drop = Dropout(0.5, seed=1), Dropout(rate=0.5, seed=(1, 2), step=3)
side_by_side = Parallel((Relu(), Residual((Tanh(),))))
optimizers = ClipNorm(1.0), Adam(b1=0.8), AdamW(decay=0.1, where="!*.b"), Momentum(nesterov=True), Lion()
transformations = Decay(0.1), L2(0.1, "*.W"), Rates((("*.b", 2.0),)), Average(0.5), Average()
assert_type(Adam().b1, float)
assert_type(dense.W, Array)
assert_type(dense.b, Array | None)


# Batches and functions of them.
def augment(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    return random_crop(random_flip(x, rng), rng, padding=1), y


images = np.ones((6, 4, 4, 1))
augmented = batches(images, images[:, 0, 0], 2, seed=0).map(augment, seed=1)
assert_type(augmented[2:].map(lambda x, y: (x, y)), Batches)
assert_type(bucketed_batches([np.ones(3)], np.ones(1), 1, lengths=(4, 8), seed=0), Batches)
assert_type(value_and_grad(mse, inputs=True)(dense, x, y), tuple[Any, Grads[Dense]])

# The four lines.
params = (Dense.init(2, 1, seed=1), Tanh())
out, cache = forward(params, x)
cost, dA = mse(out, y)
grads = backward(params, cache, dA)
params = sgd(params, grads, 0.1)
assert_type(params, tuple[Dense, Tanh])
assert_type(reseed(params, 1), tuple[Dense, Tanh])
assert_type(update((), grads, params), tuple[Grads[tuple[Dense, Tanh]], tuple[()]])
steps, adam = update(Adam(), grads, params)
assert_type(steps, Grads[tuple[Dense, Tanh]])
assert_type(adam, Adam)

# Trees.
assert_type(with_parameters(params, parameters(params)), tuple[Dense, Tanh])
assert_type(from_vector(params, to_vector(params)), tuple[Dense, Tanh])
assert_type(replace(params, "0.b", np.zeros(1)), tuple[Dense, Tanh])
assert_type(evolve(dense, b=np.zeros(1)), Dense)
assert_type(tree_map(np.negative, params), tuple[Dense, Tanh])
assert_type(map_parameters(np.negative, params), tuple[Dense, Tanh])
assert_type(parameters(params), dict[str, Array])
assert_type(hvp(mse)(params, x, y, params).value, tuple[Dense, Tanh])
assert_type(per_example(value_and_grad(mse))(params, x, y)[1], Grads[tuple[Dense, Tanh]])
assert_type(fisher_diagonal(value_and_grad(mse))(params, x, y), tuple[Dense, Tanh])


@record
class Gated(Generic[L]):
    """out = inner(x) * gate"""

    inner: L
    gate: Array
    seen: int = state(default=0)
    noise: Seed = state(kw_only=True)
    rate: float = 0.5


@forward.register(Gated)
def gated_forward(params: Gated[L], x: Array) -> tuple[Array, tuple[Array, Any]]:
    """out = inner(x) * gate"""
    out, cache = forward(params.inner, x)
    return out * params.gate, (out, cache)


@backward.register(Gated)
def gated_backward(params: Gated[L], cache: tuple[Array, Any], dA: Array) -> Grads[Gated[L]]:
    """The product rule"""
    out, inner = cache
    grads = backward(params.inner, inner, dA * params.gate)
    gate = (dA * out).sum(axis=0)
    return Grads(gradient(params, inner=grads.params, gate=gate, seen=params.seen + 1), grads.x)


gated = Gated(dense, np.ones(1), noise=1), Gated(inner=dense, gate=np.ones(1), seen=3, noise=(1, 2), rate=1)
assert_type(gated[0].inner, Dense)
nested = (Gated(params, np.ones(1), noise=1), Relu())
out, cache = forward(nested, x)
assert_type(backward(nested, cache, out), Grads[tuple[Gated[tuple[Dense, Tanh]], Relu]])
assert sgd(nested, backward(nested, cache, out), 0.1)[0].seen == 1


@record
class Cube(Elementwise):
    """out = x^3"""

    def value(self, x: Array) -> Array:
        """x^3"""
        return x**3

    def slope(self, kept: Array) -> Array:
        """3 x^2"""
        return 3 * kept**2


@record
class Several:
    """A record with a field of each kind"""

    layers: tuple[Any, ...] = branches(default=())
    weights: Array = attrs.field(default=np.ones(1))
    name: str = attrs.field(default="several", kw_only=True)


several = Several(), Several((Cube(), Relu())), Several(name="another")


@record(kw_only=True)
class Inertia(PerArray):
    """m' = beta m + g"""

    beta: float = 0.9

    def step(self, g: Array, p: Array, t: int, m: Array | float = 0) -> tuple[Array, Array]:
        """m' twice"""
        m = self.beta * m + g
        return m, m


start = TrainState(mlp([2, 3, 1], seed=0), (Inertia(beta=0.5), Decay(0.1)))


def costs(state: TrainState[tuple[Any, ...]], x: Array, y: Array) -> list[float]:
    """The cost of each step"""
    return [
        float(now.cost) for now in train(state, batches(x, y, 2, seed=0), value_and_grad(mse), lambda i: 0.1 / (i + 1))
    ]


begun = TrainState(params)
for now in train(begun, batches(x, y, 2, seed=0), value_and_grad(mse), 0.1):
    assert_type(now, TrainState[tuple[Dense, Tanh]])
    assert_type(now.params, tuple[Dense, Tanh])


def best(now: WithBest[tuple[Dense, Tanh]]) -> Dense:
    """The first layer of the best network so far"""
    assert_type(now.best_or_none, TrainState[tuple[Dense, Tanh]] | None)
    assert_type(now.best.params, tuple[Dense, Tanh])
    return now.best.params[0]


def tanh_vjp(args: tuple[Array, ...], dA: Array) -> list[Array]:
    """The gradient of tanh"""
    return [dA * (1 - np.tanh(args[0]) ** 2)]


def tanh_jvp(args: tuple[Array, ...], tangents: tuple[Array, ...]) -> Any:
    """The tangent of tanh"""
    return tangents[0] * (1 - np.tanh(args[0]) ** 2)


def twice(x: Array, p: Array) -> Array:
    """The Hessian of the sum of squares, times p"""
    return 2 * p


assert len(costs(start, x, y)) == 3
assert several[0] == Several()
assert_type(check_layer(Tanh(), x, domain={"x": (None, 10.0)}, tolerance=1e-6, float32=False), Report)
assert_type(check_loss(mse, x, x, structure={"out": lambda out: out}, layouts=False, fast=True), Report)
assert_type(
    check_vjp(np.tanh, tanh_vjp, [x], structure={"x": lambda x: x}, oracle=None, exact=False, fast=True), Report
)
assert_type(check_jvp(np.tanh, tanh_jvp, [x], layouts=False, purity=False, aliasing=False), Report)
assert_type(check_gradient(np.sum, np.ones_like, x, at_kinks="hull", resolution=1e-6), Report)
assert_type(check_hessian(lambda x: 2 * x, twice, x, product=True, nondeterministic=1e-9, fast=True), Report)
