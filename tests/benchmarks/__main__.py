"""`python -m tests.benchmarks [--quick] [name ...]`: times and their ratios; `peers` writes those of docs/speed.md."""
# ruff: noqa: T201  a command prints

import argparse
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks import checks, instructions, limits, machine, memory, page
from tests.benchmarks.contenders import COMPILED, FOLDED, KERNELS, OURS, installed
from tests.benchmarks.families import DEPTH, LAYERS, QUICK, ROWS, STEPS, WHOLE
from tests.benchmarks.imports import import_times
from tests.benchmarks.kept import OPTIMIZERS, STATES, bytes_of_a_state
from tests.benchmarks.measure import BUSY, measured, new_process, pinned
from tests.benchmarks.normalised import times_of_networks
from tests.benchmarks.remat import PLAIN, memory_and_times
from tests.benchmarks.tables import report, seconds, table
from tests.benchmarks.timing import median_ratio

PEERS, IMPORTS, KEPT, REMAT, NORMALISED = "peers", "imports", "kept", "remat", "normalised"
SHARDED, BOUNDS, SCALING, BITS = "sharded", "bounds", "scaling", "bits"
MEMORY, SIZES = "memory", (10**5, 10**6, 10**7)  # rows of files that are read a window at a time
PACKAGES = ["torch", "jax", "optax", "sklearn", "autograd", "mygrad", "llvmlite"]
OF_THE_PAGE = [*STEPS, *WHOLE, *LAYERS, *DEPTH]
EVERYTHING = [*OF_THE_PAGE, REMAT, NORMALISED, IMPORTS, KEPT, SHARDED, BOUNDS, SCALING, BITS, MEMORY]


