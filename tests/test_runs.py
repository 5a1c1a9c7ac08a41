"""What wraps a training run: each function alone, in company, and around a run that resumes."""

import gc
import io
import math
import pickle
import sys
from itertools import chain, islice

import numpy as np
import pytest

from funcnn import (
    Adam,
    Dense,
    Tanh,
    TrainState,
    batches,
    checkpoint_every,
    cosine,
    early_stopping,
    evolve,
    history,
    load,
    mlp,
    mse,
    predict,
    train,
    tree_map,
    validation,
    value_and_grad,
)
from funcnn.errors import NotFiniteError
from funcnn.files import fingerprint
from funcnn.metrics import r2
from funcnn.training import WithBest, best_so_far, keep, progress, until, while_finite
from funcnn.training.runs import States

r = np.random.default_rng(0)
x, x_held = r.standard_normal((60, 2)), r.standard_normal((40, 2))
y, y_held = np.sin(3 * x[:, :1]), np.sin(3 * x_held[:, :1])
start = TrainState(mlp([2, 8, 1], hidden=Tanh(), seed=1), Adam())
data = batches(x, y, 16, epochs=10, seed=0)
gradient = value_and_grad(mse)
lr = cosine(0.1, 40)


def run(start=start, data=data, lr=lr):
    return train(start, data[start.step :], gradient, lr)


def states(*steps, costs=None):
    """States of these steps, of which nothing else is asked."""
    return [TrainState(start.params, (), step, cost) for step, cost in zip(steps, costs or steps, strict=True)]


def steps_of(run):
    return [now.step for now in run]


def plain(now):
    """The state without its best."""
    return TrainState(now.params, now.optimizer, now.step, now.cost)


def score(now):
    return mse(predict(now.params, x_held), y_held)[0]


def same_bits(a, b):
    return [fingerprint(plain(now)) for now in a] == [fingerprint(plain(now)) for now in b]


WRAPPERS = {
    "until": lambda run, **more: until(run, lambda now: False),
    "while_finite": lambda run, **more: while_finite(run),
    "best_so_far": lambda run, **more: best_so_far(run, score, better="lower", every=3, **more),
    "early_stopping": lambda run, **more: early_stopping(run, score, patience=99, better="lower", every=3, **more),
    "progress": lambda run, **more: pytest.importorskip("tqdm", reason="draws the bar") and progress(run, 40, lr=lr),
    "checkpoint_every": lambda run, path, **more: checkpoint_every(run, path, steps=7),
}
RESUMABLE = {"best_so_far", "early_stopping"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.npz"


def options(name, path, start=None):
    return {"path": path} if name == "checkpoint_every" else {"start": start} if name in RESUMABLE else {}


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_gives_the_states_of_its_run(name, path):
    whole = list(WRAPPERS[name](run(), **options(name, path)))
    assert len(whole) == 40
    assert same_bits(whole, run())


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_run_that_resumes_is_the_run_that_never_stopped(name, path):
    whole = list(WRAPPERS[name](run(), **options(name, path)))
    for now in (whole[0], whole[16], whole[38]):
        resumed = list(WRAPPERS[name](run(now), **options(name, path, now)))
        assert [fingerprint(a) for a in resumed] == [fingerprint(a) for a in whole[now.step :]]


@pytest.mark.parametrize("name", WRAPPERS)
def test_nothing_happens_until_a_state_is_asked_for(name, path):
    taken, closed = [], []

    def source():
        try:
            for now in states(*range(1, 100)):
                taken.append(now.step)
                yield now
        finally:
            closed.append(True)

    wrapped = WRAPPERS[name](source(), **options(name, path))
    assert taken == []
    next(wrapped)
    assert taken == [1]
    assert list(islice(wrapped, 2))[-1].step == 3
    assert taken == [1, 2, 3]
    inner = source()  # not the last to hold it: only close can end it
    wrapped = WRAPPERS[name](inner, **options(name, path))
    next(wrapped)
    gc.collect()
    del closed[:]
    wrapped.close()
    assert closed == [True]
    assert list(inner) == []


@pytest.mark.parametrize("name", WRAPPERS)
def test_an_error_on_the_way_closes_the_run_and_passes(name, path):
    closed = []

    def source():
        try:
            yield from states(1, 2)
            raise ZeroDivisionError
        finally:
            closed.append(True)

    with pytest.raises(ZeroDivisionError):
        list(WRAPPERS[name](source(), **options(name, path)))
    assert closed == [True]


@pytest.mark.parametrize("read", [history, keep])
def test_readers_close_the_run_too(read):
    closed = []

    def source():
        try:
            yield states(1)[0]
            yield None
        finally:
            closed.append(True)

    with pytest.raises(TypeError):
        read(source())
    assert closed == [True]


def test_equal_seeds_are_equal_bits():
    """The whole of it, twice: everything at once, and everything made anew."""

    def everything(seed):
        held_out = validation(mse, x_held, y_held)
        began = TrainState(mlp([2, 8, 1], hidden=Tanh(), seed=seed), Adam())
        made = train(began, batches(x, y, 16, epochs=10, seed=seed), value_and_grad(mse), cosine(0.1, 40))
        return history(early_stopping(made, held_out, patience=3, every=4), {"held": held_out}, every=4)

    (a, table_a), (b, table_b), (other, _) = everything(3), everything(3), everything(4)
    assert fingerprint(a) == fingerprint(b) != fingerprint(other)
    assert fingerprint(tuple(table_a.values())) == fingerprint(tuple(table_b.values()))


# history


@pytest.mark.parametrize(("every", "steps"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [3, 6, 7]), (7, [7]), (9, [7])])
def test_history_has_every_kth_entry_and_the_last(every, steps):
    last, table = history(
        run(data=data[:7]), {"score": score, "both": lambda now: np.array([now.step, 1])}, every=every
    )
    all_states = list(run(data=data[:7]))
    assert last == all_states[-1]
    assert list(table) == ["step", "cost", "score", "both.0", "both.1"]
    assert table["step"].tolist() == steps
    assert table["cost"].tolist() == [all_states[step - 1].cost for step in steps]
    assert table["score"].tolist() == [score(all_states[step - 1]) for step in steps]
    assert table["both"].tolist() == [[step, 1] for step in steps]


