"""Each optimizer against its definition, laws of all optimizers, and planted mistakes that must be found."""

import pickle
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import attrs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn.errors import KindError, ShapeError
from funcnn.files import fingerprint
from funcnn.needs import Positive
from funcnn.optimizers import (
    L2,
    Adadelta,
    Adagrad,
    AMSGrad,
    Average,
    ClipValue,
    Decay,
    Lion,
    Muon,
    NAdam,
    PerArray,
    RAdam,
    Rates,
    RMSProp,
    Scheduled,
    averaged,
    init,
    nonnegative,
    project,
    unit_norm,
)
from funcnn.optimizers.base import per_parameter
from funcnn.records import branches, registry
from funcnn.schedules import stages
from funcnn.testing import GradientError
from funcnn.testing.networks.optimizer import check_optimizer
from funcnn.trees import from_vector, leaves, map_parameters, to_vector
from tests.cards import OPTIMIZERS as OF_CARDS
from tests.cards import optimizers_of, steps_by_equations
from tests.said import fails, says

NET = nn.mlp([2, 3, 1], hidden=nn.Tanh(), seed=0)
SHAPES = (3, 5), (3, 5), (5, 2), (2, 2, 4), (4,), ()


# What each gives, by its definition: of all gradients of an array so far, with no memory.


def of_each_array(rule):
    """`rule(gs)`, where gs are the gradients of one array up to now, for each array"""
    return lambda history, params: [rule(list(gs)) for gs in zip(*history, strict=True)]


def total(gs, beta):
    """Of weight 1 for the last, beta for the one before, ..."""
    return sum([beta**age * g for age, g in enumerate(reversed(gs))])


mean = lambda gs, beta: total(gs, beta) / sum([beta**age for age in range(len(gs))])
squares = lambda gs: [g * g for g in gs]
heavy_ball = lambda beta: of_each_array(lambda gs: total(gs, beta))
nesterov = lambda beta: of_each_array(lambda gs: gs[-1] + beta * total(gs, beta))


def lion(b1, b2):
    return of_each_array(lambda gs: np.sign(b1 * (1 - b2) * total(gs[:-1], b2) + (1 - b1) * gs[-1]))


def adam(b1, b2, eps):
    return of_each_array(lambda gs: mean(gs, b1) / (np.sqrt(mean(squares(gs), b2)) + eps))


def adamw(b1, b2, eps, decay, spared):
    def rule(history, params):
        steps = adam(b1, b2, eps)(history, params)
        return [g if i == spared else g + decay * p for i, (g, p) in enumerate(zip(steps, params, strict=True))]

    return rule


def amsgrad(b1, b2, eps):
    def rule(gs):
        largest = np.max([(1 - b2) * total(squares(gs[: i + 1]), b2) for i in range(len(gs))], axis=0)
        return mean(gs, b1) / (np.sqrt(largest / (1 - b2 ** len(gs))) + eps)

    return of_each_array(rule)


def nadam(b1, b2, eps, psi):
    def rule(gs):
        t = len(gs)
        mu = [b1 * (1 - 0.96 ** (psi * i) / 2) for i in range(1, t + 2)]
        ahead = mu[t] * (1 - b1) * total(gs, b1) / (1 - np.prod(mu))
        now = (1 - mu[t - 1]) * gs[-1] / (1 - np.prod(mu[:-1]))
        return (ahead + now) / (np.sqrt(mean(squares(gs), b2)) + eps)

    return of_each_array(rule)


def radam(b1, b2, eps):
    def rule(gs):
        t, end = len(gs), 2 / (1 - b2) - 1
        rho = end - 2 * t * b2**t / (1 - b2**t)
        if rho <= 5:
            return mean(gs, b1)
        factor = np.sqrt((rho - 4) * (rho - 2) * end / ((end - 4) * (end - 2) * rho))
        return mean(gs, b1) * factor / (np.sqrt(mean(squares(gs), b2)) + eps)

    return of_each_array(rule)


def rmsprop(rho, eps, momentum, *, centred):
    def scaled(gs):
        square, first = (1 - rho) * total(squares(gs), rho), (1 - rho) * total(gs, rho)
        return gs[-1] / (np.sqrt(square - first**2 if centred else square) + eps)

    return of_each_array(lambda gs: total([scaled(gs[: i + 1]) for i in range(len(gs))], momentum))


adagrad = lambda eps: of_each_array(lambda gs: gs[-1] / (np.sqrt(sum(squares(gs))) + eps))


def adadelta(rho, eps):
    def rule(gs):
        made = []
        for t in range(1, len(gs) + 1):
            past = (1 - rho) * total(squares(made), rho)
            made.append(np.sqrt(past + eps) / np.sqrt((1 - rho) * total(squares(gs[:t]), rho) + eps) * gs[t - 1])
        return made[-1]

    return of_each_array(rule)


