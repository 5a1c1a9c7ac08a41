"""Kernels of optimizers and of sgd: they have the bits of the rules."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn.compilation.kernels.entries import EntryRule, ScalarProgram

from funcnn import (
    Adam,
    AdamW,
    BatchNorm,
    Dense,
    Dropout,
    Frozen,
    Grads,
    Momentum,
    evolve,
    gradient,
    mlp,
    mse,
    record,
    sgd,
    update,
)
from funcnn.compilation import compiled
from funcnn.compilation.kernels import entries
from funcnn.compilation.kernels import optimizers as kernels
from funcnn.compilation.kernels.calls import Call
from funcnn.compilation.memory import address, read_address, told_address
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.strips import Strips
from funcnn.compilation.symbols import Symbol, elementwise
from funcnn.compilation.text import LINE
from funcnn.errors import RangeError, ShapeError
from funcnn.optimizers import Adadelta, Adagrad, AMSGrad, ClipValue, Lion, NAdam, PerArray, RAdam, RMSProp
from funcnn.records import build, values
from funcnn.training.train_step import moved as plain_move
from funcnn.trees import astype, map_parameters
from tests.kernelled import for_all_sizes, kernels_are_on, without_kernels  # noqa: F401  used by every test

random = np.random.default_rng(0)
moved = compiled(mse).moved
OPTIMIZERS = [
    *[Adam(b1=0.8), AdamW(where="*.W"), AMSGrad(), NAdam(), RAdam(), RAdam(b2=0.5), Lion(), Momentum()],
    *[Momentum(nesterov=True), Adagrad(), Adadelta(), RMSProp(), RMSProp(momentum=0.9), RMSProp(centred=True)],
]
NET = mlp([3, 60, 560, 1], seed=0)  # 35,000 parameters, in arrays of 3 to 33,600


def gradients(net):
    return Grads(map_parameters(lambda a: random.standard_normal(a.shape).astype(a.dtype), net), None)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_updates_have_the_bits_of_the_rule(optimizer, dtype):
    params = astype(NET, dtype)
    for i in range(8):
        grads = gradients(params)
        with without_kernels():
            steps, after = update(optimizer, grads, params)
            after_sgd = sgd(params, steps, 0.01)
        if i:
            assert kernels.moved(optimizer, grads, params, 0.01) is not None or isinstance(optimizer, AdamW)
        assert moved(optimizer, grads, params, 0.01) == (after_sgd, after)
        assert repr(moved(optimizer, grads, params, 0.01)) == repr((after_sgd, after))
        params, optimizer = after_sgd, after


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_results_that_are_written_past_the_cache_have_the_same_bits(dtype, monkeypatch):
    params = astype(NET, dtype)
    grads = gradients(params)
    _, optimizer = update(Adam(), grads, params)
    steps, after = update(optimizer, grads, params)
    monkeypatch.setattr(kernels, "PAST_CACHE", 1)
    written = []
    monkeypatch.setattr(entries, "Call", lambda t, *names: written.append("".join(t.statements)) or Call(t, *names))
    made = moved(optimizer, grads, params, 0.5)
    assert len(written) == 1
    assert all(["nontemporal" in text and "fence" in text for text in written])
    with without_kernels():
        assert made == (sgd(params, steps, 0.5), after)


def test_steps_that_run_as_update_and_sgd():
    grads = gradients(NET)
    _, adam = update(Adam(), grads, NET)
    refused = lambda optimizer, grads, lr: kernels.moved(optimizer, grads, NET, lr) is None
    assert [refused(adam, grads, lr) for lr in (0.0, 1, -1.0, np.nan, np.inf)] == [True] * 5
    assert refused(adam, grads.params, 0.1)
    assert refused(update(AdamW(), grads, NET)[1], grads, 0.1)  # which has a rule besides `step`
    assert refused(adam, Grads(grads.params[:2], None), 0.1)
    assert kernels.moved(update(Adam(), Grads(grads.params[0], None), NET[0])[1], grads, NET, 0.1) is None  # small
    with pytest.raises(RangeError):
        moved(adam, grads, NET, -1.0)
    for chain in ((adam, ClipValue(1e9)), (ClipValue(1e9), adam), ()):
        assert moved(chain, grads, NET, 0.1) == plain_move(chain, grads, NET, 0.1)


@record
class Named:
    """A setting that is a function."""

    f: Any = np.tanh


def test_settings_pass_through_a_step():
    net = (*NET, Named())
    grads = Grads((*gradients(NET).params, Named()), None)
    _, adam = update(Adam(), grads, net)
    assert kernels.moved(adam, grads, net, 0.1) == plain_move(adam, grads, net, 0.1)
    assert (
        kernels.moved(update(Adam(), Grads(np.ones(2000), None), np.ones(2000))[1], grads, np.ones(2000), 0.1) is None
    )


def test_a_step_passes_states_on_and_keeps_parameters_apart():
    net = (*NET, Dropout(0.5, seed=1), BatchNorm.init(1), Frozen(NET[0]))
    grads = gradients(net)
    grads = Grads((*grads.params[:-3], evolve(net[-3], step=1), *grads.params[-2:]), None)
    _, adam = update(Adam(), grads, net)
    with without_kernels():
        plain = plain_move(adam, grads, net, 0.1)
    made = moved(adam, grads, net, 0.1)
    assert kernels.moved(adam, grads, net, 0.1) == made == plain
    assert made[0][-3].step == 1
    assert made[0][0].W.base.size < made[0][2].W.base.size
    assert not made[0][0].W.base.flags.writeable


def test_not_finite_gradients_pass_as_through_the_rule():
    grads, params = gradients(NET), NET
    W = grads.params[2].W.copy()
    W.reshape(-1)[:4] = np.nan, np.inf, -np.inf, 1e200
    grads = Grads((*grads.params[:2], evolve(grads.params[2], W=W), *grads.params[3:]), None)
    with without_kernels(), np.errstate(all="ignore"):
        _, optimizer = update(Adam(), grads, params)
        plain = update(optimizer, grads, params)
        after_sgd = sgd(params, plain[0], 0.5)
    assert moved(optimizer, grads, params, 0.5) == (after_sgd, plain[1])


def test_memories_begin_with_a_line_and_are_read_only():
    _, optimizer = moved(update(Adam(), gradients(NET), NET)[1], gradients(NET), NET, 0.1)
    arrays = [part for parts in optimizer.memory for part in parts]
    assert {address(a) % LINE for a in arrays} == {0}
    assert not any([a.flags.writeable or a.base.flags.writeable for a in arrays])


@record
class Slow(PerArray):
    """A user's rule."""

    def step(self, g, p, t, m=0):
        m = m + g
        return m / t, m


