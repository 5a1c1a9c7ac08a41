"""`python -m tests.accuracy floats [name ...] --folder F`: the errors over all 2^32 arguments of float32."""
# ruff: noqa: T201  a command prints

import argparse
import json
from functools import partial
from pathlib import Path

import numpy as np

from tests.accuracy.floats import LAYERS, begun, measure
from tests.accuracy.stored import store


def main(arguments):
    """Measure what the folder does not have."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy floats", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help="activations, such as Relu Sigmoid; else all")
    parser.add_argument("--folder", type=Path, default=Path("floats"), help="states, from which the command goes on")
    parser.add_argument(
        "--store",
        action="store_true",
        help="write finished states to tests/accuracy/floats.json and docs/accuracy.md, and measure nothing",
    )
    asked = parser.parse_args(arguments)
    if asked.store:
        store(asked.folder)
        return
    asked.folder.mkdir(parents=True, exist_ok=True)
    for name in asked.names or LAYERS:
        path = asked.folder / f"{name}.json"
        state = measure(name, np.float32, resumed(path, name), partial(save, path))
        print(name, json.dumps(state), flush=True)


def resumed(path, name):
    """The state of a run that was stopped, unless the code or the machine has changed since."""
    if not path.exists():
        return None
    state, now = json.loads(path.read_text()), begun(LAYERS[name], np.float32)
    return state if all(state[key] == now[key] for key in ("machine", "digest")) else None


def save(path, state):
    """Whole or not at all."""
    spare = path.with_suffix(".new")
    spare.write_text(json.dumps(state))
    spare.replace(path)