def main(words):
    """Measure what was asked for, print it, and write the page if it was all of its rows."""
    asked = arguments(words)
    of_the_page, repeats, few = asked.names == [PEERS], *((3, 1) if asked.quick else (31, 11))
    names = asked.names or EVERYTHING
    if of_the_page:
        names = QUICK if asked.quick else OF_THE_PAGE
    if rows := [name for name in names if name in ROWS]:
        text = tables(rows, repeats, quick=asked.quick)
        print(text)
        if of_the_page and not asked.quick:
            page.write(text)
    commands = {
        REMAT: (1, lambda: print_remat(few)),
        NORMALISED: (1, lambda: print_normalised(few)),
        IMPORTS: (1, lambda: print_imports(few)),
        KEPT: (1, lambda: print_kept(STATES // 10 if asked.quick else STATES)),
        MEMORY: (1, lambda: print_memory(SIZES[:2] if asked.quick else SIZES)),
        SHARDED: (2, lambda: print_sharded(few if asked.quick else repeats)),
        BOUNDS: (2, lambda: print_bounds(few)),
        SCALING: (2, lambda: print_scaling(few if asked.quick else repeats)),
        BITS: (2, lambda: print_bits(12 if asked.quick else 120)),
    }
    for name, (cores, command) in commands.items():
        if name in names and (name != NORMALISED or installed("llvmlite")):
            with pinned(cores):
                command()


def arguments(words):
    """Names that exist."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="funcnn beside its peers.")
    known = [*ROWS, REMAT, NORMALISED, IMPORTS, KEPT, SHARDED, BOUNDS, SCALING, BITS, MEMORY]
    meaning = f"`peers`: all rows of docs/speed.md, whose tables are written anew; or some of {', '.join(known)}"
    parser.add_argument("names", nargs="*", metavar="name", help=meaning)
    parser.add_argument("--quick", action="store_true", help="few repeats, of few rows, to see that it runs")
    asked = parser.parse_args(words)
    if unknown := [name for name in asked.names if name not in known and asked.names != [PEERS]]:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join([PEERS, *known])}")
    return asked


def tables(names, repeats, *, quick):
    """What was measured, where, and what could not be measured."""
    busy, notes = machine.busy(), []
    if absent := [package for package in PACKAGES if not installed(package)]:
        notes.append(f"Not installed, so left out: {', '.join(absent)}.")
    if busy > BUSY and (several := [name for name in names if ROWS[name].cores > 1]):
        notes.append(f"Left out, since a wall clock needs a machine without other load: {', '.join(several)}.")
        names = [name for name in names if name not in several]
    where = [*machine.described(), f"Other programs used {busy:.0%} of the processor when the command began."]
    found, core = measured(names, repeats, one_process=quick), None
    if any([ROWS[name].limit for name in names]):
        with pinned(1), new_process() as process:
            core = process.submit(limits.measured).result()
    return "\n\n".join(["\n".join([f"- {line}" for line in where]), *notes, report(found, core)])


def print_remat(repeats):
    """One table: what waits for backward, and what it costs to make it again."""
    found, kept = memory_and_times(repeats)
    rows = {
        name: [
            *[f"{size / 2**20:.2f}" for size in kept[name]],
            seconds(times),
            f"{median_ratio(times, found[PLAIN]):.2f}",
        ]
        for name, times in found.items()
    }
    print(f"\nRemat: 64 layers of 64 units, 1024 rows, in blocks ({repeats} repeats)\n")
    print(table(["MB kept", "at most", "a step", "ratio"], rows))


def print_normalised(repeats):
    """One table: how many times as long a step takes by NumPy, and with the kernel of the layer."""
    rows = {}
    with new_process() as process:
        found = process.submit(times_of_networks, repeats).result()
    for name, times in found.items():
        ratios = [median_ratio(times[who], times[COMPILED]) for who in (OURS, KERNELS)]
        folded = median_ratio(times[OURS], times[FOLDED])
        rows[name] = [seconds(times[COMPILED]), *[f"{ratio:.2f}" for ratio in (*ratios, folded)]]
    print(f"\nSteps of networks with two BatchNorms, one core, CPU time ({repeats} repeats)\n")
    print(table(["compiled, time", "NumPy", "kernels", "NumPy / fold"], rows))


def print_imports(repeats):
    """One table, and whether funcnn loads what it should not."""
    times, loaded = import_times(repeats)
    rows = {
        name: [
            seconds([before for before, _ in pairs]),
            seconds([after for _, after in pairs]),
            f"{median([after / before for before, after in pairs]):.3f}",
        ]
        for name, pairs in times.items()
    }
    print(f"\nImports: CPU time on top of `import numpy, attrs` ({repeats} fresh processes each)\n")
    print(table(["numpy, attrs", "on top", "ratio"], rows))
    print(f"\nfuncnn loads {' and '.join(sorted(loaded)) or 'neither hypothesis nor matplotlib'}")


def print_kept(states):
    """One table: what it takes to keep the states of a run."""
    rows = {}
    for optimizer in OPTIMIZERS:
        whole, bare = bytes_of_a_state(optimizer, states)
        rows[optimizer] = [f"{whole:.0f}", f"{bare:.0f}", f"{whole / bare:.2f}"]
    print(f"\nMemory: {states} states of the rose's run, kept\n")
    print(table(["bytes a state", "arrays alone", "ratio"], rows))


def print_memory(sizes):
    """One table: seconds and bytes by the number of rows in the files, and what each is of the fewest rows."""
    found = {way: [] for way in memory.ways()}
    with TemporaryDirectory() as folder:
        folders = [Path(folder) / str(size) for size in sizes]
        for size, place in zip(sizes, folders, strict=True):
            place.mkdir()
            memory.write(place, size, is_parquet=installed("pyarrow"))
            for way, measurements in found.items():
                measurements.append(memory.measured(way, place, folders[0]))
    rows = {}
    for way, measurements in found.items():
        times, allocated, resident = zip(*measurements, strict=True)
        linear = times[-1] / times[0] / (sizes[-1] / sizes[0])
        rows[way] = [
            " / ".join([f"{took:.3g}" for took in times]),
            f"{linear:.2f}",
            *[" / ".join([f"{size / 2**20:.2f}" for size in peaks]) for peaks in (allocated, resident)],
            f"{allocated[-1] / allocated[0]:.2f}",
            f"{resident[-1] / resident[0]:.2f}",
        ]
    print(f"\nMemory: {', '.join([f'{size:,}' for size in sizes])} rows in files, one epoch or prediction\n")
    print(
        table(["CPU s", "s a row, ratio", "MiB allocated", "MiB resident", "allocated, ratio", "resident, ratio"], rows)
    )


def print_sharded(repeats):
    """Two tables: times of two threads, and bytes a step on two processes."""
    from tests.benchmarks import sharded  # it needs threadpoolctl

    rows = {}
    for name in sharded.RUNS:
        times, blocks = sharded.times_and_blocks(name, repeats)
        ours = times[sharded.SHARDED]
        fastest = min((sharded.ONE, sharded.TWO), key=lambda way: min(times[way]))
        rows[name] = [
            str(blocks),
            *[seconds(times[way]) for way in (sharded.ONE, sharded.TWO, sharded.SHARDED)],
            *[f"{median_ratio(times[way], ours):.2f}" for way in (sharded.ONE, sharded.TWO)],
            f"{min(times[fastest]) / min(ours):.2f}",
        ]
    busy = f"other programs used {machine.busy():.0%} of the processor"
    print(f"\nSharded: value_and_grad, two threads, wall clock ({repeats} repeats; {busy} afterwards)\n")
    ratios = ["ratio to one", "ratio to two", "ratio of the shortest times"]
    print(table(["blocks", sharded.ONE, sharded.TWO, sharded.SHARDED, *ratios], rows))
    rows = {
        name: [f"{size:,}", *[f"{sent:,} / {back:,} / {missed}" for sent, back, missed in counts]]
        for name, (size, counts) in sharded.bytes_of_steps(5).items()
    }
    print("\nBytes sent / returned / arrays asked for, two processes, the same rows in each step\n")
    print(table(["x and y", *[f"step {i}" for i in range(1, 6)]], rows))


def print_bounds(steps):
    """How many workers a process keeps busy."""
    from tests.benchmarks import bounded  # it needs threadpoolctl

    bounded.print_bounds(steps)


def print_scaling(repeats):
    """Two tables: what each engine costs, and the times that the model predicts beside those measured."""
    from tests.benchmarks import scaling  # it needs threadpoolctl

    costs, found = scaling.constants_and_predictions(repeats)
    rows = {
        engine: [f"{cost.a_step * 1e6:,.0f} us", f"{cost.a_block * 1e6:,.0f} us", f"{cost.a_byte * 1e9:.2f} ns"]
        for engine, cost in costs.items()
    }
    print(f"\nScaling: what an engine costs beside the computation, wall clock ({repeats} repeats)\n")
    print(table(["a step l", "a block c", "a byte of the parameters"], rows))
    rows = {
        f"{name}, {engine}": [
            str(k),
            seconds([block]),
            seconds([predicted]),
            seconds([measured]),
            f"{predicted / measured:.2f}",
        ]
        for name, engines in found.items()
        for engine, (k, block, predicted, measured) in engines.items()
    }
    busy = f"other programs used {machine.busy():.0%} of the processor"
    print(f"\nA step: l + k (c + b / B) + ceil(k / w) t beside its measured time ({busy} afterwards)\n")
    print(table(["blocks k", "a block t", "predicted", "measured", "ratio"], rows))


def print_bits(count):
    """What has other bits with another number of threads of BLAS, and with kernels for other processors."""
    from tests.benchmarks import bits  # it needs threadpoolctl

    print(f"\nBits: {bits.products(count)} of {count} products of random shapes differ between one thread and two")
    found = bits.on_cores()
    for core, prints in found.items():
        differ = sum([a != b for a, b in zip(prints, found[bits.CORES[0]], strict=True)])
        print(f"Bits: {differ} of {len(prints)} small runs by the kernels for {core} differ from {bits.CORES[0]}'s")


if __name__ == "__main__":
    command, *words = sys.argv[1:] or [""]
    own = {"instructions": instructions.main, "checks": checks.main}  # with options of their own
    own[command](words) if command in own else main(sys.argv[1:])
