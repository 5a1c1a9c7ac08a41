"""The directive `rules`: the code that computes the gradient of each layer or loss that is named in it."""

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from docutils import nodes
from families import named
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import funcnn
from funcnn import backward, inspection, layers, losses
from funcnn.layers import Wrapper

# Methods of layers on a base, whose one rule for all of them calls these.
METHODS = ("slope", "back", "turn_back", "leave_back", "enter_back", "own_gradients", "held_gradients")


def rule(name: str) -> list[Callable[..., Any]]:
    """The functions that are the rule of a loss, of a layer, or of a chain, which is a tuple."""
    if name in losses.__all__:
        return [inspect.unwrap(getattr(losses, name))]
    layer = tuple if name == "tuple" else getattr(layers, name, None) or getattr(inspection, name)
    owners = [next((c for c in layer.__mro__ if method in vars(c)), layer) for method in METHODS]
    own = [
        vars(c).get(method)
        for c, method in zip(owners, METHODS, strict=True)
        if not inspect.isabstract(c) and c is not Wrapper
    ]
    return list(filter(None, own)) or [inspect.unwrap(backward.dispatch(layer))]


def code(function: Callable[..., Any]) -> str:
    """The source of a function, with the first line of its docstring alone."""
    lines = dedent(inspect.getsource(function)).splitlines()
    [found] = ast.parse("\n".join(lines)).body
    text = found.body[0]
    if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) and text.end_lineno > text.lineno:
        first = lines[text.lineno - 1] + '"""'
        lines[text.lineno - 1 : text.end_lineno] = [first]
    return "\n".join(lines)


def place(function: Callable[..., Any]) -> str:
    """The file of a function, and the line in which it begins."""
    path = Path(inspect.getsourcefile(function)).relative_to(Path(funcnn.__file__).parents[1])
    return f"{path.as_posix()}, line {inspect.getsourcelines(function)[1]}"


class Rules(SphinxDirective):
    """Writes the rules of the names that its content has."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """For each name a line with its file, which has the label of the name, and the code."""
        written: list[nodes.Node] = []
        for name in named(" ".join(self.content)):
            label, functions = f"rule-{name.lower().replace('_', '-')}", rule(name)
            self.env.note_dependency(inspect.getsourcefile(functions[0]))
            self.env.domains.standard_domain.anonlabels[label] = self.env.docname, label
            title = nodes.paragraph("", "", nodes.strong("", name), nodes.Text(f": {place(functions[0])}"), ids=[label])
            text = "\n\n".join(map(code, functions))
            written += [title, nodes.literal_block(text, text, language="python")]
        return written


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_directive("rules", Rules)
    return {"parallel_read_safe": True}