def muon(beta, eps, others, *, look_ahead):
    """The iteration on a matrix is one on each of its singular values"""

    def rule(gs):
        if gs[0].ndim < 2:
            return others([[g] for g in gs], None)[0]
        m = (1 - beta) * total(gs, beta)
        m = beta * m + (1 - beta) * gs[-1] if look_ahead else m
        matrix = m.reshape(-1, m.shape[-1])
        n_in, n_out = matrix.shape
        U, S, V = np.linalg.svd(matrix, full_matrices=False)
        s = S / (np.sqrt((S * S).sum()) + eps)
        for _ in range(5):
            s = 3.4445 * s - 4.7750 * s**3 + 2.0315 * s**5
        return (np.sqrt(max(1, n_out / n_in)) * (U * s) @ V).reshape(m.shape)

    return of_each_array(rule)


def clip_norm(norm):
    def rule(history, params):
        length = np.linalg.norm(np.concatenate([g.ravel() for g in history[-1]]))
        return [g * min(1, norm / length) for g in history[-1]]

    return rule


def clip_value(value):
    return of_each_array(lambda gs: np.sign(gs[-1]) * np.minimum(abs(gs[-1]), value))


def decay(rate, *chosen):
    def rule(history, params):
        pairs = zip(history[-1], params, strict=True)
        return [g + rate * p if i in chosen else g for i, (g, p) in enumerate(pairs)]

    return rule


def rates(*factors):
    return lambda history, params: [f * g for f, g in zip(factors, history[-1], strict=True)]


the_last = lambda history, params: history[-1]
falls, thaws = nn.cosine(0.9, 5, final=0.2), stages((0.0, 3), (2.0, 1))


def scheduled_momentum(gs):
    m = 0.0
    for t, g in enumerate(gs):
        m = falls(t) * m + g
    return m


def scheduled_chain(history, params):
    t, grads = len(history) - 1, clip_value(0.5)(history, params)
    return rates(thaws(t), *[1] * 5)([decay(nn.cosine(0.1, 4)(t), *ALL)([grads], params)], params)


def by_layer(step):
    """One array after another"""
    return tuple([(str(i), 0.5 * (step >= i)) for i in range(5, -1, -1)])


ALL = range(len(SHAPES))
OF_MUON = {"b1": 0.8, "b2": 0.95, "eps": 0.01, "beta": 0.9}
DEFINED = {
    "heavy ball": (nn.Momentum(beta=0.8), heavy_ball(0.8)),
    "Nesterov": (nn.Momentum(beta=0.8, nesterov=True), nesterov(0.8)),
    "Lion": (Lion(b1=0.8, b2=0.9), lion(0.8, 0.9)),
    "Adam": (nn.Adam(b1=0.8, b2=0.95, eps=0.01), adam(0.8, 0.95, 0.01)),
    "AdamW": (nn.AdamW(b1=0.8, b2=0.95, eps=0.01, decay=0.2, where="!1"), adamw(0.8, 0.95, 0.01, 0.2, spared=1)),
    "AMSGrad": (AMSGrad(b1=0.8, b2=0.7, eps=0.01), amsgrad(0.8, 0.7, 0.01)),
    "NAdam": (NAdam(b1=0.8, b2=0.95, eps=0.01, psi=0.3), nadam(0.8, 0.95, 0.01, 0.3)),
    "NAdam at once": (NAdam(b1=0.8, b2=0.95, eps=0.01, psi=1e6), nadam(0.8, 0.95, 0.01, 1e6)),
    "RAdam": (RAdam(b1=0.8, b2=0.95, eps=0.01), radam(0.8, 0.95, 0.01)),
    "RAdam, never divided": (RAdam(b1=0.8, b2=0.6, eps=0.01), radam(0.8, 0.6, 0.01)),
    "RMSProp": (RMSProp(rho=0.8, eps=0.01), rmsprop(0.8, 0.01, 0, centred=False)),
    "RMSProp, centred": (RMSProp(rho=0.8, eps=0.01, centred=True), rmsprop(0.8, 0.01, 0, centred=True)),
    "RMSProp, both": (RMSProp(rho=0.8, eps=0.01, centred=True, momentum=0.7), rmsprop(0.8, 0.01, 0.7, centred=True)),
    "Adagrad": (Adagrad(eps=0.01), adagrad(0.01)),
    "Adadelta": (Adadelta(rho=0.8, eps=0.01), adadelta(0.8, 0.01)),
    "Muon": (Muon(b1=0.8, b2=0.95, eps=0.01, beta=0.9), muon(0.9, 0.01, adam(0.8, 0.95, 0.01), look_ahead=True)),
    "Muon, m' itself": (Muon(**OF_MUON, nesterov=False), muon(0.9, 0.01, adam(0.8, 0.95, 0.01), look_ahead=False)),
    "ClipNorm": (nn.ClipNorm(4.0), clip_norm(4.0)),
    "ClipValue": (ClipValue(0.5), clip_value(0.5)),
    "Decay": (Decay(0.1), decay(0.1, *ALL)),
    "Decay of some": (Decay(0.1, ("0", "[2-5]", "!4")), decay(0.1, 0, 2, 3, 5)),
    "L2": (L2(0.1, "!3"), decay(0.1, 0, 1, 2, 4, 5)),
    "Rates": (Rates((("0", 0.5), ("!5", 3), (("1", "2"), 0.0))), rates(1.5, 0.0, 0.0, 3, 3, 1)),
    "Average": (Average(0.9), the_last),
    "Scheduled": (Scheduled(nn.Momentum(), (("beta", falls),)), of_each_array(scheduled_momentum)),
    "Scheduled in a chain": (
        Scheduled(
            (ClipValue(0.5), Decay(0.1), Rates((("0", 1.0),))),
            (("1.rate", nn.cosine(0.1, 4)), ("2.factors.0.1", thaws)),
        ),
        scheduled_chain,
    ),
    "Scheduled, layer by layer": (
        Scheduled(Rates(()), (("factors", by_layer),)),
        lambda history, params: [0.5 * (len(history) > i) * g for i, g in enumerate(history[-1])],
    ),
    "nothing": ((), the_last),
}
CARDED = [optimizer for cls, card in OF_CARDS.items() if card.takes for optimizer in optimizers_of(cls)]
DEFINED |= {f"{optimizer} by its equations": (optimizer, steps_by_equations(optimizer)) for optimizer in CARDED}
SIZES = (1.0, 3.0, 0.1, 0.5, 20.0, 1.0, 0.01, 2.0)  # of the gradients; the norm is clipped in some of the steps only


