"""One workload in all libraries: first shown to compute the same numbers, then timed.

The time to allocate a large array depends on the history of the process: after an array of some size was freed, glibc's
malloc keeps that much memory, while a new process returns it and has page faults for each new array. Importing a peer
can change that, which makes a factor of two. So every workload runs in a process of its own that first makes and frees
an array of 31 MiB, except for NumPy `alone`, with malloc in its initial state.
"""

import numpy as np

from tests.benchmarks.contenders import NUMPY, ON_TWO_CORES, OURS, WITH_OPTIMIZERS, here, maker
from tests.benchmarks.timing import FOLD, Contender, interleaved
from tests.benchmarks.workloads import ALONE, WORKLOADS, Workload

REST = 0.15  # seconds before a turn on several cores: after a product, threads of OpenBLAS keep a core busy for 0.1 s


def competing(workload: Workload) -> list[str]:
    """Those that are installed and that the workload compares."""
    return [
        who
        for who in here()
        if (who in NUMPY or not workload.alone)
        and (who in ON_TWO_CORES or workload.cores == 1)
        and (who in WITH_OPTIMIZERS or workload.optimizer == "sgd")
    ]


def times_of_a_step(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a step in each repeat, by contender; to be called in a fresh process."""
    workload = (WORKLOADS | ALONE)[name]
    if not workload.alone:
        np.empty(31 << 20, np.uint8)
    made = {who: maker(who)(workload) for who in competing(workload)}
    contenders = {who: contender for who, contender in made.items() if contender is not None}
    one, many = [after(contenders[OURS], steps) for steps in (3, FOLD)]
    for who, contender in contenders.items():
        steps, reference = (3, one) if contender.calls == 1 else (contender.calls, many)
        check(f"{name}: {who}", after(contender, steps), reference)
    return interleaved(contenders, repeats, rest=REST if workload.cores > 1 else 0.0)


def after(contender: Contender, steps: int) -> list[np.ndarray]:
    """The cost of the last of so many steps, and the parameters after it."""
    params = contender.start()
    for _ in range(0, steps, contender.calls):
        cost, params = contender.step(params)
    return [np.array(float(cost)), *contender.arrays(params)]


def check(what: str, found: list[np.ndarray], reference: list[np.ndarray]) -> None:
    """The same numbers, but for rounding."""
    rtol, atol = (1e-9, 1e-12) if reference[-1].dtype == np.float64 else (1e-3, 1e-6)
    assert [array.dtype for array in found] == [array.dtype for array in reference], what
    for array, wanted in zip(found, reference, strict=True):
        assert array.shape == wanted.shape, what
        assert np.allclose(array, wanted, rtol, atol), what
