"""Updates in a call of their own, behind a gradient of segments, of a kernel or of NumPy: the bits of the rules."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import (
    Adam,
    AdamW,
    Array,
    BatchNorm,
    ClipNorm,
    Conv2d,
    Dense,
    Dropout,
    Elementwise,
    Flatten,
    Frozen,
    Grads,
    Momentum,
    Relu,
    TrainState,
    backward,
    forward,
    gradient,
    mlp,
    mse,
    record,
    sgd,
    softmax_cross_entropy,
    state,
    train,
    update,
)
from funcnn.compilation import compiled, compiled_step
from funcnn.compilation.apart import StepsApart
from funcnn.compilation.memory import StateVectors, address, read_address, told_address
from funcnn.compilation.strips import Strips
from funcnn.compilation.text import LINE
from funcnn.errors import NotFiniteError, RangeError
from funcnn.optimizers import Adadelta, Adagrad, AMSGrad, Average, Decay, Lion, NAdam, PerArray, RAdam, RMSProp
from funcnn.trees import astype, leaves

rng = np.random.default_rng(0)
x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))


@record
class Looped(Elementwise):
    """A user's rule with a loop over values."""

    def value(self, x):
        return np.stack([row * 2 for row in x])

    def slope(self, kept):
        return np.full_like(kept, 2.0)


LOOPED = (Dense.init(3, 7, seed=1), Looped(), Dense.init(7, 2, seed=2), Looped())  # the gradient is NumPy's
CONVOLUTION = (Conv2d.init(1, 4, 2, seed=1), Relu(), Flatten(), Dense.init(36, 3, seed=2))
IMAGES = rng.normal(size=(9, 4, 4, 1)), np.arange(9) % 3
OWN, NUMPY = "the update: in a call of its own: ", "the update: not in the call: "


def lines(function, now, rows, targets, lr):
    """The step as the four lines of funcnn."""
    cost, grads = function(now.params, rows, targets)
    grads, optimizer = update(now.optimizer, grads, now.params)
    return now.after(sgd(now.params, grads, lr), optimizer, cost)


def are_steps_of_lines(loss, start, rows, targets, steps=5, told=OWN):
    """The states after some steps, which are those of the four lines, and stay as they are."""
    step, function, states, single = compiled_step(loss), compiled(loss), [start], [start]
    for i in range(steps):
        states.append(step(states[-1], rows, targets, 0.01 / (1 + i)))
        single.append(lines(function, single[-1], rows, targets, 0.01 / (1 + i)))
    assert told in step.explain(states[-1], rows, targets)
    assert states == single
    assert [repr(one) for one in states] == [repr(one) for one in single]
    assert not any(
        [a.flags.writeable or a.base.flags.writeable for a in leaves(states[-1].params) if a.base is not None]
    )
    return states


OPTIMIZERS = [
    *[(), Adam(b1=0.8), AdamW(where="*.W"), AMSGrad(), NAdam(), RAdam(), RAdam(b2=0.5), Lion(), Momentum()],
    *[Momentum(nesterov=True), Adagrad(), Adadelta(), RMSProp(momentum=0.9), RMSProp(centred=True)],
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=str)
def test_updates_have_the_bits_of_the_rule(optimizer):
    for dtype in (np.float64, np.float32):
        are_steps_of_lines(mse, *astype((TrainState(LOOPED, optimizer), x, y), dtype))


def test_a_network_in_segments_is_updated_in_a_call():
    _, *states = are_steps_of_lines(softmax_cross_entropy, TrainState(CONVOLUTION, Adam()), *IMAGES)
    W, memory = states[-1].params[0].W, states[-1].optimizer.memory
    assert W.base is memory[0][0].base
    assert {address(a) % LINE for a in [W, *memory[-1]]} == {0}
    start, data, function = TrainState(CONVOLUTION, Adam()), [IMAGES] * 7, compiled(softmax_cross_entropy)
    every = [list(train(start, data, function, 0.1, every=k))[-1] for k in (1, 3, 7)]
    assert every[0] == every[1] == every[2]


@record
class Whole(PerArray):
    """A user's rule, in which each entry depends on all."""

    def step(self, g, p, t, m=0):
        return g / np.sqrt((g * g).sum()), m