def assert_as_defined(optimizer, rule, seed=0):
    rng = np.random.default_rng(seed)
    params = tuple([rng.standard_normal(shape) for shape in SHAPES])
    history = []
    for size in SIZES:
        history.append(tuple([size * rng.standard_normal(shape) for shape in SHAPES]))
        grads, optimizer = nn.update(optimizer, nn.Grads(tuple(map(np.asarray, history[-1])), None), params)
        for made, needed in zip(grads.params, rule(history, params), strict=True):
            scale = max(1, np.max(abs(needed)))
            np.testing.assert_allclose(made, needed, rtol=0, atol=1e-12 * scale)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", DEFINED)
def test_it_gives_what_its_definition_says(name, seed):
    assert_as_defined(*DEFINED[name], seed)


def test_every_optimizer_is_checked():
    made = {cls for cls in registry.values() if cls.__module__.startswith("funcnn.optimizers.")}
    ours = {cls for cls in made if hasattr(sys.modules[cls.__module__], cls.__name__)}  # not those of an example
    unchecked = ours - {PerArray} - {type(optimizer) for optimizer, _ in DEFINED.values()}
    names = sorted([cls.__name__ for cls in unchecked])
    assert names == [], f"give {names} a card with `takes` in funcnn/about, or a row in DEFINED of this file"


# The promises that `check_optimizer` tests.


@nn.record
class Centre:
    """out = scale (x - the mean of all batches before): a number is trained, a state with floats and one without"""

    scale: nn.Array
    mean: nn.Array = nn.state(default=np.zeros(2))
    batches: Any = nn.state(default=np.zeros((), int))
    seen: Any = nn.state(default=np.zeros(3, bool))


nn.forward.register(Centre)(lambda params, x: (params.scale * (x - params.mean), x))


@nn.backward.register(Centre)
def centre_backward(params, x, dA):
    batches = np.asarray(params.batches + 1)
    mean = params.mean + (x.mean(0) - params.mean) / batches.astype(x.dtype)
    scale = np.asarray((dA * (x - params.mean)).sum())
    return nn.Grads(nn.gradient(params, scale=scale, mean=mean, batches=batches, seen=~params.seen), params.scale * dA)


CENTRED = (Centre(np.array(2.0)), NET)


@nn.record
class ByKind:
    """A setting that is not a number, by a function that can be saved"""

    kinds: Any = ("*.W", "*.b")

    def __call__(self, step):
        return self.kinds[step % 2]