def test_history_of_a_run_that_begins_with_its_start():
    last, table = history(chain([start], run(data=[])))
    assert last is start
    assert table["step"].tolist() == [0]
    assert math.isnan(table["cost"][0])


def test_history_takes_numbers_of_all_kinds():
    measures = {
        "float": lambda now: 1.5,
        "int": lambda now: now.step,
        "bool": lambda now: now.step > 1,
        "scalar": lambda now: np.float32(2),
        "array": lambda now: np.array(3.0),
    }
    _, table = history(states(1, 2), measures)
    assert [table[name].tolist() for name in measures] == [[1.5, 1.5], [1, 2], [False, True], [2.0, 2.0], [3.0, 3.0]]
    assert [table[name].dtype.kind for name in measures] == ["f", "i", "b", "f", "f"]


# until, while_finite


def test_until():
    assert steps_of(until(states(1, 2, 3), lambda now: now.step >= 2)) == [1, 2]
    assert steps_of(until(states(1, 2, 3), lambda now: now.step >= 1)) == [1]
    assert steps_of(until(states(1, 2, 3), lambda now: now.step > 3)) == [1, 2, 3]
    assert steps_of(until([], lambda now: True)) == []


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_while_finite():
    wild = run(TrainState(start.params), lr=1e6)
    with pytest.raises(NotFiniteError) as caught:
        list(run(TrainState(start.params), lr=1e6))
    seen = list(while_finite(wild))
    assert f"in step {len(seen)} " in str(caught.value)
    assert 2 < len(seen) < 40
    assert all(math.isfinite(now.cost) for now in seen)
    with pytest.raises(ZeroDivisionError):
        list(while_finite(now for _ in range(3) if 1 / 0 for now in seen))


# best_so_far, early_stopping


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(("scores", "best", "waited"), [
    ([3, 2, 4, 2], [1, 2, 2, 2], [0, 0, 1, 2]),
    ([NAN, 2, NAN, 1], [None, 2, 2, 4], [1, 0, 1, 0]),
    ([INF, NAN, -1.0, -2], [None, None, 3, 4], [1, 2, 0, 0]),
])  # fmt: skip
def test_best_so_far(scores, best, waited):
    found = list(best_so_far(states(1, 2, 3, 4), lambda now: scores[now.step - 1], better="lower"))
    assert [now.best and now.best.step for now in found] == best
    assert [now.waited for now in found] == waited
    assert all(type(now.best) in (TrainState, type(None)) for now in found)


def test_scores_are_taken_at_every_kth_step():
    asked = []
    *_, last = best_so_far(
        states(*range(1, 12)), lambda now: asked.append(now.step) or now.step, better="higher", every=4
    )
    assert asked == [4, 8]
    assert (last.step, last.best.step) == (11, 8)


def test_a_score_may_be_an_array_of_no_dimension():
    *_, last = best_so_far(states(1, 2), lambda now: np.array(-1.0 * now.step), better="lower")
    assert last.best.step == 2


