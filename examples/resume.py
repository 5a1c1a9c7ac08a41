"""Resume: training that is killed several times ends in the same bits as training that is never interrupted."""

import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

import funcnn as nn
from funcnn.files import fingerprint

mpl.use("Agg")

random = np.random.default_rng(0)
x = random.uniform(-3, 3, (2000, 2))
y = np.sin(x[:, :1]) * np.cos(x[:, 1:])
data = nn.batches(x, y, 50, epochs=50, seed=1)  # batch i depends only on the seed and on i
step, lr = nn.value_and_grad(nn.mse), nn.cosine(0.02, len(data))
start = nn.TrainState(nn.mlp([2, 32, 32, 1], hidden=nn.Tanh(), seed=2), (nn.ClipNorm(1.0), nn.Adam()))


def run(state):
    """The rest of the run: the step number of the state gives the batches and learning rates that are left."""
    return nn.train(state, data[state.step :], step, lr)


def work(path):
    """Continue from the file if it exists, and save every 20 steps."""
    for _ in nn.checkpoint_every(run(nn.load(path) if path.exists() else start), path, steps=20):
        pass


def killed(path, after):
    """Start a process that trains, kill it after this many saves, and return the step that it saved last."""
    seen, saves = path.stat().st_mtime_ns if path.exists() else 0, 0
    worker = subprocess.Popen([sys.executable, __file__, path])  # noqa: S603  this very file
    while saves < after and worker.poll() is None:
        time.sleep(0.0005)
        now = path.stat().st_mtime_ns if path.exists() else 0
        seen, saves = now, saves + (now != seen)
    worker.kill()  # without clean-up, as in a power failure
    worker.wait()
    return nn.load(path).step


def main():
    """The same run twice, once without interruption."""
    last, table = nn.history(run(start))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run.npz"
        deaths = [killed(path, after) for after in random.integers(3, 16, 6)]
        work(path)
        survivor = nn.load(path)
    print(f"killed at steps {', '.join(map(str, deaths))} of {len(data)}, or a little later")
    print(f"undisturbed: {fingerprint(last)}, cost {last.cost:.6f}")
    print(f"killed:      {fingerprint(survivor)}, cost {survivor.cost:.6f}")

    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    edges = [0, *deaths, len(data)]
    for life, (begin, end) in enumerate(pairwise(edges)):
        axes.plot(table["step"][begin:end], table["cost"][begin:end], lw=0.8, color=f"C{life}")
        axes.axvline(end, color="grey", lw=0.8, ls=":" if end < len(data) else "")
    axes.set(
        xlabel="step", ylabel="cost", yscale="log", title=f"One run, {len(deaths) + 1} processes: a colour for each"
    )
    figure.savefig("resume.png", dpi=150)
    assert survivor == last


if __name__ == "__main__":
    work(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
