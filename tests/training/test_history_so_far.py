"""The table of a run as a part of its states: interrupted at any step, it goes on to the same bits."""

from itertools import islice
from types import SimpleNamespace

import numpy as np
import pytest

import funcnn as nn
from funcnn import batches, checkpoint_every, early_stopping, history, load, mlp, mse, save, train, value_and_grad
from funcnn.errors import KindError, NotFiniteError, RangeError
from funcnn.files import fingerprint
from funcnn.training import Table, WithBest, WithTable, best_so_far, history_so_far, keep
from tests.counts import in_full

x = np.random.default_rng(0).normal(size=(24, 2))
y = x[:, :1] * x[:, 1:]
data = batches(x, y, 8, epochs=4, seed=0)  # 12 steps
start = nn.TrainState(mlp([2, 3, 1], seed=0), nn.Adam())
MEASURES = {
    "W": lambda now: now.params[0].W,
    "late": lambda now: now.step > 5,
    "wide": lambda now: np.float32(0.1) if now.step < 7 else now.cost,  # the dtype changes on the way
}


def score(now):
    return abs(float(now.params[0].W.sum()) + 1.0)


def run(start=start):
    return train(start, data[start.step :], value_and_grad(mse), 0.01)


def plain(begin, every):
    return history_so_far(run(begin), MEASURES, every=every)


def measured_outside(begin, every):
    return history_so_far(
        early_stopping(run(begin), score, patience=9, better="lower", start=begin), MEASURES, every=every
    )


def measured_inside(begin, every):
    measured = history_so_far(run(begin), MEASURES, every=every)
    return early_stopping(measured, score, patience=9, better="lower", start=begin)


@in_full
@pytest.mark.parametrize("every", [1, 2, 5])
@pytest.mark.parametrize("whole", [plain, measured_outside, measured_inside])
def test_a_run_interrupted_at_any_step_ends_with_the_table_of_the_run_that_never_stopped(whole, every, tmp_path):
    *_, last = whole(start, every)
    for stopped in range(1, 12):
        path = tmp_path / f"{stopped}.npz"
        for now in checkpoint_every(whole(start, every), path, steps=2):
            if now.step == stopped:
                break  # the power fails
        begin = load(path) if path.exists() else start
        *_, resumed = checkpoint_every(whole(begin, every), path, steps=2)
        assert fingerprint(resumed) == fingerprint(last) == fingerprint(load(path))
        assert fingerprint(resumed.table) == fingerprint(last.table)


@pytest.mark.parametrize("every", [1, 4])
def test_it_is_the_table_of_history(every):
    for now in plain(start, every):
        if now.step % every == 0:
            _, table = history(islice(run(), now.step), MEASURES, every=every)
            assert now.table == table
            assert fingerprint(now.table) == fingerprint(table)
    assert now.table["wide"].dtype == np.float64
    assert now.table["W"].shape == (12 // every, 2, 3)


def test_the_table_of_a_state_does_not_change_when_the_run_goes_on():
    kept = keep(plain(start, 1))
    assert [len(now.table["step"]) for now in kept] == list(range(1, 13))
    assert not kept[3].columns[1][1].flags.writeable
    left, right = (list(history_so_far(run(kept[3]), MEASURES))[-1].table for _ in range(2))  # two runs from one state
    assert left == right == kept[-1].table
    assert kept[3].table["step"].tolist() == [1, 2, 3, 4]


def test_train_carries_the_table_along_and_history_goes_on_with_it():
    half = list(plain(start, 2))[5]
    *_, last = run(half)
    assert last.table == half.table
    resumed = history(run(half), MEASURES, every=2, table=half.table)
    *_, whole = plain(start, 2)
    assert resumed[1] == whole.table
    *_, best = best_so_far(run(half), score, better="lower")
    assert isinstance(best, WithBest)
    assert best.table == half.table


def test_a_state_of_a_subclass_keeps_its_class_and_fields():
    @nn.record
    class Named(WithTable):
        name: str = "run"

    *_, last = history_so_far(run(Named(start.params, start.optimizer, name="mine")))
    assert type(last) is Named
    assert last.name == "mine"
    assert last.table == history(run())[1]


def test_a_state_before_the_first_row_has_an_empty_table():
    first = next(history_so_far(run(), every=5))
    assert first.table == Table({})
    printed = []
    first._repr_pretty_(SimpleNamespace(text=printed.append), cycle=False)
    assert "columns" not in printed[0]


def test_bad_measures_and_runs_that_do_not_go_on():
    half = list(plain(start, 2))[5]
    others = "^history_so_far: table must have the columns step, cost; its columns are step, cost, W, late, wide$"
    with pytest.raises(KindError, match=others):
        next(history_so_far(run(half)))
    behind = "^history_so_far: run must begin after step 6, the last step of start and table, not with step 3$"
    with pytest.raises(RangeError, match=behind):
        next(history_so_far([nn.evolve(half, step=3)], MEASURES))
    with pytest.raises(RangeError, match=r"^history: two columns are called 'W\.0'; give a measure another name$"):
        list(history_so_far(run(), {"W": lambda now: np.ones(2), "W.0": lambda now: 1.0}))
    with pytest.raises(NotFiniteError, match=r"^history_so_far: params\.0\.W is not finite after 1 step"):
        list(history_so_far([nn.TrainState(nn.tree_map(lambda a: a * np.nan, half.params), step=1)]))
    assert list(history_so_far([])) == []


def test_a_table_is_saved_with_its_state(tmp_path):
    *_, last = plain(start, 5)
    save(tmp_path / "run.npz", last)
    assert load(tmp_path / "run.npz").table == last.table


def test_the_error_for_an_absent_attribute_names_the_functions_whose_states_have_it():
    begin = nn.TrainState(mlp([1, 1], seed=0))
    absent = "'TrainState' object has no attribute"
    for name, text in [
        ("best", f"{absent} 'best'; the states of best_so_far and early_stopping have it"),
        ("table", f"{absent} 'table'; the states of history_so_far have it"),
        ("parameters", f"{absent} 'parameters'"),
    ]:
        with pytest.raises(AttributeError) as caught:
            getattr(begin, name)
        assert str(caught.value) == text
        assert (caught.value.name, caught.value.obj) == (name, begin)
    with pytest.raises(AttributeError, match=r"^'WithTable' object has no attribute 'best'; the states of b"):
        WithTable(begin.params).best  # noqa: B018  its error is the point
