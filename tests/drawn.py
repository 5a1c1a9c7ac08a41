"""The pictures of a folder of pages, drawn by the script beside the pages."""

import subprocess
import sys
from pathlib import Path

import pytest


def assert_drawn(folder: Path, pages: list[str], suffix: str, out: Path) -> None:
    """`pictures.py` of the folder writes the pictures of these pages, and nothing else, without a warning."""
    pytest.importorskip("matplotlib", reason=f"{folder.name}/pictures.py draws")
    quiet = ["-W", "error", "-W", "ignore::ImportWarning"]
    command = [sys.executable, "-X", "utf8", *quiet, folder / "pictures.py", *pages]
    done = subprocess.run(command, cwd=out, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in out.iterdir()) == [f"{page}{suffix}" for page in pages]
