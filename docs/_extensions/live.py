"""The directive {live}: a network of docs/live_networks.py that trains in the page, in a file beside it."""

import sys
from html import escape
from pathlib import Path
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

from material import PLAYGROUNDS, trains


class Live(SphinxDirective):
    """A block of this kind, with the name of a network as its argument."""

    required_arguments = 1
    option_spec: ClassVar = {"shows": str}  # `gradients`: the gradient of each layer too

    def run(self) -> list[nodes.Node]:
        """A frame with the page, and a link to it."""
        [name] = self.arguments
        small = "-".join(["small", *self.options.values()])
        depth = self.env.docname.count("/")
        source, title = f"{'../' * depth}live/{name}.html", PLAYGROUNDS[name].get("title", "A network that trains")
        frame = f'<iframe class="live {small}" src="{source}#view={small}" title="{title}" loading="lazy"></iframe>'
        return [
            nodes.raw(
                "", f'{frame}\n<p class="live"><a href="{source}">{title}: open it by itself</a></p>', format="html"
            )
        ]


def write(app: Sphinx, error: Exception | None) -> None:
    """Called when all pages are written."""
    if app.builder.name != "html" or error is not None:
        return
    folder = Path(app.outdir) / "live"
    folder.mkdir(exist_ok=True)
    for name in PLAYGROUNDS:
        links = ", ".join([_link(app, page) for page in sorted(app.env.found_docs) if _shows(app, page, name)])
        text = trains(name).replace("</footer>", f"<p>This network is on the pages: {links}</p>\n</footer>")
        (folder / f"{name}.html").write_text(text, "utf-8")


def _shows(app: Sphinx, page: str, name: str) -> bool:
    """Whether the network stands on a page of the site."""
    return f"```{{live}} {name}\n" in Path(app.env.doc2path(page)).read_text("utf-8")


def _link(app: Sphinx, page: str) -> str:
    """A link from the folder live to a page of the site."""
    return f'<a href="../{page}.html">{escape(app.env.titles[page].astext())}</a>'


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_directive("live", Live)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
