"""Other words for a page or a section, under which the search finds it.

They stand below its title, as `<!-- search: deploy, latency -->`.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx


def entered(app: Sphinx, doctree: nodes.document) -> None:
    """Each of them as an entry of the index, with the anchor of the section, or none for the page."""
    for comment in list(doctree.findall(nodes.raw)):
        if found := re.fullmatch(r"<!-- search: (.*?)\s-->", comment.astext().strip(), re.DOTALL):
            section = comment.parent
            anchor = "" if isinstance(section.parent, nodes.document) else section["ids"][0]
            words = " ".join(found[1].split()).split(", ")
            comment.replace_self(addnodes.index(entries=[("single", word, anchor, "", None) for word in words]))


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("doctree-read", entered)
    return {"parallel_read_safe": True}
