"""A training that is killed four times, each time on another engine, ends as the run that nobody disturbed."""

import signal
from itertools import islice

import pytest

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
from funcnn import save
from tests.counts import in_full
from tests.soak.engines import LIBRARIES, installed
from tests.soak.kills import Soak
from tests.soak.life import Training

pytestmark = [pytest.mark.unwatched, pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")]
STEPS = 60


def soaked(folder, lives):
    """What was killed, after lives on these engines; the last one makes the steps that are left."""
    soak = Soak(folder, 3, STEPS)
    for i, (engine, workers) in enumerate(lives):
        soak.live(engine, workers, most=4 + 3 * i, delay=0.002 * i)
        assert not soak.is_done
    soak.live("threads", 2)
    assert soak.is_done
    ours, undisturbed = soak.report().splitlines()[0].split(": ")[1].split(", undisturbed ")
    assert ours == undisturbed == soak.marks[-1]
    assert len(set(soak.marks)) == STEPS + 1
    return soak.kills["processes that trained"], soak.failed


@in_full
def test_killed_on_threads_and_processes_it_ends_with_the_same_fingerprint(tmp_path):
    lives = [("none", 0), ("threads", 5), ("processes", 2)]
    assert soaked(tmp_path, lives) == (len(lives), 0)


@in_full
def test_killed_on_loky_dask_and_mpi_it_ends_with_the_same_fingerprint(tmp_path):
    absent = [name for name in LIBRARIES if name not in installed()]
    if absent:
        pytest.skip(f"engines that are not installed: {', '.join(absent)}")
    lives = [("loky", 2), ("Dask", 1), ("MPI", 2)]
    assert soaked(tmp_path, lives) == (len(lives), 0)


def test_a_checkpoint_of_another_training_does_not_pass(tmp_path):
    ours, other = Soak(tmp_path, 3, 6), Training(4, 6)
    *_, state = islice(other.run(other.start), 3)
    save(tmp_path / "run.npz", state)
    with pytest.raises(AssertionError, match="step 3"):
        ours.live("none", 0, most=0)
