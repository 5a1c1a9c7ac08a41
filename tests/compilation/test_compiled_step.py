"""`compiled_step`: single steps in one call, whose results are states like all others."""

import pickle
import re
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn import files
from funcnn.compilation import compiled, compiled_step, explain, predictor
from funcnn.compilation.fold import Fold
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.optimizers import PerArray
from funcnn.trees import astype, leaves
from tests.compilation.test_compiled_folds import OPTIMIZERS, Changed, Fresh, Told, batch, name_of, net, x, y
from tests.said import refusal, says

deep = (
    *(nn.Dense.init(2, 6, seed=1), nn.BatchNorm.init(6), nn.Dropout(0.3, seed=2)),
    *(nn.Frozen(nn.Dense.init(6, 6, seed=3)), nn.Tanh(), nn.Dense.init(6, 1, seed=4)),
)


@nn.record
class Noted(nn.TrainState):
    """A state of a user's own."""

    note: str = "mine"


def lines(function, now, rows, targets, lr):
    """The step as the four lines of funcnn."""
    cost, grads = function(now.params, rows, targets)
    grads, optimizer = nn.update(now.optimizer, grads, now.params)
    return nn.evolve(now, params=nn.sgd(now.params, grads, lr), optimizer=optimizer, step=now.step + 1, cost=cost)


@nn.record
class Scaled(PerArray):
    """A user's own rule, which divides by a norm."""

    def step(self, g, p, t, m=0):
        m = 0.9 * m + g
        return m / np.sqrt((m * m).sum()), m


@pytest.fixture
def taken(monkeypatch):
    """For each call of a fold, whether the contents of the state were at hand."""
    calls, call = [], Fold.__call__

    def spied(self, now, flat, batches, lrs):
        calls.append(flat is not None)
        return call(self, now, flat, batches, lrs)

    monkeypatch.setattr(Fold, "__call__", spied)
    return calls


UNFOLDED = [nn.ClipNorm(1.0), (nn.Adam(), nn.ClipNorm(1.0)), Told(), Fresh(), (nn.Adam(), Changed())]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", [*OPTIMIZERS, *UNFOLDED], ids=name_of)
def test_a_step_has_the_bits_of_the_four_lines_and_of_train(optimizer, dtype):
    rows, targets = x.astype(dtype), y.astype(dtype)
    step, function, layers = compiled_step(nn.mse), compiled(nn.mse), astype(deep, dtype)
    start = Noted(layers, optimizer)
    states, single = [start], start
    for i in range(6):
        states.append(step(states[-1], rows, targets, 0.1 / (1 + i)))
        single = lines(function, single, rows, targets, 0.1 / (1 + i))
        assert states[-1] == single
        assert type(states[-1].cost) is type(single.cost)
    assert hash(states[-1]) == hash(single)
    assert repr(states[-1]) == repr(single)
    assert all([not a.flags.writeable for a in leaves(states[-1]) if isinstance(a, np.ndarray)])
    assert step(states[2], rows, targets, 0.1 / 3) == states[3]  # the states before are as they were
    for every in (1, 3):
        *_, last = nn.train(start, [(rows, targets)] * 6, function, lambda i: 0.1 / (1 + i), every=every)
        assert last == single


def test_only_the_states_of_the_function_itself_are_known_to_it(taken, tmp_path):
    step, other = compiled_step(nn.mse), compiled_step(nn.mse)
    first = step(nn.TrainState(net, nn.Momentum()), x, y, 0.1)
    second = step(first, x, y, 0.1)
    third = step(second, x, y, 0.1)
    assert taken.pop() is True
    files.save(tmp_path / "state.npz", second)
    W = second.params[0].W + 1
    edited = nn.evolve(second, params=(nn.evolve(second.params[0], W=W), *second.params[1:]))
    again = [pickle.loads(pickle.dumps(second)), files.load(tmp_path / "state.npz"), nn.evolve(second, cost=0.5)]
    for one in again:
        taken.clear()
        assert step(one, x, y, 0.1) == third
        assert taken == [False]
    assert other(second, x, y, 0.1) == third
    moved = step(edited, x, y, 0.1)
    assert moved == lines(compiled(nn.mse), edited, x, y, 0.1)
    assert moved != third
    mixed = nn.evolve(third, optimizer=second.optimizer)  # parts of two states
    assert step(mixed, x, y, 0.1) == lines(compiled(nn.mse), mixed, x, y, 0.1)
    taken.clear()
    assert step(second, x, y, 0.1) == third  # an older state is still known
    assert step(second, x[:9], y[:9], 0.1) == lines(compiled(nn.mse), second, x[:9], y[:9], 0.1)
    assert taken[0] is True


def test_a_state_that_is_gone_is_forgotten():
    step = compiled_step(nn.mse)
    now = nn.TrainState(net)
    for _ in range(5):
        now = step(now, x, y, 0.1)
    flats = step._function._folds._flats
    assert [flat() for flat in flats.values()] == [now]
    W = now.params[0].W
    assert W.base is now.params[2].W.base
    assert W.base.nbytes < 2000
    with pytest.raises(ValueError, match="read-only"):
        W[:] = 0
    del now
    assert flats == {}


def test_a_rule_that_changes_is_followed_by_the_next_step():
    factor = [1.0]

    def loss(out, y):
        cost, dA = nn.mse(out, y)
        return factor[0] * cost, factor[0] * dA

    step = compiled_step(loss)
    now = step(step(nn.TrainState(net), x, y, 0.1), x, y, 0.1)
    factor[0] = 3.0
    assert step(now, x, y, 0.1) == lines(compiled(loss), now, x, y, 0.1)