CHAINS = [
    ((ClipNorm(0.1), Adam()), NUMPY),
    ((ClipNorm(0.1), Momentum(), Decay(0.1)), NUMPY),
    ((Adam(), ClipNorm(0.1)), NUMPY),
    (ClipNorm(0.1), NUMPY),
    ((Whole(), Adam()), NUMPY),
    ((Average(0.5), Adam()), OWN),
]


@pytest.mark.parametrize(("chain", "told"), CHAINS, ids=str)
def test_numpy_computes_the_first_optimizers_of_a_chain(chain, told):
    are_steps_of_lines(mse, TrainState(LOOPED, chain), x, y, told=told)
    net = (Dense.init(3, 4, seed=1), BatchNorm.init(4), Dropout(0.2, seed=1), Dense.init(4, 2, seed=2))  # one kernel
    if told == NUMPY:
        are_steps_of_lines(mse, TrainState(net, chain), x, y, told=told)


@record
class Seen(Elementwise):
    """A layer whose states are its last input, a tuple, and a record or None."""

    last: Any = state(default=None)
    notes: tuple[Any, ...] = state(default=(0, "a"))
    inner: Any = state(default=None)

    def value(self, x):
        return 1.0 * np.asarray(x)

    def slope(self, kept):
        return np.ones_like(kept)

    def own_gradients(self, dA, kept):
        return {"last": dA.T.copy(), "notes": (1, "a"), "inner": BatchNorm.init(2)}


def test_states_are_those_of_the_gradient():
    frozen = Frozen(Dense.init(7, 7, seed=3))
    net = (LOOPED[0], BatchNorm.init(7), Dropout(0.3, seed=1), frozen, Looped(), Dense.init(7, 2, seed=2), Looped())
    for optimizer, told in ((Adam(), OWN), ((), OWN), (Average(), NUMPY), ((Average(), Momentum()), NUMPY)):
        states = are_steps_of_lines(mse, TrainState(net, optimizer), x, y, told=told)
        assert states[-1].params[2].step == 5
        assert states[-1].params[3].layer is frozen.layer
    are_steps_of_lines(mse, TrainState((*LOOPED, Seen()), Adam()), x, y)


@record
class Turned(Elementwise):
    """A layer with a state whose value is in the code of a kernel, from some step on another."""

    turn: tuple[int, ...] = state(default=(1,))

    def value(self, x):
        return x * (max(self.turn[0], 4) / 4)

    def slope(self, kept):
        return 0 * kept + max(self.turn[0], 4) / 4

    def own_gradients(self, dA, kept):
        return {"turn": (self.turn[0] + 1,)}


@record
class Late(Turned):
    """A state that changes once, after some steps, which another counts."""

    count: int = state(default=0)

    def own_gradients(self, dA, kept):
        return {"turn": (6 if self.count == 3 else self.turn[0],), "count": self.count + 1}


@pytest.mark.parametrize("optimizer", [(), ClipNorm(0.1)], ids=str)
@pytest.mark.parametrize("layer", [Turned(), Late()], ids=str)
def test_a_state_that_a_kernel_does_not_read_anew(layer, optimizer):
    for net in ((layer, Dense.init(3, 2, seed=1)), (Looped(), layer, Dense.init(3, 2, seed=1)), (layer, *LOOPED)):
        are_steps_of_lines(mse, TrainState(net, optimizer), x, y, steps=7, told="the update: ")


def test_results_that_are_written_past_the_cache_have_the_same_bits(monkeypatch):
    monkeypatch.setattr("funcnn.compilation.update.PAST_CACHE", 1)
    for dtype in (np.float64, np.float32):
        start, rows, targets = astype((TrainState(LOOPED, Adam()), x, y), dtype)
        states = are_steps_of_lines(mse, start, rows, targets)
        step = compiled_step(mse)
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


@record
class Odd:
    """A layer whose gradient is in Fortran's order, or at an odd address."""

    W: Array
    count: int = state(default=0)


@forward.register(Odd)
def _(params, x):
    return x @ params.W, x


