"""Shards: rows that workers read, the blocks of each part, and files that are absent, changed, or of another kind."""

import os
import pickle
import socket
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("threadpoolctl", reason="matrix products are computed in one thread by it")
import threadpoolctl

import funcnn as nn
from funcnn.errors import FileError, KindError, NoFileError, NoItemError, RangeError, ShapeError, WorkerError
from funcnn.files import fingerprint
from funcnn.parallel import sharded, shards, store
from funcnn.parallel.blocks import RowBlock, places_of
from funcnn.parallel.runs import BlockRun, divided, workers_of
from funcnn.parallel.sums import PartialSum, sums
from tests.said import says
from tests.sharding import CUTS, Copying, X, Y, after, in_parts, normalising, run_in_parts, write_parts

FUNCTION = nn.value_and_grad(nn.mse)
NET = nn.mlp([6, 5, 2], hidden=nn.Tanh(), seed=0)


@pytest.fixture
def files(tmp_path):
    """x and y in files, and the paths of x."""
    write_parts((X, Y), tmp_path)
    return in_parts((X, Y), tmp_path), sorted(tmp_path.glob("rows-0-*"))


@given(st.data())
def test_rows_of_shards_are_those_of_the_arrays_below_one_another(data):
    cuts = sorted(data.draw(st.lists(st.integers(0, 24), max_size=4)))
    a, whole = shards(np.split(X, cuts)), X
    for _ in range(data.draw(st.integers(0, 3))):
        n = len(whole)
        bound = st.none() | st.integers(-n - 2, n + 2)
        numbers = st.lists(st.integers(-n, n - 1), max_size=9) if n else st.just([])
        rows = numbers.map(lambda i: np.array(i, int))
        masks = st.lists(st.booleans(), min_size=n, max_size=n).map(lambda i: np.array(i, bool))
        index = data.draw(st.builds(slice, bound, bound, st.sampled_from([None, 1, 2, -1])) | rows | masks)
        a, whole = a[index], whole[index]
        assert a.shape == whole.shape
        assert a.size == whole.size
    assert np.array_equal(a.read(), whole)
    assert a.ndim == 2
    assert a.dtype == X.dtype
    assert not a.read().flags.writeable
    assert np.array_equal(pickle.loads(pickle.dumps(a)).read(), whole)
    places = places_of([0, 0], a, None) if not len(a) else places_of([0, 3], a, None)
    assert sorted(np.concatenate([[], *[place.rows for place in places]]).tolist()) == list(range(len(a)))
    assert max([len(place.rows) for place in places], default=0) <= 3


def test_blocks_of_shards_are_those_of_an_array_where_the_parts_are():
    whole = sharded(FUNCTION, rows=4)(NET, X[:16], Y[:16])
    parts = shards(np.split(X[:16], 4)), shards(np.split(Y[:16], 4))
    assert sharded(FUNCTION, rows=4)(NET, *parts) == whole
    assert sharded(FUNCTION, rows=4)(NET, parts[0], Y[:16]) == whole
    assert sharded(FUNCTION)(NET, shards([X]), shards([Y])) == FUNCTION(NET, X, Y)


def test_no_rows_are_refused_as_those_of_an_array(files):
    for x, y in ((X, Y), files[0], in_parts((X, Y))):
        says(RangeError, "mse: out must have at least one entry", sharded(FUNCTION), NET, x[:0], y[:0])


def test_a_single_block_in_a_file_is_computed_by_a_worker(files):
    x, y = (a[:5] for a in files[0])
    pool = Copying()
    assert sharded(FUNCTION, executor=pool)(NET, x, y) == sharded(FUNCTION)(NET, x, y) == FUNCTION(NET, X[:5], Y[:5])
    assert len(pool.tasks) == 1


def test_rows_in_files_are_read_by_workers_and_are_not_sent(files, tmp_path):
    for executor in (None, ThreadPoolExecutor(2), Copying()):
        assert run_in_parts("two heads, a loss with an array", executor=executor)
    big = np.random.default_rng(0).normal(size=(4000, 6))
    np.save(tmp_path / "x.npy", big)
    np.savez(tmp_path / "y.npz", y=np.asfortranarray(big[:, :2]).astype(">f8"))
    x, y = shards([tmp_path / "x.npy"]), shards([str(tmp_path / "y.npz")], "y")
    step = sharded(FUNCTION, rows=1000, executor=Copying())
    alone = after(sharded(FUNCTION, rows=1000), NET, (), shards([big]), shards([big[:, :2]]))
    assert after(step, NET, (), x, y) == alone
    assert step.traffic.sent < 9000
    token = next(token for token in store._arrays if token[1:2] == ("y",))
    assert store._arrays[token].shape == (4000, 2)


