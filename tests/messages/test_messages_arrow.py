"""Error messages of batches of Parquet and Arrow files for invalid arguments, pinned word for word."""

import os
from pathlib import Path

import numpy as np
import pytest

from funcnn.errors import FileError, NoFileError
from tests.says import assert_says, each_row, file_error, kind_error, raises, range_error

pa = pytest.importorskip("pyarrow", reason="its readers read the files")

from pyarrow import feather, parquet  # noqa: E402  as just said

from funcnn.interop.arrow import arrow_batches  # noqa: E402  as just said

lists = pa.FixedSizeListArray.from_arrays(pa.array(np.arange(30.0)), 3)
holes = pa.FixedSizeListArray.from_arrays(pa.array([1.0, None, 3.0] * 10), 3)
table = pa.table(
    {
        "a": np.arange(10.0),
        "b": np.arange(10.0),
        "i": np.arange(10),
        "text": ["text"] * 10,
        "class": pa.array(["no", "yes"] * 5).dictionary_encode(),
        "day": pa.array(np.arange(10, dtype=np.int32), pa.date32()),
        "null": pa.array([1, 2, None, 4, None] * 2),
        "list": lists,
        "holes": holes,
        "no": pa.array([[1.0, 2.0, 3.0], None] * 5, pa.list_(pa.float64(), 3)),
        "ragged": pa.array([[1.0]] * 10),
    }
)
twice = pa.Table.from_arrays([table["a"], table["a"], table["b"]], ["a", "a", "b"])
ALL = ", ".join(map(repr, table.column_names))


def of(source=table, size=4, x="a", y="b", window=2, **options):
    return lambda: arrow_batches(source, size, x=x, y=y, window=window, **{"seed": 0} | options)


def first(*given, **options):
    make = of(*given, **options)
    return lambda: make()[0]


NAME = "arrow_batches"
GLOBBED = type(Path().glob("*")).__name__  # a generator, or since Python 3.13 a map
NAMES = "must be the name of a column, a list of names, or a tuple of these, not"
SOURCE = "source must be a path, a list of paths or a pyarrow.Table, not"
NUMBERS = "must be of numbers, or of lists of numbers of a fixed length, not"
ROWS = [
    kind_error(of(x=["a", "c"])) >> f"{NAME}: the table must have one column 'c', not only {ALL}",
    kind_error(of(twice)) >> f"{NAME}: the table must have one column 'a', not 2 of them",
    kind_error(of(x="text")) >> f"{NAME}: column 'text' {NUMBERS} string",
    kind_error(of(y="class"))
    >> f"{NAME}: column 'class' {NUMBERS} dictionary<values=string, indices=int32, ordered=0>",
    kind_error(of(x="ragged")) >> f"{NAME}: column 'ragged' {NUMBERS} list<item: double>",
    kind_error(first(x="null")) >> f"{NAME}: column 'null' must have no nulls; it has 4 in block 0 of the table",
    kind_error(first(x="no")) >> f"{NAME}: column 'no' must have no nulls; it has 5 in block 0 of the table",
    kind_error(of(x=("b", ["a", "i"])))
    >> f"{NAME}: the columns in a list must have one type; 'a' is float64, 'i' is int64",
    kind_error(of(x=["a", "list"]))
    >> f"{NAME}: the columns in a list must have one type; 'a' is float64, 'list' is lists of 3 float64",
    kind_error(of(x=["list"])) >> f"{NAME}: a column of lists must be alone; write 'list' for ['list']",
    kind_error(of(x=0)) >> f"{NAME}: x {NAMES} int",
    kind_error(of(y=("a", [0, 1]))) >> f"{NAME}: y[1] {NAMES} a list with int",
    kind_error(of(x=[])) >> f"{NAME}: x {NAMES} an empty list",
    kind_error(of({"a": [1.0]})) >> f"{NAME}: {SOURCE} dict",
    kind_error(of(Path().glob("*.parquet"))) >> f"{NAME}: {SOURCE} {GLOBBED}; for paths write sorted(source)",
    kind_error(of([table])) >> f"{NAME}: {SOURCE} a list with Table",
    range_error(of([])) >> f"{NAME}: source must hold at least one file, not 0",
    raises(NoFileError, of("nowhere.parquet")) >> f"{NAME}: there is no file nowhere.parquet",
    file_error(of("text")) >> f"{NAME}: the file text is neither a Parquet file nor an Arrow file",
    kind_error(of(["a.parquet", "i.arrow"]))
    >> f"{NAME}: column 'a' must have one type in all files; it is float64 in a.parquet and int64 in i.arrow",
    kind_error(of(["a.parquet", "b.parquet"])) >> f"{NAME}: b.parquet must have one column 'a', not only 'b'",
    kind_error(first("null.parquet", x="null", window=1, size=10))
    >> f"{NAME}: column 'null' must have no nulls; it has 2 in block 1 of null.parquet",
    range_error(of(size=11)) >> f"{NAME}: size must be at most the number of rows, 10, not 11",
]


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Files with columns of several types."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("PARQUET", "utf-8")
    parquet.write_table(table.select(["a", "b"]), "a.parquet")
    parquet.write_table(table.select(["b"]), "b.parquet")
    null = [1.0] * 4 + [None, 1.0, None, 1.0] + [1.0] * 2
    parquet.write_table(pa.table({"b": np.ones(10), "null": null}), "null.parquet", row_group_size=4)
    feather.write_feather(pa.table({"a": np.arange(3), "b": np.ones(3)}), "i.arrow")


@each_row(ROWS)
@pytest.mark.usefixtures("files")
def test_each_mistake_has_its_sentence(row):
    assert_says(row)


@pytest.mark.parametrize(
    ("library", "remedy"),
    [("polars", "; write source.to_arrow()"), ("pandas", "; write pyarrow.Table.from_pandas(source)")],
)
def test_a_frame_becomes_a_table(library, remedy):
    frame = pytest.importorskip(library, reason="its frame is given").DataFrame({"a": [1.0], "b": [2.0]})
    assert_says(kind_error(of(frame)) >> f"{NAME}: {SOURCE} DataFrame{remedy}")


@pytest.mark.usefixtures("files")
def test_what_pyarrow_cannot_read_has_its_reason():
    os.truncate("a.parquet", 100)
    with pytest.raises(FileError, match=r"^arrow_batches: the file a\.parquet cannot be read: \S"):
        of("a.parquet")()
