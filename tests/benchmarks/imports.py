"""What `import funcnn` costs beside `import numpy, attrs`, which it needs, in the same fresh process; and its peers."""

import subprocess
import sys
from importlib.util import find_spec

from tests.benchmarks.timing import clock

IMPORTS = {
    "funcnn": "import funcnn",
    "jax": "import jax",
    "torch": "import torch",
    "scikit-learn": "from sklearn.neural_network import MLPClassifier",
}
PACKAGES = {"scikit-learn": "sklearn"}
UNWANTED = ("hypothesis", "matplotlib")
SCRIPT = """
import sys
from time import {clock} as now
began = now()
import numpy, attrs
between = now()
{statement}
print(between - began, now() - between, *[name for name in {unwanted} if name in sys.modules])
"""


def import_times(repeats: int) -> tuple[dict[str, list[tuple[float, float]]], set[str]]:
    """Seconds of `import numpy, attrs` and of what comes on top, by package; and what funcnn loads without need."""
    installed = [name for name in IMPORTS if find_spec(PACKAGES.get(name, name))]
    times, loaded = {name: [] for name in installed}, set()
    for repeat in range(repeats + 1):
        for name in installed:
            numpy_and_attrs, on_top, *unwanted = _fresh(IMPORTS[name])
            if repeat:  # the first writes the caches of bytecode and of the disk
                times[name].append((float(numpy_and_attrs), float(on_top)))
            if name == "funcnn":
                loaded.update(unwanted)
    return times, loaded


def _fresh(statement: str) -> list[str]:
    script = SCRIPT.format(clock=clock().__name__, statement=statement, unwanted=UNWANTED)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.split()