def test_the_gradient_of_x_has_the_order_of_the_batch():
    function, rows = nn.value_and_grad(nn.mse, inputs=True), np.random.default_rng(0).permutation(24)[:17]
    made = sharded(function, rows=3)(NET, *[a[rows] for a in in_parts((X, Y))])[1].x
    assert np.allclose(made, function(NET, X[rows], Y[rows])[1].x, rtol=0, atol=1e-15)


def test_x_and_y_need_the_same_rows_of_parts():
    x, y = in_parts((X, Y))
    step, order = sharded(FUNCTION, rows=3), np.random.default_rng(0).permutation(24)
    text = r"sharded: x and y must have parts of equally many rows, not \[5, 7, 12\] and \[12, 12\]"
    says(ShapeError, text, step, NET, x, shards([Y[:12], Y[12:]]))
    text = "sharded: x and y must have the same rows of their parts; index both alike"
    says(ShapeError, text, step, NET, x[order], y[order[::-1]])
    says(ShapeError, text, step, NET, x[order[:8]], y[np.sort(order[:8])])


def test_rows_that_depend_on_one_another_are_refused_by_a_worker(files):
    step = sharded(nn.value_and_grad(normalising), rows=6, executor=Copying())
    for _ in range(2):
        says(KindError, "the loss must be a mean over rows, not normalising", step, NET, *files[0])
    says(KindError, "a mean over rows", sharded(nn.value_and_grad(normalising), rows=6), NET, *files[0])


def test_workers_find_the_shapes_of_files(files):
    pool = Copying()
    x = shards([files[1][0], X[:3], files[1][1]], executor=pool)
    assert len(pool.tasks) == 2
    assert np.array_equal(x.read(), np.concatenate([X[:5], X[:3], X[5:12]]))
    says(NoFileError, r"absent\.npy must be a file that process", shards, ["absent.npy"], executor=pool)
    pool.shutdown()
    says(
        WorkerError,
        "shards: Copying failed to find the shapes of files: RuntimeError",
        shards,
        [files[1][0]],
        executor=pool,
    )


def test_a_single_block_has_one_thread_of_blas_in_arrays_as_in_files(files):
    seen = []

    def watching(*given):
        # Other tests load more libraries of BLAS.
        pools = [pool for pool in threadpoolctl.threadpool_info() if "numpy" in pool["filepath"]]
        seen.append({pool["num_threads"] for pool in pools})
        return FUNCTION(*given)

    with threadpoolctl.threadpool_limits(2, "blas"):
        made = [sharded(watching)(NET, x[:5], y[:5]) for x, y in (files[0], in_parts((X, Y)))]
    assert made[0] == made[1]
    assert [threads <= {1} for threads in seen] == [True, True]


@pytest.mark.parametrize("executor", [None, Copying()], ids=["here", "a worker"])
def test_a_file_that_is_absent_or_changed_ends_the_step(files, executor):
    (data, paths), step = files, sharded(FUNCTION, rows=6, executor=executor)
    step(NET, *data)
    os.utime(paths[1], ns=(0, 1))
    needed = "must stay as it was when shards was called, but it was changed or replaced; call shards again"
    error = says(FileError, needed, step, NET, *data)
    assert str(error).startswith(f"sharded: {paths[1]} ")
    paths[1].unlink()
    with pytest.raises(NoFileError) as caught:
        step(NET, *data)
    who = f"process {os.getpid()} on {socket.gethostname()} can read"
    remedy = "one that it does not have; copy it there, or to a disk that all machines share"
    assert str(caught.value) == f"shards: {paths[1]} must be a file that {who}, not {remedy}"
    which = f"in block 1 of 5, 3 rows of {paths[1]}"
    assert caught.value.__notes__ == [which if executor is None else f"{which}, on Copying"]
    if executor:
        with pytest.raises(NoFileError) as caught:
            sharded(FUNCTION, rows=6, executor=executor)(NET, *data)
        assert caught.value.__notes__ == ["in a check of few rows, on Copying"]


