"""Functions of runs: each alone, combined, and with a resumed run."""

import copy
import gc
import io
import math
import operator
import pickle
import re
from functools import partial, wraps
from itertools import chain, islice
from types import SimpleNamespace

import numpy as np
import pytest

import funcnn as nn
from funcnn import checkpoint_every, cosine, early_stopping, history, load, mlp, mse, train, validation, value_and_grad
from funcnn.errors import KindError, NotFiniteError
from funcnn.files import fingerprint
from funcnn.losses import weighted
from funcnn.metrics import r2
from funcnn.training import WithBest, best_so_far, better, keep, progress, until, while_finite
from funcnn.training.runs import States
from tests.said import fails, says

r = np.random.default_rng(0)
x, x_held = r.standard_normal((60, 2)), r.standard_normal((40, 2))
y, y_held = np.sin(3 * x[:, :1]), np.sin(3 * x_held[:, :1])
start = nn.TrainState(mlp([2, 8, 1], hidden=nn.Tanh(), seed=1), nn.Adam())
data = nn.batches(x, y, 16, epochs=10, seed=0)
gradient = value_and_grad(mse)
lr = cosine(0.1, 40)
run = lambda start=start, data=data, lr=lr: train(start, data[start.step :], gradient, lr)


def states(*steps, costs=None):
    """States of these steps, of which nothing else is asked."""
    return [nn.TrainState(start.params, (), step, cost) for step, cost in zip(steps, costs or steps, strict=True)]


steps_of = lambda run: [now.step for now in run]


def plain(now):
    """The state without its best."""
    return nn.TrainState(now.params, now.optimizer, now.step, now.cost)


score = lambda now: mse(nn.predict(now.params, x_held), y_held)[0]


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

    fails(ZeroDivisionError, list, WRAPPERS[name](source(), **options(name, path)))
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

    fails(TypeError, read, source())
    assert closed == [True]


def test_equal_seeds_are_equal_bits():
    """The whole of it, twice: everything at once, and everything made anew."""

    def everything(seed):
        held_out = validation(mse, x_held, y_held)
        began = nn.TrainState(mlp([2, 8, 1], hidden=nn.Tanh(), seed=seed), nn.Adam())
        made = train(began, nn.batches(x, y, 16, epochs=10, seed=seed), value_and_grad(mse), cosine(0.1, 40))
        return history(early_stopping(made, held_out, patience=3, every=4), {"held": held_out}, every=4)

    (a, table_a), (b, table_b), (other, _) = everything(3), everything(3), everything(4)
    assert fingerprint(a) == fingerprint(b) != fingerprint(other)
    assert fingerprint(tuple(table_a.values())) == fingerprint(tuple(table_b.values()))


# history


@pytest.mark.parametrize(("every", "steps"), [(1, [1, 2, 3, 4, 5, 6, 7]), (3, [3, 6, 7]), (7, [7]), (9, [7])])
def test_history_has_every_kth_entry_and_the_last(every, steps):
    measures = {"score": score, "both": lambda now: np.array([now.step, 1])}
    last, table = history(run(data=data[:7]), measures, every=every)
    all_states = list(run(data=data[:7]))
    assert last == all_states[-1]
    assert list(table) == ["step", "cost", "score", "both.0", "both.1"]
    assert table["step"].tolist() == steps
    assert table["cost"].tolist() == [all_states[step - 1].cost for step in steps]
    assert table["score"].tolist() == [score(all_states[step - 1]) for step in steps]
    assert table["both"].tolist() == [[step, 1] for step in steps]


@pytest.mark.parametrize("every", [1, 3, 7, 9])
@pytest.mark.parametrize("cut", [1, 3, 6, 20])
def test_a_history_that_goes_on_is_that_of_the_run_that_never_stopped(every, cut):
    measures = {"score": score, "both": lambda now: np.array([now.step, 1.0])}
    half, table = history(run(data=data[:cut]), measures, every=every)
    whole = history(run(data=data[:20]), measures, every=every)
    again = history(run(half, data=data[:20]), measures, every=every, start=half, table=table)
    assert again == whole
    assert again[1]["both"].shape == (len(whole[1]["step"]), 2)


