"""Boxes that scroll, in the style of the pages: an edge has a shadow if and only if something is hidden behind it."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from tests.browser import window

__all__ = ["window"]

STYLE = Path(__file__).parents[2] / "docs" / "_static" / "pages.css"
COLOURS = "--color-background-primary: white; --color-code-background: white; --color-foreground-primary: black"
PARTS = {
    "formula": '<div class="math"><p>{}</p></div>',
    "table": '<div class="table-wrapper"><table class="docutils"><tr><th>{}</th></tr></table></div>',
    "code": '<div class="highlight"><pre>{}</pre></div>',
}


def darkness(tab):
    """How dark the left and the right edge are, in the empty line at the top."""
    image = pytest.importorskip("PIL.Image", reason="screenshots are read with Pillow")
    shot = np.asarray(image.open(BytesIO(tab.locator("#box > div").screenshot())).convert("L"), float)
    return 255 - shot[2, [0, -1]]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("wide", [True, False])
def test_an_edge_has_a_shadow_where_something_is_hidden(window, tmp_path, part, wide):
    inside = f'<div style="width: {900 if wide else 90}px; height: 60px"></div>'
    path = tmp_path / "page.html"
    style = f"body {{ {COLOURS} }} table, td, th, pre {{ border: 0; margin: 0 }}\n{STYLE.read_text('utf-8')}"
    path.write_text(f'<style>{style}</style><main id="box">{PARTS[part].format(inside)}</main>', "utf-8")
    tab = window.page(path, width=400).tab
    left, right = darkness(tab)
    assert left < 10
    assert (right > 80) == wide
    tab.evaluate("for (const e of document.querySelectorAll('#box *')) e.scrollLeft = 900")
    left, right = darkness(tab)
    assert right < 10
    assert (left > 80) == wide
