"""Tables in Markdown of measured times, and sentences about what they show."""

from statistics import median

from tests.benchmarks.contenders import BARE, COMPILED, FOLDED, FOLDED_ONE, FORI, FOUR, JIT, KERNELS, ONE_THREAD, OURS
from tests.benchmarks.families import LAYERS, OTHERS, ROWS, STEPS, STEPS_ALONE, WHOLE, Times
from tests.benchmarks.timing import FOLD, median_ratio

PEERS = ["article", "autograd", "MyGrad", "scikit-learn", "torch", JIT, FORI, "JAX"]

# The rows of each table, and whom it compares.
TABLES = {
    "Training steps, one core, CPU time": (
        [name for name, row in (STEPS | STEPS_ALONE).items() if row.cores == 1],
        [FOUR, BARE, *PEERS],
    ),
    "Training steps, two cores, wall clock": ([name for name, row in STEPS.items() if row.cores > 1], PEERS),
    "Whole programs, one core, CPU time": ([*WHOLE], PEERS),
    "Layers, losses, optimizers and predictions, float32, one core, CPU time": ([*LAYERS, *OTHERS], [BARE, *PEERS]),
}


def table(columns: list[str], rows: dict[str, list[str]]) -> str:
    """Each row by its name; columns are padded, so that the source can be read too."""
    cells = [["workload", *columns], *[[name, *row] for name, row in rows.items()]]
    first, *others = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [[row[0].ljust(first), *[cell.rjust(n) for cell, n in zip(row[1:], others, strict=True)]] for row in cells]
    rule = ["-" * first, *["-" * (n - 1) + ":" for n in others]]
    return "\n".join([f"| {' | '.join(line)} |" for line in (lines[0], rule, *lines[1:])])


def seconds(times: list[float]) -> str:
    """Three digits and a unit."""
    value = median(times)
    return f"{value:.3g} s" if value >= 1 else f"{value * 1e3:.3g} ms" if value >= 1e-3 else f"{value * 1e6:.3g} us"


def by_library(times: Times) -> Times:
    """Of variants, such as torch (fused) and torch (foreach), the one with the least median."""
    best: Times = {}
    for who, own in times.items():
        library = who.split(" (")[0]
        best[library] = min(own, best.get(library, own), key=median)
    return best


def compared(measured: dict[str, Times], ours: str, peers: list[str]) -> str:
    """The time of `ours` in each row, and the ratio of each peer's to it; "-" where a peer has no such row."""
    found = {name: by_library(times) for name, times in measured.items()}
    shown = [who for who in peers if any([who in times for times in found.values()])]
    rows = {
        f"`{name}` {ROWS[name].what}": [
            seconds(times[ours]),
            *[f"{median_ratio(times[who], times[ours]):.2f}" if who in times else "-" for who in shown],
        ]
        for name, times in found.items()
        if ours in times
    }
    return table([f"{ours}, time", *shown], rows)


def slower(measured: dict[str, Times]) -> str:
    """One line for each library that is faster in a row: in which, and by how much."""
    faster: dict[str, list[str]] = {}
    for name, times in measured.items():
        best = by_library(times)
        for who in [who for who in PEERS if who in best]:
            if (ratio := median_ratio(best[who], best[OURS])) < 1:
                faster.setdefault(who, []).append(f"{name} {1 / ratio:.2f}")
    return "\n".join([f"- {who}: {', '.join(rows)}" for who, rows in faster.items()]) or "- no library, in no row"


def report(measured: dict[str, Times]) -> str:
    """All tables of these rows, and the list of the rows where funcnn is slower."""
    parts = []
    for title, (family, peers) in TABLES.items():
        rows = {name: measured[name] for name in family if name in measured}
        if rows:
            parts += [f"### {title}", compared(rows, OURS, peers)]
        if any([KERNELS in times for times in rows.values()]):
            parts += [f"{title}, as segments of a compiled function:", compared(rows, KERNELS, [OURS, "torch", "JAX"])]
        if any([COMPILED in times for times in rows.values()]):
            parts += [f"{title}, with a compiled loss:", compared(rows, COMPILED, [ONE_THREAD, OURS, "torch", JIT])]
        if any([FOLDED in times for times in rows.values()]):
            parts += [f"{title}, with a compiled loss that makes {FOLD} steps a call:"]
            parts += [compared(rows, FOLDED, [FOLDED_ONE, OURS, "torch", FORI])]
    return "\n\n".join([*parts, "### Where plain funcnn is slower, and how many times", slower(measured)])
