"""The search for the first number that is not finite: one case for each place where it can arise."""

import itertools
import re
from contextlib import suppress
from typing import Any

import numpy as np
import pytest

import funcnn as nn
from funcnn import backward, evolve, forward, gradient, mlp, mse, record, state, train, tree_map, update, value_and_grad
from funcnn.errors import NotFiniteError
from funcnn.files import fingerprint
from funcnn.inspection import Probe
from funcnn.layers import Copy, Here, Parallel, Remat, Scale, Shared, Sum
from funcnn.training import Birth, bisect_nan, keep, while_finite
from funcnn.trees import map_parameters

pytestmark = pytest.mark.filterwarnings("error")
r = np.random.default_rng(0)
x = r.standard_normal((24, 2))
y = np.sin(x[:, :1])
data = nn.batches(x, y, 8, epochs=14, seed=0)
net = mlp([2, 3, 1], hidden=nn.Tanh(), seed=1)


@record
class Mine:
    """A layer that counts its steps, and in step `at` makes a NaN in `where`: "out", "W", "mean" or "x"."""

    W: nn.Array
    at: int = -1
    where: str = ""
    n: int = state(default=0)
    mean: nn.Array = state(default=np.zeros(2))

    def hurt(self, where, array):
        return array * np.nan if (self.n, self.where) == (self.at, where) else array


forward.register(Mine)(lambda params, x: (params.hurt("out", x * params.W), x))


@backward.register(Mine)
def mine_backward(params, x, dA):
    dW, dx = params.hurt("W", (dA * x).sum(0)), params.hurt("x", dA * params.W)
    return nn.Grads(gradient(params, W=dW, n=params.n + 1, mean=params.hurt("mean", params.mean)), dx)


@record
class Twice:
    """A combinator: the layer, and the layer again."""

    inner: Any


forward.register(Twice)(lambda params, x: forward((params.inner, params.inner), x))


@backward.register(Twice)
def twice_backward(params, cache, dA):
    grads = backward((params.inner, params.inner), cache, dA)
    inner = tree_map(lambda a, b: a + b, *[map_parameters(lambda a: a, part) for part in grads.params])
    return nn.Grads(Twice(inner), grads.x)


@record
class Hurting:
    """An optimizer that counts, and in step `at` makes a NaN in "grads" or "memory"."""

    at: int = -1
    where: str = ""
    n: int = state(default=0)
    memory: nn.Array = state(default=np.zeros(1))


@update.register(Hurting)
def hurting_update(optimizer, grads, params):
    hurt = {"grads": 1.0, "memory": 1.0} | ({optimizer.where: np.nan} if optimizer.n == optimizer.at else {})
    after = evolve(optimizer, n=optimizer.n + 1, memory=optimizer.memory * hurt["memory"])
    return nn.Grads(map_parameters(lambda g: g * hurt["grads"], grads.params), grads.x), after


def mine(where):
    return Mine(np.ones(2), 30, where)


def poisoned(name):
    """The data with a NaN in batch 30."""
    made = [(a.copy(), b.copy()) for a, b in data]
    made[30][name == "y"][4, 0] = np.nan
    return made


def loss_with(name, factor):
    """The mean squared error, in step 30 with its cost or its gradient times a factor."""

    def loss(out, y):
        cost, dA = mse(out, y)
        at_30 = np.array_equal(y, target)
        return cost * (factor if at_30 and name == "cost" else 1), dA * (factor if at_30 and name == "dA" else 1)

    target = data[30][1]
    return loss


def projected(params):
    """A constraint that goes wrong where W has left its start for long enough."""
    return map_parameters(lambda p: p * (np.nan if p.size == 6 and abs(p - net[0].W).max() > 0.05 else 1), params)


def run(start, data=data, loss=mse, lr=0.1, constraint=None):
    return train(start, data, value_and_grad(loss), lr, constraint=constraint)


head = nn.Dense.init(2, 1, seed=3)
nested = (nn.Tanh(), (Mine(np.ones(2)), nn.Tanh()), Twice(Mine(np.ones(2))), head)


