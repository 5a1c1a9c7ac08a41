"""One workload in all libraries: first shown to compute the same numbers, then timed.

The time to allocate a large array depends on the history of the process: after an array of some size was freed, glibc's
malloc keeps that much memory, while a new process returns it and has page faults for each new array. Importing a peer
can change that, which makes a factor of two. So every workload runs in a process of its own that first makes and frees
an array of 31 MiB, except for NumPy `alone`, with malloc in its initial state.
"""

import numpy as np

from tests.benchmarks import peers
from tests.benchmarks.bare import bare
from tests.benchmarks.house import four_lines, training
from tests.benchmarks.timing import Contender, interleaved
from tests.benchmarks.workloads import WORKLOADS

BARE, FOUR, TRAINING = "bare NumPy", "four lines", "value_and_grad"
OURS = {BARE: bare, FOUR: four_lines, TRAINING: training}
PEERS = {"jax": peers.with_jax, "torch": peers.with_torch, "scikit-learn": peers.with_sklearn}


def times_of_a_step(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step in each repeat, by contender; to be called in a fresh process."""
    workload = WORKLOADS[name]
    if not workload.alone:
        np.empty(31 << 20, np.uint8)
    made = {who: make(workload) for who, make in (OURS if workload.alone else OURS | PEERS).items()}
    contenders = {who: contender for who, contender in made.items() if contender is not None}
    reference = three_steps(contenders[BARE])
    for who, contender in contenders.items():
        check(f"{name}: {who}", three_steps(contender), reference, exactly=who in {FOUR, TRAINING})
    return interleaved(contenders, repeats)


def three_steps(contender: Contender) -> list[np.ndarray]:
    """The three costs and the parameters after them."""
    params, costs = contender.start(), []
    for _ in range(3):
        cost, params = contender.step(params)
        costs.append(float(cost))
    return [np.array(costs), *contender.arrays(params)]


def check(what: str, found: list[np.ndarray], reference: list[np.ndarray], *, exactly: bool) -> None:
    """The same arithmetic: the same bits where the operations are the same, else as close as rounding allows."""
    for array, wanted in zip(found, reference, strict=True):
        assert array.shape == wanted.shape, what
        assert np.array_equal(array, wanted) if exactly else np.allclose(array, wanted, 1e-9, 1e-12), what
