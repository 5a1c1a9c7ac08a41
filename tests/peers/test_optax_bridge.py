"""Optimizers of optax in the four lines, and optimizers of funcnn in optax: equal steps, files, chains, schedules."""

import pickle
from itertools import islice

import numpy as np
import pytest

import funcnn as nn
from funcnn import optimizers
from funcnn.errors import KindError
from funcnn.testing import check_optimizer
from funcnn.trees import leaves

jax = pytest.importorskip("jax", reason="optax is made of it")
optax = pytest.importorskip("optax", reason="its transformations are what is tested")
jnp = jax.numpy
# After those lines: without the libraries there is nothing to import.
from funcnn.interop.optax import Optax, from_optax, to_optax  # noqa: E402  as just said

SHAPES = (3, 4), (4,)
LR = 1e-3
# An optimizer of funcnn, and a function that makes the same transformation of optax for a learning rate.
SAME = {
    "sgd": ((), optax.sgd),
    "momentum, clipped by norm": (
        (optimizers.ClipNorm(0.5), optimizers.Momentum()),
        lambda lr: optax.chain(optax.clip_by_global_norm(0.5), optax.sgd(lr, 0.9)),
    ),
    "Nesterov, clipped by value": (
        (optimizers.ClipValue(0.5), optimizers.Momentum(beta=0.8, nesterov=True)),
        lambda lr: optax.chain(optax.clip(0.5), optax.sgd(lr, 0.8, nesterov=True)),
    ),
    "adam": (optimizers.Adam(), optax.adam),
    "adamw": (optimizers.AdamW(decay=0.25), lambda lr: optax.adamw(lr, weight_decay=0.25)),
    "nadam": (optimizers.NAdam(psi=1e6), optax.nadam),
    "radam, L2": (
        (optimizers.L2(0.3), optimizers.RAdam()),
        lambda lr: optax.chain(optax.add_decayed_weights(0.3), optax.radam(lr)),
    ),
    "rmsprop": (optimizers.RMSProp(rho=0.99), lambda lr: optax.rmsprop(lr, 0.99, eps_in_sqrt=False)),
    "rmsprop, centred, momentum": (
        optimizers.RMSProp(centred=True, momentum=0.5),
        lambda lr: optax.chain(
            optax.scale_by_stddev(0.9, eps_in_sqrt=False), optax.trace(0.5), optax.scale_by_learning_rate(lr)
        ),
    ),
    "adagrad": (optimizers.Adagrad(eps=0), lambda lr: optax.adagrad(lr, 0.0, 0.0)),
    "adadelta": (optimizers.Adadelta(), lambda lr: optax.adadelta(lr, 0.9, 1e-6)),
    "lion": ((optimizers.Lion(), optimizers.Decay(0.1)), lambda lr: optax.lion(lr, weight_decay=0.1)),
}
OTHERS = [
    *[optimizers.AMSGrad(), optimizers.Muon(), optimizers.NAdam(), optimizers.Average(0.5)],
    optimizers.Rates((("0", 0.1),)),
    (optimizers.AdamW(where="!1"), optimizers.Average(0.9)),
]


def trajectory(dtype):
    """Parameters, and the gradients of 100 steps."""
    rng = np.random.default_rng(0)
    draw = lambda: tuple([rng.uniform(-1, 1, shape).astype(dtype) for shape in SHAPES])
    return draw(), [draw() for _ in range(100)]


def by_us(optimizer, lr, dtype):
    params, gradients = trajectory(dtype)
    for g in gradients:
        grads, optimizer = optimizers.update(optimizer, nn.Grads(g, None), params)
        params = nn.sgd(params, grads, lr)
    return params


def by_optax(transformation, dtype):
    """As its documentation has it, in a scan, so that it is compiled once and its state keeps its structure."""
    params, gradients = trajectory(dtype)
    params, stacked = jax.tree.map(jnp.asarray, (params, tuple(map(np.stack, zip(*gradients, strict=True)))))

    def step(carry, g):
        updates, state = transformation.update(g, carry[1], carry[0])
        return (optax.apply_updates(carry[0], updates), state), None

    return jax.lax.scan(step, (params, transformation.init(params)), stacked)[0][0]


def difference(a, b):
    assert [(p.shape, p.dtype) for p in a] == [(q.shape, q.dtype) for q in b]
    return max([float(abs(np.asarray(p, float) - np.asarray(q, float)).max()) for p, q in zip(a, b, strict=True)])


BOUNDS = {np.float64: 1e-12, np.float32: 1e-6}


@pytest.mark.unwatched
@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("name", SAME)
def test_100_steps_are_equal_in_four_ways(name):
    """By funcnn, by optax, and by each within the other."""
    ours, theirs = SAME[name]
    for dtype, bound in BOUNDS.items():
        expected = by_optax(theirs(LR), dtype)
        assert difference(expected, trajectory(dtype)[0]) > 1e-5
        assert difference(by_us(ours, LR, dtype), expected) < bound
        assert difference(by_us(from_optax(theirs(1.0)), LR, dtype), expected) < bound
        assert difference(by_optax(to_optax(ours, LR), dtype), expected) < bound


