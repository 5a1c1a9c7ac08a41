"""Files of every layer, optimizer and state in tests/data, which each later version of funcnn loads.

`python -m tests.kept` saves what has no file yet. A file is never written again: where a record or a field gets another
name, funcnn/files/migrations.py says so, and the fingerprint in tests/data/fingerprints.txt is that of today's value.
"""

from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings

from funcnn import TrainState, batches, mlp, mse, train, update, value_and_grad
from funcnn.files import fingerprint, save
from funcnn.layers import Function
from funcnn.records import name_of
from funcnn.schedules import Plateau, plateau
from funcnn.testing import strategies as fst
from funcnn.training import early_stopping, history_so_far
from funcnn.trees import leaves
from tests.sharding import OPTIMIZERS

FOLDER = Path(__file__).parent / "data"
OF_FUNCTIONS = {Function}  # no file holds a function
MOST = 60  # numbers of a layer, so that all files have at most 300 kB
TABLE = FOLDER / "fingerprints.txt"
NET = mlp([2, 3, 1], seed=0)
X, Y = np.linspace(-1, 1, 8).reshape(4, 2), np.linspace(0, 1, 4).reshape(4, 1)


def values():
    """{name: function that makes the value}"""
    layers = {name_of(cls): lambda cls=cls: small_case(cls) for cls in fst.registered() if cls not in OF_FUNCTIONS}
    optimizers = {name: lambda optimizer=optimizer: used(optimizer) for name, optimizer in OPTIMIZERS.items()}
    return {**layers, **optimizers, **STATES}


def small_case(layer):
    """Of some cases of a layer the largest with at most `MOST` numbers, or the smallest."""
    found = []

    @settings(max_examples=20, derandomize=True, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(fst.cases(layer))
    def draw(case):
        found.append(case[0])

    draw()
    sizes = [sum([a.size for a in leaves(params)]) for params in found]
    return found[sizes.index(max([size for size in sizes if size <= MOST], default=min(sizes)))]


def used(optimizer):
    """An optimizer after two updates, with its memory."""
    for _ in range(2):
        _, grads = value_and_grad(mse)(NET, X, Y)
        grads, optimizer = update(optimizer, grads, NET)
    return optimizer


def trained():
    """A state of a chain of optimizers after some steps."""
    *_, last = train(TrainState(NET, (OPTIMIZERS["ClipNorm"], OPTIMIZERS["Adam"])), DATA, value_and_grad(mse), 0.1)
    return last


def with_best():
    """A state with the best of those that were scored."""
    steps = train(TrainState(NET), DATA, value_and_grad(mse), 0.1)
    size = lambda state: float(abs(state.params[0].W).sum())
    *_, last = early_stopping(steps, size, every=1, patience=3, better="lower")
    return last


def with_table():
    """A state with the table of its run."""
    *_, last = history_so_far(train(TrainState(NET), DATA, value_and_grad(mse), 0.1), every=2)
    return last


def reduced():
    """A rate after costs that did not improve."""
    rate = Plateau(0.1, patience=1)
    for cost in (1.0, 2.0, 3.0, 0.5):
        rate = plateau(rate, cost)
    return rate


DATA = batches(X, Y, 2, epochs=4, seed=0)
STATES = {
    "TrainState": trained,
    "WithBest": with_best,
    "WithTable": with_table,
    "Plateau": reduced,
    "Grads": lambda: value_and_grad(mse)(NET, X, Y)[1],
    "dict": lambda: {"table": with_table().table, "settings": {"lr": 0.1, "name": "\ud800"}, "net": NET},
    "tuple": lambda: (NET, np.arange(3, dtype=np.int8), np.array([[True], [False]]), None, "text", 1, -0.0, np.nan),
}


def kept():
    """{name: fingerprint} of the files that there are."""
    return dict(line.split() for line in TABLE.read_text("utf-8").splitlines()) if TABLE.exists() else {}


def main():
    """Save what has no file yet."""
    FOLDER.mkdir(exist_ok=True)
    table = kept()
    for name, make in values().items():
        if name not in table:
            value = make()
            save(FOLDER / f"{name}.npz", value)
            table[name] = fingerprint(value)
    TABLE.write_text("".join([f"{name} {table[name]}\n" for name in sorted(table)]), "utf-8")


if __name__ == "__main__":
    main()
