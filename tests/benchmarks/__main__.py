"""`python -m tests.benchmarks [--quick] [--cores N] [name ...]`: tables of times and of their ratios."""
# ruff: noqa: T201  a command prints

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median

from tests.benchmarks import instructions
from tests.benchmarks.adam import ALONE, BOTH, FOREACH, FUSED, NETWORKS, OPTAX, times_of_adam
from tests.benchmarks.attention import ATTENTIONS, times_of_attention
from tests.benchmarks.convolution import CONVOLUTIONS, times_of_conv
from tests.benchmarks.imports import import_times
from tests.benchmarks.kept import OPTIMIZERS, STATES, bytes_of_a_state
from tests.benchmarks.norm import NORMS, times_of_norm
from tests.benchmarks.recurrent import RECURRENT, times_of_recurrent
from tests.benchmarks.remat import PLAIN, memory_and_times
from tests.benchmarks.steps import BARE, OURS, PEERS, TRAINING, times_of_a_step
from tests.benchmarks.timing import cores, median_ratio
from tests.benchmarks.workloads import WORKLOADS

IMPORTS, KEPT, REMAT = "imports", "kept", "remat"
ADAM = "adam-536k"
# Forward and backward of a layer, float32, beside its peers.
LAYERS = {
    "a convolution of 3 x 3, 64 images": (CONVOLUTIONS, times_of_conv),
    "a normalisation, or dropout, of 2048 x 256": (NORMS, times_of_norm),
    "a recurrent layer, 32 sequences of 50 steps": (RECURRENT, times_of_recurrent),
    "self-attention": (ATTENTIONS, times_of_attention),
}
EVERYTHING = [*WORKLOADS, ADAM, *[name for names, _ in LAYERS.values() for name in names], REMAT, IMPORTS, KEPT]
ONLY_IF_NAMED = [name for name in NETWORKS if name != ADAM]


def main():
    """Run what was asked for, and print it."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Steps of funcnn beside its peers.")
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"of {', '.join(EVERYTHING)}; if none is given, all these; also {', '.join(ONLY_IF_NAMED)}",
    )
    parser.add_argument("--quick", action="store_true", help="3 repeats instead of 51: to see that it runs")
    parser.add_argument("--cores", type=int, default=1, help="1, or more on a machine that has nothing else to do")
    asked = parser.parse_args()
    names, repeats = asked.names or EVERYTHING, 3 if asked.quick else 51
    if unknown := set(names) - {*EVERYTHING, *ONLY_IF_NAMED}:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join([*EVERYTHING, *ONLY_IF_NAMED])}")
    if hasattr(os, "sched_setaffinity"):  # Linux; all processes to come inherit it
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: asked.cores])
    print(f"On {cores()} of {os.cpu_count()} cores; each number is the median of interleaved repeats.")
    if steps := [name for name in names if name in WORKLOADS]:
        print_steps(steps, repeats)
    if adams := [name for name in names if name in NETWORKS]:
        print_adam(adams, repeats)
    for what, (family, times_of) in LAYERS.items():
        if asked_for := [name for name in names if name in family]:
            print_layers(what, asked_for, times_of, repeats)
    if REMAT in names:
        print_remat(min(repeats, 11))
    if IMPORTS in names:
        print_imports(min(repeats, 11))
    if KEPT in names:
        print_kept(STATES // 10 if asked.quick else STATES)


def print_steps(names, repeats):
    """Three tables of the same times."""
    times = {}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        for name in names:
            print(f"{name} ...", file=sys.stderr)
            times[name] = fresh.submit(times_of_a_step, name, repeats).result()

    def over(reference):
        return lambda own, who: f"{median_ratio(own[who], own[reference]):.2f}"

    print(f"\nThe time of one step ({repeats} repeats)")
    print_table([*OURS, *PEERS], times, lambda own, who: in_units(median(own[who])))
    print(f"\nIts ratio to {BARE}: below 1 is faster")
    print_table([*OURS, *PEERS][1:], times, over(BARE))
    print(f"\nIts ratio to {TRAINING} and sgd, which is how funcnn trains: above 1, funcnn is faster")
    print_table([BARE, *PEERS], times, over(TRAINING))


def print_adam(names, repeats):
    """Two tables of the same times."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        times = {name: fresh.submit(times_of_adam, name, repeats).result() for name in names}
    print(f"\nThe time of one step of Adam, float32 ({repeats} repeats)")
    print_table([BOTH, ALONE, FUSED, FOREACH, OPTAX], times, lambda own, who: in_units(median(own[who])))
    print(f"\nIts ratio to {BOTH}: above 1, funcnn is faster")
    print_table([FUSED, FOREACH, OPTAX], times, lambda own, who: f"{median_ratio(own[who], own[BOTH]):.2f}")


