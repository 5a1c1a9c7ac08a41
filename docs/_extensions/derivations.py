"""The directive `derivation`: the steps from a layer's equation to its rule, closed until they are asked for."""

import ast

from docutils import nodes
from formulas import Derivation, read, tex
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator


class details(nodes.General, nodes.Element):  # noqa: N801  docutils calls the visitor of a node by the class's name
    """A box that opens and closes; its attribute `summary` is the text that stays in sight."""


def opened(self: HTML5Translator, node: details) -> None:
    """The label is inside the box, since browsers open a box if a link leads to something inside it."""
    summary = self.encode(node["summary"])
    self.body.append(f'<details class="derivation"><summary>{summary}</summary><div id="{node["ids"][0]}">\n')


def closed(self: HTML5Translator, node: details) -> None:
    """The end of the box."""
    self.body.append("</div></details>\n")


def unseen(self: nodes.NodeVisitor, node: details) -> None:
    """In other formats the steps stand on the page."""


class Box(SphinxDirective):
    """Writes the derivation that its content is."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The shapes in a sentence, and a numbered list of the steps."""
        return self.box(self.arguments[0], list(self.content))

    def box(self, name: str, lines: list[str]) -> list[nodes.Node]:
        """The box of one derivation."""
        found = read(name, lines)
        end = found.name.lower().replace("_", "-")
        label = f"derivation-{end}"
        self.env.domains.standard_domain.anonlabels[label] = self.env.docname, label
        box = details("", *self.parse_text_to_nodes(shapes(found)), ids=[label], summary=f"{found.name}: derivation")
        steps = nodes.enumerated_list("", enumtype="arabic")
        for step in found.steps:
            steps += nodes.list_item("", *self.parse_text_to_nodes(step.reason), nodes.math_block("", tex(step)))
        box += steps
        box += self.parse_text_to_nodes(f"The code is the {{ref}}`rule of {found.name} <rule-{end}>`.")
        return [box]


def shapes(found: Derivation) -> str:
    """The shapes of all arrays in a sentence."""
    texts = {name: ast.unparse(shape) for name, shape in found.shapes.items()}
    if set(texts.values()) == {"()"}:
        names = ", ".join([f"`{name}`" for name in texts])
        return f"{names}: numbers. An array is mapped entry by entry."
    return (
        "Shapes: "
        + ", ".join([f"`{name}` {'a number' if text == '()' else text}" for name, text in texts.items()])
        + "."
    )


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_node(details, html=(opened, closed), text=(unseen, unseen), latex=(unseen, unseen))
    app.add_directive("derivation", Box)
    return {"parallel_read_safe": True}