PATHS = {"AdamW": nn.AdamW(where="!*.b"), "Decay of some": Decay(0.1, "*.W"), "L2": L2(0.1, "!*.b")}
PATHS["Rates"] = Rates((("*.b", 0.5), ("!*.W", 3)))
PATHS["Scheduled in a chain"] = Scheduled(
    (Rates((("*.b", 1.0),)), nn.Adam()), (("0.factors.0.1", thaws), ("1.eps", falls))
)
PATHS["Scheduled, layer by layer"] = Scheduled(nn.AdamW(), (("where", ByKind()),))
CHECKED = {name: PATHS.get(name, optimizer) for name, (optimizer, _) in DEFINED.items()}
X = np.random.default_rng(0).standard_normal((30, 2))
Y = np.sin(X[:, :1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("name", CHECKED)
def test_with_its_memory_made_before_it_gives_the_same(name, dtype):
    net = nn.tree_map(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, CENTRED)
    data = [(X.astype(dtype), Y.astype(dtype))] * 3
    made = nn.TrainState(net, init(CHECKED[name], net))
    *_, one = nn.train(made, data, nn.value_and_grad(nn.mse), 0.01)
    *_, other = nn.train(nn.TrainState(net, CHECKED[name]), data, nn.value_and_grad(nn.mse), 0.01)
    assert one == other
    shapes = [[(a.shape, a.dtype) for a in leaves(state.optimizer)] for state in (made, one)]
    assert shapes[0] == shapes[1]
    assert init(one.optimizer, net) == one.optimizer


def without_paths(optimizer):
    return nn.evolve(optimizer, where="*") if hasattr(optimizer, "where") else optimizer


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("params", [NET, CENTRED], ids=["mlp", "states"])
def test_it_keeps_its_promises(name, params):
    check_optimizer(CHECKED[name], params)


@pytest.mark.parametrize("name", CHECKED)
def test_it_keeps_them_in_chains(name):
    check_optimizer((nn.ClipNorm(0.5), CHECKED[name], Decay(0.1)), NET)
    check_optimizer(((), (L2(0.1), (CHECKED[name],)), nn.Momentum(beta=0.5), ClipValue(1.0)), CENTRED)


@pytest.mark.parametrize("name", sorted(set(CHECKED) - {"Rates", "Scheduled in a chain", "Scheduled, layer by layer"}))
@pytest.mark.parametrize(
    "params",
    [(), nn.Tanh(), np.ones(()), nn.Dense(np.ones((2, 0)), np.ones(0)), nn.Dense(np.ones((0, 2)), np.ones(2))],
    ids=["empty", "inert", "a number", "no outputs", "no inputs"],
)
def test_it_keeps_them_where_there_is_little_to_train(name, params):
    check_optimizer(without_paths(CHECKED[name]), params)


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_run_resumed_in_the_middle_has_the_same_bits(name, dtype):
    net = nn.tree_map(lambda a: a.astype(dtype) if a.dtype.kind == "f" else a, CENTRED)
    data = [(X[i : i + 10].astype(dtype), Y[i : i + 10]) for i in range(0, 20, 2)]
    start = nn.TrainState(net, (CHECKED[name], Average(0.5)))
    states = list(nn.train(start, data, nn.value_and_grad(nn.mse), 0.01))
    for now in (states[0], states[4]):
        kept = pickle.loads(pickle.dumps(now))
        *_, last = nn.train(kept, data[kept.step :], nn.value_and_grad(nn.mse), 0.01)
        assert fingerprint(last) == fingerprint(states[-1])
        assert last == states[-1]


REMEMBERING = [name for name, o in CHECKED.items() if isinstance(o, PerArray | Average)]
OTHERS = {
    "fewer arrays": NET[:1],
    "more arrays": (*NET, nn.Dense.init(1, 2, seed=1)),
    "another shape": nn.mlp([2, 4, 1], hidden=nn.Tanh(), seed=0),
    "another dtype": nn.tree_map(lambda a: a.astype(np.float32), NET),
    "none": (),
}


@pytest.mark.parametrize("name", REMEMBERING)
@pytest.mark.parametrize("other", OTHERS)
def test_the_memory_of_another_network_is_refused(name, other):
    optimizer = without_paths(CHECKED[name])
    _, optimizer = nn.update(optimizer, nn.Grads(NET, None), NET)
    before = fingerprint(optimizer)
    says(ShapeError, type(optimizer).__name__, nn.update, optimizer, nn.Grads(OTHERS[other], None), OTHERS[other])
    assert fingerprint(optimizer) == before


def test_the_gradient_of_the_caller_stays_writeable():
    """What an optimizer passes on, or remembers as it is, belongs to who gave it"""

    @nn.record
    class Difference(PerArray):
        def step(self, g, p, t, last=0):
            return g - last, g

    @nn.record
    class Same(PerArray):
        def step(self, g, p, t):
            return (g,)

    for optimizer in (Difference(), Same(), Decay(0.1, "1"), nn.ClipNorm(1.0)):
        g, params = np.ones(2), (np.ones(2), np.ones(2))
        made = nn.update(optimizer, nn.Grads((g, g.copy()), None), params)
        before = fingerprint(made)
        g += 1
        assert fingerprint(made) == before


# Laws.

seeds = st.integers(0, 2**32 - 1)


def gradients(seed, size=1.0):
    rng = np.random.default_rng(seed)
    return nn.Grads(map_parameters(lambda p: size * rng.standard_normal(p.shape), NET), None)


length = lambda grads: np.linalg.norm(to_vector(grads.params))


@given(seeds, st.permutations([nn.Adam(), nn.ClipNorm(0.1), Decay(0.3), Lion()]))
def test_a_chain_is_one_after_the_other(seed, parts):
    grads, chain = gradients(seed), tuple(parts)
    for _ in range(2):
        expected, after = grads, []
        for part in chain:
            expected, stepped = nn.update(part, expected, NET)
            after.append(stepped)
        made, chain = nn.update(chain, grads, NET)
        assert made == expected
        assert chain == tuple(after)


@given(seeds)
def test_the_empty_chain_is_the_identity(seed):
    grads = gradients(seed)
    made, after = nn.update((), grads, NET)
    assert made is grads
    assert after == ()
    one, two, three = [nn.update(o, grads, NET)[0] for o in (nn.Adam(), (nn.Adam(), ()), ((), nn.Adam()))]
    assert one == two == three


@given(seeds, st.sampled_from([0.0, 0.25, 0.5, 1.0, 4.0]))
def test_one_factor_for_all_is_a_factor_of_lr(seed, factor):
    grads = gradients(seed)
    made, _ = nn.update(Rates((("*", factor),)), grads, NET)
    assert nn.sgd(NET, made, 0.1) == nn.sgd(NET, grads, 0.1 * factor)


@given(seeds, st.floats(0.01, 10), st.floats(1e-3, 1e3))
def test_a_clipped_gradient_is_no_longer_than_allowed_and_keeps_its_direction(seed, norm, size):
    grads = gradients(seed, size)
    made, _ = nn.update(nn.ClipNorm(norm), grads, NET)
    assert length(made) <= norm * (1 + 1e-14)
    if length(grads) <= norm:
        assert made == grads
    else:
        np.testing.assert_allclose(length(made), norm, rtol=1e-14)
        parallel = to_vector(made.params) * (length(grads) / norm)
        np.testing.assert_allclose(parallel, to_vector(grads.params), rtol=1e-13)


EXTREME = [(np.float32, 1e-30), (np.float32, 1e20), (np.float32, 1e37), (np.float64, 1e-200), (np.float64, 1e200)]


@pytest.mark.parametrize(("dtype", "size"), EXTREME)
def test_the_square_of_a_length_need_not_be_a_number(dtype, size):
    g = np.array([[3, 0], [0, -4]], dtype) * dtype(size)
    grads = nn.Grads(nn.Dense(g, np.zeros(2, dtype)), None)
    for norm in (size, 1.0):
        made, _ = nn.update(nn.ClipNorm(norm), grads, grads.params)
        wanted = g if 5 * size < norm else np.array([[0.6, 0], [0, -0.8]]) * norm
        np.testing.assert_allclose(made.params.W, wanted, rtol=1e-6)
        assert made.params.W.dtype == dtype
    np.testing.assert_allclose(unit_norm(g.T.reshape(4, 1))[:, 0], [0.6, 0, 0, -0.8], rtol=1e-6)
    assert unit_norm(g).dtype == dtype


def test_a_length_need_not_be_a_number_of_its_dtype():
    for g in (np.full(2, 1.7e308), np.ones(70_000, np.float16)):
        made, _ = nn.update(nn.ClipNorm(1.0), nn.Grads((g,), None), (g,))
        np.testing.assert_allclose(made.params[0], len(g) ** -0.5, rtol=1e-2 if g.dtype == np.float16 else 1e-14)
        assert made.params[0].dtype == g.dtype


def test_a_gradient_of_zeros_or_of_nothing_is_clipped_too():
    for g in (np.zeros((2, 2)), np.zeros((0, 2))):
        grads = nn.Grads((g, np.zeros(())), None)
        assert nn.update(nn.ClipNorm(1.0), grads, grads.params)[0] == grads
        assert unit_norm(g).tolist() == g.tolist()


def test_a_network_of_two_dtypes_is_clipped_as_one():
    grads = nn.Grads((np.full(8, 3.0, np.float32), np.full(8, 4.0)), None)
    made, _ = nn.update(nn.ClipNorm(1.0), grads, grads.params)
    assert [g.dtype for g in made.params] == [np.float32, np.float64]
    np.testing.assert_allclose(np.concatenate(made.params), np.repeat([3, 4], 8) / np.sqrt(200), rtol=1e-7)


def test_a_deviation_that_rounding_makes_negative_is_0():
    """Of equal gradients the mean square is the square of the mean, give or take a bit"""
    g, optimizer = nn.Grads(np.geomspace(0.1, 10, 1000, dtype=np.float32), None), RMSProp(rho=0.5, centred=True)
    for _ in range(60):
        made, optimizer = nn.update(optimizer, g, g.params)
    s, c, _ = optimizer.memory[0]
    assert (s - c * c).min() < 0
    assert np.isfinite(made.params).all()


@given(seeds, st.floats(0, 2))
def test_a_projection_twice_is_one(seed, shift):
    rng = np.random.default_rng(seed)
    net = from_vector(NET, rng.standard_normal(to_vector(NET).size) + shift)
    once = project(net, nonnegative)
    assert project(once, nonnegative) == once
    assert to_vector(once).min() >= 0
    once = project(net, unit_norm, "*.W")
    np.testing.assert_allclose(to_vector(project(once, unit_norm, "*.W")), to_vector(once), rtol=1e-15)
    np.testing.assert_allclose(np.linalg.norm(once[0].W, axis=0), 1, rtol=1e-15)
    assert once[0].b == pytest.approx(net[0].b, abs=0)


def test_a_column_of_zeros_has_no_direction():
    assert unit_norm(np.array([[0.0, 3.0], [0.0, 4.0]])).tolist() == [[0.0, 0.6], [0.0, 0.8]]
    assert unit_norm(np.array(-3.0)) == -1
    assert unit_norm(np.zeros((2, 1), np.float32)).dtype == np.float32


@pytest.mark.parametrize(("number", "dtype"), [(1e200, np.float64), (1e308, np.float64), (3e38, np.float32)])
def test_muon_gives_the_same_directions_for_a_gradient_whose_squares_overflow(number, dtype):
    g = np.array([[3.0, 1.0], [0.0, 4.0]], dtype) / 4
    found, _ = Muon().step(dtype(number) * g, None, 1)
    expected, _ = Muon().step(g, None, 1)
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_singular_values_of_what_muon_gives_are_about_1():
    for seed in range(50):
        rng = np.random.default_rng(seed)
        n_in, n_out = rng.integers(1, 20, 2)
        g, _ = Muon().step(rng.standard_normal((n_in, n_out)), None, 1)
        values = np.linalg.svd(g, compute_uv=False) / max(1, n_out / n_in) ** 0.5
        assert values.min() > 0.65
        assert values.max() < 1.25


# The average.


def walked(beta, steps, net=CENTRED):
    start = nn.TrainState(net, (nn.Adam(), Average(beta)))
    x = X.astype(to_vector(net).dtype)
    return list(nn.train(start, [(x, Y)] * steps, nn.value_and_grad(nn.mse), 0.1))


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.999])
@pytest.mark.parametrize("steps", [1, 2, 7])
def test_the_average_is_weighted_by_age(beta, steps):
    run = walked(beta, steps)
    weights = np.array([(1 - beta) * beta**age / (1 - beta**steps) for age in range(steps)])
    np.testing.assert_allclose(weights.sum(), 1, rtol=1e-12)
    mean = averaged(run[-1].optimizer, run[-1].params)
    for path, p in nn.parameters(mean).items():
        expected = sum([w * nn.parameters(s.params)[path] for w, s in zip(weights, reversed(run), strict=True)])
        np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-15)
    states = [s.params[0] for s in reversed(run)]
    expected = sum([w * s.mean for w, s in zip(weights, states, strict=True)])
    np.testing.assert_allclose(mean[0].mean, expected, rtol=1e-12)
    assert mean[0].batches == steps
    assert mean[0].batches.dtype == int
    assert mean[0].seen.tolist() == states[0].seen.tolist()
    assert type(mean[1][1]) is nn.Tanh