@pytest.mark.parametrize("costs", [[3, 2, 4, 2, 2, 1], [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [NAN] * 6])
@pytest.mark.parametrize("patience", [1, 2, 3, 9])
def test_early_stopping_is_the_loop(costs, patience):
    best, waited, stop, lowest = None, 0, 6, INF
    for step, cost in enumerate(costs, 1):
        best, lowest, waited = (step, cost, 0) if cost < lowest else (best, lowest, waited + 1)
        if waited == patience:
            stop = step
            break
    *_, last = early_stopping(
        states(*range(1, 7), costs=costs), lambda now: now.cost, patience=patience, better="lower"
    )
    assert (last.step, last.best and last.best.step) == (stop, best)


@pytest.mark.parametrize("cut", range(1, 12))
def test_patience_survives_a_stop(cut):
    costs = [5, 4, 6, 6, 3, 7, 7, 7, 7, 7, 7]

    def stopped(start, steps):
        some = states(*steps, costs=[costs[step - 1] for step in steps])
        return list(early_stopping(some, lambda now: now.cost, patience=4, better="lower", start=start))

    whole = stopped(None, range(1, 12))
    assert steps_of(whole) == list(range(1, 10))
    first = stopped(states(0)[0], range(1, 1 + cut))  # a plain state brings no best
    assert [*first, *stopped(first[-1], range(1 + cut, 12))] == whole


def test_the_best_of_a_real_run():
    held_out = validation(mse, x_held, y_held)
    last, table = history(early_stopping(run(), held_out, patience=5, every=2), {"held": held_out}, every=2)
    assert held_out(last.best) == table["held"].min() == score(last.best)
    assert last.best.step == table["step"][table["held"].argmin()]
    assert last.best == list(run())[last.best.step - 1]


def test_wrappers_around_wrappers_keep_one_best_each():
    inner = best_so_far(run(), score, better="lower")
    *_, last = best_so_far(inner, score, better="higher", start=start)
    assert type(last.best) is TrainState
    assert score(last.best) == max(map(score, run()))


# keep


@pytest.mark.parametrize(("every", "steps"), [(1, list(range(1, 8))), (3, [3, 6, 7]), (7, [7]), (9, [7])])
def test_keep(every, steps):
    kept, whole = keep(run(data=data[:7]), every=every), list(run(data=data[:7]))
    assert isinstance(kept, States)
    assert steps_of(kept) == steps
    assert list(kept) == [whole[step - 1] for step in steps]
    assert kept[-1] == whole[-1]
    assert kept[:-1] == States(kept.states[:-1])
    assert kept == pickle.loads(pickle.dumps(kept))


def test_bytes_count_each_array_once():
    net = (Dense(np.ones((1000, 1)), np.ones(1)),)
    shared = [TrainState(net, (), step) for step in (1, 2, 3)]
    assert keep(shared).nbytes == 8008
    assert keep([*shared, evolve(shared[0], params=(Dense(np.ones((1000, 1)), net[0].b),), step=4)]).nbytes == 16008
    one = keep(run(), every=99)
    assert one.nbytes == 3 * 8 * (2 * 8 + 8 + 8 + 1)  # the network and both of Adam's memories


def test_a_kept_run_says_what_it_costs():
    assert repr(keep(run(), every=10)) == "<States: 4 states, steps 10 to 40, 792 bytes of arrays each>"
    assert repr(keep(run(), every=99)) == "<States: 1 state, step 40, 792 bytes of arrays>"
    assert repr(keep([])) == "<States: no states>"
    assert keep([]).nbytes == 0


def test_a_kept_run_is_a_run():
    kept = keep(run())
    last, table = history(kept, {"held": score}, every=10)
    assert table["held"].tolist() == history(run(), {"held": score}, every=10)[1]["held"].tolist()
    assert last is kept[-1]
    assert min(kept, key=score) == list(best_so_far(kept, score, better="lower"))[-1].best


# progress


def drawn(capsys):
    return capsys.readouterr().err.replace("\n", "\r").split("\r")


def test_progress_says_where_it_is(capsys):
    pytest.importorskip("tqdm", reason="draws the bar")
    *_, last = progress(run(), 40, lr=lr)
    said = [line for line in drawn(capsys) if line][-1]
    assert "40/40 [" in said
    assert said.endswith(f"step/s, cost {last.cost:.4g}, lr {lr(39):.3g}]") or "s/step" in said


def test_progress_without_tqdm_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r'^progress needs tqdm; write pip install "funcnn\[progress\]"$'):
        next(progress(run()))


def test_progress_of_a_run_that_resumes_goes_on_counting(capsys):
    pytest.importorskip("tqdm", reason="draws the bar")
    half = list(run())[29]
    assert len(list(progress(run(half), 40))) == 10
    said = [line for line in drawn(capsys) if line][-1]
    assert "40/40 [" in said
    assert "lr" not in said


