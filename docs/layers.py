"""Writes the table of docs/layers.md: each layer with the first line of its docstring. Run it after adding a layer."""

from pathlib import Path

from funcnn import forward, inspection, layers
from funcnn.testing.strategies import registered

PAGE = Path(__file__).with_suffix(".md")
START = "<!-- from here on written by layers.py -->\n"
# Which page has the derivations of the layers of which folders or files, and what to call it.
PAGES = {
    ("First things", "backprop_on_one_screen.md"): "layers.dense",
    ("Activations", "layers/activations.md"): "layers.activations",
    ("Combinators", "layers/combinators.md"): "layers.chain layers.combinators",
    ("Convolution and pooling", "layers/convolution.md"): "layers.convolution",
    ("Normalisation", "layers/normalisation.md"): "layers.normalisation",
    ("Dropout and noise", "layers/dropout.md"): "layers.dropout",
    ("Symbols and places", "layers/embedding.md"): "layers.embedding",
    ("Recurrent layers", "layers/recurrent.md"): "layers.recurrent",
    ("Attention", "layers/attention.md"): "layers.attention",
    ("Looking inside", "looking_inside.md"): "inspection.probe",
}


def first_line(layer: type) -> str:
    """What a layer computes; of a tuple, what the rule of the chain says."""
    text = forward.dispatch(tuple).__doc__ if layer is tuple else layer.__doc__
    line = text.strip().splitlines()[0]
    return line if line.endswith("...") else line.removesuffix(".")


def is_in(layer: type, homes: str) -> bool:
    """Whether a layer stands in one of these folders and files of funcnn."""
    module = (forward.dispatch(tuple) if layer is tuple else layer).__module__
    return any([f"{module}.".startswith(f"funcnn.{home}.") for home in homes.split()])


def row(layer: type) -> str:
    """A row of the table; a line with backticks in it stands between two of them."""
    line = first_line(layer).replace("|", r"\|")
    ticks = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    name = "(layer, layer, ...)" if layer is tuple else layer.__name__
    return f"| `{name}` | {ticks}{pad}{line}{pad}{ticks} |"


def table() -> str:
    """All pages, each with its layers in the order in which a newcomer meets them."""
    order = ["tuple", *layers.__all__, *inspection.__all__]
    every = sorted(registered(), key=lambda layer: order.index(layer.__name__))
    left, parts = {layer.__name__ for layer in every}, []
    for (title, page), homes in PAGES.items():
        own = [layer for layer in every if is_in(layer, homes)]
        left -= {layer.__name__ for layer in own}
        parts.append(f"\n## [{title}]({page})\n\n| layer | computes |\n|---|---|\n" + "\n".join(map(row, own)) + "\n")
    if left:
        raise SystemExit(f"layers.py: no page has {', '.join(sorted(left))}; add the file or its folder to PAGES")
    return "".join(parts)


if __name__ == "__main__":
    intro = PAGE.read_text("utf-8").split(START)[0]
    PAGE.write_text(intro + START + table(), "utf-8")
