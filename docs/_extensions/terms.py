"""Links to the glossary: the first use of each term on a page of the parts Learn and Understand."""

import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

PARTS = ("Learn", "Understand")
OTHER_UNITS = ("course/", "found")  # pages on which a unit is a lesson or of a quantity, and not an output of a layer
OTHERS = (nodes.reference, nodes.literal, nodes.math, nodes.raw, addnodes.pending_xref)  # where no link may stand


def terms_in(glossary: str) -> list[str]:
    """The terms of the page, the longest first: `dense layer` is no use of `layer`."""
    return sorted(re.findall(r"^(\w.*)$", glossary.split("```")[1], re.MULTILINE), key=len, reverse=True)


def pages_of(index: str) -> tuple[str, ...]:
    """The pages of these parts, and the folders whose index is one of them."""
    parts = [re.findall(rf":caption: {part}\n\n(.*?)\n```", index, re.DOTALL)[0].split() for part in PARTS]
    return tuple(name.removesuffix("index") for names in parts for name in names)


def first_use(app: Sphinx, doctree: nodes.document) -> None:
    """Link the first use of each term in a paragraph, unless the page links it already."""
    source, page = Path(app.srcdir), app.env.docname
    if not page.startswith(pages_of((source / "index.md").read_text("utf-8"))):
        return
    terms = terms_in((source / "glossary.md").read_text("utf-8"))
    linked = {
        str(ref["reftarget"]).lower() for ref in doctree.findall(addnodes.pending_xref) if ref["reftype"] == "term"
    }
    other = {"unit"} if page.startswith(OTHER_UNITS) else set()
    left = {term for term in terms if term.lower() not in linked | other}
    for paragraph in doctree.findall(nodes.paragraph):
        for text in list(paragraph.findall(nodes.Text)):
            if left and not in_link(text, paragraph):
                replace(text, terms, left, page)


def in_link(text: nodes.Text, paragraph: nodes.paragraph) -> bool:
    """Whether a link may not stand there: in another one, which may be written in HTML, in code or in a formula."""
    before = text.parent[: text.parent.index(text)]
    html = "".join(node.astext() for node in before if isinstance(node, nodes.raw))
    around = parents(text, paragraph)
    return html.count("<a ") > html.count("</a>") or any(isinstance(parent, OTHERS) for parent in around)


def parents(node: nodes.Node, top: nodes.Node) -> list[nodes.Node]:
    """The elements around a text, within a paragraph."""
    return [] if node.parent is top else [node.parent, *parents(node.parent, top)]


def replace(text: nodes.Text, terms: list[str], left: set[str], page: str) -> None:
    """Put links in place of the first uses; of a use in the plural, all of the word."""
    pieces: list[nodes.Node] = []
    end = 0
    for found in re.finditer(rf"\b({'|'.join(map(re.escape, terms))})(?:s|es)?\b", text, re.IGNORECASE):
        term = next(term for term in terms if term.lower() == found[1].lower())
        if term not in left:
            continue
        left.remove(term)
        link = addnodes.pending_xref(
            "", nodes.inline("", found[0]), refdomain="std", reftype="term", reftarget=term, refexplicit=True,
            refdoc=page, refwarn=True,
        )  # fmt: skip
        pieces += [nodes.Text(text[end : found.start()]), link]
        end = found.end()
    if pieces:
        text.parent.replace(text, [*pieces, nodes.Text(text[end:])])


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("doctree-read", first_use)
    return {"parallel_read_safe": True}