def test_an_average_of_nothing_is_the_network():
    assert averaged(Average(), NET) is NET


def test_an_average_stays_float32():
    half = nn.tree_map(lambda a: a.astype(np.float32), NET)
    run = walked(0.9, 3, half)
    found = leaves((run[-1].optimizer, averaged(run[-1].optimizer, run[-1].params)))
    assert {leaf.dtype for leaf in found} == {np.dtype(np.float32)}


def test_statistics_of_the_average_come_from_a_pass_without_steps():
    """As the docstring says"""
    run = walked(0.5, 4)
    mean = averaged(run[-1].optimizer, run[-1].params)
    fresh = (nn.evolve(mean[0], mean=np.zeros(2), batches=np.zeros((), int)), mean[1])
    *_, last = nn.train(nn.TrainState(fresh), [(X, Y)], nn.value_and_grad(nn.mse), 0.0)
    assert nn.parameters(last.params).keys() == nn.parameters(mean).keys()
    assert to_vector(last.params).tolist() == to_vector(mean).tolist()
    np.testing.assert_allclose(last.params[0].mean, X.mean(0))


# Mistakes, each of which must be caught by a promise or by the definition.


class Mistake(NamedTuple):
    of: str  # whose definition it does not meet
    make: Callable[[], Any]
    caught_by: type = AssertionError  # the definition; a GradientError is a promise


