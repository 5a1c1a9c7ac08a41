"""Files of earlier versions are loaded, with what their records are today."""

import numpy as np
import pytest

from funcnn import Array, load, record, save
from funcnn.files import fingerprint
from funcnn.files.migrations import CHANGED
from tests.kept import FOLDER, kept, values

TABLE = kept()


@pytest.mark.parametrize("name", TABLE)
def test_a_file_is_loaded_with_the_same_fingerprint(name):
    assert fingerprint(load(FOLDER / f"{name}.npz")) == TABLE[name]


def test_there_is_a_file_of_every_layer_optimizer_and_state_of_the_last_version():
    """`python -m tests.kept` writes those of records that came later."""
    assert len(TABLE.keys() & values().keys()) >= 96
    assert TABLE.keys() == {path.stem for path in FOLDER.glob("*.npz")}


def test_the_files_are_small():
    assert sum([path.stat().st_size for path in FOLDER.glob("*.npz")]) <= 300_000


@record
class Measured:
    """A record whose class and fields get other names, twice."""

    factor: Array
    power: float = 2.0


def test_a_record_and_a_field_with_new_names_are_migrated(monkeypatch, tmp_path):
    path = tmp_path / "scale.npz"
    save(path, (Measured(np.ones(3)),))
    name = f"{__name__}.Measured"
    monkeypatch.setitem(CHANGED, (name, "factor", "power"), lambda fields: (f"{name}2", {"by": fields["factor"]}))
    monkeypatch.setitem(CHANGED, (f"{name}2", "by"), lambda fields: ("LeakyRelu", {"alpha": float(fields["by"].sum())}))
    assert repr(load(path)) == "(LeakyRelu(alpha=3.0),)"


def test_a_migration_of_the_user_comes_first(monkeypatch, tmp_path):
    path = tmp_path / "scale.npz"
    save(path, Measured(np.ones(3)))
    name = f"{__name__}.Measured"
    monkeypatch.setitem(CHANGED, ("Old", "slope"), lambda fields: ("LeakyRelu", {"alpha": fields["slope"]}))
    migrate = lambda found, fields: ("Old", {"slope": fields["power"]}) if found == name else (found, fields)
    assert repr(load(path, migrate=migrate)) == "LeakyRelu(alpha=2.0)"
