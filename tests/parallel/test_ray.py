"""The executor of Ray: the same bits, killed workers, and a cluster that is absent."""

import time
from concurrent.futures import Future

import pytest

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
pytest.importorskip("ray", reason="the engine")
import ray
from ray.exceptions import RayTaskError, WorkerCrashedError

from funcnn.errors import KindError, NoFileError, WorkerError
from funcnn.interop.ray import RayExecutor, _called, _end
from funcnn.parallel import sharded, shards
from tests.parallel.test_parallel_faults import ALONE, NET, Deadly
from tests.rays import ray_cluster
from tests.said import says
from tests.sharding import NETS, X, Y, after, run_in_parts, write_parts


@pytest.fixture(scope="module")
def pool():
    """An executor of a cluster of two workers on this machine."""
    with ray_cluster():
        ray.init(log_to_driver=False)
        with RayExecutor() as made:
            yield made
        ray.shutdown()


def test_it_needs_a_cluster():
    says(KindError, r"RayExecutor: ray must be connected to a cluster; write ray.init\(\)", RayExecutor)


def test_workers_of_ray_read_their_rows_and_have_the_same_bits(pool, tmp_path):
    for i, (name, (*_, x, y)) in enumerate(NETS.items()):
        (folder := tmp_path / str(i)).mkdir()
        write_parts((x, y), folder)
        assert run_in_parts(name, folder, executor=pool) == run_in_parts(name)


def test_a_killed_worker_of_ray_is_replaced(pool, tmp_path):
    (deaths := tmp_path / "deaths").mkdir()
    for i in range(2):
        (deaths / str(i)).touch()
    assert after(sharded(Deadly(deaths), rows=6, executor=pool, retries=2), NET, (), X, Y) == ALONE
    (deaths / "0").touch()
    step = sharded(Deadly(deaths), rows=6, executor=pool)
    says(WorkerError, "RayExecutor failed to compute blocks 2 to 3 of 4: WorkerCrashedError", step, NET, X, Y)


def test_errors_of_a_function_are_raised_as_they_are(pool):
    with pytest.raises(NoFileError, match=r"^shards: /\S+absent\.npy must be a file that process \d+ on") as caught:
        shards(["absent.npy"], executor=pool)
    assert type(caught.value) is NoFileError
    assert "in _version_of" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("ended", "error"),
    [
        (3, None),
        (RayTaskError("f", "its traceback", ValueError("own")), "own"),
        (WorkerCrashedError(), "The worker died"),
    ],
    ids=["a result", "an error of the function", "a death"],
)
def test_a_future_ends_as_that_of_ray(ended, error):
    """Here, since a tool that measures coverage does not see the thread of Ray."""
    done, future, cancelled = Future(), Future(), Future()
    (done.set_exception if error else done.set_result)(ended)
    cancelled.cancel()
    for one in (future, cancelled):
        _end(one, done)
    assert cancelled.cancelled()
    if error is None:
        assert future.result() == ended
    else:
        assert str(future.exception()).startswith(error)


def test_it_does_not_start_a_cluster(pool, monkeypatch):
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(RuntimeError, match=r"Ray is not connected to a cluster; write ray\.init\(\)"):
        pool.submit(abs, -1)


def test_it_cancels_waits_and_closes(pool):
    with RayExecutor() as own:
        futures = [own.submit(time.sleep, 0.2) for _ in range(4)]
        assert futures[3].cancel()
    assert [future.done() for future in futures] == [True] * 4
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        own.submit(abs, -1)
    own = RayExecutor()
    futures = [own.submit(time.sleep, 0.2) for _ in range(4)]
    own.shutdown(wait=False, cancel_futures=True)
    assert all([future.cancelled() for future in futures])
    assert pool.submit(divmod, 7, 2).result() == _called(divmod, 7, 2) == (3, 1)
