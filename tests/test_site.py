"""The pages as a reader sees them, built with warnings as errors, in headless Chromium."""

import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests import browser

DOCS = Path(__file__).parents[1] / "docs"
# Which of the first three results of a search a reader means.
SEARCHES: dict[str, str] = {
    "custom layer": "your_own_layer",
    "gradient check torch": "testing_gradients",
}

pytestmark = pytest.mark.unwatched


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built pages."""
    pytest.importorskip("furo", reason="the pages are built where the extra docs is installed")
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(out)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return out


@pytest.fixture(scope="module")
def window() -> Iterator[Any]:
    """A browser for all tests of this module."""
    with browser.opened() as program:
        yield program.new_context()


def test_everything_on_a_page_can_be_reached_and_nothing_is_fetched(site: Path, window: Any) -> None:
    """On a phone, a tablet and a desktop, light and dark; axe-core finds no violation."""
    faults: list[str] = []
    tab = browser.watched(window, faults)
    for page in sorted(site.rglob("*.html")):
        tab.goto(page.as_uri())
        faults += browser.hidden(tab) + browser.violations(tab, code=page.stem == "index")
    assert faults == []


class Links(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An anchor is the id of any element."""
        found = dict(attrs)
        self.anchors.add(found.get("id") or "")
        self.links.update(filter(None, (found.get("href"), found.get("src"))))


def test_every_link_leads_somewhere(site: Path) -> None:
    """To a file of the site and an anchor in it; links to other sites are not followed."""
    pages = {page: Links(page) for page in sorted(site.rglob("*.html"))}
    broken = []
    for page, found in pages.items():
        for link in sorted(found.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            if not target.exists() or (parts.fragment and unquote(parts.fragment) not in pages[target].anchors):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []


@pytest.mark.parametrize(("words", "meant"), SEARCHES.items())
def test_a_search_finds_the_page_meant_among_the_first_three(site: Path, window: Any, words: str, meant: str) -> None:
    """By the search of the site, which needs no server."""
    tab = window.new_page()
    tab.goto(f"{(site / 'search.html').as_uri()}?q={words.replace(' ', '+')}")
    tab.wait_for_selector("#search-results li a")
    tab.wait_for_timeout(300)
    first = tab.eval_on_selector_all("#search-results li > a", "links => links.slice(0, 3).map(a => a.pathname)")
    tab.close()
    assert meant in [Path(path).stem for path in first]