def test_networks_and_batches_of_any_structure_may_take_turns():
    step, function = compiled_step(nn.mse), compiled(nn.mse)
    wide = nn.mlp([2, 300, 300, 1], seed=0)  # NumPy is faster
    nets = [net, nn.mlp([2, 3, 1], seed=0), astype(net, np.float32), wide, (net, nn.Dropout(0.1, seed=0))]
    states = [nn.TrainState(one) for one in nets]
    for i in range(6):
        dtypes = [np.float32 if one is nets[2] else np.float64 for one in nets]
        rows = [(x[: 30 + i % 2].astype(d), y[: 30 + i % 2].astype(d)) for d in dtypes]
        after = [step(now, *one, 0.1) for now, one in zip(states, rows, strict=True)]
        assert after == [lines(function, now, *one, 0.1) for now, one in zip(states, rows, strict=True)]
        states = after


def test_errors_are_those_of_the_plain_path():
    step, now = compiled_step(nn.mse), nn.TrainState(net)
    now = step(now, x, y, 0.1)
    needed = r"^compiled_step: in step 1 the cost is nan; the first array that is not finite is x$"
    with pytest.raises(NotFiniteError, match=needed):
        step(now, np.where(x > 2, np.nan, x), y, 0.1)
    says(RangeError, r"^mse: out must have at least one entry", step, now, x[:0], y[:0], 0.1)
    says(KindError, "x must be float64, as W is, not float32", step, now, x.astype(np.float32), y, 0.1)
    classes = compiled_step(nn.softmax_cross_entropy)
    three, labels = nn.TrainState(nn.mlp([2, 3], seed=0)), np.arange(70) % 3
    three = classes(classes(three, x, labels, 0.1), x, labels, 0.1)
    plain = refusal(nn.value_and_grad(nn.softmax_cross_entropy), three.params, x, labels + 1)
    assert refusal(classes, three, x, labels + 1, 0.1)[:2] == plain[:2]


def test_a_learning_rate_is_a_number():
    step, now = compiled_step(nn.mse), nn.TrainState(net)
    assert step(now, x, y, np.float64(0.5)) == step(now, x, y, 0.5)
    still = step(now, x, y, 0)
    assert still.params == net
    assert still.step == 1
    for lr, needed in (
        (nn.cosine(0.1, steps=9), "a number, not .*; write lr\\(state.step\\)"),
        (np.ones(2), "a number, not float64 array"),
        (None, "a number, not None"),
        (-1.0, "finite and not negative, not -1.0"),
    ):
        with pytest.raises((KindError, RangeError), match=f"^compiled_step: lr must be {needed}"):
            step(now, x, y, lr)
    says(KindError, r"^compiled_step: state must be a TrainState, not tuple; write TrainState", step, net, x, y, 0.1)


NEXT = "a memory that has other shapes after the step, as after the first update"
UPDATES = [
    ((), "in the call", "in the call"),
    (nn.Adam(), f"not in the call: {NEXT}", "in the call"),
    (Changed(), *["not in the call: a setting of an optimizer that changes in a step; declare it as a state"] * 2),
    (Scaled(), f"not in the call: {NEXT}", "not in the call: a sum over the entries of an array"),
]


@pytest.mark.parametrize(("optimizer", "first", "second"), UPDATES, ids=["sgd", "Adam", "Changed", "Scaled"])
def test_a_step_is_explained(optimizer, first, second):
    step, start = compiled_step(nn.mse), nn.TrainState(net, optimizer)
    gradient = explain(compiled(nn.mse), net, x, y)
    assert step.explain(start, x, y) == f"{gradient}\nthe update: {first}"
    assert step.explain(step(start, x, y, lr=0.1), x, y) == f"{gradient}\nthe update: {second}"


def test_what_explains_a_function_that_is_not_compiled():
    step, wide = compiled_step(nn.mse), nn.TrainState(nn.mlp([2, 300, 300, 1], seed=0))
    assert step.explain(wide, x, y).endswith("\nthe update: in a call of its own: the gradient is not one kernel")
    says(KindError, r"^compiled_step: state must be a TrainState, not tuple; write TrainState", step.explain, net, x, y)
    for function, remedy in (
        (step, "StateStep; write function.explain(state, x, y)"),
        (predictor(net), "Predictor; write function.explain(x)"),
        (nn.mse, "function; write compiled(loss)"),
        (net, "tuple"),
    ):
        sentence = re.escape(f"explain: function must be made by compiled, not {remedy}")
        with pytest.raises(KindError, match=f"^{sentence}$"):
            explain(function, net, x, y)


def test_a_function_and_its_states_go_to_other_processes_and_threads():
    step, start = compiled_step(nn.mse), nn.TrainState(net, nn.Adam())
    now = step(step(start, x, y, 0.1), x, y, 0.1)
    after = step(now, x, y, 0.1)
    assert repr(pickle.loads(pickle.dumps(step))) == "compiled_step(mse)"
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        assert pool.submit(step, now, x, y, 0.1).result() == after
    ends: list = [None, None]

    def run(i):
        one = nn.TrainState(net, nn.Adam())
        for _ in range(200):
            one = step(one, x, y, 0.01 * (1 + i))
        ends[i] = one

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    alone = [[*nn.train(start, batch * 200, compiled(nn.mse), lr)][-1] for lr in (0.01, 0.02)]
    assert ends == alone
