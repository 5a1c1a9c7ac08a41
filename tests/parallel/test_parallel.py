"""Gradients by blocks of rows: the same bits for any number of threads, and sums that are those of all rows."""

import os
import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from threading import Barrier

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import funcnn as nn
from funcnn import layers, losses, optimizers
from funcnn.arrays import same
from funcnn.compilation import compiled
from funcnn.errors import KindError
from funcnn.inspection import Probe
from funcnn.parallel import sharded, threads
from funcnn.parallel.blocks import bounds_of, default_number
from funcnn.parallel.coupled import check_rows
from funcnn.parallel.sums import result, sums, term
from funcnn.testing import BrokenPromise, check_loss
from funcnn.testing import strategies as fst
from funcnn.trees import parameters
from funcnn.trees.walks import map_arrays, row_count
from tests.said import says
from tests.sharding import (
    NETS,
    OPTIMIZERS,
    Copying,
    X,
    Y,
    after,
    gradient_by_machine_code,
    gradient_of,
    normalising,
    run,
)

threadpoolctl = pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
DENSE = nn.mlp([6, 5, 2], hidden=nn.Tanh(), seed=0)
OWN_STATISTICS = {"BatchNorm", "Dropout", "ChannelDropout", "GaussianNoise"}  # of a block


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_every_layer_has_the_same_bits_for_any_number_of_threads(layer, data):
    params, x = data.draw(fst.cases(layer))
    x = map_arrays(lambda a: np.concatenate([a] * (1 + 8 // max(1, len(a)))), x)  # some rows of each case are few
    if row_count("test", "x", x) == 0:
        return
    alone = sharded(gradient_of, rows=3)(params, x, None)
    for n in (1, 2, 3, 5):
        with threads(n) as pool:
            cost, grads = sharded(gradient_of, rows=3, executor=pool)(params, x, None)
        assert same(cost, alone[0])
        assert grads == alone[1]
        assert bytes_of(grads) == bytes_of(alone[1])
    if layer.__name__ not in OWN_STATISTICS and getattr(params, "dropout", None) is None:
        assert_near(alone, gradient_of(params, x, None))


def bytes_of(grads):
    return {path: array.tobytes() for path, array in parameters((grads.params,)).items()}


def assert_near(made, plain):
    assert made[0] == pytest.approx(plain[0], rel=1e-5, abs=1e-6)
    whole = parameters((plain[1].params,))
    for path, a in parameters((made[1].params,)).items():
        within = 1e-12 if a.dtype == np.float64 else 1e-4
        assert abs(a - whole[path]).max(initial=0) <= within * max(1, abs(whole[path]).max(initial=0)), path


@pytest.mark.parametrize("net", NETS)
def test_networks_have_the_same_bits_for_any_number_of_threads_and_for_copies(net):
    alone = run(net, optimizers.Adam())
    for n in (1, 2, 3, 5):
        with threads(n) as pool:
            assert run(net, optimizers.Adam(), executor=pool) == alone
    assert run(net, optimizers.Adam(), executor=Copying()) == alone
    assert run(net, optimizers.Adam(), executor=Copying) == alone


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_has_the_same_bits_in_threads(optimizer):
    with threads(2) as pool:
        assert run("masked words", OPTIMIZERS[optimizer], executor=pool) == run("masked words", OPTIMIZERS[optimizer])


def test_every_optimizer_is_tried():
    bases = {"PerArray"}
    found = {name for name in optimizers.__all__ if isinstance(getattr(optimizers, name), type)}
    untried, private = found - bases - OPTIMIZERS.keys(), OPTIMIZERS.keys() - found
    assert untried == set(), f"give {untried} a card in funcnn/about"
    assert private == set(), f"add {private} to funcnn/optimizers/__init__.pyi"


def test_one_block_is_the_function_itself():
    function = nn.value_and_grad(nn.mse)
    for one in (sharded(function), sharded(function, rows=24)):
        assert one(DENSE, X, Y) == function(DENSE, X, Y)


def test_rows_that_a_weight_ignores_and_unequal_blocks_add_up():
    weight = (np.arange(24) < 5).astype(float)
    function = nn.value_and_grad(losses.weighted(nn.mse))
    for rows in (1, 4, 5, 7, 23):
        assert_near(sharded(function, rows=rows)(DENSE, X, (Y, weight)), function(DENSE, X, (Y, weight)))


def test_the_gradient_of_x_has_the_rows_of_all_blocks():
    function = nn.value_and_grad(nn.mse, inputs=True)
    for executor in (None, ThreadPoolExecutor(2), Copying()):
        made = sharded(function, rows=5, executor=executor)(DENSE, X, Y)[1].x
        assert np.allclose(made, function(DENSE, X, Y)[1].x, rtol=0, atol=1e-15)
        assert not made.flags.writeable
    net, x = (layers.First(nn.Dense.init(6, 2, seed=0)),), (X[:, None], np.ones((24, 1), bool))
    function = nn.value_and_grad(losses.masked(nn.mse), inputs=True)
    (made, nothing), (whole, _) = [f(net, x, Y[:, None])[1].x for f in (sharded(function, rows=5), function)]
    assert np.allclose(made, whole, rtol=0, atol=1e-15)
    assert nothing is None


def test_half_precision_is_summed_in_float32():
    net, function = nn.tree_map(lambda a: a.astype(np.float16), DENSE), nn.value_and_grad(nn.mse)
    x, y = np.ones((24, 6), np.float16), np.ones((24, 2), np.float16)
    (cost, grads), (whole, plain) = sharded(function, rows=5)(net, x, y), function(net, x, y)
    assert grads.params[0].W.dtype == np.float16
    assert cost == pytest.approx(whole, rel=1e-3)
    assert abs(grads.params[0].W - plain.params[0].W).max() < 1e-3


def test_blocks_follow_from_rows_and_bytes_alone():
    assert bounds_of(10, 100, (), X) == [0, 10]
    assert bounds_of(0, 3, (), X) == [0, 0]
    assert bounds_of(7, 3, (), X) == [0, 2, 4, 7]
    wide, images = nn.mlp([64, 256, 256, 10], seed=0), nn.Conv2d.init(3, 16, (3, 3), seed=0)
    assert [default_number(m, wide, np.zeros((m, 64))) for m in (256, 1024, 4096, 10**6)] == [1, 2, 11, 64]
    assert default_number(64, images, np.zeros((64, 64, 64, 3))) > 1
    words = nn.Embedding.init(1000, 64, seed=0)
    assert default_number(512, words, np.zeros((512, 64), int)) > default_number(512, words, np.zeros((512, 1), int))
    assert default_number(5, (), ()) == 1


def test_the_layout_of_x_and_of_parameters_has_no_effect_on_engines():
    function, strided = nn.value_and_grad(nn.mse), np.repeat(X, 2, axis=1)[:, ::2]
    net = (nn.Dense(np.asfortranarray(DENSE[0].W), DENSE[0].b), *DENSE[1:])
    for x in (np.asfortranarray(X), strided):
        alone = after(sharded(function, rows=5), net, (), x, Y)
        assert after(sharded(function, rows=5, executor=Copying()), net, (), x, Y) == alone


NORMED = (nn.LayerNorm.init(64), *nn.mlp([64, 2], seed=0)), np.random.default_rng(0).normal(size=(256, 64))


def test_blocks_have_their_callers_handling_of_errors():
    (layer, x), y = NORMED, np.zeros((256, 2))
    for executor in (ThreadPoolExecutor(2), Copying()):
        step = sharded(nn.value_and_grad(nn.mse), rows=128, executor=executor)
        with np.errstate(over="raise"), pytest.raises(FloatingPointError, match="overflow"):
            step(layer, x, y + 1e200)
        with np.errstate(over="ignore"):
            step(layer, x, y + 1e200)


def test_compiled_functions_with_threads_of_their_own_have_the_same_bits_in_threads():
    pytest.importorskip("llvmlite", reason="compiles")
    x = np.random.default_rng(0).normal(size=(4000, 6))
    y = np.sin(x[:, :2])
    alone = after(sharded(compiled(nn.mse), rows=1000), DENSE, (), x, y)
    for inside in (1, 3):
        with threads(3) as pool:
            assert after(sharded(compiled(nn.mse, threads=inside), rows=1000, executor=pool), DENSE, (), x, y) == alone


def test_jitted_functions_and_arrays_of_jax():
    jax = pytest.importorskip("jax", reason="jit")
    pytest.importorskip("funcnn.interop.jax", reason="records as pytrees")
    function, net = jax.jit(nn.value_and_grad(nn.mse)), (nn.Dense(X[:6].astype(np.float32), None),)
    x, y = X.astype(np.float32), X.astype(np.float32)
    alone = sharded(function, rows=12)(net, x, y)
    with threads(2) as pool:
        cost, grads = sharded(function, rows=12, executor=pool)(net, x, y)
    assert cost == alone[0]
    assert grads == alone[1]
    assert isinstance(grads.params[0].W, jax.Array)
    plain = nn.value_and_grad(nn.mse)(net, x, y)[1]
    assert np.allclose(grads.params[0].W, plain.params[0].W, rtol=1e-4, atol=1e-4)


# States.


@nn.record
class Counter:
    """out = x; the states are what the test gives."""

    value: object = nn.state(default=None)


GIVEN = []
nn.forward.register(Counter)(lambda params, x: (x, x))


@nn.backward.register(Counter)
def counter_backward(params, x, dA):
    return nn.Grads(nn.gradient(params, value=GIVEN[0](len(x), params.value)), dA)


def summed(params, made, bounds):
    shares = [(stop - start) / bounds[-1] for start, stop in pairwise(bounds)]
    terms = [term(i, share, one) for i, (share, one) in enumerate(zip(shares, made, strict=True))]
    (total,) = sums(len(shares), terms, 0, len(shares))
    return result(params, total, shares, None)


def next_state(rule, before):
    GIVEN[:] = [rule]
    net = (Counter(before), *nn.mlp([6, 2], seed=0))
    return sharded(nn.value_and_grad(nn.mse), rows=15)(net, X, Y)[1].params[0].value


def test_next_states_are_equal_or_means_or_the_last():
    assert next_state(lambda m, old: old + 1, 3) == 4
    assert next_state(lambda m, old: float(m), 0.5) == pytest.approx(12)
    uneven = sharded(nn.value_and_grad(nn.mse), rows=10)
    GIVEN[:] = [lambda m, old: np.full(2, float(m))]
    made = uneven((Counter(np.zeros(2)), *nn.mlp([6, 2], seed=0)), X[:23], Y[:23])[1].params[0].value
    assert made.tolist() == pytest.approx([(7 * 7 + 8 * 8 * 2) / 23] * 2)
    assert not made.flags.writeable
    GIVEN[:] = [lambda m, old: float(m)]
    made = uneven((Counter(0.5), *nn.mlp([6, 2], seed=0)), X[:23], Y[:23])[1].params[0].value
    assert type(made) is float
    assert made == pytest.approx((7 * 7 + 8 * 8 * 2) / 23)
    assert next_state(lambda m, old: (m, "text"), None) == (12, "text")
    assert next_state(lambda m, old: None, None) is None


@pytest.mark.parametrize(
    ("rule", "before", "given"),
    [
        (lambda m, old: old + m, 0, "7 and 8"),
        (lambda m, old: None if m == 7 else old + 1, 5, "5 and 6"),
        (lambda m, old: np.full(m, 1.0), np.ones(7), "<f64 7> and <f64 8>"),
    ],
    ids=["a count of rows", "unchanged in one block", "an array of unequal shapes"],
)
def test_a_state_that_differs_is_refused(rule, before, given):
    made = [(1.0, nn.Grads(Counter(rule(m, before)), None)) for m in (7, 8)]
    with pytest.raises(KindError, match="state value must be equal in all blocks or made of floats, not") as caught:
        summed(Counter(before), made, [0, 7, 15])
    assert str(caught.value).endswith(given) or "7" in str(caught.value)


def test_a_gradient_of_fewer_arrays_than_that_of_the_first_block_is_refused():
    made = [(1.0, nn.Grads(grads, None)) for grads in (DENSE, DENSE[:1])]
    says(KindError, "gradients of the same arrays for each block, not of 4 and of 2", summed, DENSE, made, [0, 7, 15])


def test_a_probe_has_the_last_block():
    net = (Probe(DENSE[0]), *DENSE[1:])
    _, grads = sharded(nn.value_and_grad(nn.mse), rows=12)(net, X, Y)
    assert grads.params[0].seen.x.tolist() == X[12:].tolist()


def test_ghost_batch_norm_averages_the_running_statistics():
    net = (nn.BatchNorm.init(6, momentum=0.5), *nn.mlp([6, 2], seed=0))
    _, grads = sharded(nn.value_and_grad(nn.mse), rows=12)(net, X, Y)
    assert np.allclose(grads.params[0].mean, X.mean(0) / 2)
    var = (X[:12].var(0, ddof=1) + X[12:].var(0, ddof=1)) / 2
    assert np.allclose(grads.params[0].var, (1 + var) / 2)


# What couples rows.


def test_a_loss_that_normalises_over_rows_is_found_and_refused():
    out, y = X[:, :2] + 0.0, np.where([[True, i % 3 == 0] for i in range(24)], 1.0, -1.0)
    says(BrokenPromise, "weighted sum of blocks of rows", check_loss, normalising, out, y)
    assert str(check_loss(normalising, out, y, rows=False)).startswith("pass")
    assert str(check_loss(nn.mse, out, y, rows=True)).startswith("pass")
    for made in (nn.value_and_grad(normalising), gradient_by_machine_code(normalising)):
        with pytest.raises(KindError, match="the loss must be a mean over rows, not normalising, whose gradient"):
            sharded(made, rows=12)(DENSE, X, Y)
        sharded(made)(DENSE, X, Y)  # one block


def test_a_loss_that_is_no_mean_for_halves_alone_is_found():
    def by_halves(out, y):
        cost, dA = nn.mse(out, y)
        return (2 * cost, 2 * dA) if len(out) == 12 else (cost, dA)

    says(BrokenPromise, "weighted sum of blocks of rows", check_loss, by_halves, X[:, :2], Y)


@nn.record
class Centred:
    """out = x - the mean over rows"""


nn.forward.register(Centred)(lambda params, x: (x - x.mean(0), x))
nn.backward.register(Centred)(lambda params, x, dA: nn.Grads(params, dA - dA.mean(0)))


@nn.record
class Pairs:
    """out = x x^T, with a column for each row"""


nn.forward.register(Pairs)(lambda params, x: (x @ x.T, x))


@pytest.mark.parametrize("layer", [Centred(), Pairs()], ids=["mean", "pairs"])
def test_a_layer_that_mixes_rows_is_refused(layer):
    says(KindError, "params must be a network whose rows are independent", sharded(gradient_of, rows=5), (layer,), X, Y)


def test_what_cannot_be_tried_on_few_rows_is_not_refused():
    def picky(out, y):
        if len(out) < 12:
            raise ValueError("too few")
        return nn.mse(out, y)

    function = nn.value_and_grad(picky)
    assert_near(sharded(function, rows=12)(DENSE, X, Y), function(DENSE, X, Y))
    half = nn.tree_map(lambda a: a.astype(np.float16), DENSE)
    check_rows(nn.value_and_grad(nn.mse), half, X.astype(np.float16), Y.astype(np.float16), 24)
    check_rows(nn.value_and_grad(nn.mse), DENSE, X[:2], Y[:2], 2)


# BLAS.


def test_blas_has_one_thread_inside_and_its_own_number_after():
    def numbers():
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

    before, seen = numbers(), []

    def watching(params, x, y):
        seen.append(numbers())
        return nn.value_and_grad(nn.mse)(params, x, y)

    sharded(watching, rows=12)(DENSE, X, Y)
    with threads(2) as pool:
        assert set(numbers()) <= {1}
        sharded(watching, rows=12, executor=pool)(DENSE, X, Y)
    assert {number for one in seen for number in one} <= {1}
    assert numbers() == before


def not_permitted(*_):
    raise PermissionError


def cores_of(tasks, n):
    """The sets of cores that n threads may use, in each of some tasks that all of them take."""
    with threads(n) as pool:
        together = Barrier(n, timeout=60)
        return [[*pool.map(lambda _: (together.wait(), os.sched_getaffinity(0))[1], range(n))] for _ in range(tasks)]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not let a thread choose its cores")
def test_threads_compute_on_cores_of_their_own_from_their_second_task_on(monkeypatch):
    every = os.sched_getaffinity(0)
    n = min(len(every), 2)
    first, *later = cores_of(3, n)
    assert first == [every] * n
    for cores in later:
        assert set.union(*cores) == every
        assert sum(map(len, cores)) == len(every)
    assert cores_of(2, len(every) + 1) == [[every] * (len(every) + 1)] * 2
    assert os.sched_getaffinity(0) == every
    monkeypatch.setattr(os, "sched_setaffinity", not_permitted)
    assert cores_of(2, n) == [[every] * n] * 2


@pytest.mark.parametrize("name", ["sched_getaffinity", "sched_setaffinity"])
@pytest.mark.parametrize("function", [None, not_permitted], ids=["absent", "not permitted"])
def test_threads_need_no_system_that_lets_them_choose_their_cores(monkeypatch, name, function):
    monkeypatch.setattr(os, name, function, raising=False)
    if function is None:
        monkeypatch.delattr(os, name)
    with threads(2) as pool:
        assert [*pool.map(abs, [-1, -2, -3, -4, -5])] == [1, 2, 3, 4, 5]


def test_threads_are_an_executor_without_a_block_too():
    step = sharded(gradient_of, rows=5, executor=partial(threads, 2))
    with threads(2) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
    assert step(DENSE, X, None) == sharded(gradient_of, rows=5)(DENSE, X, None)


def test_turns_are_short_until_the_last_of_several_blocks_ends():
    before = sys.getswitchinterval()
    one, other = threads(1), threads(1)
    with one:
        other.__enter__()
    assert sys.getswitchinterval() == pytest.approx(5e-4)
    other.__exit__(None, None, None)
    assert sys.getswitchinterval() == before


def test_it_shows_what_it_is_and_pickles_without_an_executor():
    step = sharded(nn.value_and_grad(nn.mse), rows=5)
    assert repr(step).startswith("sharded(")
    copy = pickle.loads(pickle.dumps(step))
    assert copy(DENSE, X, Y) == step(DENSE, X, Y)
    assert repr(step.traffic) == "Traffic(sent=0, returned=0, missed=0)"


class Counted(ThreadPoolExecutor):
    """Counts the blocks that it has: those that were submitted, and whose results were not asked for."""

    has = most = 0

    def submit(self, f, /, *given):
        future = super().submit(f, *given)
        self.has += 1
        self.most = max(self.most, self.has)
        result = future.result

        def received(timeout):
            self.has -= 1
            return result(timeout)

        future.result = received
        return future


@pytest.mark.parametrize("pending", [1, 3, 1000])
def test_an_executor_has_as_many_blocks_at_a_time_as_are_asked_for(pending):
    alone, step = sharded(gradient_of, rows=1), partial(sharded, gradient_of, rows=1, pending=pending)
    with Counted(2) as pool:
        made = [f(DENSE, X, None) for f in (pickle.loads(pickle.dumps(step())), step(executor=pool), alone)]
        assert made[0] == made[1] == made[2]
    assert pool.most == min(pending, len(X)) > pool.has == 0
