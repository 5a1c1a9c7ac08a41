"""check_optimizer: correct optimizers pass, and each kind of mistake is found and named."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import Array, Dense, Grads, Tanh, evolve, mlp, record, state, update
from funcnn.testing import GradientError
from funcnn.testing import strategies as fst
from funcnn.testing.networks.optimizer import check_optimizer
from funcnn.testing.verdict import BrokenPromise, NotDeterministic, NotFinite, NotPure, WrongDtype, WrongShape
from funcnn.trees import map_parameters
from tests.counts import at_most

NET = mlp([2, 3, 1], hidden=Tanh(), seed=0)


@record
class Momentum:
    beta: float = 0.9
    memory: object = state(default=None)


@update.register(Momentum)
def momentum_update(optimizer, grads, params):
    memory, old = grads.params, optimizer.memory
    if old is not None:
        memory = map_parameters(lambda g, m: g + optimizer.beta * m, memory, old)
    return Grads(memory, grads.x), evolve(optimizer, memory=memory)


@record
class Adaptive:
    """Adam: the mean of the gradient over the root of that of its square, both freed of where they began"""

    a: float = 0.9
    b: float = 0.999
    eps: float = 1e-8
    t: int = state(default=0)
    mean: object = state(default=())
    square: object = state(default=())


@update.register(Adaptive)
def adaptive_update(optimizer, grads, params):
    o, t = optimizer, optimizer.t + 1
    old = map_parameters(np.zeros_like, grads.params)
    mean = map_parameters(lambda g, m: o.a * m + (1 - o.a) * g, grads.params, o.mean if o.t else old)
    square = map_parameters(lambda g, v: o.b * v + (1 - o.b) * g * g, grads.params, o.square if o.t else old)
    direction = lambda g, m, v: m / (1 - o.a**t) / (np.sqrt(v / (1 - o.b**t)) + o.eps)
    moved = map_parameters(direction, grads.params, mean, square)
    return Grads(moved, grads.x), evolve(o, t=t, mean=mean, square=square)


@record
class Clip:
    norm: float = 1.0


@update.register(Clip)
def clip_update(optimizer, grads, params):
    length = np.linalg.norm(nn.trees.to_vector(grads.params))
    factor = min(1.0, float(optimizer.norm / length)) if length else 1.0
    return Grads(map_parameters(lambda g: factor * g, grads.params), grads.x), optimizer


@record
class Shrink:
    """The parameters are drawn to 0; how strongly is traced, since it is a state, and never changes"""

    rate: float = state(default=0.1)


@update.register(Shrink)
def shrink_update(optimizer, grads, params):
    return Grads(map_parameters(lambda g, p: g + optimizer.rate * p, grads.params, params), grads.x), optimizer


@record
class Noise:
    """Random numbers that follow from a seed and the number of the step"""

    seed: nn.Seed = (0,)
    t: int = state(default=0)


@update.register(Noise)
def noise_update(optimizer, grads, params):
    rng = np.random.default_rng([*optimizer.seed, optimizer.t])
    noisy = map_parameters(lambda g: g + rng.standard_normal(g.shape).astype(g.dtype), grads.params)
    return Grads(noisy, grads.x), evolve(optimizer, t=optimizer.t + 1)


@record
class Patient:
    """Counts the gradients that are not finite, and steps nowhere then"""

    skipped: int = state(default=0)


@update.register(Patient)
def patient_update(optimizer, grads, params):
    if np.isfinite(nn.trees.to_vector(grads.params)).all():
        return grads, optimizer
    return Grads(map_parameters(np.zeros_like, grads.params), grads.x), evolve(optimizer, skipped=optimizer.skipped + 1)


@record
class Strict:
    """Refuses gradients that are not finite"""

    inner: object = Momentum()


@update.register(Strict)
def strict_update(optimizer, grads, params):
    if not np.isfinite(nn.trees.to_vector(grads.params)).all():
        raise FloatingPointError("not finite")
    grads, inner = update(optimizer.inner, grads, params)
    return grads, evolve(optimizer, inner=inner)


@record
class Ready:
    """A momentum whose memory was made for one network"""

    memory: object = state()


@update.register(Ready)
def ready_update(optimizer, grads, params):
    memory = map_parameters(lambda g, m: g + 0.9 * m, grads.params, optimizer.memory)
    return Grads(memory, grads.x), evolve(optimizer, memory=memory)


@record
class Tempered:
    """A layer with a parameter and states"""

    W: Array
    name: str = "tempered"
    mean: object = state(default=None)
    seen: int = state(default=0)


TEMPERED = Tempered(np.array([1.0, -2.0]), mean=np.array([0.5]))

RIGHT = {
    "nothing": (),
    "momentum": Momentum(),
    "adaptive": Adaptive(),
    "clip": Clip(),
    "shrink": Shrink(),
    "noise": Noise(),
    "patient": Patient(),
    "strict": Strict(),
    "ready": Ready(map_parameters(np.zeros_like, NET)),
    "two": (Clip(), Momentum()),
    "nested": (Clip(0.1), ((Adaptive(), ()), Shrink(), Strict())),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_optimizer_is_spared(name):
    assert check_optimizer(RIGHT[name], NET) is None


@pytest.mark.parametrize("name", sorted(set(RIGHT) - {"ready"}))
@pytest.mark.parametrize(
    "params",
    [
        (),
        Tanh(),
        np.ones(()),
        Dense(np.ones((2, 1)), None),
        Dense(np.ones((2, 0)), np.ones(0)),
        (NET, ((), (NET[0],))),
        (TEMPERED, NET),
        nn.tree_map(lambda a: a.astype(np.float32), NET),
    ],
    ids=["empty", "inert", "scalar", "without b", "no numbers", "nested", "states", "float32"],
)
def test_it_is_spared_with_any_network(name, params):
    check_optimizer(RIGHT[name], params)


@at_most(20)
@given(fst.cases(tuple), st.sampled_from([Momentum(), Adaptive(), (Clip(), Noise())]))
def test_it_is_spared_with_networks_that_are_drawn(case, optimizer):
    check_optimizer(optimizer, case[0])


def test_one_in_the_middle_of_a_training_is_spared():
    optimizer = (Clip(), Adaptive())
    for _ in range(3):
        optimizer = update(optimizer, Grads(NET, None), NET)[1]
    assert optimizer[1].t == 3
    check_optimizer(optimizer, NET)


def planted(rule, default=()):
    """An optimizer that a rule makes, with a setting and a memory."""

    @record
    class Planted:
        beta: float = 0.9
        memory: object = state(default=default)

    update.register(Planted)(rule)
    return Planted()


def times(factor, tree):
    return map_parameters(lambda a: factor * a, tree)


def remembered(optimizer, grads):
    """What momentum gives"""
    old = optimizer.memory
    return grads.params if old == () else map_parameters(lambda g, m: g + 0.9 * m, grads.params, old)


def memory_in_a_global():
    kept = {}

    def rule(optimizer, grads, params):
        old = kept.get("memory", times(0.0, grads.params))
        if [a.shape for a in nn.trees.leaves(old)] != [a.shape for a in nn.trees.leaves(grads.params)]:
            old = times(0.0, grads.params)
        kept["memory"] = map_parameters(lambda g, m: g + 0.9 * m, grads.params, old)
        return Grads(kept["memory"], grads.x), optimizer

    return planted(rule)


def a_counter_outside():
    count = [0]

    def rule(optimizer, grads, params):
        count[0] += 1
        return Grads(times(1 / count[0], grads.params), grads.x), optimizer

    return planted(rule)


def memory_by_step_in_a_global():
    """The same call gives the same, until a network of the same shapes has filled the table"""
    kept = {}

    def rule(optimizer, grads, params):
        t, n = optimizer.memory, nn.trees.to_vector(params).size
        kept[n, t + 1] = nn.trees.to_vector(grads.params).sum()
        moved = map_parameters(lambda g: g + g.dtype.type(kept.get((n, t), 0)), grads.params)
        return Grads(moved, grads.x), evolve(optimizer, memory=t + 1)

    return planted(rule, 0)


def the_largest_network_in_a_global():
    largest = [0]

    def rule(optimizer, grads, params):
        largest[0] = max(largest[0], nn.trees.to_vector(params).size)
        return Grads(times(1 / largest[0], grads.params), grads.x), evolve(optimizer, memory=1.0)

    return planted(rule)


def memory_by_id(get):
    kept, alive = {}, []

    def rule(optimizer, grads, params):
        t = optimizer.memory
        old = 0.0 if t == 0 else get(kept, id(optimizer))
        after = evolve(optimizer, memory=t + 1)
        kept[id(after)] = float(nn.trees.to_vector(grads.params).sum())
        alive.append(after)  # or another would get its id
        return Grads(map_parameters(lambda g: g + g.dtype.type(old), grads.params), grads.x), after

    return planted(rule, 0)


def random_noise():
    rng = np.random.default_rng(0)

    def rule(optimizer, grads, params):
        noisy = map_parameters(lambda g: g + rng.standard_normal(g.shape).astype(g.dtype), grads.params)
        return Grads(noisy, grads.x), optimizer

    return planted(rule)


def memory_changed_in_place(force):
    def rule(optimizer, grads, params):
        memory = times(0.0, grads.params) if optimizer.memory == () else optimizer.memory
        for m, g in zip(nn.trees.leaves(memory), nn.trees.leaves(grads.params), strict=True):
            if force or optimizer.memory == ():
                m.setflags(write=True)
            np.multiply(m, 0.9, out=m)
            np.add(m, g, out=m)
        return Grads(times(1.0, memory), grads.x), evolve(optimizer, memory=memory)

    return planted(rule)


def given_written_to(which, force):
    def rule(optimizer, grads, params):
        for a in nn.trees.leaves(which(grads, params)):
            if force:
                a.setflags(write=True)
            np.multiply(a, 2, out=a)
        return grads, evolve(optimizer, memory=1.0)

    return planted(rule)


def a_gradient_written_to_later():
    first = []

    def rule(optimizer, grads, params):
        for total, g in zip(first, nn.trees.leaves(grads.params), strict=False):
            if total is not g and total.shape == g.shape:
                total.setflags(write=True)
                np.add(total, g, out=total, casting="same_kind")
        first.extend([] if first else nn.trees.leaves(grads.params))
        return Grads(times(0.5, grads.params), grads.x), evolve(optimizer, memory=1.0)

    return planted(rule)


def one_buffer_for_all():
    buffers = {}

    def rule(optimizer, grads, params):
        def filled(g):
            buffer = buffers.setdefault((g.shape, g.dtype), np.empty_like(g))
            np.multiply(g, 0.5, out=buffer)
            return buffer.view()

        return Grads(map_parameters(filled, grads.params), grads.x), evolve(optimizer, memory=1.0)

    return planted(rule)


def of_numbers(f):
    """Each gradient goes through f, and momentum is taken of it"""

    def rule(optimizer, grads, params):
        memory = remembered(optimizer, grads)
        return Grads(map_parameters(f, memory), grads.x), evolve(optimizer, memory=memory)

    return planted(rule)


def of_pair(f):
    return planted(lambda optimizer, grads, params: f(evolve(optimizer, memory=remembered(optimizer, grads)), grads))


def without_floor(optimizer, grads, params):
    """The root of the squared gradient is 0 where all gradients were"""
    square = times(1.0, map_parameters(lambda g: g * g, grads.params))
    return Grads(map_parameters(lambda g, v: g / np.sqrt(v), grads.params, square), grads.x), evolve(
        optimizer, memory=square
    )


def by_the_last_length(optimizer, grads, params):
    """Of two steps with gradients of 0, the second is not finite"""
    length = float(np.linalg.norm(nn.trees.to_vector(grads.params)))
    last = 1.0 if optimizer.memory == () else optimizer.memory
    return Grads(map_parameters(lambda g: g / last, grads.params), grads.x), evolve(optimizer, memory=length)


def clip_that_widens(optimizer, grads, params):
    """Only where it is long is a gradient multiplied by what NumPy's norm gives"""
    length = np.linalg.norm(nn.trees.to_vector(grads.params))
    factor = np.float64(10 / length) if length > 10 else 1.0
    return Grads(times(factor, grads.params), grads.x), evolve(optimizer, memory=1.0)


