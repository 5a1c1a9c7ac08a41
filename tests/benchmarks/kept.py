"""The memory of 10,000 kept states of the run in `examples/rose.py`, next to the bytes of their arrays."""

import gc
import tracemalloc

from funcnn import Adam, TrainState, train, value_and_grad
from funcnn import binary_cross_entropy_with_logits as cross_entropy
from funcnn.training import keep
from tests.benchmarks.house import network
from tests.benchmarks.workloads import WORKLOADS

STATES = 10_000
OPTIMIZERS = {"plain": (), "Adam": Adam()}


def bytes_of_a_state(optimizer: str, states: int = STATES) -> tuple[float, float]:
    """Bytes per state: allocated, as tracemalloc counts them, and those of the arrays."""
    rose = WORKLOADS["rose"]
    start, data = TrainState(network(rose), OPTIMIZERS[optimizer]), [rose.data()] * (states + 1)
    run = train(start, data, value_and_grad(cross_entropy), 0.01)
    next(run)  # what is made once, the first step makes
    gc.collect()
    tracemalloc.start()
    kept = keep(run)
    gc.collect()
    allocated, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return allocated / len(kept), kept.nbytes / len(kept)
