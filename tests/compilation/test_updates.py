"""Updates in a call of their own, behind a gradient of segments, of a kernel or of NumPy: the bits of the rules."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn.compilation import compiled, compiled_step
from funcnn.compilation.apart import StepsApart
from funcnn.compilation.memory import StateVectors, address, read_address, told_address
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import LINE
from funcnn.errors import NotFiniteError, RangeError
from funcnn.optimizers import Adadelta, Adagrad, AMSGrad, Average, Decay, Lion, NAdam, PerArray, RAdam, RMSProp
from funcnn.trees import astype, leaves
from tests.compilation.test_compiled_step import lines

rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


@nn.record
class Looped(nn.Elementwise):
    """A user's rule with a loop over values."""

    def value(self, x):
        return np.stack([row * 2 for row in x])

    def slope(self, kept):
        return np.full_like(kept, 2.0)


LOOPED = (nn.Dense.init(3, 7, seed=1), Looped(), nn.Dense.init(7, 2, seed=2), Looped())  # the gradient is NumPy's
CONVOLUTION = (nn.Conv2d.init(1, 4, 2, seed=1), nn.Relu(), nn.Flatten(), nn.Dense.init(36, 3, seed=2))
IMAGES = rng.normal(size=(9, 4, 4, 1)), np.arange(9) % 3
OWN, NUMPY = "the update: in a call of its own: ", "the update: not in the call: "


def are_steps_of_lines(loss, start, rows, targets, steps=5, told=OWN):
    """The states after some steps, which are those of the four lines, and stay as they are."""
    step, function, states, single = compiled_step(loss), compiled(loss), [start], [start]
    for i in range(steps):
        states.append(step(states[-1], rows, targets, 0.01 / (1 + i)))
        single.append(lines(function, single[-1], rows, targets, 0.01 / (1 + i)))
    assert told in step.explain(states[-1], rows, targets)
    assert states == single
    assert [repr(one) for one in states] == [repr(one) for one in single]
    arrays = [a for a in leaves(states[-1].params) if a.base is not None]
    assert not any([a.flags.writeable or a.base.flags.writeable for a in arrays])
    return states