def test_a_history_of_nothing_has_the_start_and_no_rows():
    last, table = history([], {"score": score}, start=start)
    assert last is start
    assert {name: (column.shape, column.dtype.kind) for name, column in table.items()} == {
        "step": ((0,), "i"), "cost": ((0,), "f"), "score": ((0,), "f")
    }  # fmt: skip
    assert str(table) == "step  cost  score"
    assert history(states(1, 2), {"score": score}, start=start, table=table)[1]["step"].tolist() == [1, 2]


def small():
    """A table with a measure that gives matrices."""
    matrix = lambda now: now.step * np.arange(4.0).reshape(2, 2)
    return history(states(5, 10, costs=[0.25, 1 / 3]), {"matrix": matrix, "ok": lambda now: now.step > 5})[1]


def test_a_table_has_a_column_for_each_entry_of_a_measure():
    table = small()
    entries = [f"matrix.{i}.{j}" for i in (0, 1) for j in (0, 1)]
    assert list(table) == ["step", "cost", *entries, "ok"]
    assert table["matrix"].tolist() == [[[0, 5], [10, 15]], [[0, 10], [20, 30]]]
    assert table["matrix.1.0"].tolist() == [10, 20]
    with pytest.raises(KeyError, match="other"):
        table["other"]


def test_a_table_is_a_text_at_a_prompt_and_a_table_in_a_notebook():
    table = small()
    assert pytest.importorskip("IPython.lib.pretty", reason="a prompt").pretty(table) == str(table)
    assert (
        repr(table)
        == str(table)
        == (
            "step      cost  matrix                    ok\n"
            "   5      0.25  <f64 [[ 0.  5.] [10. 15.]]>  False\n"
            "  10  0.333333  <f64 [[ 0. 10.] [20. 30.]]>   True"
        ).replace("matrix                    ok", "matrix                          ok")
    )
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t", table._repr_html_())
    assert cells == ["step", "cost", "matrix", "ok",
                     "5", "0.25", "&lt;f64 [[ 0.  5.] [10. 15.]]&gt;", "False",
                     "10", "0.333333", "&lt;f64 [[ 0. 10.] [20. 30.]]&gt;", "True"]  # fmt: skip


@pytest.mark.parametrize("rows", [19, 20, 21, 500])
def test_a_long_table_shows_its_first_and_its_last_rows(rows):
    _, table = history(states(*range(1, rows + 1)))
    lines = str(table).splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["1", "2", "3"]
    assert lines[-1].split() == [str(rows), str(rows)]
    assert len(lines) == 1 + (rows if rows <= 20 else 21)
    assert ("..." in lines[11]) is (rows > 20)


def test_a_table_is_a_value():
    table = small()
    assert table == small() == pickle.loads(pickle.dumps(table)) == copy.deepcopy(table)
    assert table != history(states(5, 10))[1]
    assert table != dict(table)
    assert not any([column.flags.writeable for column in (*table.values(), table["matrix"])])
    changes = [
        lambda: table.update(cost=1), lambda: table.pop("cost"), table.popitem, table.clear,
        lambda: table.setdefault("a", 1), lambda: operator.setitem(table, "cost", table["step"]),
        lambda: operator.delitem(table, "cost"), lambda: operator.ior(table, {"a": table["cost"]}),
    ]  # fmt: skip
    for change in changes:
        says(KindError, r"^Table: a table cannot be changed; write {\*\*table, name: column}$", change)
    assert table == small()


def test_a_table_goes_into_pandas():
    pandas = pytest.importorskip("pandas", reason="takes the table")
    frame = pandas.DataFrame(small())
    assert list(frame.columns) == list(small())
    assert frame["matrix.1.1"].tolist() == [15, 30]
    assert frame["ok"].dtype == bool


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


# A state