@record
class Uneven(PerArray):
    """A memory of numbers that differ from array to array."""

    def step(self, g, p, t, n=0.0):
        return g, n + p.size


@record
class Told(PerArray):
    """A rule that a kernel cannot compute: `what` says why."""

    what: str = ""

    def step(self, g, p, t, m=0):
        m = m + g
        return {
            "sum": lambda: (g * g.sum(), m),
            "branch": lambda: (m if g.any() else g, m),
            "text": lambda: (m, "m"),
            "shape": lambda: (m, g[None]),
            "truth": lambda: (g, m > 0),
            "same": lambda: (g, m),
            "maximum": lambda: (g, np.maximum(t, 1.0)),
        }[self.what]()


def test_what_kernels_leave_to_the_rules():
    net, dense = NET, NET[2]
    grads = gradients(net)
    _, adam = update(Adam(), grads, net)
    refused = lambda optimizer, grads, params: kernels.moved(optimizer, grads, params, 0.1) is None
    assert refused(Adam(), grads, net)  # without a memory
    assert refused(build(Adam, [adam.memory, np.array(1), *values(adam)[2:]]), grads, net)  # as jit returns it
    assert refused(adam, Grads(grads.params[:-1], None), net)
    assert refused(adam, Grads((*grads.params[:-1], grads.params[0]), None), net)
    assert refused(adam, Grads((*grads.params[:-1], 3), None), net)
    assert refused(evolve(adam, memory=adam.memory[:-1]), grads, net)
    assert refused(evolve(adam, memory=((1.0, 2.0, 3.0), *adam.memory[1:])), grads, net)
    assert refused(evolve(adam, memory=((1.0, 2.0), *adam.memory[1:])), grads, net)
    turned = gradient(dense, W=grads.params[2].W.T.copy().T, b=grads.params[2].b)
    assert refused(adam, Grads((*grads.params[:2], turned, *grads.params[3:]), None), net)
    assert refused(
        evolve(adam, memory=astype(adam.memory, np.float16)), astype(grads, np.float16), astype(net, np.float16)
    )
    _, uneven = update(Uneven(), grads, net)
    assert refused(uneven, grads, net)
    with pytest.raises(ShapeError):
        update(evolve(adam, memory=adam.memory[::-1]), grads, net)