def forgetful(optimizer, grads, params):
    old = times(0.0, grads.params) if optimizer.memory in ((), 0, None) else optimizer.memory
    return Grads(map_parameters(lambda g, m: g + 0.9 * m, grads.params, old), grads.x), optimizer


def wide_memory(optimizer, grads, params):
    memory = map_parameters(lambda g: g.astype(np.float64), remembered(optimizer, grads))
    return grads, evolve(optimizer, memory=memory)


def narrow_memory(optimizer, grads, params):
    memory = map_parameters(lambda g: g.astype(np.float32), remembered(optimizer, grads))
    return grads, evolve(optimizer, memory=memory)


def changed_settings(optimizer, grads, params):
    return grads, evolve(optimizer, beta=optimizer.beta / 2, memory=1.0)


OUTSIDE = "when it is called again with the same arguments: the memory must be in the optimizer"
WROTE = "update writes to what it was given, or returned before: "

# The class of the error and what it says: {what is planted: a function that makes it}
PLANTED = {
    (NotDeterministic, f"another grads.params.0.W {OUTSIDE}"): {
        "memory in a global": memory_in_a_global,
        "a counter outside": a_counter_outside,
    },
    (NotDeterministic, OUTSIDE): {"noise without a seed": random_noise},
    (NotPure, "update gives another grads.params.0.W after it was called for another network"): {
        "memory in a global, by step": memory_by_step_in_a_global,
        "something of another network in a global": the_largest_network_in_a_global,
    },
    (NotPure, "update gives another grads.params.0.W for copies of its arguments: is something kept under the id"): {
        "memory by id": lambda: memory_by_id(lambda kept, key: kept.get(key, 0.0))
    },
    (NotPure, "update raises KeyError for copies of its arguments: is something kept under the id"): {
        "memory by id, or none": lambda: memory_by_id(lambda kept, key: kept[key])
    },
    (NotPure, WROTE): {
        "memory changed in place": lambda: memory_changed_in_place(force=False),
        "gradients written to": lambda: given_written_to(lambda g, p: g.params, force=False),
        "parameters written to": lambda: given_written_to(lambda g, p: p, force=False),
    },
    (NotPure, "update changes optimizer.memory.0.W, which it was given"): {
        "memory changed in place by force": lambda: memory_changed_in_place(force=True)
    },
    (NotPure, "update changes grads.params.0.W, which it was given"): {
        "gradients written to by force": lambda: given_written_to(lambda g, p: g.params, force=True)
    },
    (NotPure, "update changes params.0.W, which it was given"): {
        "parameters written to by force": lambda: given_written_to(lambda g, p: p, force=True)
    },
    (NotPure, "update changes grads.params.0.W, which it was given or returned before"): {
        "a gradient written to later": a_gradient_written_to_later,
        "one buffer for all": one_buffer_for_all,
    },
    (WrongDtype, "grads.params.0.W must be float32, as its parameter is, not float64"): {
        "a scalar that widens": lambda: of_numbers(lambda g: np.float64(0.5) * g),
        "a scalar that widens at times": lambda: planted(clip_that_widens),
    },
    (WrongDtype, "optimizer.memory.0.W must be float32, as the parameters are, not float64"): {
        "memory in float64": lambda: planted(wide_memory)
    },
    (WrongDtype, "optimizer.memory.0.W must be float64, as the parameters are, not float32"): {
        "memory in float32": lambda: planted(narrow_memory)
    },
    (WrongShape, "grads.params.0.W must have the shape of its parameter, (2, 3); it is (6,)"): {
        "a shape lost": lambda: of_numbers(np.ravel)
    },
    (WrongShape, "grads.params.0.b must have the shape of its parameter, (3,); it is (1, 3)"): {
        "an axis too many": lambda: of_numbers(np.atleast_2d)
    },
    (BrokenPromise, "update must not change grads.params.0.b: in a gradient, only numbers may change"): {
        "no array": lambda: of_pair(
            lambda o, g: (Grads((nn.trees.replace(g.params, "0.b", None)[0], *g.params[1:]), g.x), o)
        )
    },
    (BrokenPromise, "update must not change grads.params.1"): {
        "another class": lambda: of_pair(lambda o, g: (Grads((g.params[0], nn.Relu(), *g.params[2:]), g.x), o))
    },
    (BrokenPromise, "update must not change grads.params"): {
        "a layer left out": lambda: of_pair(lambda o, g: (Grads(g.params[:-1], g.x), o))
    },
    (BrokenPromise, "must return Grads first; it returned (Dense"): {
        "no Grads": lambda: of_pair(lambda o, g: (g.params, o))
    },
    (BrokenPromise, "update must not change optimizer.beta: in an optimizer, only states may change"): {
        "a setting that changes": lambda: planted(changed_settings)
    },
    (BrokenPromise, "update must not change optimizer"): {
        "another optimizer": lambda: of_pair(lambda o, g: (g, Momentum()))
    },
    (BrokenPromise, "must not change optimizer"): {"an optimizer in a tuple": lambda: of_pair(lambda o, g: (g, (o,)))},
    (BrokenPromise, "optimizer.memory stays empty: the memory must be in"): {
        "memory forgotten": lambda: planted(forgetful)
    },
    (BrokenPromise, "optimizer.memory stays empty"): {
        "memory forgotten, None at first": lambda: planted(forgetful, None),
        "memory forgotten, 0 at first": lambda: planted(forgetful, 0),
        "memory forgotten, zeros at first": lambda: planted(forgetful, map_parameters(np.zeros_like, NET)),
    },
    (BrokenPromise, "optimizer.1.memory stays empty"): {
        "memory forgotten by one of two": lambda: (Momentum(), planted(forgetful))
    },
    (BrokenPromise, "optimizer.inner.memory stays empty"): {
        "memory forgotten by one inside": lambda: Strict(planted(forgetful))
    },
    (NotFinite, "grads.params.0.W is not finite where all gradients are 0 from the first step on"): {
        "nothing added to a root": lambda: planted(without_floor),
        "the last length, which was 0": lambda: planted(by_the_last_length),
    },
    (NotFinite, "grads.params.0.W is not finite where the gradient that was given is"): {
        "a logarithm": lambda: of_numbers(np.log)
    },
}
BY_NAME = {name: (make, *said) for said, made in PLANTED.items() for name, make in made.items()}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_broken_promise_is_caught_and_named(name):
    make, error, message = BY_NAME[name]
    with pytest.raises(GradientError) as caught:
        check_optimizer(make(), NET)
    assert type(caught.value) is error
    assert message in str(caught.value)


