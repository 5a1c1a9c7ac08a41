"""What a reader by ear or keyboard needs and furo does not write: names, levels, the focus of what scrolls."""

import re
from pathlib import Path

from sphinx.application import Sphinx

WRITTEN = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
    "<p><img": '<p tabindex="0"><img',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}


def described(app: Sphinx, page: str, source: list[str]) -> None:
    """The description of a picture in one line: the parser joins words across lines."""
    source[0] = re.sub(r"!\[[^\]]*\]", lambda found: " ".join(found[0].split()), source[0])


def complete(app: Sphinx, error: Exception | None) -> None:
    """Replace these pieces in each page that was written."""
    for page in Path(app.outdir).rglob("*.html") if app.builder.name == "html" and error is None else ():
        text = page.read_text()
        for old, new in WRITTEN.items():
            text = text.replace(old, new)
        page.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("source-read", described)
    app.connect("build-finished", complete)
    return {"parallel_read_safe": True}
