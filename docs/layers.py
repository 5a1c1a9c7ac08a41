"""Writes the table of docs/layers.md: each layer with the first line of its docstring. Run it when a layer has come."""

from pathlib import Path

from funcnn.core import forward
from funcnn.testing.strategies import registered

PAGE = Path(__file__).with_suffix(".md")
START = "<!-- from here on written by layers.py -->\n"
# Which page has the derivations of a module's layers, and what to call it.
PAGES = {
    ("First things", "backprop_on_one_screen.md"): "dense",
    ("Activations", "layers/activations.md"): "activations piecewise smooth rectifiers softmax glu",
    ("Combinators", "layers/combinators.md"): "chain combinators joins residual shapes shared tied remat function",
    ("Convolution and pooling", "layers/convolution.md"): "conv transposed pool global_pool upsample",
    ("Normalisation", "layers/normalisation.md"): "batchnorm norm groupnorm affine",
    ("Dropout and noise", "layers/dropout.md"): "dropout",
    ("Symbols and places", "layers/embedding.md"): "embedding positions",
    ("Recurrent layers", "layers/recurrent.md"): "rnn gru lstm bidirectional last",
    ("Attention", "layers/attention.md"): "attention cross_attention",
    ("Surgery", "surgery.md"): "frozen",
    ("Looking inside", "looking_inside.md"): "probe",
}


def first_line(layer: type) -> str:
    """What a layer computes; of a tuple, what the rule of the chain says."""
    text = forward.dispatch(tuple).__doc__ if layer is tuple else layer.__doc__
    line = text.strip().splitlines()[0]
    return line if line.endswith("...") else line.removesuffix(".")


def module_of(layer: type) -> str:
    """The file of layers/ that a layer stands in."""
    return (forward.dispatch(tuple) if layer is tuple else layer).__module__.split(".")[-1]


def row(layer: type) -> str:
    """A row of the table; a line with backticks in it stands between two of them."""
    line = first_line(layer).replace("|", r"\|")
    ticks = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    name = "(layer, layer, ...)" if layer is tuple else layer.__name__
    return f"| `{name}` | {ticks}{pad}{line}{pad}{ticks} |"


def table() -> str:
    """All pages, each with the layers of its modules in the order of their files."""
    layers = sorted(registered(), key=lambda layer: layer is not tuple)
    left = {layer.__name__ for layer in layers}
    parts = []
    for (title, page), modules in PAGES.items():
        own = [layer for module in modules.split() for layer in layers if module_of(layer) == module]
        left -= {layer.__name__ for layer in own}
        parts.append(f"\n## [{title}]({page})\n\n| layer | |\n|---|---|\n" + "\n".join(map(row, own)) + "\n")
    if left:
        raise SystemExit(f"layers.py: no page has {', '.join(sorted(left))}; add the module to PAGES")
    return "".join(parts)


if __name__ == "__main__":
    intro = PAGE.read_text("utf-8").split(START)[0]
    PAGE.write_text(intro + START + table(), "utf-8")
