"""What a browser finds on a page with one fault of each kind."""

from pathlib import Path

import pytest

from tests.browser import Window

pytestmark = pytest.mark.unwatched

FAULTY = """<!doctype html><html lang="en"><title>faulty</title><article role="main">
<div style="width: 300px; overflow-x: hidden"><table><tr><td><div style="width: 900px">wide</div></table></div>
<pre style="white-space: pre-wrap">wrapped</pre><img src="https://example.invalid/x.png"><script>lost()</script>
<p style="width: 2000px">long</p><math><mspace width="900px"/><mi>x</mi></math>
<p style="color: #bbb">pale</p></article></html>"""


def test_faults_are_found(tmp_path: Path, window: Window) -> None:
    """A page with one fault of each kind."""
    path = tmp_path / "faulty.html"
    path.write_text(FAULTY)
    page = window.page(path, width=400, dark=True)
    assert len(looks := page.looks()) == 3
    assert [fault[:14] for fault in window.contrast(looks)] == ["color-contrast"]
    page = window.page(path, width=400, dark=True)
    found = page.overflow() + page.violations() + page.requests + page.errors
    said = (
        *("example.invalid", "lost is not defined", "is cut off", "is wrapped", "the page is", "sticks out"),
        "image-alt",
    )
    assert [part for part in said if not [fault for fault in found if part in fault]] == [], found
    assert page.violations(without=["image-alt", "color-contrast", "region", "page-has-heading-one"]) == []
