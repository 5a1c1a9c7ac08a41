"""The CPU time of imports relative to `import numpy, attrs`, which funcnn needs, in the same new process."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
IMPORTS = {
    "funcnn": "import funcnn",
    "README's line": re.search(r"^from funcnn import .*$", README, re.MULTILINE)[0],
    "jax": "import jax",
    "torch": "import torch",
    "scikit-learn": "from sklearn.neural_network import MLPClassifier",
}
PACKAGES = {"README's line": "funcnn", "scikit-learn": "sklearn"}
UNWANTED = ("hypothesis", "matplotlib")
SCRIPT = """
import sys
from time import process_time as now
began = now()
import numpy, attrs
between = now()
{statement}
print(between - began, now() - between, *[name for name in {unwanted} if name in sys.modules])
"""
BYTECODE = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # is written by the first process


def import_times(repeats: int) -> tuple[dict[str, list[tuple[float, float]]], set[str]]:
    """Seconds of `import numpy, attrs` and of what comes on top, by package; and what funcnn loads without need."""
    installed = [name for name in IMPORTS if find_spec(PACKAGES.get(name, name))]
    times, loaded = {name: [] for name in installed}, set()
    for repeat in range(repeats + 1):
        for name in installed:
            numpy_and_attrs, on_top, *unwanted = _fresh(IMPORTS[name])
            if repeat:  # the first writes the caches of bytecode and of the disk
                times[name].append((float(numpy_and_attrs), float(on_top)))
            if PACKAGES.get(name, name) == "funcnn":
                loaded.update(unwanted)
    return times, loaded


def _fresh(statement: str) -> list[str]:
    script = SCRIPT.format(statement=statement, unwanted=UNWANTED)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, env=BYTECODE)
    return done.stdout.split()