def states_of(which):
    """Momentum that visits another tree than the gradient, and so takes the states of that"""

    def rule(optimizer, grads, params):
        memory = remembered(optimizer, grads)
        return Grads(map_parameters(lambda _, m: m, which(optimizer, grads, params), memory), grads.x), evolve(
            optimizer, memory=memory
        )

    return planted(rule)


@pytest.mark.parametrize("which", [lambda o, g, p: p, lambda o, g, p: o.memory or p], ids=["params", "memory"])
def test_a_next_state_that_is_lost_is_caught(which):
    with pytest.raises(BrokenPromise, match=r"pass grads.params.0.mean, the next state of a layer, on unchanged"):
        check_optimizer(states_of(which), (TEMPERED,))


def test_an_optimizer_may_say_that_it_holds_states_back():
    check_optimizer(states_of(lambda o, g, p: p), (TEMPERED,), keeps_states=False)


def test_a_setting_of_a_layer_is_no_number():
    optimizer = of_pair(lambda o, g: (Grads(evolve(g.params, name="other"), g.x), o))
    with pytest.raises(BrokenPromise, match=r"not change grads.params.name"):
        check_optimizer(optimizer, TEMPERED, keeps_states=False)


def test_the_error_says_in_which_dtype():
    with pytest.raises(WrongDtype) as caught:
        check_optimizer(planted(wide_memory), NET)
    assert caught.value.__notes__ == ["where params and gradients are float32"]


def test_what_an_optimizer_raises_comes_through():
    def rule(optimizer, grads, params):
        raise ValueError("beta is out of range")

    with pytest.raises(ValueError, match="beta is out of range") as caught:
        check_optimizer(planted(rule), NET)
    assert caught.value.__notes__ == ["where params and gradients are float64"]


def test_classes_are_refused():
    with pytest.raises(nn.errors.KindError, match="params must be a record, a tuple or an array, not the class Dense"):
        check_optimizer(Momentum(), Dense)
    with pytest.raises(
        nn.errors.KindError, match="optimizer must be a record, a tuple or an array, not the class Momentum"
    ):
        check_optimizer(Momentum, NET)
