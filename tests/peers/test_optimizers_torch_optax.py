"""Each optimizer against torch and optax over trajectories of parameters; prints the differences.

A trajectory has 10 to 30 steps of 6 arrays. The size of its gradients is drawn between 1e-3 and 1e3. Its learning rate
is constant or decreasing, and small enough to keep the parameters below about 1.
"""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, NamedTuple

import numpy as np
import pytest

from funcnn import Adam, AdamW, ClipNorm, Grads, Momentum, cosine, sgd, update
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
    RAdam,
    Rates,
    RMSProp,
    Scheduled,
    averaged,
)
from funcnn.schedules import stages, step_decay
from tests.cards import OPTIMIZERS as OF_CARDS
from tests.cards import optimizers_of

pytestmark = [pytest.mark.usefixtures("jax64"), pytest.mark.unwatched]
jax = pytest.importorskip("jax", reason="optax is made of it")
optax = pytest.importorskip("optax", reason="it is one of the two oracles")
torch = pytest.importorskip("torch", reason="it is one of the two oracles")
jnp, topt = jax.numpy, torch.optim

SEEDS = range(8)
SHAPES = (3, 4), (4,), (), (2, 3, 2, 5), (5, 2), (1, 3)  # two matrices, wide and tall, a kernel, a number ...


class Trajectory(NamedTuple):
    start: tuple[Any, ...]
    steps: list[tuple[tuple[Any, ...], float]]  # gradients and learning rate of each


class Case(NamedTuple):
    ours: Any
    torch: Callable[[list[Any]], Any] | None = None  # the optimizer, from the parameters
    optax: Callable[[], Any] | None = None
    lr: float = 0.01
    over: Callable[[float], float] = lambda size: 1.0  # what lr is divided by, given the size of the gradients


AS_LONG = lambda size: size  # its steps are as long as the gradients
AT_FIRST = lambda size: max(1.0, size)  # some of them are


def drawn(seed, dtype, case):
    rng = np.random.default_rng(seed)
    size, length = 10 ** rng.uniform(-3, 3), int(rng.integers(10, 31))
    start = tuple([np.array(rng.uniform(-0.25, 0.25, shape), dtype) for shape in SHAPES])
    schedule = cosine(case.lr, 40) if seed % 2 else lambda step: case.lr
    steps = []
    for step in range(length):
        scale = size * 10 ** rng.uniform(-1, 0)
        grads = tuple([np.array(scale * rng.standard_normal(shape), dtype) for shape in SHAPES])
        steps.append((grads, schedule(step) / case.over(size)))
    return Trajectory(start, steps)


def by_us(optimizer, trajectory):
    params = trajectory.start
    for grads, lr in trajectory.steps:
        steps, optimizer = update(optimizer, Grads(grads, None), params)
        params = sgd(params, steps, lr)
        yield params


def by_torch(make, trajectory):
    params = [torch.tensor(array, requires_grad=True) for array in trajectory.start]
    optimizer = make(params)
    for grads, lr in trajectory.steps:
        for p, g in zip(params, grads, strict=True):
            p.grad = torch.tensor(g)
        for group in optimizer.param_groups:
            group["lr"] = lr * group.get("factor", 1)
        optimizer.step()
        yield [p.detach().numpy().copy() for p in params]


def stepper(transformation):
    @jax.jit
    def step(params, state, grads, lr):
        changes, state = transformation.update(grads, state, params)
        return jax.tree.map(lambda p, change: p - lr.astype(p.dtype) * change.astype(p.dtype), params, changes), state

    return step


def by_optax(transformation, step, trajectory):
    params = tuple(map(jnp.asarray, trajectory.start))
    state = transformation.init(params)
    for grads, lr in trajectory.steps:
        params, state = step(params, state, tuple(map(jnp.asarray, grads)), jnp.asarray(lr))
        yield list(map(np.asarray, params))


def difference(ours, theirs):
    """The largest over the steps and arrays; in float64 over the largest parameter, where that is above 1"""
    worst = 0.0
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine, other, strict=True):
            assert a.shape == b.shape
            assert a.dtype == b.dtype
            scale = max(1.0, float(abs(b).max())) if a.dtype == np.float64 else 1.0
            worst = max(worst, float(abs(a.astype(float) - b).max()) / scale)
    return worst


@pytest.fixture(scope="module")
def table(request):
    """Printed when the tests of the module are done; with xdist, whose workers print nothing, run this file alone."""
    rows = {}
    yield rows
    lines = [f"\n{'the largest difference':40} {'peer':6} {'float64':>8} {'float32':>8}"]
    lines += [f"{name:40} {peer:6} {a:8.1e} {b:8.1e}" for (name, peer), (a, b) in rows.items()]
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print("\n".join(lines))  # noqa: T201  what this is for