@pytest.mark.parametrize("what", ["sum", "branch", "text", "shape", "truth", "maximum"])
def test_a_rule_that_cannot_be_traced_has_no_kernel(what):
    with pytest.raises(Untraceable):
        EntryRule(Told(what), (np.ones((2, 3)),), np.dtype(float))


def test_a_rule_without_a_kernel_runs_plain(monkeypatch):
    monkeypatch.setattr(kernels, "_RULES", {})
    monkeypatch.setattr(kernels, "_MOST", 1)
    monkeypatch.setattr(Told, "__module__", "funcnn.optimizers")
    net = Dense(np.ones((40, 30)), None)
    grads = Grads(gradient(net, W=np.ones((40, 30))), None)
    told = lambda what: kernels.moved(evolve(Told(what), t=1, memory=((net.W,),)), grads, net, 0.5)
    assert [told(what) for what in ("sum", "branch", "branch")] == [None] * 3
    assert list(kernels._RULES.values()) == [None]
    after, after_told = told("same")
    assert (after.W == 0.5).all()
    assert np.array_equal(after_told.memory[0][0], 2 * net.W)


def test_the_rule_of_a_user_runs_plain():
    _, slow = update(Slow(), gradients(NET), NET)
    assert update(slow, gradients(NET), NET)[1].t == 2
    assert kernels.moved(slow, gradients(NET), NET, 0.1) is None
    assert moved(slow, gradients(NET), NET, 0.1)[1].t == 2


def test_addresses():
    a = np.arange(6.0).reshape(2, 3)
    for one in (a, a[1:], a[:, 1:], np.frombuffer(b"12345678"), np.zeros(0)):
        assert address(one) == told_address(one) == read_address(one) == one.__array_interface__["data"][0]


def test_a_memory_that_is_kept_as_it_is():
    first = np.full((2, 3), 3.0)

    @record
    class Anchored(PerArray):
        """g' = g + p - start"""

        def step(self, g, p, t, start=0, same=0.0):
            return g + p - start, start, same

    rule = EntryRule(Anchored(), (first, 2.0), np.dtype(float))
    assert rule.made == [("output", 0), ("given", 2), ("number", 1)]
    assert set(rule.inputs) == {0, 1, 2}


def test_strips_of_known_length():
    t = Strips(np.dtype(np.float32))
    begun = []
    t.strips(40, begun.append)
    assert begun[1:] == [32]
    assert len(begun) == 2
    begun.clear()
    t.strips(16, begun.append)
    assert begun == [0]


def test_numbers_of_states_are_computed_by_operations_of_python_alone():
    number = Symbol("state", (), (), NUMBER, None)
    numbers = ScalarProgram([number])
    place = numbers.place(number + 1)
    assert numbers([2])[place] == 3
    with pytest.raises(Untraceable, match="sin of numbers"):
        numbers.place(elementwise("sin", number))