def hurt(where, place):
    """A network with the layer that goes wrong at that place."""
    bad = mine(where)
    return nn.TrainState({
        "1.0": (nn.Tanh(), (bad, nn.Tanh()), head),
        "2": (nn.Tanh(), (Mine(np.ones(2)), nn.Tanh()), bad, head),
        "0": (bad, head),
        "2.inner": (nn.Tanh(), (Mine(np.ones(2)), nn.Tanh()), Twice(bad), head),
    }[place])  # fmt: skip


BIRTHS = {
    "x": (nn.TrainState(net), {"data": poisoned("x")}, ("data", "", "x")),
    "y": (nn.TrainState(net), {"data": poisoned("y")}, ("data", "", "y")),
    "out of a layer in a chain in a chain": (hurt("out", "1.0"), {}, ("forward", "1.0", "out")),
    "out of the first": (hurt("out", "0"), {}, ("forward", "0", "out")),
    "out inside a combinator": (hurt("out", "2.inner"), {}, ("forward", "2.inner", "out")),
    "the cost": (nn.TrainState(net), {"loss": loss_with("cost", np.nan)}, ("loss", "", "cost")),
    "the gradient of the loss": (nn.TrainState(net), {"loss": loss_with("dA", np.nan)}, ("loss", "", "dA")),
    "dW": (hurt("W", "2"), {}, ("backward", "2", "dW")),
    "dW, where nobody walks further": (hurt("W", "1.0"), {}, ("backward", "1.0", "dW")),
    "dW inside a combinator": (hurt("W", "2.inner"), {}, ("backward", "2.inner", "dW")),
    "dx": (hurt("x", "2"), {}, ("backward", "2", "dx")),
    "the next value of a state": (hurt("mean", "1.0"), {}, ("backward", "1.0", "mean")),
    "an optimizer's gradient": (nn.TrainState(net, Hurting(30, "grads")), {}, ("update", "optimizer", "grads.0.W")),
    "an optimizer's memory": (nn.TrainState(net, Hurting(30, "memory")), {}, ("update", "optimizer", "memory")),
    "the memory of the second of two": (
        nn.TrainState(net, (Hurting(), (Hurting(30, "memory"),))),
        {},
        ("update", "optimizer.1.0", "memory"),
    ),
    "the step": (
        nn.TrainState(net),
        {"loss": loss_with("dA", 1e200), "lr": lambda step: 1e200 if step == 30 else 0.01},
        ("step", "0", "W"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("every", [None, 1, 7])
@pytest.mark.parametrize("name", BIRTHS)
def test_the_birth_is_found(name, every):
    start, options, expected = BIRTHS[name]
    options = {"data": data, "loss": mse, "lr": 0.01, **options}
    with np.errstate(all="ignore"):
        kept = keep(while_finite(run(start, **options)), every=every) if every else ()
    birth = bisect_nan([start, *kept], options["data"], options["loss"], options["lr"])
    assert (birth.step, birth.phase, birth.layer, birth.array) == (30, *expected)
    assert not np.isfinite(birth.value).all()


@record
class Amid:
    """A combinator that makes a NaN itself, in the x or in the dA that it gives the layer."""

    inner: Any
    where: str = ""

    def hurt(self, where, array):
        return array * (np.nan if where == self.where else 1)


forward.register(Amid)(lambda params, x: forward(params.inner, params.hurt("x", x)))


@backward.register(Amid)
def amid_backward(params, cache, dA):
    grads = backward(params.inner, cache, params.hurt("dA", dA))
    return nn.Grads(gradient(params, inner=grads.params), grads.x)


def mine_at_once(where):
    return Mine(np.ones(2), 0, where)


INSIDE = {
    "a residual": (nn.Residual((nn.Tanh(), mine_at_once("out"))), ("forward", "1.layer.1", "out")),
    "the sum of a residual": (nn.Residual(Scale(np.ones(2))), ("forward", "1", "out")),
    "a branch": ((Copy(2), Parallel(((), Amid(mine_at_once("W")))), Sum()), ("backward", "1.1.layers.1.inner", "dW")),
    "a layer in two places": (Shared(mine_at_once("out"), (Here(), nn.Tanh(), Here())), ("forward", "1.layer", "out")),
    "a layer that is computed again": (Remat((nn.Tanh(), mine_at_once("x"))), ("backward", "1.layer.1", "dx")),
    "a frozen layer": (nn.Frozen(mine_at_once("out")), ("forward", "1.layer", "out")),
    "a probe": (Probe(mine_at_once("mean")), ("backward", "1.layer", "mean")),
    "x of the layer in a combinator": (Amid(nn.Tanh(), "x"), ("forward", "1.inner", "x")),
    "dA of the layer in a combinator": (Amid(Mine(np.ones(2)), "dA"), ("backward", "1.inner", "dA")),
}


@pytest.mark.parametrize("name", INSIDE)
def test_the_birth_is_found_inside_combinators(name):
    layer, expected = INSIDE[name]
    large = 1.7e308 if "sum" in name else 1.0
    net = (Scale(np.full(2, large)), layer, head)
    birth = bisect_nan([nn.TrainState(net)], [(np.ones((3, 2)), y[:3])], mse, 0.1)
    assert (birth.step, birth.phase, birth.layer, birth.array) == (0, *expected)
    assert f" of layer {birth.layer};" in str(birth)


@pytest.mark.parametrize(("net", "sentence"), [
    ((nn.Tanh(), nn.Residual((nn.Tanh(), mine_at_once("out"))), head), "out of layer 1.layer.1, Mine(W=<f64 [1. 1.]>"),
    ((Amid(nn.Tanh(), "x"), head), "x of layer 0.inner, Tanh()"),
    ((nn.Tanh(), nn.Residual(mine_at_once("out"))), "out of layer 1.layer, Mine("),
    (nn.Residual(mine_at_once("out")), "out of layer layer, Mine("),
    (mine_at_once("out"), "out of Mine("),
])  # fmt: skip
def test_train_names_the_inner_layer(net, sentence):
    sentence = f"in step 0 the cost is nan; the first array that is not finite is {sentence}"
    target = np.zeros_like(forward(net, x)[0])
    with pytest.raises(NotFiniteError, match=re.escape(sentence)):
        list(train(nn.TrainState(net), [(x, target)], value_and_grad(mse), 0.1))


@record
class Catching(Amid):
    """A combinator that goes on after any error of its layer."""


@forward.register(Catching)
def catching_forward(params, x):
    try:
        return forward(params.inner, x)
    except Exception:  # noqa: BLE001  that is what it is for
        return x, None


def test_a_rule_that_catches_exceptions_does_not_hide_the_birth():
    net = (Catching(mine_at_once("out")), head)
    birth = bisect_nan([nn.TrainState(net)], [(x, y)], mse, 0.1)
    assert (birth.phase, birth.layer, birth.array) == ("forward", "0.inner", "out")


def test_a_chain_that_ends_in_one_layer_has_no_path():
    wild = nn.TrainState(nn.Dense(np.full((2, 1), 1e200), None))
    assert str(bisect_nan([wild], [(abs(x[:1]) * 1e200, y[:1])], mse, 0.1)) == (
        "step 0, forward: the first array that is not finite is out; 1 of 1 entries, [0, 0] is inf"
    )


def test_the_constraint():
    birth = bisect_nan([nn.TrainState(net)], data, mse, 0.01, constraint=projected)
    with np.errstate(all="ignore"), pytest.raises(NotFiniteError, match=f"in step {birth.step + 1} "):
        list(run(nn.TrainState(net), lr=0.01, constraint=projected))
    assert birth.step > 3
    assert (birth.phase, birth.layer, birth.array) == ("constraint", "0", "W")


def test_what_is_dead_at_the_start():
    for where, dead in {
        ("2", "W"): nn.TrainState((*net[:2], nn.Dense(np.full((3, 1), np.inf), np.zeros(1))), step=4),
        ("optimizer.1", "memory"): nn.TrainState(net, (Hurting(), Hurting(memory=np.full(1, np.nan))), step=4),
    }.items():
        birth = bisect_nan([dead, evolve(dead, step=9)], data, mse, 0.1)
        assert (birth.step, birth.phase, birth.layer, birth.array) == (4, "start", *where)


def test_nothing_found():
    states = [nn.TrainState(net), *run(nn.TrainState(net))]
    assert bisect_nan(states, data, mse, 0.1) is None
    assert bisect_nan(states[:1], data, mse, 0.1) is None
    assert bisect_nan([nn.TrainState((nn.Tanh(),))], [(x, x)] * 3, mse, 0.1) is None
    assert bisect_nan([nn.TrainState((nn.Tanh(),))], [(x * np.nan, x)] * 3, mse, 0.1).array == "x"


def test_a_network_with_nothing_to_learn_walks_nowhere():
    birth = bisect_nan([nn.TrainState((nn.Tanh(),))], [(x, x)] * 40, lambda out, y: (np.nan, out), 0.1)
    assert (birth.step, birth.phase, birth.array) == (0, "loss", "cost")
    birth = bisect_nan([nn.TrainState((nn.Tanh(),), Hurting(3, "memory"))], [(x, x)] * 40, mse, 0.1)
    assert (birth.step, birth.phase, birth.array) == (3, "update", "memory")


def test_it_plays_again_only_from_the_last_finite_state(monkeypatch):
    start, asked = nn.TrainState(net, Hurting(30, "memory")), []
    states = [start]
    with suppress(NotFiniteError):  # after the last step
        states.extend(now for now in run(start) if now.step % 10 == 0)
    monkeypatch.setattr(
        "funcnn.training.diagnosis.train",
        lambda now, *rest, **more: asked.append(now.step) or train(now, *rest, **more),
    )
    assert bisect_nan(states, data, mse, 0.1).step == 30
    assert asked == [30]
    assert bisect_nan([states[0], *states[2:]], data, mse, 0.1).step == 30
    del asked[:]
    assert bisect_nan([states[0], *states[2:3], *states[4:]], data, mse, 0.1).step == 30
    assert asked == list(range(20, 31))


def test_it_changes_nothing_and_says_it_twice():
    start = nn.TrainState(net, Hurting(30, "memory"))
    before = fingerprint(start)
    assert bisect_nan([start], data, mse, 0.1) == bisect_nan([start], data, mse, 0.1)
    assert fingerprint(start) == before


@pytest.mark.parametrize(("value", "sentence"), [
    (np.array(np.nan), "step 3, loss: the first array that is not finite is cost; it is nan"),
    (np.array([[0, -np.inf], [np.nan, 1]]),
     "step 3, loss: the first array that is not finite is cost; 2 of 4 entries, [0, 1] is -inf"),
])  # fmt: skip
def test_a_birth_is_a_sentence(value, sentence):
    assert repr(Birth(3, "loss", "", "cost", value)) == str(Birth(3, "loss", "", "cost", value)) == sentence


def test_a_birth_says_of_what():
    assert "is out of layer 1.0; it" in repr(Birth(3, "forward", "1.0", "out", np.array(np.nan)))
    assert "is memory.0.1 of optimizer.1; it" in repr(Birth(3, "update", "optimizer.1", "memory.0.1", np.array(np.nan)))


def test_jax_arrays():
    pytest.importorskip("jax", reason="the same rules on JAX's arrays")
    import jax.numpy as jnp

    import funcnn.interop.jax  # noqa: F401  makes records trees of JAX

    on = lambda tree: tree_map(jnp.asarray, tree)
    start = nn.TrainState(on(net))
    made = [on(batch) for batch in itertools.islice(data, 5)]
    made[3] = (made[3][0], made[3][1].at[2, 0].set(jnp.nan))
    birth = bisect_nan([start], made, mse, 0.1)
    assert (birth.step, birth.phase, birth.array) == (3, "data", "y")
