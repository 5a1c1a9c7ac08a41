"""The types of users' code: type checkers read `tests/types`, and pytest runs what is right."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from inspect import Parameter, signature
from pathlib import Path
from pydoc import render_doc

import pytest

import funcnn as nn

HERE = Path(__file__).parents[1]
README = (HERE.parent / "README.md").read_text("utf-8")
CHECKERS = {
    "mypy": ["--strict", "--no-error-summary", "--hide-error-context"],
    "pyright": ["--pythonpath", sys.executable],
}


@pytest.mark.unwatched
@pytest.mark.parametrize("checker", CHECKERS)
def test_what_users_write_is_taken_and_mistakes_are_found_in_their_lines(checker: str, tmp_path: Path) -> None:
    pytest.importorskip(checker, reason="it is the type checker")
    right, wrong, readme = HERE / "types" / "right.py", HERE / "types" / "wrong.py", tmp_path / "readme.py"
    [swish] = re.findall(r"```python\n([^`]*class Swish[^`]*)```", README)
    readme.write_text(f"import numpy as np\n{swish}", "utf-8")
    marked = {i for i, line in enumerate(wrong.read_text("utf-8").splitlines(), 1) if line.endswith("# WRONG")}
    assert len(marked) > 25
    options = [*CHECKERS[checker], *(["--cache-dir", str(tmp_path)] if checker == "mypy" else [])]
    command = [sys.executable, "-m", checker, *options, *map(str, (right, wrong, readme))]
    # In a folder of a user, so without the settings of this repository.
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    found = re.findall(r"(\w+\.py):(\d+):(?:\d+ -)? error:", done.stdout)
    assert {(file, int(line)) for file, line in found} == {("wrong.py", line) for line in marked}, (
        done.stdout + done.stderr
    )
    assert done.returncode == 1, done.stderr  # it has read both files


def test_what_users_write_runs() -> None:
    runpy.run_path(str(HERE / "types" / "right.py"))


def test_help_and_editors_show_what_a_field_takes() -> None:
    assert str(signature(nn.Dense)) == "(W: 'Array', b: 'Array | None') -> None"
    assert str(signature(nn.Adam)).endswith(
        "b1: 'Fraction' = 0.9, b2: 'Fraction' = 0.999, eps: 'Rate' = 1e-08) -> None"
    )
    assert "W: 'Array', b: 'Array | None'" in render_doc(nn.Dense)
    assert {parameter.kind for parameter in signature(nn.Adam).parameters.values()} == {Parameter.KEYWORD_ONLY}
