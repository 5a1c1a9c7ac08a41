"""The loops whose instructions `instructions.py` counts; run by it, under callgrind."""

import gc
import json
import platform
import sys

import attrs
import numpy as np

from funcnn import predict
from tests.benchmarks.house import network, training
from tests.benchmarks.machine import openblas
from tests.benchmarks.workloads import WORKLOADS

ROUNDS = 50
STEPS = {"step of deep, batch 1": "batch-1", "step of the Titanic": "titanic", "step of the rose": "rose"}
PREDICT = "predict of one row"
NAMES = [*STEPS, PREDICT]


def rounds_of(name):
    """A function that runs the workload ROUNDS times."""
    workload = WORKLOADS[STEPS.get(name, "batch-1")]
    if name == PREDICT:
        net, (x, _) = network(workload), workload.data()

        def rounds():
            for _ in range(ROUNDS):
                predict(net, x)

        return rounds
    contender = training(workload)

    def rounds():
        params = contender.start()
        for _ in range(ROUNDS):
            _, params = contender.step(params)

    return rounds


def environment():
    """All that changes a count beside funcnn itself; under callgrind, a processor has no feature beyond AVX2."""
    found = np._core._multiarray_umath.__cpu_features__
    return {
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "OpenBLAS": openblas(),
        "attrs": attrs.__version__,
        "C library": " ".join(platform.libc_ver()),
        "processor": f"{platform.machine()} with {' '.join([name for name, has in found.items() if has])}",
    }


def main():
    """Run each loop once to warm up, and once more within the C function at which callgrind counts."""
    json.dump(environment(), sys.stdout)
    for name in NAMES:
        rounds = rounds_of(name)
        rounds()
        gc.collect()
        gc.freeze()  # what the imports made is no work of the loop's collections
        exec("rounds()", {"rounds": rounds})  # for a text it calls PyRun_StringFlags


if __name__ == "__main__":
    main()
