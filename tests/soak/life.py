"""One life of the training: it resumes from its checkpoint, and goes on until it is killed or has made all steps."""

import os
import sys
from pathlib import Path
from random import Random

import numpy as np

import funcnn as nn
from funcnn.data import gaussian_noise
from funcnn.errors import WorkerError
from funcnn.parallel import sharded
from tests.sharding import NETS, OPTIMIZERS, in_parts
from tests.soak.engines import MPI, executor

EVERY = 3  # steps between two checkpoints
FAILED = 3  # the exit status after a WorkerError


class Training:
    """A training that is drawn by its seed, with dropout, batch normalisation, masks, weights, or frozen layers.

    In half of them rows are in parts: arrays, or with a folder the files that `write_parts` made, which workers read.
    """

    def __init__(self, seed, steps, folder=None):
        lot = Random(seed)
        self.net_name, self.optimizer_name = lot.choice([*NETS]), lot.choice([*OPTIMIZERS])
        net, self.function, x, y = NETS[self.net_name]
        self.start = nn.TrainState(net, (nn.ClipNorm(1.0), OPTIMIZERS[self.optimizer_name]))
        self.arrays, self.is_in_parts = (x, y), lot.random() < 0.5
        if self.is_in_parts:
            x, y = in_parts((x, y), folder)
        data = nn.batches(x, y, 12, epochs=-(-steps // 2), seed=seed)
        if self.is_in_parts and "batch norm" in self.net_name:  # a batch may have one row of a part, without a variance
            data = [(x, y)] * steps
        noisy = type(x) is np.ndarray and x.dtype.kind == "f"
        self.data = (data.map(_noisy, seed=seed + 1) if noisy else data)[:steps]
        self.lr = nn.cosine(0.02, steps)

    def run(self, state, **options):
        """The states after this one, by blocks of at most 4 of the 12 rows."""
        step = sharded(self.function, rows=4, **options)
        return nn.train(state, self.data[state.step :], step, self.lr)


def _noisy(x, y, rng):
    return gaussian_noise(x, rng, deviation=0.1).astype(x.dtype), y


def segments():
    """The files of shared memory that MPICH has made for this process; it does not remove them if it is killed."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text("utf-8").splitlines() if maps.exists() else ()
    return {line.split()[-1] for line in lines if "/dev/shm/mpich" in line}


def main(folder, seed, steps, engine, workers):
    """Each step is told once it is made, and saved if it is due."""
    print("pid", os.getpid(), flush=True)  # noqa: T201  to the process that kills it
    training, path = Training(seed, steps, folder), Path(folder) / "run.npz"
    state = nn.load(path) if path.exists() else training.start
    with executor(engine, workers, folder, seed + state.step) as made:
        for segment in segments():
            print("segment", segment, flush=True)  # noqa: T201  as above
        run = training.run(state, executor=made, retries=0 if engine == MPI else 3)
        for now in nn.checkpoint_every(run, path, steps=EVERY):
            print(now.step, flush=True)  # noqa: T201  as above


if __name__ == "__main__":
    folder, seed, steps, engine, workers = sys.argv[1:]
    try:
        main(folder, int(seed), int(steps), engine, int(workers))
    except WorkerError as error:
        print(error, file=sys.stderr)  # noqa: T201  to the file of errors
        sys.exit(FAILED)
