"""Training on augmented data, saved each step with its history and killed at any moment, resumes to the same bits."""

import os
import subprocess
import sys
import time
import zipfile
from itertools import islice

import numpy as np
import pytest

from funcnn import Adam, Tanh, TrainState, batches, history, load, mlp, mse, save, train, value_and_grad
from funcnn.data import gaussian_noise
from funcnn.files import fingerprint
from funcnn.training import Table
from tests.counts import in_full

pytestmark = pytest.mark.unwatched

random = np.random.default_rng(0)
x = random.uniform(-2, 2, (64, 2))
data = batches(x, x[:, :1] * x[:, 1:], 8, epochs=100_000, seed=0)
data = data.map(lambda x, y, rng: (gaussian_noise(x, rng, deviation=0.1), y), seed=1)
start = TrainState(mlp([2, 16, 1], hidden=Tanh(), seed=1), Adam())

# Where in a save it may stop for good: at the third entry of the zip, and around the other steps.
PLACES = {"entry": (zipfile.ZipFile, "open", 3), "sync": (os, "fsync", 1), "rename": (os, "replace", 1)}
PLACES["after"] = (os, "fsync", 2)  # that of the folder
ROUNDS = ["at once", *PLACES, *PLACES, *["anywhere"] * 11]


def steps_from(state):
    return train(state, data[state.step :], value_and_grad(mse), 0.01)


def say(word):
    print(word, flush=True)  # noqa: T201  whoever kills it listens


def halted(owner, name, calls):
    """From its call number `calls` on, that function of the system never returns."""
    real, left = getattr(owner, name), iter(range(calls - 1))

    def function(*args):
        if next(left, None) is None:
            say("halted")
            time.sleep(600)
        return real(*args)

    setattr(owner, name, function)


def run(path, where, steps):
    """What is killed: it resumes where there is a file, saves each step, and halts there in one of its saves."""
    try:
        first, columns = load(path)
        table = Table(dict(columns))
    except FileNotFoundError:
        first, table = start, None
    last = first.step + steps
    for state in steps_from(first):
        if state.step == last and where in PLACES:
            halted(*PLACES[where])
        _, table = history([state], table=table)
        save(path, (state, tuple(table.whole.items())))
        say(state.step)


def killed(path, where):
    """The steps that a run told of before it was killed there."""
    steps, told = int(random.integers(2, 12)), []
    command = [sys.executable, __file__, str(path), where, str(steps)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout if where != "at once" else ():
            if line == "halted\n":
                break
            told.append(int(line))
            if where == "anywhere" and len(told) == steps:
                break
        if where not in PLACES:
            time.sleep(random.uniform(0, 0.005))
        assert process.poll() is None
        process.kill()
    assert process.returncode != 0
    return told


@in_full
def test_killed_at_any_moment_it_ends_as_the_run_that_never_stopped(tmp_path):
    path, never_stopped, now, costs = tmp_path / "run.npz", steps_from(start), start, []
    for where in ROUNDS:
        told = killed(path, where)
        if where == "at once":
            assert not path.exists()
            continue
        saved, columns = load(path)
        assert len(told) > 0
        assert told == list(range(now.step + 1, now.step + 1 + len(told)))  # it did resume
        assert saved.step >= told[-1]
        assert where not in PLACES or saved.step == told[-1] + (where == "after")
        while now.step < saved.step:
            now = next(never_stopped)
            costs.append(now.cost)
        assert fingerprint(saved) == fingerprint(now)
        table = dict(columns)
        assert table["step"].tolist() == list(range(1, now.step + 1))
        assert table["cost"].tolist() == costs
    *_, resumed = islice(steps_from(load(path)[0]), 50)
    *_, state = islice(never_stopped, 50)
    assert resumed.step == saved.step + 50
    assert fingerprint(resumed) == fingerprint(state)
    spares = [found.name for found in tmp_path.iterdir() if found != path]
    deaths = [where for where in ROUNDS if where in {"entry", "sync", "rename"}]
    assert len(spares) >= len(deaths)  # it did die in the middle of saving
    assert all(name.startswith(".funcnn-") and name.endswith(".tmp") for name in spares)


if __name__ == "__main__":
    run(sys.argv[1], sys.argv[2], int(sys.argv[3]))