def print_layers(what, names, times_of, repeats):
    """Two tables of the same times."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn"), max_tasks_per_child=1) as fresh:
        times = {name: fresh.submit(times_of, name, repeats).result() for name in names}
    ours, *peers = next(iter(times.values()))
    print(f"\nForward and backward of {what}, float32 ({repeats} repeats)")
    print_table([ours, *peers], times, lambda own, who: in_units(median(own[who])))
    print(f"\nIts ratio to {ours}: above 1, funcnn is faster")
    print_table(peers, times, lambda own, who: f"{median_ratio(own[who], own[ours]):.2f}")


def print_remat(repeats):
    """One table: what waits for backward, and what it costs to make it again."""
    found, kept = memory_and_times(repeats)
    columns = ["MB kept", "at most", "a step", "ratio"]
    rows = {}
    for name, times in found.items():
        sizes, ratio = [f"{size / 2**20:.2f}" for size in kept[name]], median_ratio(times, found[PLAIN])
        rows[name] = dict(zip(columns, [*sizes, in_units(median(times)), f"{ratio:.2f}"], strict=True))
    print(f"\nRemat: 64 layers of 64 units, 1024 rows, in blocks ({repeats} repeats)")
    print_table(columns, rows, lambda row, column: row[column])


def print_imports(repeats):
    """One table, and whether funcnn loads what it should not."""
    needed, on_top, ratio = "numpy, attrs", "on top", "ratio"
    times, loaded = import_times(repeats)
    rows = {
        name: {
            needed: in_units(median([before for before, _ in pairs])),
            on_top: in_units(median([after for _, after in pairs])),
            ratio: f"{median([after / before for before, after in pairs]):.3f}",
        }
        for name, pairs in times.items()
    }
    print(f"\nImports: CPU time on top of `import numpy, attrs` ({repeats} fresh processes each)")
    print_table([needed, on_top, ratio], rows, lambda row, column: row[column])
    print(f"funcnn loads {' and '.join(sorted(loaded)) or 'neither hypothesis nor matplotlib'}")


def print_kept(states):
    """One table: what it takes to keep the states of a run."""
    allocated, arrays, ratio = "bytes a state", "arrays alone", "ratio"
    rows = {}
    for optimizer in OPTIMIZERS:
        whole, bare = bytes_of_a_state(optimizer, states)
        rows[optimizer] = {allocated: f"{whole:.0f}", arrays: f"{bare:.0f}", ratio: f"{whole / bare:.2f}"}
    print(f"\nMemory: {states} states of the rose's run, kept")
    print_table([allocated, arrays, ratio], rows, lambda row, column: row[column])


def print_table(columns, rows, cell):
    """Each row by its name; "-" where it lacks a column."""
    print(f"{'':18}", *[f"{column:>14}" for column in columns])
    for name, row in rows.items():
        print(f"{name:18}", *[f"{cell(row, column) if column in row else '-':>14}" for column in columns])


def in_units(seconds):
    """Three digits and a unit."""
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


if __name__ == "__main__":
    command, *words = sys.argv[1:] or [""]
    instructions.main(words) if command == "instructions" else main()
