"""Error messages of batches of Parquet and Arrow files for invalid arguments, pinned word for word.

Each row: the call, the class of the error, and the sentence.
"""

import os

import numpy as np
import pytest

from funcnn.errors import FileError, KindError, NoFileError, RangeError
from tests.says import assert_says

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
NAMES = "must be the name of a column, a list of names or a tuple, not"
SOURCE = "source must be a path, a list of paths or a pyarrow.Table, not"
NUMBERS = "must be of numbers, or of lists of numbers of a fixed length, not"
ROWS = {
    "a column that is missing": (
        of(x=["a", "c"]),
        KindError,
        f"{NAME}: the table must have one column 'c', got only {ALL}",
    ),
    "a column that is there twice": (
        of(twice),
        KindError,
        f"{NAME}: the table must have one column 'a', got 2 of them",
    ),
    "a column of text": (of(x="text"), KindError, f"{NAME}: column 'text' {NUMBERS} string"),
    "a column of categories": (
        of(y="class"),
        KindError,
        f"{NAME}: column 'class' {NUMBERS} dictionary<values=string, indices=int32, ordered=0>",
    ),
    "a column of days": (of(x=("a", ["day"])), KindError, f"{NAME}: column 'day' {NUMBERS} date32[day]"),
    "a column of lists of any length": (
        of(x="ragged"),
        KindError,
        f"{NAME}: column 'ragged' {NUMBERS} list<item: double>",
    ),
    "a column with nulls": (
        first(x="null"),
        KindError,
        f"{NAME}: column 'null' must have no nulls, got 4 in block 0 of the table",
    ),
    "a column of lists with nulls": (
        first(x="holes"),
        KindError,
        f"{NAME}: column 'holes' must have no nulls, got 10 in block 0 of the table",
    ),
    "a column with no lists": (
        first(x="no"),
        KindError,
        f"{NAME}: column 'no' must have no nulls, got 5 in block 0 of the table",
    ),
    "columns of two types": (
        of(x=("b", ["a", "i"])),
        KindError,
        f"{NAME}: columns side by side must have one type; 'a' is float64, 'i' is int64",
    ),
    "lists beside numbers": (
        of(x=["a", "list"]),
        KindError,
        f"{NAME}: columns side by side must have one type; 'a' is float64, 'list' is lists of 3 float64",
    ),
    "lists in a list": (
        of(x=["list"]),
        KindError,
        f"{NAME}: a column of lists must be alone; write 'list' for ['list']",
    ),
    "a number for a column": (of(x=0), KindError, f"{NAME}: x {NAMES} int"),
    "numbers for columns": (of(y=("a", [0, 1])), KindError, f"{NAME}: y[1] {NAMES} list"),
    "no columns": (of(x=[]), KindError, f"{NAME}: x {NAMES} an empty one"),
    "columns as arrays": (of(x=np.ones((10, 2))), KindError, f"{NAME}: x {NAMES} float64 array"),
    "a table of pyarrow as a dictionary": (of({"a": [1.0]}), KindError, f"{NAME}: {SOURCE} dict"),
    "a list of tables": (of([table]), KindError, f"{NAME}: {SOURCE} a list with Table"),
    "no files": (of([]), RangeError, f"{NAME}: source must have a file, got none"),
    "a file that is not there": (of("nowhere.parquet"), NoFileError, f"{NAME}: there is no file nowhere.parquet"),
    "a file of text": (of("text"), FileError, f"{NAME}: text is neither a Parquet file nor an Arrow file"),
    "a folder": (of("."), FileError, f"{NAME}: . is a folder; give the path of a file"),
    "files of two types": (
        of(["a.parquet", "i.arrow"]),
        KindError,
        f"{NAME}: column 'a' must have one type in all files; it is float64 in a.parquet and int64 in i.arrow",
    ),
    "a later file without a column": (
        of(["a.parquet", "b.parquet"]),
        KindError,
        f"{NAME}: b.parquet must have one column 'a', got only 'b'",
    ),
    "nulls in a file": (
        first("null.parquet", x="null", window=1, size=10),
        KindError,
        f"{NAME}: column 'null' must have no nulls, got 2 in block 1 of null.parquet",
    ),
    "a batch of too many rows": (
        of(size=11),
        RangeError,
        f"{NAME}: size must be at most the number of rows, 10, not 11",
    ),
}


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


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.usefixtures("files")
def test_each_mistake_has_its_sentence(row):
    assert_says(row)


@pytest.mark.usefixtures("files")
def test_what_pyarrow_cannot_read_has_its_reason():
    os.truncate("a.parquet", 100)
    with pytest.raises(FileError, match=r"^arrow_batches: a\.parquet cannot be read: \S"):
        of("a.parquet")()
