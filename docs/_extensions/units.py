"""The directives of a unit: {drawn}, a figure drawn from its numbers, and {predict}, a question before its answer."""

import sys
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

from figures.shown import drawn


def raw(html: str) -> nodes.Node:
    """A piece of HTML as it stands."""
    return nodes.raw("", html, format="html")


class Drawn(SphinxDirective):
    """One figure beside the text that follows, or several in a row."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The figures, in the page itself: their colours follow its scheme."""
        names = self.arguments[0].split()
        svgs = "".join([drawn(name).svg for name in names])
        return [raw(f'<figure class="{"beside" if len(names) == 1 else "row"}">{svgs}</figure>')]


class Predict(SphinxDirective):
    """A question, and a box with its answer."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The question is what one sees of the box while it is closed."""
        question, _ = self.parse_inline(f"**Predict:** {self.arguments[0]}")
        answer = self.parse_content_to_nodes()
        return [raw('<details class="predict"><summary>'), *question, raw("</summary>"), *answer, raw("</details>")]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_directive("drawn", Drawn)
    app.add_directive("predict", Predict)
    return {"parallel_read_safe": True}
