"""Tables in Markdown of measured times, and sentences about what they show."""

from statistics import median
from typing import NamedTuple

from tests.benchmarks.contenders import (
    BARE,
    COMPILED,
    FOLDED,
    FOLDED_ONE,
    FORI,
    FOUR,
    JIT,
    KERNELS,
    ONE_THREAD,
    ONNX,
    OURS,
    PREDICTOR,
    STEP,
)
from tests.benchmarks.families import DEPTH, LAYERS, OTHERS, ROWS, STEPS, STEPS_ALONE, WHOLE, Times
from tests.benchmarks.limits import Core
from tests.benchmarks.timing import FOLD, median_ratio

IN_A_LOOP = {FOLDED, FOLDED_ONE, FORI}  # those that make FOLD steps in a call
OWN = {OURS, KERNELS, COMPILED, STEP, FOLDED, PREDICTOR}
PEERS = ["article", "autograd", "MyGrad", "scikit-learn", "torch", JIT, FORI, "JAX", ONNX]

# The ways of funcnn that have tables of their own, and whom these compare.
WAYS = {
    KERNELS: ("as segments of a compiled function", [OURS, "torch", "JAX"]),
    COMPILED: ("with a compiled loss", [ONE_THREAD, OURS, "article", "torch", JIT, "JAX"]),
    STEP: ("by `compiled_step`", [COMPILED, OURS, "torch", JIT, "JAX"]),
    PREDICTOR: ("by `predictor`", [OURS, "torch", "JAX", ONNX]),
    FOLDED: (f"with a compiled loss that makes {FOLD} steps a call", [FOLDED_ONE, OURS, "article", "torch", FORI]),
}
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
        for who in [who for who in PEERS if who in best and OURS in best]:
            if (ratio := median_ratio(best[who], best[OURS])) < 1:
                faster.setdefault(who, []).append(f"{name} {1 / ratio:.2f}")
    return "\n".join([f"- {who}: {', '.join(rows)}" for who, rows in faster.items()]) or "- no library, in no row"


class Bounded(NamedTuple):
    """A row beside its limit: our best contender, the best peer, and whether they make FOLD steps in a call."""

    name: str
    ours: str
    peer: str
    in_a_loop: bool

    @property
    def how(self) -> str:
        """What follows its name."""
        return f", {FOLD} steps a call" if self.in_a_loop else ""


def bounded(measured: dict[str, Times]) -> list[Bounded]:
    """The rows on one core with a limit, our best contender and the best peer; twice where there are loops of steps."""
    rows = []
    for name in [name for name in measured if ROWS[name].limit and ROWS[name].cores == 1]:
        best = by_library(measured[name])
        for in_a_loop in (False, True):
            own = [who for who in best if who in OWN and (who in IN_A_LOOP) == in_a_loop]
            peers = [who for who in best if who in PEERS and (in_a_loop or who not in IN_A_LOOP)]
            if own and peers:
                by_time = lambda who: median(best[who])  # noqa: B023  used at once
                rows.append(Bounded(name, min(own, key=by_time), min(peers, key=by_time), in_a_loop))
    return rows


def beside_limits(measured: dict[str, Times], core: Core) -> str:
    """How far each row is from the best peer, and from what the core can do; then the rows in which a peer is ahead."""
    cells, behind = {}, []
    for row in bounded(measured):
        best = by_library(measured[row.name])
        ours, ratio = best[row.ours], median_ratio(best[row.peer], best[row.ours])
        limits = ROWS[row.name].limit().seconds(core)
        cells[f"`{row.name}` {ROWS[row.name].what}{row.how}"] = [
            f"{row.ours} {seconds(ours)}",
            f"{row.peer} {seconds(best[row.peer])}",
            f"{ratio:.2f}",
            *[seconds([limit]) for limit in limits],
            f"{median(ours) / max(limits):.2f}",
        ]
        if ratio < 1:
            behind.append(f"- {row.name}{row.how}: {row.peer} {1 / ratio:.2f}")
    columns = ["ours", "best peer", "peer / ours", "by operations", "by bytes", "ours / limit"]
    title = "### Where the fastest way of funcnn is slower, and how many times"
    return "\n\n".join([core.described(), table(columns, cells), title, "\n".join(behind) or "- in no row"])


def first_calls(measured: dict[str, Times]) -> str:
    """The times of both, and their ratio."""
    both = (COMPILED, JIT)
    rows = {
        f"`{name}` {ROWS[name].what}": [
            *[seconds(times[who]) if who in times else "-" for who in both],
            f"{median_ratio(times[JIT], times[COMPILED]):.2f}" if times.keys() >= {*both} else "-",
        ]
        for name, times in measured.items()
    }
    return table([*both, "peer / ours"], rows)


def report(measured: dict[str, Times], core: Core | None = None) -> str:
    """All tables of these rows, and the list of the rows where funcnn is slower; limits, if the core was measured."""
    parts = []
    for title, (family, peers) in TABLES.items():
        rows = {name: measured[name] for name in family if name in measured}
        if rows:
            parts += [f"### {title}", compared(rows, OURS, peers)]
        for ours, (how, others) in WAYS.items():
            if any([ours in times for times in rows.values()]):
                parts += [f"{title}, {how}:", compared(rows, ours, others)]
    if rows := {name: measured[name] for name in DEPTH if name in measured}:
        parts += ["### First calls, one core, CPU time of what follows the imports", first_calls(rows)]
    parts += ["### Where plain funcnn is slower, and how many times", slower(measured)]
    if core and bounded(measured):
        parts += ["### Beside the limits of a core", beside_limits(measured, core)]
    return "\n\n".join(parts)
