"""The operating curve of each checker: mistakes missed against correct functions reported, at several tolerances."""

from functools import partial

import numpy as np

from tests.mutants.peers import CHECKERS, by_funcnn
from tests.mutants.trials import draw, first_fault, print_row

SCALES = (1e-4, 1e-2, 1, 1e2, 1e4)
# A label, and the check; the first of each row has the default settings.
SETTINGS = {
    "check_vjp, tolerance": [(f"{t:g}", partial(by_funcnn, tolerance=t)) for t in (0, 1e-9, 1e-6, 1e-3, 1e-1)],
    "check_vjp, resolution": [(f"{r:g}", partial(by_funcnn, resolution=r)) for r in (1e-7, 1e-11, 1e-9, 1e-5, 1e-2)],
    **{
        name: [(f"{s:g}", partial(check, scale=s)) for s in sorted(SCALES, key=lambda s: s != 1)]
        for name, check in CHECKERS.items()
        if check is not by_funcnn
    },
}
COLORS = ("#c0152f", "#c0152f", "#d9730d", "#b58900", "#2f7fd0", "#8a5fc7", "#1b8a5a")
GREY = "#808080"  # readable on white and on black


def print_curve(mutants, nasty, examples, picture):
    """Print the rates of each checker at each setting, and draw them unless picture is None."""
    right = {mutant.name.split(":")[0]: mutant for mutant in mutants}
    drawn = {name: draw(mutant.arguments, 0, examples) for name, mutant in right.items()}
    wrong = [(mutant.wrong, drawn[mutant.name.split(":")[0]]) for mutant in mutants]
    twins = [(mutant.right, drawn[name]) for name, mutant in right.items()]
    # Options are understood by check_vjp alone.
    hard = [(one.pair, draw(one.arguments, 0, examples)) for one in nasty if not one.options]
    counts = f"{len(wrong)} wrong functions, their {len(twins)} correct twins and {len(hard)} nasty functions"
    print_row(f"{counts}, {examples} examples", "setting", "missed", "twins reported", "nasty reported")
    print_row(*["---"] * 5)
    curves = {}
    for name, row in SETTINGS.items():
        for setting, check in row:
            with np.errstate(all="ignore"):
                found, *alarms = [
                    sum([first_fault(check, pair, batch) is not None for pair, batch in cases])
                    for cases in (wrong, twins, hard)
                ]
            missed = len(wrong) - found
            print_row(name, setting, *map(str, (missed, *alarms)))
            rates = (sum(alarms) / (len(twins) + len(hard)), missed / len(wrong))
            curves.setdefault(name, []).append((float(setting), *rates))
    if picture is not None:
        draw_curves(curves, picture)


def draw_curves(curves, picture):
    """One line for each checker, a large ring at its default settings, through which other lines can be seen."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    grey = dict.fromkeys(["text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"], GREY)
    with mpl.rc_context({**grey, "svg.hashsalt": "funcnn", "svg.fonttype": "none"}):
        figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
        for (name, points), color in zip(curves.items(), COLORS, strict=True):
            (_, *default), is_second = 100 * np.array(points[0]), name.endswith("resolution")
            _, alarms, missed = 100 * np.array(sorted(points)).T
            axes.plot(
                alarms,
                missed,
                "s:" if is_second else ".-",
                color=color,
                ms=13 if is_second else 6,
                mfc="none",
                label=name,
            )
            axes.plot(*default, "o", color=color, ms=10, mew=2, mfc="none")
        axes.plot([], [], "o", color=GREY, ms=10, mew=2, mfc="none", label="default settings")
        axes.set(xlabel="correct functions reported as wrong, %", ylabel="mistakes missed, %")
        axes.grid(alpha=0.2, color=GREY)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        figure.savefig(picture, transparent=True, metadata={"Date": None})
