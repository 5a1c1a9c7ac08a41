"""The table of docs/proven.md, how each layer and loss is tested, which `python -m tests.proven` writes."""

from pathlib import Path

from funcnn import layers, losses
from funcnn.testing import strategies as fst
from tests.accuracy import stored
from tests.derived import RULES
from tests.exactness import LOSSES, RATIONAL, ROUNDED

PAGE = Path(__file__).parents[1] / "docs/proven.md"
HEAD = "| rule | exact arithmetic | all floats: out, dx | derivation |", "|---|---|---|---|"


def table():
    """A line for each layer and each loss."""
    states = stored.load()
    names = sorted([cls.__name__ for cls in fst.registered() if cls.__module__.startswith(layers.__name__)])
    lines = [*HEAD, *[line(name, of_layer(name), states.get(name)) for name in names]]
    every = sorted({name.split(",")[0].split(" ")[0] for name in LOSSES} & set(losses.__all__))
    return "\n".join([*lines, *[line(name, "fractions" if LOSSES[name][0] else "40 digits") for name in every]])


def of_layer(name):
    return "fractions" if name in RATIONAL else f"{ROUNDED[name]} digits" if name in ROUNDED else "40 digits"


def line(name, exact, state=None):
    within = [stored.shown(state[result]["ulps"][0]) for result in stored.RESULTS] if state else []
    cells = [f"`{name}`", exact, f"{', '.join(within)} ulps" if within else "", "sympy" if name in RULES else ""]
    return f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")


def parted(page):
    """The page before the table, the table, and the page after it."""
    start = page.index(HEAD[0])
    end = page.find("\n\n", start)
    return page[:start], page[start:end].rstrip("\n"), page[end:]


if __name__ == "__main__":
    before, _, after = parted(PAGE.read_text())
    PAGE.write_text(before + table() + after)