def test_a_file_that_changes_while_it_is_read_ends_the_step(files, monkeypatch):
    (x, _), paths = files
    keep = np.ascontiguousarray
    monkeypatch.setattr(np, "ascontiguousarray", lambda a: (os.utime(paths[0], ns=(0, 1)), keep(a))[1])
    says(FileError, "but it was changed or replaced", x.read)


@pytest.mark.parametrize("other", [X.view(np.int64), X.reshape(12, 12)], ids=["a dtype", "a shape"])
def test_another_file_of_the_same_size_and_time_is_refused(other, tmp_path):
    np.save(tmp_path / "x.npy", X)
    x, status = shards([tmp_path / "x.npy"]), (tmp_path / "x.npy").stat()
    np.save(tmp_path / "x.npy", other)
    os.utime(tmp_path / "x.npy", ns=(0, status.st_mtime_ns))
    assert (tmp_path / "x.npy").stat().st_size == status.st_size
    says(FileError, "but it was changed or replaced; call shards again", x[:9].read)


def test_what_is_no_file_of_rows_is_refused(tmp_path):
    np.save(tmp_path / "x.npy", X)
    cut = (tmp_path / "x.npy").read_bytes()[:-8]
    for name, content in {"text.npy": b"no array", "cut.npy": cut, "empty.npz": b""}.items():
        (tmp_path / name).write_bytes(content)
        says(
            FileError, rf"{name} must be a file that process \d+ on \S+ can read, not \w+: ", shards, [tmp_path / name]
        )
    np.savez(tmp_path / "xy.npz", x=X, y=Y)
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    says(
        KindError, r"shards: \S+x.npy must be a .npz file, which has arrays by name", shards, [tmp_path / "x.npy"], "x"
    )
    says(KindError, "shards: name must be of arrays in .npz files, not 'x' for parts that are arrays", shards, [X], "x")
    for name in (None, "z"):
        says(
            KindError,
            rf"name must be one of the arrays in \S+xy.npz, x, y, not {name!r}",
            shards,
            [tmp_path / "xy.npz"],
            name,
        )
    says(
        KindError,
        r"parts must have rows of numbers; \S+words.npy has \(2,\) of str32",
        shards,
        [tmp_path / "words.npy"],
    )


def test_an_index_is_a_slice_or_an_array_of_row_numbers():
    x = shards(np.split(X, CUTS))
    for index in (3, (3, 4), [3], np.zeros((2, 2), int), X[:, 0], None):
        says(KindError, r"Shards: an index must be a slice, or an array of row numbers, not", x.__getitem__, index)
    for index in (np.array([24]), np.array([-25]), np.array([True])):
        says(NoItemError, "Shards: an index is out of range; there are 24 rows", x.__getitem__, index)
    assert np.array_equal(x[::-2].read(), X[::-2])
    many = shards(np.split(np.arange(500), 5))[200:300]  # 200 + 99 is not an int8, nor a uint8
    for dtype in (np.int8, np.uint8, np.uint64):
        assert many[np.array([99, 3], dtype)].read().tolist() == [299, 203]
    assert shards([np.arange(500)])[np.array([-1], np.int8)].read().tolist() == [499]
    assert repr(x) == "Shards(24 rows of 3 parts, float64, (6,))"


def test_functions_that_need_arrays_refuse_rows_that_are_not_read():
    x = shards([X])
    text = r"Shards: x must be an array here, not rows that are not read; write x.read\(\), or sharded"
    for act in (nn.forward, nn.predict):
        says(KindError, text, act, NET, x)
    for act in (np.asarray, fingerprint):
        says(KindError, text, act, x)
    says(KindError, text, FUNCTION, NET, x, shards([Y]))
    says(KindError, text, nn.data.windowed_batches, x, Y, 4, block=2, window=2, seed=0)
    says(TypeError, "Shards", lambda: x * 2)
    batches = nn.batches(x, shards([Y]), 8, seed=0).map(lambda x, y: (2 * x.read(), y.read()))
    assert np.array_equal(batches[0][0], 2 * nn.batches(X, Y, 8, seed=0)[0][0])


