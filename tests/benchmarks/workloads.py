"""Networks and batches to train: those of the article's experiments, and small batches. The data are random."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.limits import Limit

LR = 0.001  # no larger: random labels are not to be learned, and a turn may have thousands of steps


class Workload(NamedTuple):
    """A network of dense layers, its rows, and its loss."""

    sizes: tuple[int, ...]
    rows: int
    hidden: str = "relu"  # or "tanh"
    loss: str = "cross-entropy"  # of logits, or "mse"
    sigmoid: bool = False  # at the end, which a loss of logits has in itself
    dtype: type = np.float64
    optimizer: str = "sgd"  # or "Momentum", "Adam"
    cores: int = 1
    alone: bool = False  # NumPy in a process without peers, where a large new array costs page faults: see steps.py

    def data(self) -> tuple[Any, Any]:
        """x and y."""
        random = np.random.default_rng(0)
        x = random.uniform(-1, 1, (self.rows, self.sizes[0])).astype(self.dtype)
        return x, random.integers(0, 2, (self.rows, self.sizes[-1])).astype(self.dtype)

    def parameters(self) -> list[tuple[Any, Any]]:
        """W and b of each layer."""
        random = np.random.default_rng(1)
        return [
            (random.normal(0, n_in**-0.5, (n_in, n_out)).astype(self.dtype), np.zeros(n_out, self.dtype))
            for n_in, n_out in pairwise(self.sizes)
        ]

    def limit_of_a_core(self) -> Limit:
        """The products, without dx of the first layer; x, y, and parameters and memory of the optimizer, both ways."""
        products = [n_in * n_out for n_in, n_out in pairwise(self.sizes)]
        size, kept = np.dtype(self.dtype).itemsize, 1 + {"sgd": 0, "Momentum": 1, "Adam": 2}[self.optimizer]
        parameters = sum(products) + sum(self.sizes[1:])
        numbers = self.rows * (self.sizes[0] + self.sizes[-1]) + 2 * kept * parameters
        return Limit(2 * self.rows * (3 * sum(products) - products[0]), numbers * size, self.dtype)

    def __str__(self) -> str:
        """Its row of a table says what it is."""
        optimizer = f", {self.optimizer}" if self.optimizer != "sgd" else ""
        cores = f", {self.cores} cores" if self.cores > 1 else ""
        sizes = "-".join(map(str, self.sizes))
        return f"{sizes}, {self.rows} rows, {np.dtype(self.dtype)}{optimizer}{cores}"


SINGLE = np.float32
LINE = Workload((1, 1), 7, loss="mse")
TITANIC = Workload((14, 1), 792)
ROSE = Workload((2, 4, 1), 688, hidden="tanh")
CATS = Workload((12288, 7, 1), 209)
DEEP = Workload((2, 27, 31, 31, 1), 1, loss="mse", sigmoid=True)
TRANSMISSION = Workload((2, 27, 31, 31, 1), 9400)
WORKLOADS = {
    "line": LINE,
    "titanic": TITANIC,
    "titanic-f32": TITANIC._replace(dtype=SINGLE),
    "rose": ROSE,
    "batch-1": DEEP,
    "batch-32": DEEP._replace(rows=32),
    "batch-32-f32": DEEP._replace(rows=32, dtype=SINGLE),
    "momentum-32": DEEP._replace(rows=32, optimizer="Momentum"),
    "adam-32": DEEP._replace(rows=32, optimizer="Adam"),
    "batch-1024": DEEP._replace(rows=1024),
    "batch-1024-f32": DEEP._replace(rows=1024, dtype=SINGLE),
    "transmission": TRANSMISSION,
    "transmission-f32": TRANSMISSION._replace(dtype=SINGLE),
    "transmission-2": TRANSMISSION._replace(cores=2),
    "transmission-2-f32": TRANSMISSION._replace(cores=2, dtype=SINGLE),
    "cats": CATS,
}
ALONE = {
    "batch-1024-alone": WORKLOADS["batch-1024"]._replace(alone=True),
    "transmission-alone": TRANSMISSION._replace(alone=True),
}
FACES = Workload((625, 7, 1), 280)
# The small runs of the article, and how many steps each has.
RUNS = {"line": (LINE, 1000), "titanic": (TITANIC, 8000), "rose": (ROSE, 4000), "faces": (FACES, 1000)}
