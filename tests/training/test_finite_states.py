"""A step with a finite cost and a gradient of 0 / 0: its state is not saved, kept, scored, or the last one."""

import os
import time
from itertools import islice

import numpy as np
import pytest

import funcnn as nn
from funcnn import checkpoint_every, early_stopping, evolve, history, load, save, train, value_and_grad
from funcnn.errors import NotFiniteError
from funcnn.losses import mse
from funcnn.training import best_so_far, bisect_nan, keep, until, while_finite

one = np.ones((4, 1))
start = nn.TrainState(nn.Dense(np.zeros((1, 1)), None))


def norm_loss(out, y):
    """The norm of the errors, whose gradient is 0 / 0 where all are 0."""
    e = out - y
    n = np.sqrt((e * e).sum())
    with np.errstate(invalid="ignore"):
        return n / len(out), e / n / len(out)


gradient = value_and_grad(norm_loss)
*_, sixth = train(start, [(one, 2 * one)] * 6, gradient, 0.1)
DATA = [(one, 2 * one)] * 6 + [(one, one * sixth.params.W)] + [(one, 2 * one)] * 5


def run():
    return train(start, DATA, gradient, 0.1)


def ignoring(now):
    """A score that says nothing of the parameters."""
    return -now.step


NOT_FINITE = "params.W is not finite after 7 steps; a smaller lr may help"
ENDS = {
    "keep": keep,
    "history": history,
    "until": lambda states: [*until(states, lambda now: now.step == 7)],
    "best_so_far": lambda states: [*best_so_far(states, ignoring, better="lower")],
    "early_stopping": lambda states: [*early_stopping(states, ignoring, better="higher", patience=6)],
    "write_player": lambda states: plot_module().write_player("run.html", states, lambda now: np.zeros((2, 2))),
}


def plot_module():
    return pytest.importorskip("funcnn.plot")


def test_the_seventh_step_has_a_finite_cost_and_a_state_that_is_not():
    *_, seventh = islice(run(), 7)
    assert np.isfinite(seventh.cost)
    assert np.isnan(seventh.params.W).all()


@pytest.mark.parametrize("name", ENDS)
def test_a_function_of_runs_refuses_a_state_that_is_not_finite(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFiniteError, match=f"^{name}: {NOT_FINITE}$"):
        ENDS[name](run())


@pytest.mark.parametrize("steps", [1, 7])
def test_a_checkpoint_stays_the_last_that_is_finite(steps, tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(NotFiniteError, match=f"^checkpoint_every: {NOT_FINITE}$"):
        list(checkpoint_every(run(), path, steps=steps))
    assert load(path) == sixth if steps == 1 else not path.exists()


def test_the_last_state_is_no_checkpoint_unless_it_is_finite(tmp_path):
    states = [*islice(run(), 7)]
    with pytest.raises(NotFiniteError, match=NOT_FINITE):
        list(checkpoint_every(iter(states), tmp_path / "run.npz", steps=5))
    assert load(tmp_path / "run.npz") == states[4]


def test_while_finite_ends_with_a_finite_state():
    *_, last = while_finite(run())
    assert last == sixth
    assert keep(while_finite(run()))[-1] == sixth
    assert history(while_finite(run()))[0] == sixth
    assert bisect_nan([start, *keep(while_finite(run()))], DATA, norm_loss, 0.1).phase == "loss"


def test_a_best_state_is_finite():
    *_, last = best_so_far(while_finite(run()), ignoring, better="lower")
    assert last.best == sixth


def test_only_states_that_are_used_are_checked():
    *_, seventh = islice(run(), 7)
    assert [now.step for now in keep([sixth, seventh, evolve(sixth, step=12)], every=6)] == [6, 12]


@pytest.mark.parametrize("every", [1, 3])
def test_train_ends_with_a_finite_state(every):
    with pytest.raises(NotFiniteError, match=f"^train: {NOT_FINITE}$"):
        list(train(start, DATA[:7], gradient, 0.1, every=every))


def test_the_memory_of_an_optimizer_is_finite_too():
    large = [(one, one), (one, -1e160 * one)]
    with np.errstate(over="ignore"), pytest.raises(NotFiniteError, match=r"^train: optimizer\.\S+ is not finite"):
        list(train(nn.TrainState(nn.Dense(np.ones((1, 1)), None), nn.Adam()), large, value_and_grad(huge), 0.1))


def huge(out, y):
    """A finite cost with a gradient whose square overflows."""
    return 0.0, y


@pytest.mark.parametrize("number", [1e200, 3e38])
def test_numbers_whose_squares_overflow_are_finite(number):
    dtype = np.float32 if number < 1e100 else float
    states = [nn.TrainState(nn.Dense(np.full((2, 2), number, dtype), None), step=1)]
    assert keep(states)[0] == states[0]


def test_a_network_of_nan_can_be_saved(tmp_path):
    dead = nn.Dense(np.full((1, 1), np.nan), None)
    save(tmp_path / "dead.npz", dead)
    assert load(tmp_path / "dead.npz") == dead


def test_spare_files_of_killed_saves_are_removed_after_a_day(tmp_path):
    day = 24 * 3600
    left = {".funcnn-0123456789abcdef.tmp": 2 * day, ".funcnn-fedcba9876543210.tmp": day / 2, "own.tmp": 2 * day}
    for name, age in left.items():
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / ".funcnn-folder.tmp").mkdir()
    os.utime(tmp_path / ".funcnn-folder.tmp", (time.time() - 2 * day,) * 2)
    save(tmp_path / "net.npz", nn.Dense(np.ones((1, 1)), None))
    found = {path.name for path in tmp_path.iterdir()}
    assert found == {"net.npz", "own.tmp", ".funcnn-fedcba9876543210.tmp", ".funcnn-folder.tmp"}


def test_a_finite_run_is_as_it_was():
    assert [now.cost for now in while_finite(train(start, DATA[:3], value_and_grad(mse), 0.1))] == [
        now.cost for now in train(start, DATA[:3], value_and_grad(mse), 0.1)
    ]
