"""How often bits depend on the threads of BLAS, and on the processor for which OpenBLAS has its kernels."""

import os
import subprocess
import sys

import numpy as np
from threadpoolctl import threadpool_limits

from funcnn import Tanh, TrainState, mlp, mse, train, value_and_grad
from funcnn.files import fingerprint

CORES = ["SkylakeX", "Haswell", "Nehalem"]  # names of OpenBLAS for processors of x86-64, from a new one to an old one
SIZES = [(3, 8, 1), (5, 16, 1), (8, 32, 2), (16, 32, 4), (20, 64, 3), (64, 64, 10)]  # of the networks that are trained


def products(count=120):
    """How many of so many products of matrices of random shapes differ between one thread of BLAS and two."""
    random = np.random.default_rng(0)
    differ = 0
    for m, n, k in random.integers(10, 600, (count, 3)).tolist():
        a, b = random.standard_normal((m, n)), random.standard_normal((n, k))
        with threadpool_limits(1, "blas"):
            one = a @ b
        with threadpool_limits(2, "blas"):
            differ += (a @ b).tobytes() != one.tobytes()
    return differ


def runs():
    """The fingerprint of each network of `SIZES` after 20 steps of 200 rows."""
    found = []
    for n, hidden, k in SIZES:
        x = np.random.default_rng(0).standard_normal((200, n))
        data = [(x, x[:, :1] + np.zeros(k))] * 20
        *_, last = train(TrainState(mlp([n, hidden, k], hidden=Tanh(), seed=0)), data, value_and_grad(mse), 0.1)
        found.append(fingerprint(last))
    return found


def on_cores():
    """The fingerprints of `runs` by the kernels of OpenBLAS, each from a process of its own."""
    command, found = [sys.executable, "-c", "from tests.benchmarks.bits import runs; print(*runs())"], {}
    for core in CORES:
        settings = os.environ | {"OPENBLAS_CORETYPE": core, "OPENBLAS_NUM_THREADS": "1"}
        done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True)
        found[core] = done.stdout.split()
    return found