def test_the_memory_of_optax_is_made_before_the_first_update():
    for dtype, bound in BOUNDS.items():
        params, gradients = trajectory(dtype)
        made = optimizers.init(from_optax(optax.adamw(LR)), params)
        assert optimizers.init(made, params) is made
        assert {type(part) for part in made.memory} == {np.ndarray}
        ours, theirs = made, from_optax(optax.adamw(LR))
        for g in gradients[:3]:
            grads, ours = optimizers.update(ours, nn.Grads(g, None), params)
            others, theirs = optimizers.update(theirs, nn.Grads(g, None), params)
            assert difference(grads.params, others.params) < bound
        assert [(a.shape, a.dtype) for a in made.memory] == [(a.shape, a.dtype) for a in ours.memory]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("optimizer", OTHERS, ids=str)
def test_every_other_optimizer_is_a_transformation(optimizer):
    assert difference(by_optax(to_optax(optimizer, LR), np.float64), by_us(optimizer, LR, np.float64)) < 1e-12


@pytest.mark.parametrize("dtype", BOUNDS)
def test_numpy_stays_numpy_with_64_bits_off(dtype):
    assert not jax.config.jax_enable_x64
    params = by_us(from_optax(optax.adam(1.0)), LR, dtype)
    assert difference(params, by_us(optimizers.Adam(), LR, dtype)) < BOUNDS[dtype]
    assert {type(p) for p in params} == {np.ndarray}


# In training.

RNG = np.random.default_rng(0)
X = RNG.standard_normal((40, 2))
Y = X[:, :1] * X[:, 1:]
NET = nn.mlp([2, 6, 1], nn.Tanh(), seed=0)
DATA = [(X[i : i + 8], Y[i : i + 8]) for i in range(0, 40, 8)] * 4


@nn.record
class Clipped(Optax):
    """Adam of optax behind a clip, without decay of the biases."""

    norm: float = 1.0
    decay: float = 0.1

    def transformation(self):
        weights = lambda params: {path: path.endswith(".W") for path in params}
        adamw = optax.adamw(1.0, weight_decay=self.decay, mask=weights)
        return optax.chain(optax.clip_by_global_norm(self.norm), adamw)


CLIPPED = Clipped(norm=0.5), (optimizers.ClipNorm(0.5), optimizers.AdamW(decay=0.1, where="*.W"))


def run(net, optimizer, data=DATA, start=None):
    return nn.train(start or nn.TrainState(net, optimizer), data, nn.value_and_grad(nn.mse), 0.01)


def test_training_with_masks_is_training_with_patterns():
    for theirs, ours in zip(*[run(NET, optimizer) for optimizer in CLIPPED], strict=True):
        assert theirs.cost == pytest.approx(ours.cost, rel=1e-12)


def test_a_run_is_saved_and_resumed(tmp_path):
    whole = list(run(NET, CLIPPED[0]))
    for _ in nn.checkpoint_every(run(NET, CLIPPED[0], DATA[:7]), tmp_path / "run", steps=3):
        pass
    back = nn.load(tmp_path / "run")
    assert back == whole[6]
    assert back.optimizer.memory[0] == 7
    *_, last = run(None, None, DATA[7:], back)
    assert last == whole[-1]
    assert pickle.loads(pickle.dumps(last)) == last
    assert hash(last.optimizer) == hash(whole[-1].optimizer)


def test_a_transformation_without_a_class_is_refused_by_save(tmp_path):
    optimizer = from_optax(optax.adam(1.0))
    assert repr(optimizer) == "from_optax(chain, memory=None)"
    assert from_optax(optimizer.given) == optimizer
    with pytest.raises(KindError, match=r"^save: value\.given must be .*, not GradientTransformationExtraArgs$"):
        nn.save(tmp_path / "optimizer", optimizer)