def test_a_state_reads_well_at_a_prompt():
    wide = (nn.Dense(np.ones((2, 3)), np.zeros(3)), nn.Tanh(), nn.Dense(np.ones((3, 1)), None))
    best, printed = nn.TrainState(wide, step=7, cost=0.25), []
    now = WithBest(wide, nn.Adam(), 12, 1 / 3, best_or_none=best, waited=2)
    now._repr_pretty_(SimpleNamespace(text=printed.append), cycle=False)
    assert printed == [
        "WithBest\n"
        "params.0      Dense(W=<f64 [[1. 1. 1.] [1. 1. 1.]]>, b=<f64 [0. 0. 0.]>)\n"
        "params.1      Tanh()\n"
        "params.2      Dense(W=<f64 [[1.] [1.] [1.]]>, b=None)\n"
        "optimizer     Adam(memory=(), t=0, b1=0.9, b2=0.999, eps=1e-08)\n"
        "step          12\n"
        "cost          0.333333\n"
        "best_or_none  TrainState of step 7, cost 0.25\n"
        "waited        2"
    ]
    long = nn.TrainState((nn.Dense(np.ones((2, 1)), None), (nn.Tanh(),) * 50), ())
    long._repr_pretty_(SimpleNamespace(text=printed.append), cycle=False)
    assert [len(line) for line in printed[1].splitlines()][2] == len("TrainState  ") + 100
    assert "optimizer   ()" in printed[1]


def test_ipython_shows_a_state_and_a_table_as_they_print_themselves():
    pretty = pytest.importorskip("IPython.lib.pretty", reason="a prompt").pretty
    assert pretty(start).startswith("TrainState\nparams.0 ")
    assert pretty(WithBest(start.params)).startswith("WithBest\nparams.0 ")
    assert pretty(small()) == str(small())


# until, while_finite


def test_until():
    assert steps_of(until(states(1, 2, 3), lambda now: now.step >= 2)) == [1, 2]
    assert steps_of(until(states(1, 2, 3), lambda now: now.step >= 1)) == [1]
    assert steps_of(until(states(1, 2, 3), lambda now: now.step > 3)) == [1, 2, 3]
    assert steps_of(until([], lambda now: True)) == []
    assert steps_of(until(states(1, 2, 3), lambda now: np.array(now.step > 1))) == [1, 2]
    assert steps_of(until(states(1, 2, 3), lambda now: np.bool_(now.step > 1))) == [1, 2]
    assert iter(until(states(1, 2, 3), max)) is not None  # a function in C has no signature


@pytest.mark.filterwarnings("ignore:overflow encountered", "ignore:invalid value encountered")
def test_while_finite():
    wild = run(nn.TrainState(start.params), lr=1e6)
    with pytest.raises(NotFiniteError) as caught:
        list(run(nn.TrainState(start.params), lr=1e6))
    seen = list(while_finite(wild))
    assert f"in step {len(seen)} " in str(caught.value)
    assert 2 < len(seen) < 40
    assert all(math.isfinite(now.cost) for now in seen)
    fails(ZeroDivisionError, list, while_finite(now for _ in range(3) if 1 / 0 for now in seen))


# best_so_far, early_stopping


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(("scores", "best", "waited"), [
    ([3, 2, 4, 2], [1, 2, 2, 2], [0, 0, 1, 2]),
    ([NAN, 2, NAN, 1], [None, 2, 2, 4], [1, 0, 1, 0]),
    ([INF, NAN, -1.0, -2], [None, None, 3, 4], [1, 2, 0, 0]),
    ([-INF, 3, -INF, 2], [None, 2, 2, 4], [1, 0, 1, 0]),
])  # fmt: skip
def test_best_so_far(scores, best, waited):
    found = list(best_so_far(states(1, 2, 3, 4), lambda now: scores[now.step - 1], better="lower"))
    assert [now.best_or_none and now.best.step for now in found] == best
    assert [now.waited for now in found] == waited
    assert all(type(now.best_or_none) in (nn.TrainState, type(None)) for now in found)


