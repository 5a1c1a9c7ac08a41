"""Every public function refuses each value that its table does not allow, in a sentence that begins with its name."""

import importlib
import inspect
import sys
from pathlib import Path

import attrs
import numpy as np
import pytest

from funcnn import record
from funcnn.errors import KindError
from funcnn.records import plans
from tests.kinds.doors import doors, parameters
from tests.kinds.rows import kind, row
from tests.kinds.trials import miscounted, refusals, swapped

TABLES = [path.stem for path in sorted((Path(__file__).parents[1] / "kinds").glob("*.py"))]
MODULES = [importlib.import_module(f"tests.kinds.{table}") for table in TABLES]
ROWS = [row for module in MODULES for row in getattr(module, "ROWS", [])]
DOORS = dict(doors())


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    """Some write files, and some open figures."""
    monkeypatch.chdir(tmp_path)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


every_row = pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])


@every_row
def test_what_it_does_not_take_is_refused(row):
    pytest.importorskip(row.needs or "numpy", reason="it computes")
    assert refusals(row) == []


@every_row
def test_swapped_arguments_are_refused(row):
    pytest.importorskip(row.needs or "numpy", reason="it computes")
    assert swapped(row) == []


def subclassed(row):
    """The row of a class of records, or of its `init`, for a subclass."""
    cls = row.function if isinstance(row.function, type) else row.function.__self__
    own = record(type("Mine", (cls,), {}))
    function = own if isinstance(row.function, type) else own.init
    return attrs.evolve(row, function=function, speaks=row.speaks - {cls.__name__, row.name} | {"Mine", "Mine.init"})


def is_of_records(row):
    cls = row.function if isinstance(row.function, type) else getattr(row.function, "__self__", None)
    return cls in plans and not inspect.isabstract(cls)


@pytest.mark.parametrize("row", [row for row in ROWS if is_of_records(row)], ids=lambda row: row.name)
def test_errors_of_a_subclass_begin_with_its_name(row):
    assert refusals(subclassed(row)) == []


@every_row
def test_too_few_arguments_and_too_many_are_refused_by_its_name(row):
    assert miscounted(row) == []


@pytest.mark.parametrize("door", DOORS)
def test_a_table_has_every_parameter(door):
    in_tables = set().union(*[row.kinds for row in ROWS if row.function == DOORS[door]])
    missing = parameters(DOORS[door]) - in_tables
    where = f"give {door} a card in funcnn/about, or a row in tests/kinds"
    assert missing == set(), f"no test gives {missing} of {door} wrong kinds: {where}"


def silent(x, size=2):
    """Takes anything."""


def bare(x):
    return x.shape


def nameless(x):
    if type(x) is not np.ndarray:
        raise KindError("it is wrong")


def misnaming(x):
    if type(x) is not np.ndarray or not x.ndim:
        raise KindError("misnaming: y must be an array")


def writing(x):
    if type(x) is not np.ndarray or x.dtype != float:
        raise KindError("writing: x must be an array")
    x += 1


def strict(x):
    if type(x) is not np.ndarray or not x.ndim:
        raise KindError(f"strict: x must be an array, not {type(x)}")


@pytest.mark.parametrize(
    ("function", "ways"),
    [
        (silent, {"passes in silence"}),
        (bare, {"is a bare error", "passes in silence"}),
        (nameless, {"does not say its name", "passes in silence"}),
        (misnaming, {"does not name the argument"}),
        (writing, {"changes x", "passes in silence"}),
        (strict, set()),
    ],
)
def test_a_trial_finds_what_is_wrong(function, ways):
    found = refusals(row(function, x=kind(np.ones(2)) | "texts"))
    assert {way for way in ways if any([way in line for line in found])} == ways
    assert found or not ways


def test_a_trial_finds_swapped_and_miscounted_arguments():
    assert swapped(row(silent, x=kind(np.ones(2)), size=kind(2))) == ["silent(x and size=swapped) passes in silence"]
    assert miscounted(row(silent, x=kind(np.ones(2)))) == []
    renamed = attrs.evolve(row(silent, x=kind(np.ones(2))), speaks=frozenset(["loud"]))
    assert [line.split(": ")[0] for line in miscounted(renamed)] == [
        "silent(0 arguments) does not say its name",
        "silent(3 arguments) does not say its name",
    ]