OPTIMIZERS = [
    *[(), nn.Adam(b1=0.8), nn.AdamW(where="*.W"), AMSGrad(), NAdam(), RAdam(), RAdam(b2=0.5), Lion(), nn.Momentum()],
    *[nn.Momentum(nesterov=True), Adagrad(), Adadelta(), RMSProp(momentum=0.9), RMSProp(centred=True)],
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_updates_have_the_bits_of_the_rule(optimizer):
    for dtype in (np.float64, np.float32):
        are_steps_of_lines(nn.mse, *astype((nn.TrainState(LOOPED, optimizer), x, y), dtype))


def test_a_network_in_segments_is_updated_in_a_call():
    _, *states = are_steps_of_lines(nn.softmax_cross_entropy, nn.TrainState(CONVOLUTION, nn.Adam()), *IMAGES)
    W, memory = states[-1].params[0].W, states[-1].optimizer.memory
    assert W.base is memory[0][0].base
    assert {address(a) % LINE for a in [W, *memory[-1]]} == {0}
    start, data, function = nn.TrainState(CONVOLUTION, nn.Adam()), [IMAGES] * 7, compiled(nn.softmax_cross_entropy)
    every = [list(nn.train(start, data, function, 0.1, every=k))[-1] for k in (1, 3, 7)]
    assert every[0] == every[1] == every[2]


@nn.record
class Whole(PerArray):
    """A user's rule, in which each entry depends on all."""

    def step(self, g, p, t, m=0):
        return g / np.sqrt((g * g).sum()), m


CHAINS = [
    ((nn.ClipNorm(0.1), nn.Adam()), NUMPY),
    ((nn.ClipNorm(0.1), nn.Momentum(), Decay(0.1)), NUMPY),
    ((nn.Adam(), nn.ClipNorm(0.1)), NUMPY),
    (nn.ClipNorm(0.1), NUMPY),
    ((Whole(), nn.Adam()), NUMPY),
    ((Average(0.5), nn.Adam()), OWN),
]


@pytest.mark.parametrize(("chain", "told"), CHAINS, ids=str)
def test_numpy_computes_the_first_optimizers_of_a_chain(chain, told):
    are_steps_of_lines(nn.mse, nn.TrainState(LOOPED, chain), x, y, told=told)
    inside = nn.BatchNorm.init(4), nn.Dropout(0.2, seed=1)
    net = (nn.Dense.init(3, 4, seed=1), *inside, nn.Dense.init(4, 2, seed=2))  # one kernel
    if told == NUMPY:
        are_steps_of_lines(nn.mse, nn.TrainState(net, chain), x, y, told=told)


@nn.record
class Seen(nn.Elementwise):
    """A layer whose states are its last input, a tuple, and a record or None."""

    last: Any = nn.state(default=None)
    notes: tuple[Any, ...] = nn.state(default=(0, "a"))
    inner: Any = nn.state(default=None)

    def value(self, x):
        return 1.0 * np.asarray(x)

    def slope(self, kept):
        return np.ones_like(kept)

    def own_gradients(self, dA, kept):
        return {"last": dA.T.copy(), "notes": (1, "a"), "inner": nn.BatchNorm.init(2)}


def test_states_are_those_of_the_gradient():
    frozen = nn.Frozen(nn.Dense.init(7, 7, seed=3))
    net = (LOOPED[0], nn.BatchNorm.init(7), nn.Dropout(0.3, seed=1), frozen, *LOOPED[1:])
    for optimizer, told in ((nn.Adam(), OWN), ((), OWN), (Average(), NUMPY), ((Average(), nn.Momentum()), NUMPY)):
        states = are_steps_of_lines(nn.mse, nn.TrainState(net, optimizer), x, y, told=told)
        assert states[-1].params[2].step == 5
        assert states[-1].params[3].layer is frozen.layer
    are_steps_of_lines(nn.mse, nn.TrainState((*LOOPED, Seen()), nn.Adam()), x, y)


@nn.record
class Turned(nn.Elementwise):
    """A layer with a state whose value is in the code of a kernel, from some step on another."""

    turn: tuple[int, ...] = nn.state(default=(1,))

    def value(self, x):
        return x * (max(self.turn[0], 4) / 4)

    def slope(self, kept):
        return 0 * kept + max(self.turn[0], 4) / 4

    def own_gradients(self, dA, kept):
        return {"turn": (self.turn[0] + 1,)}


@nn.record
class Late(Turned):
    """A state that changes once, after some steps, which another counts."""

    count: int = nn.state(default=0)

    def own_gradients(self, dA, kept):
        return {"turn": (6 if self.count == 3 else self.turn[0],), "count": self.count + 1}


@pytest.mark.parametrize("optimizer", [(), nn.ClipNorm(0.1)], ids=str)
@pytest.mark.parametrize("layer", [Turned(), Late()], ids=str)
def test_a_state_that_a_kernel_does_not_read_anew(layer, optimizer):
    for net in ((layer, nn.Dense.init(3, 2, seed=1)), (Looped(), layer, nn.Dense.init(3, 2, seed=1)), (layer, *LOOPED)):
        are_steps_of_lines(nn.mse, nn.TrainState(net, optimizer), x, y, steps=7, told="the update: ")


def test_results_that_are_written_past_the_cache_have_the_same_bits(monkeypatch):
    monkeypatch.setattr("funcnn.compilation.update.PAST_CACHE", 1)
    for dtype in (np.float64, np.float32):
        start, rows, targets = astype((nn.TrainState(LOOPED, nn.Adam()), x, y), dtype)
        states = are_steps_of_lines(nn.mse, start, rows, targets)
        step = compiled_step(nn.mse)
        step(states[2], rows, targets, 0.1)
        [(_, apart, _)] = step._function._steps[0][1].folds
        assert all([word in apart.update.code.text for word in ("nontemporal", "fence")])


def test_the_memory_of_a_state_is_used_again_if_nothing_refers_to_it():
    vectors, dtype = StateVectors(), np.dtype(np.float32)
    kept, gone = vectors.take(40, dtype)[3:5], vectors.take(40, dtype)
    kept[:], place = 3, address(gone)
    gone.base.setflags(0)
    del gone
    again, other = vectors.take(40, dtype), vectors.take(40, dtype)
    assert again.flags.writeable
    assert place == address(again) != address(other)
    again[:] = other[:] = 4
    assert list(kept) == [3, 3]
    del again
    assert len(vectors.take(50, dtype)) == 50  # another size
    assert len({address(one.base) for one in [vectors.take(40, dtype) for _ in range(9)]}) == 9


@nn.record
class Odd:
    """A layer whose gradient is in Fortran's order, or at an odd address."""

    W: nn.Array
    count: int = nn.state(default=0)


nn.forward.register(Odd)(lambda params, x: (x @ params.W, x))


@nn.backward.register(Odd)
def _(params, x, dA):
    dW = np.asfortranarray(x.T @ dA).astype(params.W.dtype)
    odd = np.frombuffer(b"_" + dW.tobytes(), np.uint8)[1:].view(dW.dtype).reshape(dW.shape)
    return nn.Grads(nn.gradient(params, W=(dW, odd)[params.count % 2], count=params.count + 1), dA @ params.W.T)


@nn.record
class Narrow:
    """An optimizer that rounds its steps to float32 from the fourth update on."""

    t: int = nn.state(default=0)


@nn.update.register(Narrow)
def _(optimizer, grads, params):
    dtype = np.float64 if optimizer.t < 3 else np.float32
    return nn.Grads(astype(grads.params, dtype), None), Narrow(t=optimizer.t + 1)


def test_gradients_of_any_layout_and_dtype():
    start = nn.TrainState((Odd(rng.normal(size=(3, 5))), Looped(), nn.Dense.init(5, 2, seed=1), Looped()))
    are_steps_of_lines(nn.mse, start, x, y)
    are_steps_of_lines(nn.mse, nn.TrainState(LOOPED, Narrow()), x, y, told=NUMPY)
    with np.errstate(all="ignore"):
        infinite = nn.TrainState(LOOPED, nn.Adam()), x, np.where(y > 0, 1e200, 0.0)
        are_steps_of_lines(lambda out, y: (1.0, np.where(y > 0, np.inf, out)), *infinite, steps=3)


PLAIN = {
    "half": (astype(LOOPED, np.float16), x.astype(np.float16)),
    "mixed": ((Odd(rng.normal(size=(3, 3)).astype(np.float32)), Looped(), LOOPED[0], Looped()), x),
    "no parameters": ((Looped(), Looped()), x),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_what_runs_as_update_and_sgd(kind):
    net, rows = PLAIN[kind]
    loss = lambda out, y: (float(out[0, 0]), out / 1000)
    are_steps_of_lines(loss, nn.TrainState(net, nn.Momentum()), rows, y, told=NUMPY)


def test_a_memory_of_another_library_is_no_kernels():
    jax = pytest.importorskip("jax")
    net, rows = astype(((nn.Dense.init(3, 2, seed=1),), x), np.float32)
    memory = tuple([(jax.numpy.asarray(a),) for a in leaves(net)])
    start, function = nn.TrainState(net, nn.Momentum(memory=memory, t=1)), compiled(nn.mse)
    assert function.update_told(start, rows, rows[:, :2]).startswith(NUMPY.removeprefix("the update: "))
    after = compiled_step(nn.mse)(start, rows, rows[:, :2], 0.1)
    assert after == lines(function, start, rows, rows[:, :2], 0.1)


def test_errors_are_those_of_the_plain_path():
    step = compiled_step(nn.softmax_cross_entropy)
    now = nn.TrainState((nn.Dense.init(3, 3, seed=1),), (nn.ClipNorm(0.1), nn.Adam()))
    labels = np.arange(6) % 3
    for _ in range(3):
        now = step(now, x, labels, 0.1)
    with pytest.raises(RangeError, match="y must hold the classes"):
        step(now, x, labels + 1, 0.1)
    data, function = [(x, labels)] * 2 + [(x * np.nan, labels)] * 2, compiled(nn.softmax_cross_entropy)
    with pytest.raises(NotFiniteError, match=r"^train: in step 5 the cost is nan"), np.errstate(all="ignore"):
        list(nn.train(now, data, function, 0.1, every=4))
    with pytest.raises(ZeroDivisionError):
        step(now, 1 / 0, labels, 0.1)


def test_an_update_that_differs_from_the_rule_is_not_used(monkeypatch):
    after = StepsApart.after
    monkeypatch.setattr(StepsApart, "after", lambda *given: (after(*given)[0].after(LOOPED, (), 0.0),))
    told = f"{NUMPY}the fold's result differs from that of single steps"
    are_steps_of_lines(nn.mse, nn.TrainState(LOOPED), x, y, told=told)


def test_a_constraint_acts_after_each_step():
    halved = lambda params: (nn.Dense(params[0].W / 2, params[0].b), *params[1:])
    for net, optimizer in ((LOOPED, nn.Adam()), (nn.mlp([3, 4, 2], seed=0), nn.Adam()), (LOOPED, nn.ClipNorm(0.1))):
        function, now = compiled(nn.mse), nn.TrainState(net, optimizer)
        made = [list(nn.train(now, [(x, y)] * 6, function, 0.1, constraint=halved, every=k)) for k in (1, 3)]
        for _ in range(6):
            now = lines(function, now, x, y, 0.1)
            now = now.after(halved(now.params), now.optimizer, now.cost, 0)
        assert made[0][-1] == made[1][-1] == now
        assert [one.step for one in made[1]] == [3, 6]


def test_addresses():
    a = np.arange(6.0).reshape(2, 3)
    for one in (a, a[1:], a[:, 1:], np.frombuffer(b"12345678"), np.zeros(0)):
        assert address(one) == told_address(one) == read_address(one) == one.__array_interface__["data"][0]


def test_strips_of_known_length():
    t = Strips(np.dtype(np.float32))
    begun = []
    t.strips(40, begun.append)
    assert begun[1:] == [32]
    assert len(begun) == 2
    begun.clear()
    t.strips(16, begun.append)
    assert begun == [0]