def planted(step):
    """An optimizer with this rule for one array"""

    @nn.record
    class Planted(PerArray):
        pass

    Planted.step = step
    return Planted()


def rule_for_all(rule):
    """An optimizer with this rule for all arrays, and a memory"""

    @nn.record
    class PlantedForAll:
        memory: Any = nn.state(default=())

    nn.update.register(PlantedForAll)(rule)
    return PlantedForAll()


def wrong_adam(b1=0.8, b2=0.95, eps=0.01, *, late=0, corrected=(True, True), inside=False, power=0.5, of=None):
    def step(self, g, p, t, m=0, v=0):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (of(g, m) if of else g) ** 2
        t = t + late
        top = m / (1 - b1**t) if corrected[0] else m
        below = v / (1 - b2**t) if corrected[1] else v
        return top / ((below + eps) ** power if inside else below**power + eps), m, v

    return planted(step)


def written_in_place(self, g, p, t, m=0):
    m = g * 1.0 if t == 1 else m
    if t > 1:
        m *= 0.8
        m += g
    return m * 1.0, m


def gradient_written_to(self, g, p, t, m=0):
    g += 0.8 * m
    return g, g * 1.0


def of_another_array(optimizer, grads, params):
    """Each array has the memory of the one before it where that has its shape"""
    old = optimizer.memory or (0.0,) * len(grads.params)
    shifted = [*old[-1:], *old[:-1]]
    kept = [m if np.shape(n) != g.shape else n for g, m, n in zip(grads.params, old, shifted, strict=True)]
    memory = tuple([0.8 * m + g for g, m in zip(grads.params, kept, strict=True)])
    return nn.Grads(memory, grads.x), nn.evolve(optimizer, memory=memory)