def test_states_of_layers_take_their_next_values():
    net = (nn.Dense.init(2, 6, seed=0), nn.BatchNorm.init(6), nn.Dropout(0.5, seed=1), nn.Dense.init(6, 1, seed=2))
    ours, theirs = [list(run(net, optimizer)) for optimizer in (optimizers.Adam(), from_optax(optax.adam(1.0)))]
    assert theirs[-1].params[2] == ours[-1].params[2] != net[2]
    for a, b in zip(leaves(theirs[-1].params), leaves(ours[-1].params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-7)  # without a gradient, rounding errors set the steps


@pytest.mark.parametrize(
    "transformation",
    [
        optax.sgd(0.1),
        optax.scale(-1.0),
        optax.multi_transform({"W": optax.adam(0.1), "b": optax.sgd(0.1)}, lambda p: {path: path[-1] for path in p}),
    ],
    ids=["sgd", "no memory", "labels"],
)
def test_check_optimizer_finds_no_mistake(transformation):
    check_optimizer(from_optax(transformation), nn.Dense(np.ones((2, 1), np.float32), np.ones(1, np.float32)))


def test_random_keys_and_hyperparameters_are_parts_of_the_memory():
    for make in (lambda: optax.noisy_sgd(0.1, key=jax.random.key(3)), lambda: optax.inject_hyperparams(optax.sgd)(0.1)):
        theirs, params = make(), trajectory(np.float32)[0]
        optimizer, state = from_optax(make()), theirs.init(params)
        for _ in range(3):
            grads, optimizer = optimizers.update(optimizer, nn.Grads(params, None), params)
            updates, state = theirs.update(params, state, params)
            assert difference([-g for g in grads.params], updates) < 1e-6
        assert all([type(part) is np.ndarray for part in optimizer.memory])


def test_a_network_without_parameters_has_no_steps():
    optimizer, grads = from_optax(optax.adam(1.0)), nn.Grads((nn.Tanh(),), None)
    assert optimizers.update(optimizer, grads, (nn.Tanh(),)) == (grads, optimizer)


@pytest.mark.usefixtures("double")
def test_it_runs_inside_jit():
    @jax.jit
    def step(net, optimizer, x, y):
        _, grads = nn.value_and_grad(nn.mse)(net, x, y)
        grads, optimizer = optimizers.update(optimizer, grads, net)
        return nn.sgd(net, grads, 0.01), optimizer

    start = nn.tree_map(jnp.asarray, NET), CLIPPED[0]
    for x, y in DATA:
        start = step(*start, x, y)
    *_, ours = run(NET, CLIPPED[0])
    for a, b in zip(leaves(start[0]), leaves(ours.params), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


# In programs of optax.


@pytest.mark.usefixtures("double")
def test_a_dict_of_arrays_trains_as_the_network_does():
    transformation = optax.chain(optax.clip_by_global_norm(0.5), to_optax(optimizers.Adam(), 0.01))
    params = {"hidden": {"w": NET[0].W, "b": NET[0].b}, "out": [NET[2].W, NET[2].b]}
    params = jax.tree.map(jnp.asarray, params)

    def cost(params, x, y):
        hidden = jnp.tanh(x @ params["hidden"]["w"] + params["hidden"]["b"])
        return ((hidden @ params["out"][0] + params["out"][1] - y) ** 2).mean()

    @jax.jit
    def step(params, state, x, y):
        updates, state = transformation.update(jax.grad(cost)(params, x, y), state, params)
        return optax.apply_updates(params, updates), state

    state = transformation.init(params)
    for x, y in DATA:
        params, state = step(params, state, x, y)
    assert step._cache_size() == 1
    *_, ours = run(NET, (optimizers.ClipNorm(0.5), optimizers.Adam()))
    np.testing.assert_allclose(params["hidden"]["w"], ours.params[0].W, rtol=1e-10)
    assert int(state[1].optimizer.t) == len(DATA)


@pytest.mark.usefixtures("double")
def test_patterns_match_the_paths_of_a_network_and_the_numbers_of_other_leaves():
    zeros = nn.tree_map(jnp.zeros_like, NET)
    decay = to_optax(optimizers.Decay(1.0, "*.W"), 0.5)
    updates, _ = decay.update(zeros, decay.init(NET), NET)
    assert np.array_equal(updates[0].W, -0.5 * NET[0].W)
    assert not updates[0].b.any()
    first = to_optax(optimizers.Decay(1.0, "1"), 0.5)
    by_name = {"a": jnp.ones(2), "b": jnp.ones(3)}
    updates, _ = first.update(jax.tree.map(jnp.zeros_like, by_name), first.init(by_name), by_name)
    assert (updates["a"].tolist(), updates["b"].tolist()) == ([0, 0], [-0.5, -0.5, -0.5])


@pytest.mark.usefixtures("double")
def test_a_schedule_stands_behind_it():
    schedule = optax.linear_schedule(0.1, 0.0, 10)
    transformation = optax.chain(to_optax((), 1.0), optax.scale_by_schedule(schedule))
    params = jnp.ones(2)
    state, seen = transformation.init(params), []
    for _ in range(3):
        updates, state = transformation.update(params, state, params)
        seen.append(float(updates[0]))
    assert seen == pytest.approx([-0.1, -0.09, -0.08])


def test_it_works_on_a_network_in_float32_and_keeps_half_precision():
    for dtype in (jnp.float32, jnp.bfloat16):
        params = {"w": jnp.ones(2, dtype)}
        transformation = to_optax(optimizers.Adam(), 0.5)
        updates, state = transformation.update(params, transformation.init(params), params)
        assert updates["w"].dtype == dtype
        assert updates["w"].tolist() == [-0.5, -0.5]
        assert nn.evolve(state.optimizer, t=0).t == 0
    assert list(nn.parameters(NET)) == ["0.W", "0.b", "2.W", "2.b"]
    assert next(islice(run(NET, ()), 1)).step == 1
