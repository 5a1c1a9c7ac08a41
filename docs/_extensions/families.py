"""The members of families: the layers that a file or a folder of funcnn defines, and what pages list of them."""

import re
from inspect import cleandoc

from funcnn import forward, inspection, layers, losses, optimizers
from funcnn.about import cards
from funcnn.testing.strategies import registered

# The pages of layers, in the order of the table of layers; each has the layers of these folders and files.
BLOCK = re.compile(r"^## \[[^\]]*\]\(([^)]*)\)\n\n```\{layers\}\n(.*?)\n```", re.MULTILINE | re.DOTALL)


def is_in(layer: type, homes: str) -> bool:
    """Whether a layer stands in one of these folders and files of funcnn."""
    module = (forward.dispatch(tuple) if layer is tuple else layer).__module__
    return any([f"{module}.".startswith(f"funcnn.{home}.") for home in homes.split()])


def members(homes: str) -> list[type]:
    """The layers of these folders and files, or the losses or optimizers, in the order of the namespaces."""
    if (space := {"losses": losses, "optimizers": optimizers}.get(homes)) is not None:
        return sorted(cards(homes), key=lambda one: space.__all__.index(one.__name__))
    order = ["tuple", *layers.__all__, *inspection.__all__]
    return [layer for layer in sorted(registered(), key=lambda one: order.index(one.__name__)) if is_in(layer, homes)]


def named(words: str) -> list[str]:
    """The names in a text; a word with a dot stands for the layers of a folder or file, and `losses` for all losses."""
    is_home = lambda word: "." in word or word == "losses"
    found = [[layer.__name__ for layer in members(word)] if is_home(word) else [word] for word in words.split()]
    return [name for names in found for name in names]


def pages(text: str) -> dict[str, str]:
    """For each page of layers, by its name, the folders and files that the page of all layers gives it."""
    return dict(BLOCK.findall(text))


def first_line(layer: type) -> str:
    """What a layer computes; of a tuple, what the rule of the chain says."""
    text = forward.dispatch(tuple).__doc__ if layer is tuple else layer.__doc__
    line = text.strip().splitlines()[0]
    return line if line.endswith("...") else line.removesuffix(".")


def row(layer: type) -> str:
    """A row of the table; a line with backticks in it stands between two of them."""
    line = first_line(layer).replace("|", r"\|")
    ticks = "``" if "`" in line else "`"
    pad = " " if "`" in line else ""
    name = "(layer, layer, ...)" if layer is tuple else layer.__name__
    return f"| `{name}` | {ticks}{pad}{line}{pad}{ticks} |"


def table(homes: str) -> str:
    """The layers of these folders and files, each with the first line of its docstring."""
    return "\n".join(["| layer | computes |", "|---|---|", *map(row, members(homes))])


def derivations(homes: str) -> dict[str, str]:
    """The derivations in the cards of these layers, by name."""
    about = cards()
    found = {layer.__name__: cleandoc(about[layer].derivation) for layer in members(homes) if layer in about}
    return {name: text for name, text in found.items() if text}


def links(homes: str, page: str) -> str:
    """A sentence with links to the rules of the layers that have no derivation on the page or in their cards."""
    derived = {*re.findall(r"^```\{derivation\} (\w+)$", page, re.MULTILINE), *derivations(homes)}
    rest = [layer.__name__ for layer in members(homes) if layer.__name__ not in derived]
    linked = [f"{{ref}}`{name} <rule-{name.lower().replace('_', '-')}>`" for name in rest]
    return f"The code of the other {homes.split('.', maxsplit=1)[0]}: {', '.join(linked)}."