@pytest.fixture
def double():
    """Torch keeps NAdam's product of momenta in its default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def where(params, *positions):
    return [params[i] for i in positions]


def hooked(optimizer, hook):
    """Torch clips before the step."""

    def before(*_):
        hook()

    optimizer.register_step_pre_hook(before)
    return optimizer


def decayed_but_for(params, spared, rate):
    rest = [i for i in range(len(params)) if i != spared]
    groups = [{"params": where(params, *rest)}, {"params": where(params, spared), "weight_decay": 0.0}]
    return topt.AdamW(groups, weight_decay=rate)


def with_factors(params):
    factors = {0: 0.1, 1: 1.0, 2: 0.0, 3: 1.0, 4: 1.0, 5: 6.0}
    return topt.Adam([{"params": [params[i]], "factor": factor} for i, factor in factors.items()])


def rates_in_optax():
    only = lambda *chosen: tuple([i in chosen for i in range(len(SHAPES))])
    masks = [(0.1, only(0)), (3.0, only(5)), (2.0, only(5)), (0.0, only(2))]
    return optax.chain(optax.scale_by_adam(), *[optax.masked(optax.scale(factor), mask) for factor, mask in masks])


def muon_in_optax():
    """Kernels as matrices with the last axis as n_out, and Adam for the rest"""
    from optax.contrib import MuonDimensionNumbers, _muon, scale_by_muon

    def numbers(tree):
        return jax.tree.map(lambda a: MuonDimensionNumbers(tuple(range(a.ndim - 1)), a.ndim - 1), tree)

    scaled = scale_by_muon(nesterov=False, eps=0.0, weight_dimension_numbers=numbers)
    matrices = optax.chain(scaled, _muon.scale_by_shape(numbers))
    labels = tuple(["matrix" if len(shape) > 1 else "rest" for shape in SHAPES])
    return optax.partition({"matrix": matrices, "rest": optax.scale_by_adam(eps=0.0)}, labels)


def of(cls, **settings):
    """A class of torch with these settings, from the parameters."""
    return partial(cls, **settings)


def then(*transformations):
    return lambda: optax.chain(*transformations)


def scheduled(make, **settings):
    """An optimizer of torch whose groups get settings by the number of the step, before each step"""

    def made(params):
        step = count()

        def before():
            t = next(step)
            for group in optimizer.param_groups:
                group.update({name: schedule(t) for name, schedule in settings.items()})

        optimizer = make(params)
        return hooked(optimizer, before)

    return made


def thawed_in_torch(params):
    """The rate of the first array is 0 at first"""
    step, optimizer = count(), topt.SGD([{"params": params[:1]}, {"params": params[1:]}])

    def before():
        optimizer.param_groups[0]["lr"] *= THAWS(next(step))

    return hooked(optimizer, before)


def injected(make, **settings):
    return lambda: optax.inject_hyperparams(make)(**settings)


# Torch and optax compute settings in float32, which holds these numbers.
HALVED, THAWS = step_decay(0.5, 0.5, 5), stages((0.0, 5), (step_decay(2.0, 0.5, 5), 20))
by_adam, decayed = optax.scale_by_adam, optax.add_decayed_weights
by_rms = partial(optax.scale_by_rms, eps_in_sqrt=False)
by_deviation = partial(optax.scale_by_stddev, 0.9, eps_in_sqrt=False)
BUT_ONE = tuple([i != 1 for i in range(len(SHAPES))])
RATES = Rates((("0", 0.1), ("5", 3.0), (("5", "2"), 2.0), ("2", 0.0)))
clip_by_value = lambda p: hooked(topt.SGD(p), lambda: torch.nn.utils.clip_grad_value_(p, 0.5))
DULL = Case(RMSProp(rho=0.99, eps=0.01, momentum=0.8), of(topt.RMSprop, alpha=0.99, eps=0.01, momentum=0.8), lr=0.001)
# Torch multiplies by 1 - lr decay, which it rounds to a float32: here to one that it is.
EXACT = 2**-7
CASES = {
    "nothing": Case((), topt.SGD, optax.identity, over=AS_LONG),
    "Momentum": Case(Momentum(), of(topt.SGD, momentum=0.9), lambda: optax.trace(0.9), over=AS_LONG),
    "Momentum, Nesterov": Case(
        Momentum(beta=0.8, nesterov=True),
        *(of(topt.SGD, momentum=0.8, nesterov=True), lambda: optax.trace(0.8, nesterov=True)),
        over=AS_LONG,
    ),
    "Adam": Case(Adam(), topt.Adam, by_adam),
    "Adam, large eps": Case(
        Adam(b1=0.8, b2=0.99, eps=0.1), of(topt.Adam, betas=(0.8, 0.99), eps=0.1), lambda: by_adam(0.8, 0.99, 0.1)
    ),
    "AdamW": Case(AdamW(decay=0.25), of(topt.AdamW, weight_decay=0.25), then(by_adam(), decayed(0.25)), lr=EXACT),
    "AdamW, but for one array": Case(
        AdamW(decay=0.25, where="!1"),
        *(lambda p: decayed_but_for(p, 1, 0.25), then(by_adam(), decayed(0.25, BUT_ONE))),
        lr=EXACT,
    ),
    "NAdam": Case(NAdam(), topt.NAdam),
    "NAdam, psi=0.1": Case(NAdam(b1=0.8, psi=0.1), of(topt.NAdam, betas=(0.8, 0.999), momentum_decay=0.1)),
    "NAdam, psi=1e6": Case(NAdam(psi=1e6), of(topt.NAdam, momentum_decay=1e6), partial(by_adam, nesterov=True)),
    "AMSGrad": Case(AMSGrad(b2=0.9), of(topt.Adam, betas=(0.9, 0.9), amsgrad=True)),
    "RAdam": Case(RAdam(), optax=optax.scale_by_radam, over=AT_FIRST),
    "RAdam, eps=0": Case(RAdam(eps=0), of(topt.RAdam, eps=0), lambda: optax.scale_by_radam(eps=0.0), over=AT_FIRST),
    "RAdam, short memory": Case(
        RAdam(b1=0.5, b2=0.8, eps=0),
        *(of(topt.RAdam, betas=(0.5, 0.8), eps=0), lambda: optax.scale_by_radam(0.5, 0.8, 0.0)),
        over=AT_FIRST,
    ),
    "RAdam, never divided": Case(
        RAdam(b2=0.6), of(topt.RAdam, betas=(0.9, 0.6)), lambda: optax.scale_by_radam(b2=0.6), over=AS_LONG
    ),
    "RMSProp": Case(RMSProp(), of(topt.RMSprop, alpha=0.9), lambda: by_rms(0.9)),
    "RMSProp, momentum": DULL._replace(optax=then(by_rms(0.99, 0.01), optax.trace(0.8))),
    "RMSProp, centred": Case(RMSProp(centred=True), of(topt.RMSprop, alpha=0.9, centered=True), by_deviation),
    "RMSProp, centred, momentum": Case(
        RMSProp(centred=True, momentum=0.5),
        of(topt.RMSprop, alpha=0.9, centered=True, momentum=0.5),
        then(by_deviation(), optax.trace(0.5)),
    ),
    "Adagrad": Case(Adagrad(), topt.Adagrad),
    "Adagrad, eps=0": Case(Adagrad(eps=0), of(topt.Adagrad, eps=0), lambda: optax.scale_by_rss(0.0, 0.0)),
    "Adadelta": Case(Adadelta(), topt.Adadelta, optax.scale_by_adadelta, lr=1.0),
    "Adadelta, large eps": Case(
        Adadelta(rho=0.8, eps=0.01),
        *(of(topt.Adadelta, rho=0.8, eps=0.01), lambda: optax.scale_by_adadelta(0.8, 0.01)),
        lr=0.1,
    ),
    "Lion, Decay": Case((Lion(b1=0.8, b2=0.95), Decay(0.3)), optax=then(optax.scale_by_lion(0.8, 0.95), decayed(0.3))),
    "Muon, not Nesterov, eps=0": Case(Muon(eps=0, nesterov=False), optax=muon_in_optax),
    "ClipNorm, Momentum": Case(
        (ClipNorm(0.5), Momentum()), optax=then(optax.clip_by_global_norm(0.5), optax.trace(0.9))
    ),
    "ClipValue": Case(ClipValue(0.5), clip_by_value, lambda: optax.clip(0.5)),
    "Decay": Case(Decay(0.01), of(topt.SGD, weight_decay=0.01), lambda: decayed(0.01), over=AS_LONG),
    "L2, Adam": Case((L2(0.3), Adam()), of(topt.Adam, weight_decay=0.3), then(decayed(0.3), by_adam())),
    "Adam, Rates": Case((Adam(), RATES), with_factors, rates_in_optax),
}
CASES |= {
    "Scheduled Momentum": Case(
        Scheduled(Momentum(), (("beta", HALVED),)),
        scheduled(of(topt.SGD, momentum=0.9), momentum=HALVED),
        injected(optax.trace, decay=HALVED),
        over=AS_LONG,
    ),
    "Scheduled Decay": Case(
        Scheduled(Decay(0.1), (("rate", HALVED),)),
        scheduled(of(topt.SGD, weight_decay=0.1), weight_decay=HALVED),
        injected(optax.add_decayed_weights, weight_decay=HALVED),
        over=AS_LONG,
    ),
    "Scheduled RMSProp": Case(
        Scheduled(RMSProp(), (("rho", HALVED),)),
        scheduled(of(topt.RMSprop, alpha=0.9), alpha=HALVED),
        injected(by_rms, decay=HALVED),
    ),
    "Scheduled Rates": Case(
        Scheduled(Rates((("0", 1.0),)), (("factors.0.1", THAWS),)),
        thawed_in_torch,
        lambda: optax.masked(optax.scale_by_schedule(THAWS), tuple([i == 0 for i in range(len(SHAPES))])),
        over=AS_LONG,
    ),
}
CASES |= {
    f"{optimizer}, twin": Case(
        optimizer, optax=partial(getattr(optax, card.jax.partition(":")[2]), *values), over=AS_LONG
    )
    for cls, card in OF_CARDS.items()
    if card.jax
    for optimizer, values in zip(optimizers_of(cls), card.settings, strict=True)
}
PAIRS = [(name, peer) for name in CASES for peer in ("torch", "optax") if getattr(CASES[name], peer)]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("name", "peer"), PAIRS)
def test_trajectories_are_those_of(name, peer, table):
    case = CASES[name]
    bounds = {np.float64: 1e-12, np.float32: 1e-6 if peer == "torch" else 1e-5}
    run = lambda trajectory: by_torch(case.torch, trajectory)
    if peer == "optax":
        transformation = case.optax()
        step = stepper(transformation)
        run = lambda trajectory: by_optax(transformation, step, trajectory)
    worst = dict.fromkeys(bounds, 0.0)
    for dtype, bound in bounds.items():
        for seed in SEEDS:
            trajectory = drawn(seed, dtype, case)
            worst[dtype] = max(worst[dtype], difference(by_us(case.ours, trajectory), run(trajectory)))
        assert worst[dtype] <= bound
    table[name, peer] = worst.values()


# Where they differ by more than rounding.


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_clipping_in_torch_adds_1e_6_to_the_length(dtype):
    case = Case(ClipNorm(0.5))
    make = lambda p: hooked(topt.SGD(p), lambda: torch.nn.utils.clip_grad_norm_(p, 0.5))
    worst = 0.0
    for seed in SEEDS:
        trajectory = drawn(seed, dtype, case)
        worst = max(worst, difference(by_us(case.ours, trajectory), by_torch(make, trajectory)))
    assert worst < 1e-6


def test_muon_in_torch_computes_in_bfloat16_and_has_its_matrices_the_other_way_round():
    turned = lambda a: np.ascontiguousarray(a.T)
    case = Case(Muon())
    make = lambda p: topt.Muon(p, weight_decay=0)
    for seed in SEEDS[:4]:  # torch is slow in bfloat16
        given = drawn(seed, np.float32, case)
        steps = [((grads[0], grads[4]), lr) for grads, lr in given.steps]
        matrices = Trajectory((given.start[0], given.start[4]), steps)
        steps = [(tuple(map(turned, grads)), lr) for grads, lr in matrices.steps]
        theirs = Trajectory(tuple(map(turned, matrices.start)), steps)
        *_, ours = by_us(case.ours, matrices)
        *_, others = by_torch(make, theirs)
        for start, a, b in zip(matrices.start, ours, others, strict=True):
            assert np.linalg.norm(a - b.T) < 0.02 * np.linalg.norm(a - start)


def test_averaged_is_the_debiased_mean_in_optax():
    """That of torch, swa_utils, begins with the weights at the start instead, and so has no bias to take away"""
    for seed in SEEDS:
        trajectory, optimizer, theirs = drawn(seed, np.float64, CASES["nothing"]), Average(0.8), optax.ema(0.8)
        params, state = trajectory.start, theirs.init(trajectory.start)
        for grads, lr in trajectory.steps:
            steps, optimizer = update(optimizer, Grads(grads, None), params)
            params = sgd(params, steps, lr)
            means, state = theirs.update(tuple(map(jnp.asarray, params)), state)
            assert difference([averaged(optimizer, params)], [list(map(np.asarray, means))]) < 1e-14


def test_amsgrad_in_optax_takes_the_largest_after_the_correction():
    """Which is larger at first; they agree where the corrections are those of the first step and when they are 1"""
    case = Case(AMSGrad(b2=0.9))
    theirs = optax.scale_by_amsgrad(b2=0.9)
    step = stepper(theirs)
    trajectory = drawn(0, np.float64, case)
    ours, others = list(by_us(case.ours, trajectory)), list(by_optax(theirs, step, trajectory))
    assert difference(ours[:1], others[:1]) < 1e-12
    assert difference(ours, others) > 1e-3