def test_map_may_choose_rows_without_reading_them(files):
    def odd(x, y):
        return x[1::2], y[1::2]

    mapped, arrays = [nn.batches(*data, 8, seed=0).map(odd, changes_rows=True) for data in (files[0], (X, Y))]
    for (x, y), pair in zip(mapped, arrays, strict=True):
        assert [x.read().tolist(), y.read().tolist()] == [a.tolist() for a in pair]
    turns = iter([1, -1])
    text = "f must return equal batches for equal arguments, not another x in each call"
    says(KindError, text, nn.batches(*files[0], 8, seed=0).map, lambda x, y: (x[:: next(turns)], y))
    x = files[0][0]
    assert x[3:] == x[3:]
    assert hash(x[3:]) == hash(x[3:])
    assert [x[3:] == other for other in (x[4:], shards([X]), 3)] == [False] * 3


@given(st.integers(1, 40), st.integers(1, 50), st.integers(1, 70), st.data())
def test_sums_have_the_same_bits_for_any_division_into_runs(k, workers, pending, data):
    blocks = [RowBlock(i, 1.0, "", None, None) for i in range(k)]
    slopes = [np.array([data.draw(st.floats(-1e9, 1e9))]) for _ in range(k)]
    terms = [PartialSum(i, i + 1, float(a[0]), None, [a.copy()], [[i]], [None]) for i, a in enumerate(slopes)]
    (whole,) = sums(k, [term._replace(slopes=[a.copy()]) for term, a in zip(terms, slopes, strict=True)], 0, k)
    runs, most = divided(BlockRun(k, (), blocks), workers, pending)
    ends = [(run.blocks[0].i, run.blocks[-1].i + 1) for run in runs]
    parts = [part for start, stop in ends for part in sums(k, terms[start:stop], start, stop)]
    (total,) = sums(k, parts, 0, k)
    assert (total.cost, total.slopes[0].tobytes(), total.states) == (
        whole.cost,
        whole.slopes[0].tobytes(),
        [[i] for i in range(k)],
    )
    if k <= pending and workers & (workers - 1) == 0:
        assert len(parts) == min(workers, k)
    assert min(workers, pending, k) <= most <= max(1, pending)
    assert sum([len(run.blocks) for run in runs[:most]]) <= pending + workers


class ClientOfDask:
    """It knows the cores of each worker, unless it is closed."""

    def __init__(self, cores):
        self.cores = cores

    def ncores(self):
        """The number of cores by address"""
        return self.cores


@pytest.mark.parametrize(
    ("client", "workers"), [(ClientOfDask({"a": 2, "b": 1}), 3), (ClientOfDask({}), None), (ClientOfDask(None), None)]
)
def test_dask_is_asked_for_its_workers(client, workers):
    pool = Copying()
    pool._client = client
    assert workers_of(pool) == workers
    made = sharded(FUNCTION, rows=6, executor=pool)(NET, X, Y)
    assert made == sharded(FUNCTION, rows=6)(NET, X, Y)
    assert len(pool.tasks) == (workers or 4)


def test_an_executor_that_fails_names_the_blocks_of_a_worker(files):
    pool = Copying()
    pool.shutdown()
    step = sharded(FUNCTION, rows=6, executor=pool, workers=2)
    says(WorkerError, "Copying failed to compute blocks 0 to 1 of 4: RuntimeError", step, NET, X, Y)
    step = sharded(FUNCTION, rows=7, executor=pool, workers=1)
    says(WorkerError, "Copying failed to compute blocks 0 to 4 of 5: RuntimeError", step, NET, *files[0])


def test_each_worker_returns_one_gradient_for_all_of_its_blocks(files):
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = []
        for options in ({}, {"workers": 4}, {"workers": 24}):
            step = sharded(FUNCTION, rows=1, executor=pool, **options)
            assert after(step, NET, (), *files[0]) == after(sharded(FUNCTION, rows=1), NET, (), *in_parts((X, Y)))
            found.append(step.traffic.returned)
        assert found[1] == pytest.approx(2 * found[0], rel=0.2)
        assert found[2] == pytest.approx(12 * found[0], rel=0.2)
