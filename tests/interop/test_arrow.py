"""Batches of Parquet files, Arrow files and tables of pyarrow: the rows of the columns, read a window at a time."""

import os
import pickle
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from funcnn import Adam, Tanh, TrainState, history, mlp, mse, train, value_and_grad
from funcnn.data import prefetch
from funcnn.errors import FileError
from funcnn.files import fingerprint

pa = pytest.importorskip("pyarrow", reason="its readers read the files")

from pyarrow import feather, parquet  # noqa: E402  as just said

from funcnn.interop.arrow import arrow_batches  # noqa: E402  as just said


def columns(rows):
    """Columns that are functions of the number of the row."""
    i = np.arange(rows)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(np.repeat(i, 3) * 1.0), 3)
    return {
        "i": i,
        "a": i + 0.5,
        "text": pa.array([f"row {k}" for k in i]),
        "b": -i * 1.0,
        "list": lists,
        "odd": i % 2 == 1,
        "half": np.float16(i % 100),
        "byte": np.uint8(i % 256),
    }


def write_parquet(table, path, rows):
    parquet.write_table(table, path, row_group_size=rows)


def write_arrow(table, path, rows):
    feather.write_feather(table, path, chunksize=rows, compression="uncompressed")


def write_compressed(table, path, rows):
    feather.write_feather(table, path, chunksize=rows, compression="lz4")


WRITERS = {"parquet": write_parquet, "arrow": write_arrow, "lz4": write_compressed}


@pytest.fixture(params=[*WRITERS, "two files", "table"])
def source(request, tmp_path):
    """103 rows in blocks of 20, from the rows 0 to 60 and 60 to 103."""
    table = pa.table(columns(103))
    if request.param == "table":
        return pa.concat_tables([table.slice(k, 20) for k in (0, 20, 40, 60, 80, 100)])
    if request.param == "two files":
        write_parquet(table.slice(0, 60), tmp_path / "0", 20)
        write_arrow(table.slice(60), tmp_path / "1", 20)
        return [str(tmp_path / "0"), tmp_path / "1"]
    WRITERS[request.param](table, tmp_path / "rows", 20)
    return tmp_path / "rows"


def of(source, window=2, **options):
    x = (["a", "b"], "list", "i")
    return arrow_batches(source, 16, x=x, y=("odd", "half"), window=window, **{"seed": 0, "epochs": 2} | options)


def test_each_row_is_there_once_in_an_epoch_as_it_is_in_its_columns(source):
    data = of(source)
    assert (len(data), data.per_epoch) == (14, 7)
    for epoch in (data[:7], data[7:]):
        (ab, lists, i), (odd, half) = [
            [np.concatenate(arrays) for arrays in zip(*parts, strict=True)] for parts in zip(*epoch, strict=True)
        ]
        assert np.array_equal(np.sort(i), np.arange(103))
        assert np.array_equal(ab, np.stack([i + 0.5, -i], axis=1))
        assert np.array_equal(lists, np.repeat(i[:, None], 3, axis=1))
        assert np.array_equal(odd, i % 2 == 1)
        assert np.array_equal(half, i % 100)
        assert [a.dtype for a in (ab, lists, i, odd, half)] == [float, float, np.int64, bool, np.float16]
        blocks = i // 20
        for k in range(6):
            assert np.ptp(np.flatnonzero(blocks == k)) < 40
    assert not np.array_equal(data[0][0][2], data[7][0][2])


def test_the_bits_depend_on_the_blocks_the_window_and_the_seed_alone(source):
    rows = pa.concat_tables([pa.table(columns(103)).slice(k, 20) for k in range(0, 103, 20)])
    assert fingerprint(tuple(of(source))) == fingerprint(tuple(of(rows)))
    data = of(source)
    assert fingerprint(tuple(pickle.loads(pickle.dumps(data))[3:9])) == fingerprint(tuple(data)[3:9])
    assert fingerprint(tuple(prefetch(data, 3)[5:])) == fingerprint(tuple([data[i] for i in range(5, 14)]))
    assert len({fingerprint(tuple(of(source, **other))) for other in ({}, {"seed": 1}, {"window": 3})}) == 3


def test_a_run_resumes_to_the_same_bits(tmp_path):
    write_parquet(pa.table(columns(200)), tmp_path / "rows", 30)
    data = arrow_batches(tmp_path / "rows", 20, x=["a", "b"], y=["b"], window=2, epochs=3, seed=0)
    data = data.map(lambda x, y: (x / 200, y / 200))
    start, gradient = TrainState(mlp([2, 5, 1], hidden=Tanh(), seed=1), Adam()), value_and_grad(mse)
    *_, whole = train(start, data, gradient, 0.01)
    half, _ = history(train(start, data[:13], gradient, 0.01))
    *_, resumed = train(half, prefetch(data, 2)[half.step :], gradient, 0.01)
    assert fingerprint(resumed) == fingerprint(whole)


@pytest.mark.parametrize("write", WRITERS)
def test_a_loop_holds_a_window_and_a_block_however_many_rows_there_are(tmp_path, write):
    def peak(rows):
        WRITERS[write](pa.table({"a": np.random.default_rng(0).normal(size=rows)}), tmp_path / f"{rows}", 1000)
        data = arrow_batches(tmp_path / f"{rows}", 100, x="a", y="a", window=2, seed=0)
        before = pa.total_allocated_bytes()
        tracemalloc.start()
        try:
            held = [pa.total_allocated_bytes() - before for _ in data]
            return tracemalloc.get_traced_memory()[1], max(held)
        finally:
            tracemalloc.stop()

    peak(3_000)  # a first loop imports, and keeps what it has imported
    few, many = peak(4_000), peak(40_000)
    assert max(few[1], many[1]) < 80_000  # what threads of pyarrow have not given back yet
    assert 2000 * 3 * 8 < many[0] < 1.3 * few[0] + 40_000 < 40_000 * 8


def test_the_columns_of_a_row_group_are_decoded_one_after_the_other(tmp_path, monkeypatch):
    """Together, they take memory by chance: 1.9 to 3.8 MiB for 0.6 MiB of numbers; one after the other, 1.3 MiB."""
    write_parquet(pa.table(columns(103)), tmp_path / "rows", 60)
    read, calls = parquet.ParquetFile.read_row_group, []

    def recorded(self, i, columns, use_threads):
        calls.append((columns, use_threads))
        return read(self, i, columns, use_threads=use_threads)

    monkeypatch.setattr(parquet.ParquetFile, "read_row_group", recorded)
    next(iter(of(tmp_path / "rows")))
    assert calls == [([name], False) for name in ("a", "b", "list", "i", "odd", "half")] * 2


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_a_file_that_changes_is_refused(tmp_path, write):
    path, table = tmp_path / "rows", pa.table(columns(103))
    write(table, path, 20)
    data = of(path)
    os.utime(path, ns=(0, 0))  # as large as before, and written at another time
    with pytest.raises(FileError, match=r"^arrow_batches: \S+rows must stay as it was when the batches were made$"):
        list(data)
    data = of(path)
    write(table.slice(0, 60), path, 20)
    with pytest.raises(FileError, match="rows must stay as it was"):
        list(data)
    data = of(path)
    path.unlink()
    with pytest.raises(FileError, match="there is no file"):
        list(data)


def test_pyarrow_is_loaded_by_its_user_alone():
    code = "import sys, funcnn.data, funcnn.interop; print('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
