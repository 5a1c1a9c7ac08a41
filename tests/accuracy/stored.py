"""The stored results of `python -m tests.accuracy floats`, and the table of docs/accuracy.md that is made of them."""

import json
from pathlib import Path

import numpy as np

from tests.accuracy.floats import BLOCKS, LAYERS, RESULTS, floats
from tests.accuracy.search import search

STORE = Path(__file__).with_name("floats.json")
PAGE = Path(__file__).parents[2] / "docs/accuracy.md"
HEAD = (
    "| rule | result | largest error | at x | an ulp of x | above 2 ulps | why | float64 |",
    "|---|---|---|---|---|---|---|---|",
)
MOST = 2  # ulps; for larger errors the page gives a reason
# The reasons of the page, by their words in the table.
ROUNDED = "Softplus", "LogSigmoid", "Elu", "Selu", "Celu", "Sigmoid", "Softsign", "TanhShrink", "Tanh", "Silu", "Mish"
WHY = {
    **{(name, result): "roundings" for name in ROUNDED for result in RESULTS},
    **{(name, "out"): "argument" for name in ("Gelu", "ExactGelu")},
    **{(name, "out"): "subnormal" for name in ("Silu", "Mish")},
    **{(name, "dx"): "zero" for name in ("Gelu", "ExactGelu", "Silu", "Mish")},
    ("TanhShrink", "out"): "difference",
    ("HardSigmoid", "dx"): "corner",
}


def load():
    """{name: state} of the activations that are measured."""
    return json.loads(STORE.read_text()) if STORE.exists() else {}


def store(folder):
    """Takes the finished states of a folder into the stored ones, and writes the table."""
    states = load()
    for name in LAYERS:
        path = folder / f"{name}.json"
        if path.exists() and (state := json.loads(path.read_text()))["blocks"] == BLOCKS:
            states[name] = state | {"float64": search(name, state)}
    ordered = {name: states[name] for name in LAYERS if name in states}
    STORE.write_text(json.dumps(ordered, indent=1) + "\n")
    before, _, after = parted(PAGE.read_text())
    PAGE.write_text(before + table(ordered) + after)


def parted(page):
    """The page before the table, the table, and the page after it."""
    start = page.index(HEAD[0][:40])
    end = page.index("\n\n", start)
    return page[:start], page[start:end], page[end:]


def table(states):
    """Two rows for each activation, those with errors of at most 2 ulps without a reason."""
    lines = [*HEAD]
    for name, state in states.items():
        for result in RESULTS:
            (error, bits), (of_x, _), above = [state[result][key] for key in ("ulps", "of x", "above 2")]
            why = WHY[name, result] if error > MOST else ""
            at = f"{floats(bits, np.dtype(np.float32)):.9g}" if error >= 0.005 else ""
            count = f"{above:,}" if above else ""
            cells = [f"`{name}`", result, shown(error), at, shown(of_x), count, why, shown(state["float64"][result][0])]
            lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |"))
    return "\n".join(lines)


def shown(error):
    return "0" if error < 0.005 else f"{error:.2f}" if error < 100 else f"{error:.3g}"
