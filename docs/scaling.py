"""The picture of scaling.md: a simulated step on 1 to 10,000 workers, from times measured on two processes."""

from __future__ import annotations

from collections import deque
from heapq import heapify, heapreplace
from statistics import median

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import FuncFormatter

mpl.use("Agg")
# A network 64-256-256-10, in seconds, from `python -m tests.benchmarks scaling`: a row of a block takes 7.2 to 12 us;
# a sum costs the process that sends the parameters and adds it, on two processes, 0.26 ms + 680,016 bytes * 0.95 ns.
A_ROW, A_SUM = 10e-6, 0.91e-3
BLOCKS = 10_000  # of a step
PENDING = 64  # the most blocks that an executor has at a time, if their rows are sent
ROWS = {512: "#1f6fb4", 2_048: "#2a7f3f", 204_800: "#c0152f"}  # rows of a block, and the colour of its lines
WORKERS = [1, 4, 16, 64, 256, 1_000, 10_000]
SPREAD, SLOW, DRAWS = 0.5, 5.0, 3  # sigma of the log-normal block times; how slow one worker is; simulations of each


def step(block: float, cost: float, workers: int, pending: int, rng: np.random.Generator | None = None) -> float:
    """Seconds of a step: sums are received in the order of the blocks, and then the next blocks are submitted.

    With `rng`, block times are log-normal with mean `block`, and one worker, drawn by lot, takes `SLOW` times as long.
    """
    times, slow = np.full(BLOCKS, block), -1
    if rng is not None:
        times, slow = block * rng.lognormal(-(SPREAD**2) / 2, SPREAD, BLOCKS), int(rng.integers(workers))
    number = workers  # of runs, each of which one worker computes and adds, as in funcnn/parallel/runs.py
    while number < BLOCKS and number * pending < BLOCKS * workers:
        number *= 2
    runs = np.add.reduceat(times, [BLOCKS * i // min(number, BLOCKS) for i in range(min(number, BLOCKS))])
    at_a_time = max(1, len(runs) * pending // BLOCKS)
    free = [(0.0, i) for i in range(workers)]  # when each worker is free: the one that has waited longest goes on
    heapify(free)
    now, ends = 0.0, deque[float]()
    for i, seconds in enumerate(runs.tolist()):
        if i >= at_a_time:
            now = max(now, ends.popleft()) + cost / 2  # half of the cost is to send, half to add
        now += cost / 2
        at, worker = free[0]
        end = max(at, now) + seconds * (SLOW if worker == slow else 1)
        heapreplace(free, (end, worker))
        ends.append(end)
    for end in ends:
        now = max(now, end) + cost / 2
    return now


def speed_up(rows: int, workers: int, pending: int = PENDING, *, even: bool) -> float:
    """How many times as fast as the computation of all blocks by one worker; the median of the draws, unless even."""
    block = rows * A_ROW
    if even:
        return BLOCKS * block / step(block, A_SUM, workers, pending)
    draws = [np.random.default_rng((seed, rows, workers)) for seed in range(DRAWS)]
    return BLOCKS * block / median([step(block, A_SUM, workers, pending, rng) for rng in draws])


def main() -> None:
    """Draw `scaling.svg`, and print the table of the page."""
    lines = {}
    for how in ("even", "stragglers"):
        lines |= {f"{rows:,} rows, {how}": (rows, PENDING, how == "even") for rows in ROWS}
        lines |= {f"{rows:,} rows in files, {how}": (rows, BLOCKS, how == "even") for rows in ROWS}
    mpl.rcParams.update({"svg.hashsalt": "scaling", "svg.fonttype": "none", "font.size": 9})
    figure, ax = plt.subplots(figsize=(7.5, 4.6), layout="constrained")
    ax.plot(WORKERS, WORKERS, color="#bbbbbb", lw=1, label="as many as workers")
    print(f"| a block | {' | '.join([f'{w:,}' for w in WORKERS])} |\n|---|{'---:|' * len(WORKERS)}")
    for name, (rows, pending, even) in lines.items():
        found = [speed_up(rows, workers, pending, even=even) for workers in WORKERS]
        print(f"| {name} | {' | '.join([f'{a:,.0f}' if a >= 10 else f'{a:.1f}' for a in found])} |")
        style = {"ls": "-" if even else "--", "marker": "o" if pending == PENDING else "^", "ms": 4, "lw": 1.3}
        ax.plot(WORKERS, found, color=ROWS[rows], label=name, **style)
    ax.set(xscale="log", yscale="log", xlabel="workers", ylabel="times as fast as one worker")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
    ax.minorticks_off()
    ax.legend(frameon=False, fontsize=8)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig("scaling.svg", facecolor="white", metadata={"Date": None})


if __name__ == "__main__":
    main()
