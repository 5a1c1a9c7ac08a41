"""Networks and batches to train: those of the examples, and small batches. The data are random."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

LR = 0.001  # no larger: random labels are not to be learned, and a turn may have thousands of steps


class Workload(NamedTuple):
    """A network of dense layers, its rows, and its loss."""

    sizes: tuple[int, ...]
    rows: int
    hidden: str = "relu"  # or "tanh"
    loss: str = "cross-entropy"  # of logits, or "mse"
    sigmoid: bool = False  # at the end, which a loss of logits has in itself
    alone: bool = False  # NumPy in a process without peers, where a large new array costs page faults: see steps.py

    def data(self) -> tuple[Any, Any]:
        """x and y."""
        random = np.random.default_rng(0)
        x = random.uniform(-1, 1, (self.rows, self.sizes[0]))
        return x, random.integers(0, 2, (self.rows, self.sizes[-1])).astype(float)

    def parameters(self) -> list[tuple[Any, Any]]:
        """W and b of each layer."""
        random = np.random.default_rng(1)
        return [(random.normal(0, n_in**-0.5, (n_in, n_out)), np.zeros(n_out)) for n_in, n_out in pairwise(self.sizes)]


DEEP = (2, 27, 31, 31, 1)
WORKLOADS = {
    "batch-1": Workload(DEEP, 1, loss="mse", sigmoid=True),
    "batch-32": Workload(DEEP, 32, loss="mse", sigmoid=True),
    "batch-1024": Workload(DEEP, 1024, loss="mse", sigmoid=True),
    "batch-1024-alone": Workload(DEEP, 1024, loss="mse", sigmoid=True, alone=True),
    "line": Workload((1, 1), 7, loss="mse"),
    "titanic": Workload((14, 1), 792),
    "rose": Workload((2, 4, 1), 688, hidden="tanh"),
    "cats": Workload((12288, 7, 1), 209),
    "transmission": Workload(DEEP, 9400),
    "transmission-alone": Workload(DEEP, 9400, alone=True),
}
