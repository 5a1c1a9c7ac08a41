"""Directives that list layers or losses: `layers`, `derivations` and, in reStructuredText, `names`."""

import re
from pathlib import Path

import families
from derivations import Box
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective


class Layers(SphinxDirective):
    """The table of layers with the first lines of their docstrings."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The rows of the folders and files that the content has."""
        return self.parse_text_to_nodes(families.table(" ".join(self.content)))


class Derivations(Box):
    """The derivations in the cards of layers, and links to the rules of the layers without a derivation."""

    required_arguments = 0

    def run(self) -> list[nodes.Node]:
        """The boxes, and the sentence with the links."""
        homes, written = " ".join(self.content), []
        for name, text in families.derivations(homes).items():
            written += self.box(name, text.splitlines())
        page = Path(self.env.doc2path(self.env.docname)).read_text("utf-8")
        return written + self.parse_text_to_nodes(families.links(homes, page))


class Names(SphinxDirective):
    """Each layer or loss with its docstring, and a layer with its `init`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """As with autodoc's directive for each of them."""
        lines = []
        for one in families.members(self.arguments[0]):
            kind, space = "class" if isinstance(one, type) else "function", self.arguments[0].split(".")[0]
            lines += [f".. auto{kind}:: funcnn.{space}.{one.__name__}", "   :members: init" * hasattr(one, "init"), ""]
        section = nodes.section()
        self.state.nested_parse(StringList(lines, self.get_source_info()[0]), 0, section)
        return section.children


def complete(app: Sphinx, env: BuildEnvironment) -> None:
    """Refuse a build without a name of the API, which autodoc leaves out if its module cannot be imported."""
    texts = [path.read_text("utf-8") for path in (Path(app.srcdir) / "api").glob("*.md")]
    asked = [name for text in texts for name in re.findall(r"^\.\. auto\w+:: (funcnn\S*)", text, re.MULTILINE)]
    if missing := sorted({*asked} - {*env.domains.python_domain.objects}):
        raise ExtensionError(f"the pages of the API lack {', '.join(missing)}; the warnings above say why")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_directive("layers", Layers)
    app.add_directive("derivations", Derivations)
    app.add_directive("names", Names)
    app.connect("env-check-consistency", complete)
    return {"parallel_read_safe": True}
