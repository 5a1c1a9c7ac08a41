"""The CPU time of a whole program, its imports included, that runs the small experiments of the article.

`python -m tests.benchmarks.whole NAME` is such a program; it imports only the library of that name.
"""

import subprocess
import sys
from collections import deque
from importlib import import_module
from pathlib import Path
from random import Random
from resource import RUSAGE_CHILDREN, getrusage

from tests.benchmarks.contenders import BARE, COMPILED, FOLDED, FOLDED_ONE, FOUR, ONE_THREAD, OURS, STEP, here, maker
from tests.benchmarks.timing import FOLD
from tests.benchmarks.workloads import LR, RUNS

BY_TRAIN = {OURS, COMPILED, FOLDED}


def times_of_programs(_: str, repeats: int) -> dict[str, list[float]]:
    """CPU seconds of each program, in an order drawn by lot; each is a mean of 14,000 steps, so few repeats do."""
    names = programs()
    times, lot = {name: [] for name in names}, Random(0)
    for name in names:
        cpu_seconds(name, "0")  # writes bytecode, and reads the files from the disk
    for _ in range(repeats // 6 + 1):
        for name in lot.sample(names, len(names)):
            times[name].append(cpu_seconds(name))
    return times


def programs() -> list[str]:
    """The contenders of whole programs; a program runs on one core, so those in one thread are others' doubles."""
    return [who for who in here() if who not in {FOUR, BARE, STEP, ONE_THREAD, FOLDED_ONE}]


def cpu_seconds(*words: str) -> float:
    """Those of a new process, with all its threads."""
    command = [sys.executable, "-m", "tests.benchmarks.whole", *words]
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(name: str, share: float = 1) -> None:
    """Make a share of the steps of each run."""
    for workload, steps in RUNS.values():
        if name not in BY_TRAIN:
            contender = maker(name)(workload)
            params = contender.start()
            for _ in range(0, int(share * steps), contender.calls):
                _, params = contender.step(params)
        else:
            with_train(workload, int(share * steps), name)


def with_train(workload, steps, name):
    """A run of funcnn, with a compiled loss, which may make many steps in a call, or without."""
    from funcnn import TrainState, train, value_and_grad
    from tests.benchmarks.house import LOSSES, network

    gradients_of = value_and_grad if name == OURS else import_module("funcnn.compilation").compiled
    start, data, gradients = (
        TrainState(network(workload)),
        [workload.data()] * steps,
        gradients_of(LOSSES[workload.loss]),
    )
    run = train(start, data, gradients, LR, every=FOLD if name == FOLDED else 1)
    deque(run, 0)


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
