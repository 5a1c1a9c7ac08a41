"""Fits with a memory, killed at random moments, alone and in a grid with two processes, resume to the same bits.

`python -m tests.interop.test_sklearn_kill 20` kills each of the two 20 times, in about three minutes.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from funcnn import Dropout, Momentum, Relu, Tanh, cosine, load
from funcnn.files import fingerprint
from tests.counts import in_full

pytest.importorskip("sklearn", reason="these are its estimators")
from sklearn.datasets import make_moons
from sklearn.model_selection import GridSearchCV

from funcnn.interop.sklearn import NetworkClassifier

pytestmark = [pytest.mark.unwatched, pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")]
ROOT = Path(__file__).parents[2]
X, Y = make_moons(200, noise=0.2, random_state=0)
GRID = {"hidden": [Tanh(), (Relu(), Dropout(0.1, seed=0))], "optimizer__beta": [0.5, 0.9]}
random = np.random.default_rng(0)


def model(memory=None, epochs=600):
    """A fit of about a second."""
    settings = {"optimizer": Momentum(), "lr": cosine(0.1, 4000), "batch_size": 20, "validation_fraction": 0.2}
    return NetworkClassifier((20,), **settings, patience=1000, epochs=epochs, random_state=0, memory=memory)


def search(memory=None, n_jobs=1):
    """A search of 8 fits of about 0.3 seconds."""
    return GridSearchCV(model(memory, epochs=200), GRID, cv=2, n_jobs=n_jobs, refit=False)


def files(folder):
    """The files of fits and when they were written."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("fit-*.npz")}


def was_killed(what, folder, most):
    """Whether a process that computes was killed with its workers, at most so many seconds after it began."""
    before, outside = files(folder), os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, __file__, what, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=outside, start_new_session=True) as process:
        assert process.stdout.readline() == "begun\n"
        while what == "search" and files(folder) == before and process.poll() is None:
            time.sleep(0.01)  # until its workers have begun
        time.sleep(random.uniform(0, most))
        os.killpg(process.pid, signal.SIGKILL)
    return process.returncode == -signal.SIGKILL


def killed(what, folder, times, most):
    """A life after the other is killed in one folder; it is emptied when all is done. Each file is whole."""
    while times:
        if was_killed(what, folder, most):
            times -= 1
        else:
            for path in files(folder):
                path.unlink()
        for path in files(folder):
            code, state, costs, scores = load(path)
            assert code == path.stem
            assert len(costs) == len(scores) == state.step / (8 if what == "fit" else 4)
            if what == "fit":
                assert fingerprint(model(epochs=len(costs)).fit(X, Y).state_) == fingerprint(state)


@pytest.mark.parametrize("times", [1, pytest.param(3, marks=in_full)])
def test_a_fit_that_is_killed_goes_on_to_the_same_bits(tmp_path, times):
    killed("fit", tmp_path, times, most=0.2)
    resumed, undisturbed = model(tmp_path).fit(X, Y), model().fit(X, Y)
    assert fingerprint(resumed.state_) == fingerprint(undisturbed.state_)
    assert (resumed.loss_curve_, resumed.validation_curve_) == (undisturbed.loss_curve_, undisturbed.validation_curve_)


@pytest.mark.parametrize("times", [1, pytest.param(2, marks=in_full)])
def test_a_search_in_two_processes_that_is_killed_goes_on_to_the_same_bits(tmp_path, times):
    killed("search", tmp_path, times, most=0.3)
    resumed, undisturbed = [search(memory).fit(X, Y).cv_results_ for memory in (tmp_path, None)]
    for fold in (0, 1):
        name = f"split{fold}_test_score"
        assert np.array_equal(resumed[name], undisturbed[name])
    assert len(files(tmp_path)) == 8


TESTS = (
    test_a_fit_that_is_killed_goes_on_to_the_same_bits,
    test_a_search_in_two_processes_that_is_killed_goes_on_to_the_same_bits,
)


def main(what, folder=None):
    """The process that is killed; or both tests with this number of kills."""
    if folder is None:
        for test in TESTS:
            with tempfile.TemporaryDirectory() as made:
                test(Path(made), int(what))
        return
    made = model(folder) if what == "fit" else search(folder, n_jobs=2)
    print("begun", flush=True)  # noqa: T201  for the process that kills this one
    made.fit(X, Y)


if __name__ == "__main__":
    main(*sys.argv[1:])