def memory_outside():
    kept = {}

    def step(self, g, p, t):
        kept[p.shape] = g + 0.8 * kept.get(p.shape, 0)
        return (kept[p.shape] * 1.0,)

    return planted(step)


def widened(self, g, p, t, m=0):
    m = np.float64(0.8) * m + g
    return m, m


def clipped_one_by_one(self, g, p, t):
    return (g * min(1, 4.0 / max(np.sqrt((g * g).sum()), 1e-30)),)


def lengthened(optimizer, grads, params):
    size = max(np.linalg.norm(to_vector(grads.params)), 1e-30)
    return per_parameter(lambda g, _: g * np.asarray(4.0 / size, g.dtype), grads, params), optimizer


def reset_product(self, g, p, t, m=0, v=0):
    made, m, v, _ = NAdam(b1=0.8, b2=0.95, eps=0.01, psi=0.3).step(g, p, t, m, v, 1.0)
    return made, m, v


def largest_after_the_correction(self, g, p, t, m=0, v=0, top=0):
    m, v = 0.8 * m + 0.2 * g, 0.7 * v + 0.3 * g * g
    top = np.maximum(top, v / (1 - 0.7**t))
    return m / (1 - 0.8**t) / (np.sqrt(top) + 0.01), m, v, top


look_ahead_late = lambda self, g, p, t, m=0: (g + 0.8 * m, 0.8 * m + g)


def with_dampening(self, g, p, t, m=0):
    m = 0.8 * m + 0.2 * g
    return m, m


forgotten = lambda self, g, p, t, m=0: (0.8 * m + g, g * 1.0)


def one_beta(self, g, p, t, m=0):
    m = 0.8 * m + (1 - 0.8) * g
    return np.sign(m), m


last_square_only = lambda self, g, p, t: (g / (np.sqrt(g * g) + 0.01),)


def gradients_for_steps(self, g, p, t, s=0, d=0):
    s = 0.8 * s + 0.2 * g * g
    made = np.sqrt(d + 0.01) / np.sqrt(s + 0.01) * g
    return made, s, 0.8 * d + 0.2 * g * g


def centred_without_a_square(self, g, p, t, s=0, c=0):
    s, c = 0.8 * s + 0.2 * g * g, 0.8 * c + 0.2 * g
    return g / (np.sqrt(np.maximum(s - abs(c), 0)) + 0.01), s, c


def turned_scale(self, g, p, t, m=0, v=0):
    made, *memory = Muon.step(Muon(b1=0.8, b2=0.95, eps=0.01, beta=0.9), g, p, t, m, v)
    if g.size and g.ndim > 1:
        n_out, n_in = g.shape[-1], g.size // g.shape[-1]
        made = made / max(1, n_out / n_in) ** 0.5 * max(1, n_in / n_out) ** 0.5
    return made, *memory


def a_number_as_an_array(self, g, p, t, m=0):
    m = np.atleast_1d(0.8 * m + g)
    return m, m


def last_factor_only(optimizer, grads, params):
    factors = [0.5, 0.0, 0.0, 3, 3, 1]
    return nn.Grads(tuple([f * g for f, g in zip(factors, grads.params, strict=True)]), grads.x), optimizer