@backward.register(Odd)
def _(params, x, dA):
    dW = np.asfortranarray(x.T @ dA).astype(params.W.dtype)
    odd = np.frombuffer(b"_" + dW.tobytes(), np.uint8)[1:].view(dW.dtype).reshape(dW.shape)
    return Grads(gradient(params, W=(dW, odd)[params.count % 2], count=params.count + 1), dA @ params.W.T)


@record
class Narrow:
    """An optimizer that rounds its steps to float32 from the fourth update on."""

    t: int = state(default=0)


@update.register(Narrow)
def _(optimizer, grads, params):
    dtype = np.float64 if optimizer.t < 3 else np.float32
    return Grads(astype(grads.params, dtype), None), Narrow(t=optimizer.t + 1)


def test_gradients_of_any_layout_and_dtype():
    start = TrainState((Odd(rng.normal(size=(3, 5))), Looped(), Dense.init(5, 2, seed=1), Looped()))
    are_steps_of_lines(mse, start, x, y)
    are_steps_of_lines(mse, TrainState(LOOPED, Narrow()), x, y, told=NUMPY)
    with np.errstate(all="ignore"):
        infinite = TrainState(LOOPED, Adam()), x, np.where(y > 0, 1e200, 0.0)
        are_steps_of_lines(lambda out, y: (1.0, np.where(y > 0, np.inf, out)), *infinite, steps=3)


PLAIN = {
    "half": (astype(LOOPED, np.float16), x.astype(np.float16)),
    "mixed": ((Odd(rng.normal(size=(3, 3)).astype(np.float32)), Looped(), LOOPED[0], Looped()), x),
    "no parameters": ((Looped(), Looped()), x),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_what_runs_as_update_and_sgd(kind):
    net, rows = PLAIN[kind]
    are_steps_of_lines(lambda out, y: (float(out[0, 0]), out / 1000), TrainState(net, Momentum()), rows, y, told=NUMPY)


def test_a_memory_of_another_library_is_no_kernels():
    jax = pytest.importorskip("jax")
    net, rows = astype(((Dense.init(3, 2, seed=1),), x), np.float32)
    memory = tuple([(jax.numpy.asarray(a),) for a in leaves(net)])
    start, function = TrainState(net, Momentum(memory=memory, t=1)), compiled(mse)
    assert function.update_told(start, rows, rows[:, :2]).startswith(NUMPY.removeprefix("the update: "))
    after = compiled_step(mse)(start, rows, rows[:, :2], 0.1)
    assert after == lines(function, start, rows, rows[:, :2], 0.1)


def test_errors_are_those_of_the_plain_path():
    step = compiled_step(softmax_cross_entropy)
    now = TrainState((Dense.init(3, 3, seed=1),), (ClipNorm(0.1), Adam()))
    labels = np.arange(6) % 3
    for _ in range(3):
        now = step(now, x, labels, 0.1)
    with pytest.raises(RangeError, match="y must hold the classes"):
        step(now, x, labels + 1, 0.1)
    with pytest.raises(NotFiniteError, match=r"^train: in step 5 the cost is nan"), np.errstate(all="ignore"):
        list(train(now, [(x, labels)] * 2 + [(x * np.nan, labels)] * 2, compiled(softmax_cross_entropy), 0.1, every=4))
    with pytest.raises(ZeroDivisionError):
        step(now, 1 / 0, labels, 0.1)


def test_an_update_that_differs_from_the_rule_is_not_used(monkeypatch):
    after = StepsApart.after
    monkeypatch.setattr(StepsApart, "after", lambda *given: (after(*given)[0].after(LOOPED, (), 0.0),))
    told = f"{NUMPY}the fold's result differs from that of single steps"
    are_steps_of_lines(mse, TrainState(LOOPED), x, y, told=told)


def test_a_constraint_acts_after_each_step():
    halved = lambda params: (Dense(params[0].W / 2, params[0].b), *params[1:])
    for net, optimizer in ((LOOPED, Adam()), (mlp([3, 4, 2], seed=0), Adam()), (LOOPED, ClipNorm(0.1))):
        function, now = compiled(mse), TrainState(net, optimizer)
        made = [list(train(now, [(x, y)] * 6, function, 0.1, constraint=halved, every=k)) for k in (1, 3)]
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
