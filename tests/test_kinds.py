"""Every public function refuses, in a sentence that begins with its name, each value that its table does not allow."""

import importlib
from pathlib import Path

import pytest

from tests.kinds.harness import failures

TABLES = [path.stem for path in sorted((Path(__file__).parent / "kinds").glob("*.py"))]
ROWS = [row for table in TABLES for row in getattr(importlib.import_module(f"tests.kinds.{table}"), "ROWS", [])]


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_what_it_does_not_take_is_refused(row, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = failures(row)
    assert not found, "\n".join(["", *found])