MISTAKES = {
    "no correction of either mean": Mistake("Adam", lambda: wrong_adam(corrected=(False, False))),
    "no correction of the second mean": Mistake("Adam", lambda: wrong_adam(corrected=(True, False))),
    "t is one too large": Mistake("Adam", lambda: wrong_adam(late=1)),
    "eps below the root": Mistake("Adam", lambda: wrong_adam(inside=True)),
    "no root": Mistake("Adam", lambda: wrong_adam(power=1.0)),
    "betas changed over": Mistake("Adam", lambda: wrong_adam(0.95, 0.8)),
    "squares of the mean": Mistake("Adam", lambda: wrong_adam(of=lambda g, m: m)),
    "largest after the correction": Mistake("AMSGrad", lambda: planted(largest_after_the_correction)),
    "a product that begins anew": Mistake("NAdam", lambda: planted(reset_product)),
    "a decay that is divided": Mistake("AdamW", lambda: (L2(0.2, "!1"), nn.Adam(b1=0.8, b2=0.95, eps=0.01))),
    "a decay of what is spared": Mistake("AdamW", lambda: nn.AdamW(b1=0.8, b2=0.95, eps=0.01, decay=0.2)),
    "never taken as it is": Mistake("RAdam", lambda: nn.Adam(b1=0.8, b2=0.95, eps=0.01)),
    "memory written to": Mistake("heavy ball", lambda: planted(written_in_place), GradientError),
    "gradient written to": Mistake("heavy ball", lambda: planted(gradient_written_to), GradientError),
    "memory of another array": Mistake("heavy ball", lambda: rule_for_all(of_another_array)),
    "memory outside": Mistake("heavy ball", memory_outside, GradientError),
    "memory widened": Mistake("heavy ball", lambda: planted(widened), KindError),
    "memory of one step": Mistake("heavy ball", lambda: planted(forgotten)),
    "dampening": Mistake("heavy ball", lambda: planted(with_dampening)),
    "a number as an array": Mistake("heavy ball", lambda: planted(a_number_as_an_array), KindError),
    "a look from where it was": Mistake("Nesterov", lambda: planted(look_ahead_late)),
    "one beta for both": Mistake("Lion", lambda: planted(one_beta)),
    "no sum of squares": Mistake("Adagrad", lambda: planted(last_square_only)),
    "gradients in place of steps": Mistake("Adadelta", lambda: planted(gradients_for_steps)),
    "a mean that is not squared": Mistake("RMSProp, centred", lambda: planted(centred_without_a_square)),
    "scaled by n_in / n_out": Mistake("Muon", lambda: planted(turned_scale)),
    "clipped one by one": Mistake("ClipNorm", lambda: planted(clipped_one_by_one)),
    "lengthened": Mistake("ClipNorm", lambda: rule_for_all(lengthened)),
    "the last factor only": Mistake("Rates", lambda: rule_for_all(last_factor_only)),
}
OF_CARDS_MISTAKES = [(cls, mistake) for cls, card in OF_CARDS.items() for mistake in card.mistakes]


@pytest.mark.parametrize(("cls", "mistake"), OF_CARDS_MISTAKES, ids=str)
def test_a_mistake_of_a_card_is_another_step(cls, mistake):
    optimizer = optimizers_of(cls)[-1]
    fails(AssertionError, assert_as_defined, optimizer, steps_by_equations(optimizer, last=mistake[2]))


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_caught(name):
    of, make, caught_by = MISTAKES[name]
    _, rule = DEFINED[of]
    with pytest.raises(caught_by) as caught:
        check_as_either_would(make(), rule, promises=caught_by is not AssertionError)
    assert isinstance(caught.value, GradientError) == (caught_by is GradientError)


def check_as_either_would(optimizer, rule, *, promises):
    if promises:
        check_optimizer(optimizer, (np.ones((2, 3)), np.ones(3), np.array(1.0)))
    else:
        assert_as_defined(optimizer, rule)


OPTIMIZERS = [cls for cls in registry.values() if issubclass(cls, PerArray) and cls.__module__.startswith("funcnn.")]


@pytest.mark.parametrize("cls", OPTIMIZERS)
def test_settings_are_given_by_name_alone(cls):
    assert [field.name for field in attrs.fields(cls) if field.init and not field.kw_only] == []


def test_every_kind_of_field_is_given_by_name_alone_where_the_class_says_so():
    @nn.record(kw_only=True)
    class Named:
        size: Positive = 1.0
        seen: int = nn.state(default=0)
        layers: tuple[Any, ...] = branches(default=())

    assert Named(size=2.0, seen=1, layers=()).size == 2
    says(KindError, r"^Named: settings must be given by name, not by position", Named, 2.0)
