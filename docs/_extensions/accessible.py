"""What a reader by ear or keyboard needs and furo does not write: names, levels, the focus of what scrolls."""

import re
from pathlib import Path

from sphinx.application import Sphinx

WRITTEN = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    '<div id="search-results">': '<h1>Search</h1><div id="search-results">',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}

PICTURE = re.compile(r'<p>(<img [^>]*src="([^"]*)")')
WIDE = 600  # pixels; the text of a wider picture would be too small on a phone


def described(app: Sphinx, page: str, source: list[str]) -> None:
    """The description of a picture in one line: the parser joins words across lines."""
    source[0] = re.sub(r"!\[[^\]]*\]", lambda found: " ".join(found[0].split()), source[0])


def width(picture: Path) -> float:
    """The width of a picture in pixels."""
    if picture.suffix == ".svg":
        number, unit = re.findall(r'<svg[^>]* width="([\d.]+)(\w*)"', picture.read_text("utf-8"))[0]
        return float(number) * (4 / 3 if unit == "pt" else 1)
    return int.from_bytes(picture.read_bytes()[16:20])  # of a PNG


def complete(app: Sphinx, error: Exception | None) -> None:
    """Replace these pieces in each page that was written; a wide picture scrolls, so it can have the focus."""
    for page in Path(app.outdir).rglob("*.html") if app.builder.name == "html" and error is None else ():

        def marked(found: re.Match[str], folder: Path = page.parent) -> str:
            wide = width(folder / found[2]) > WIDE
            return f'<p class="wide" tabindex="0">{found[1]}' if wide else found[0]

        text = PICTURE.sub(marked, page.read_text())
        for old, new in WRITTEN.items():
            text = text.replace(old, new)
        page.write_text(text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("source-read", described)
    app.connect("build-finished", complete)
    return {"parallel_read_safe": True}