def test_the_highest_score_is_the_best_if_higher_is_better():
    scores = [0.5, 0.75, NAN, 0.75, 0.25, 0.8]
    found = list(best_so_far(states(*range(1, 7)), lambda now: scores[now.step - 1], better="higher"))
    assert [now.best.step for now in found] == [1, 2, 2, 2, 2, 6]
    assert [now.waited for now in found] == [0, 0, 1, 2, 3, 0]
    coarse = list(best_so_far(states(*range(1, 7)), lambda now: scores[now.step - 1], better="higher", tol=0.25))
    assert [now.best.step for now in coarse] == [1, 1, 1, 1, 1, 6]  # 0.75 is better by 0.25, and not by more


DIRECTIONS = {
    "a loss": (mse, "lower"),
    "a loss with a setting": (partial(nn.huber, delta=0.5), "lower"),
    "a loss made of one": (weighted(mse), "lower"),
    "a loss of one's own": (lambda out, y: (float(abs(out - y[0]).mean()), out), "lower"),
    "a metric of funcnn": (r2, "higher"),
    "a metric with a setting": (partial(nn.accuracy, threshold=0.5), "higher"),
    "a metric of one's own": (better("lower")(lambda out, y: float(abs(out - y[0]).max())), "lower"),
    "a metric of one's own, with a setting": (
        partial(better("higher")(lambda scale, out, y: -scale * float(abs(out - y[0]).mean())), 3.0), "higher"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_validation_knows_which_score_is_better(name):
    metric, direction = DIRECTIONS[name]
    if metric is r2:
        pytest.importorskip("sklearn", reason="computes r2")
    answers = {"a loss made of one": (y_held, 1 + y_held**2), "a metric with a setting": (y_held > 0) * 1.0}
    held_out = validation(metric, x_held, (y_held,) if "own" in name else answers.get(name, y_held))
    *_, last = early_stopping(run(), held_out, patience=99, every=4)
    kept = [now for now in keep(run()) if now.step % 4 == 0]
    assert last.best == (min if direction == "lower" else max)(kept, key=held_out)
    assert list(best_so_far(run(), held_out, better=direction, every=4))[-1].best == last.best


def test_a_function_of_the_state_may_declare_its_direction():
    @better("higher")
    def minus(now):
        return -score(now)

    class Scorer:
        @better("lower")
        def __call__(self, now):
            return score(now)

        @better("higher")
        def method(self, now):
            return -score(now)

    wanted = min(keep(run()), key=score)
    wrapped = wraps(minus)(lambda now: 1 * minus(now))
    for declared in (minus, partial(minus), wrapped, Scorer().method, Scorer()):
        assert list(best_so_far(run(), declared))[-1].best == wanted


def test_a_run_that_resumes_goes_on_with_its_best_or_is_refused():
    held_out = validation(mse, x_held, y_held)
    whole = list(best_so_far(run(), held_out))
    half = whole[30]
    assert half.best.step < 30
    assert list(best_so_far(run(half), held_out, start=half)) == whole[31:]
    assert all([now.best_or_none is None and now.waited == 0 for now in run(half)])  # as no score was taken
    says(KindError, "it holds the best state so far", list, best_so_far(run(half), held_out))
    assert next(best_so_far(run(half.best), held_out)).step == half.best.step + 1  # a plain state: a new best


def test_scores_are_taken_at_every_kth_step():
    asked = []
    score = lambda now: asked.append(now.step) or now.step
    *_, last = best_so_far(states(*range(1, 12)), score, better="higher", every=4)
    assert asked == [4, 8]
    assert (last.step, last.best.step) == (11, 8)


def test_a_score_may_be_an_array_of_no_dimension():
    *_, last = best_so_far(states(1, 2), lambda now: np.array(-1.0 * now.step), better="lower")
    assert last.best.step == 2


@pytest.mark.parametrize("costs", [[3, 2, 4, 2, 2, 1], [1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], [NAN] * 6])
@pytest.mark.parametrize("patience", [1, 2, 3, 9])
@pytest.mark.parametrize("tol", [0.0, 1.0])
def test_early_stopping_is_the_loop(costs, patience, tol):
    best, waited, stop, lowest = None, 0, 6, INF
    for step, cost in enumerate(costs, 1):
        best, lowest, waited = (step, cost, 0) if cost < lowest - tol else (best, lowest, waited + 1)
        if waited == patience:
            stop = step
            break
    run = states(*range(1, 7), costs=costs)
    *_, last = early_stopping(run, lambda now: now.cost, patience=patience, better="lower", tol=tol)
    assert (last.step, last.best_or_none and last.best.step) == (stop, best)


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
    assert type(last.best) is nn.TrainState
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
    net = (nn.Dense(np.ones((1000, 1)), np.ones(1)),)
    shared = [nn.TrainState(net, (), step) for step in (1, 2, 3)]
    assert keep(shared).nbytes == 8008
    other = nn.evolve(shared[0], params=(nn.Dense(np.ones((1000, 1)), net[0].b),), step=4)
    assert keep([*shared, other]).nbytes == 16008
    one = keep(run(), every=99)
    assert one.nbytes == 3 * 8 * (2 * 8 + 8 + 8 + 1)  # the network and both of Adam's memories


def test_a_kept_run_says_what_it_costs():
    assert repr(keep(run(), every=10)) == "<States: 4 states, steps 10 to 40, 792 bytes of arrays each>"
    assert repr(keep(run(), every=99)) == "<States: 1 state, step 40, 792 bytes of arrays>"
    assert repr(keep([])) == "<States: no states>"
    assert keep([]).nbytes == 0


def test_kept_states_are_indexed_by_whole_numbers():
    kept = keep(states(1, 2, 3))
    assert (kept[np.int64(1)].step, kept[-1].step, steps_of(kept[np.int64(1) :])) == (2, 3, [2, 3])


def test_a_kept_run_is_a_run():
    kept = keep(run())
    last, table = history(kept, {"held": score}, every=10)
    assert table["held"].tolist() == history(run(), {"held": score}, every=10)[1]["held"].tolist()
    assert last is kept[-1]
    assert min(kept, key=score) == list(best_so_far(kept, score, better="lower"))[-1].best


# progress


drawn = lambda capsys: capsys.readouterr().err.replace("\n", "\r").split("\r")


def test_progress_says_where_it_is(capsys):
    pytest.importorskip("tqdm", reason="draws the bar")
    *_, last = progress(run(), 40, lr=lr)
    said = [line for line in drawn(capsys) if line][-1]
    assert "40/40 [" in said
    assert said.endswith(f"step/s, cost {last.cost:.4g}, lr {lr(39):.3g}]") or "s/step" in said


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
    run = early_stopping(states(1, 2, 3), lambda now: now.step, patience=1, better="lower")
    list(checkpoint_every(run, "path", steps=9))
    assert saved == [2, 2]


def test_an_empty_run_saves_nothing(saved):
    assert list(checkpoint_every([], "path", steps=2)) == []
    assert saved == []


def test_a_checkpoint_resumes_to_the_same_bits(path):
    def whole(start):
        scored = early_stopping(run(start), score, patience=6, better="lower", every=3, start=start)
        return checkpoint_every(scored, path, steps=4)

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

    on = lambda tree: nn.tree_map(jnp.asarray, tree)
    began, made = nn.TrainState(on(start.params)), [on(batch) for batch in data[:6]]
    held_out = validation(mse, *on((x_held, y_held)))
    wrapped = early_stopping(train(began, made, gradient, 0.1), held_out, patience=99, every=2)
    last, table = history(wrapped, {"held": held_out}, every=2)
    assert table["held"].shape == (3,)
    assert table["held"].min() == held_out(last.best)
    assert table["cost"].tolist() == [float(now.cost) for now in keep(train(began, made, gradient, 0.1), every=2)]