def test_progress_without_an_end_and_with_gaps(capsys):
    pytest.importorskip("tqdm", reason="draws the bar")
    assert steps_of(progress(keep(run(), every=15), lr=0.5)) == [15, 30, 40]
    said = [line for line in drawn(capsys) if line][-1]
    assert said.startswith("40step [")
    assert "lr 0.5" in said


def test_progress_counts_the_steps_of_this_run_alone(monkeypatch):
    tqdm = pytest.importorskip("tqdm.auto", reason="draws the bar")
    bars = []

    class Quiet(tqdm.tqdm):
        def __init__(self, **options):
            super().__init__(**options, file=io.StringIO())
            bars.append(self)

    monkeypatch.setattr("tqdm.auto.tqdm", Quiet)
    list(progress(states(31, 32, 33)))
    list(progress(states(0, 1)))
    list(progress(states(0)))
    assert [(bar.initial, bar.n) for bar in bars] == [(30, 33), (0, 1), (0, 0)]


# checkpoint_every


class Clock:
    """Seconds that pass when told to."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def saved(monkeypatch):
    """The steps that were saved, in place of a file."""
    steps = []
    monkeypatch.setattr("funcnn.training.checkpoints.save", lambda path, now: steps.append(now.step))
    return steps


@pytest.mark.parametrize(("every", "due"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4, 5]), (5, [5]), (9, [5])])
def test_checkpoints_by_steps(saved, every, due):
    assert steps_of(checkpoint_every(states(1, 2, 3, 4, 5), "path", steps=every)) == [1, 2, 3, 4, 5]
    assert saved == due


def test_checkpoints_by_seconds(saved, monkeypatch):
    clock = Clock()
    monkeypatch.setattr("funcnn.training.checkpoints.monotonic", clock)
    for now in checkpoint_every(states(1, 2, 3, 4, 5, 6), "path", seconds=1.0):
        assert saved == [step for step in (3, 5) if step <= now.step]
        clock.now += 0.5
    assert saved == [3, 5, 6]


def test_a_checkpoint_is_written_before_the_loop_sees_the_state(saved):
    run = checkpoint_every(states(1, 2, 3), "path", steps=2)
    assert [(now.step, list(saved)) for now in run] == [(1, []), (2, [2]), (3, [2])]
    assert saved == [2, 3]


def test_a_loop_that_is_left_has_saved_what_was_due(saved):
    for now in checkpoint_every(states(1, 2, 3, 4, 5), "path", steps=2):
        if now.step == 3:
            break
    del now
    gc.collect()
    assert saved == [2]
    list(
        checkpoint_every(
            early_stopping(states(1, 2, 3), lambda now: now.step, patience=1, better="lower"), "path", steps=9
        )
    )
    assert saved == [2, 2]


def test_an_empty_run_saves_nothing(saved):
    assert list(checkpoint_every([], "path", steps=2)) == []
    assert saved == []


def test_a_checkpoint_resumes_to_the_same_bits(path):
    def whole(start):
        return checkpoint_every(
            early_stopping(run(start), score, patience=6, better="lower", every=3, start=start), path, steps=4
        )

    *_, last = whole(start)
    assert steps_of(islice(whole(start), 15))[-1] == 15  # and killed here
    loaded = load(path)
    assert loaded.step == 12
    assert isinstance(loaded, WithBest)
    *_, resumed = whole(loaded)
    assert fingerprint(resumed) == fingerprint(last) == fingerprint(load(path))
    assert resumed.best.step == last.best.step > 0


# validation


def test_early_stopping_and_history_share_one_evaluation():
    asked = []

    def metric(out, y):
        asked.append(1)
        return mse(out, y)

    held_out = validation(metric, x_held, y_held)
    history(early_stopping(run(), held_out, patience=99, every=4), {"held": held_out}, every=4)
    assert len(asked) == 10


def test_r2_in_a_history():
    pytest.importorskip("sklearn", reason="computes r2")
    _, table = history(run(), {"r2": validation(r2, x_held, y_held, rows=7)}, every=10)
    assert table["r2"].shape == (4,)
    assert table["r2"][-1] > table["r2"][0]


def test_jax_arrays():
    pytest.importorskip("jax", reason="the same functions on JAX's arrays")
    import jax.numpy as jnp

    import funcnn.interop.jax  # noqa: F401  makes records trees of JAX

    on = lambda tree: tree_map(jnp.asarray, tree)
    began, made = TrainState(on(start.params)), [on(batch) for batch in data[:6]]
    held_out = validation(mse, *on((x_held, y_held)))
    wrapped = early_stopping(train(began, made, gradient, 0.1), held_out, patience=99, every=2)
    last, table = history(wrapped, {"held": held_out}, every=2)
    assert table["held"].shape == (3,)
    assert table["held"].min() == held_out(last.best)
    assert table["cost"].tolist() == [float(now.cost) for now in keep(train(began, made, gradient, 0.1), every=2)]
