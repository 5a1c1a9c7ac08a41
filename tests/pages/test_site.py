"""The pages as a reader sees them, built with warnings as errors, in headless Chromium."""

import itertools
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests import browser

DOCS = Path(__file__).parents[2] / "docs"
# Which of the first three results of a search a reader means.
SEARCHES: dict[str, str] = {
    "zeros initial weights": "zeros",
    "overfitting": "overfitting",
    "why transpose": "why_the_transpose",
    "loss is nan": "nan",
    "vanishing gradient": "vanishing_gradients",
    "batch norm backward": "batch_norm",
    "softmax derivative": "softmax_derivative",
    "learning rate too high": "learning_rate",
    "custom layer": "your_own_layer",
    "gradient check torch": "testing_gradients",
}
PARTS = ("Learn", "Understand")  # of the sidebar: their pages link the terms of the glossary

pytestmark = pytest.mark.unwatched


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built pages. FUNCNN_DOCS_PYTHON is a Python with the extra lite alone, if there is one."""
    python = os.environ.get("FUNCNN_DOCS_PYTHON")
    if not python:
        pytest.importorskip("furo", reason="the pages are built where the extra docs is installed")
    out = tmp_path_factory.mktemp("site")
    command = [python or sys.executable, "-m", "sphinx", "-W", "-q", "-b", "html", str(DOCS), str(out)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return out


# The rules on colours take two thirds of the time of all. Links are in the style of all pages, which one page is tested
# for; all pairs of colours of text are tested on a page of their own.
COLOURS = ["color-contrast", "link-in-text-block"]
# axe-core takes time for each element: what is the same on all pages goes, and what has no meaning of its own, such as
# the coloured words of code, becomes text.
STRIP = """() => {
  for (const e of document.querySelectorAll(".sidebar-drawer, body > svg")) e.remove()
  for (const e of document.querySelectorAll("pre")) e.textContent = e.textContent
  for (const e of document.querySelectorAll("math")) e.replaceWith(e.textContent)
  const plain = "code, em, strong, span, article p"
  for (const e of [...document.querySelectorAll(plain)].reverse())
    if (!e.children.length && [...e.attributes].every(({ name }) => name === "class" || name === "style"))
      e.replaceWith(e.textContent)
}"""
# Of the pictures on a phone: text too small to be read, and white in the dark scheme. Photos keep
# their colours, and network.svg has colours for both schemes.
PICTURES = """() => [...document.querySelectorAll(`article img[src*="_images/"]`)].flatMap((e) => {
  const faults = [], left = /transmission|faces|filters|network.svg/.test(e.src)
  if (e.width < Math.min(600, e.naturalWidth)) faults.push(`${e.src} is ${e.width} wide`)
  if (!left && getComputedStyle(e).filter === "none") faults.push(`${e.src} is white`)
  return faults
})"""


def test_what_all_pages_share_breaks_no_rule_of_accessibility(site: Path, window: browser.Window) -> None:
    """The sidebar, the links at the top and the bottom, and coloured code."""
    page = window.page(site / "index.html")
    light = page.violations()
    page.show(dark=True)
    assert (light, page.violations()) == ([], [])


def test_everything_on_a_page_can_be_reached_and_nothing_is_fetched(site: Path, window: browser.Window) -> None:
    """On a desktop, a tablet and a phone, light and dark; axe-core finds no violation."""
    faults: list[str] = []
    looks: dict[str, Path] = {}  # and the last page that has this look
    for path in sorted(site.rglob("*.html")):
        page = window.page(path)
        page.tab.evaluate("document.querySelectorAll('details').forEach((box) => { box.open = true })")
        looks.update(dict.fromkeys(page.looks(), path))
        found = page.overflow(*browser.WIDTHS)
        page.show(dark=True)
        looks.update(dict.fromkeys(page.looks(), path))
        found += page.tab.evaluate(PICTURES)
        page.tab.evaluate(STRIP)
        found += page.violations(without=COLOURS) + page.requests + page.errors
        faults += [f"{path.relative_to(site)}: {fault}" for fault in found]
    faults += [f"{fault} ({looks})" for fault in window.contrast(looks)]
    assert faults == []


def test_the_reading_of_a_unit_of_the_course_has_fewer_than_three_screens(site: Path, window: browser.Window) -> None:
    """In a window of 1300 x 900; below the reading are the exercises, the minute plan and the notes."""
    paths = [site / "course" / f"{path.stem}.html" for path in sorted((DOCS / "course").glob("[1-9]_*.md"))]
    tops = "document.querySelector('#exercises').getBoundingClientRect().top + scrollY"
    heights = {path.stem: window.page(path).tab.evaluate(tops) for path in paths}
    assert len(heights) == 6
    assert {unit: height for unit, height in heights.items() if height >= 3 * 900} == {}


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
            anchor = "" if "=" in parts.fragment else unquote(parts.fragment)  # with =, it is for the page's script
            if not target.exists() or (anchor and anchor not in pages[target].anchors):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []


def test_a_name_is_listed_once(site: Path) -> None:
    """On all pages of names together; the rules of the layers do not stand there as methods."""
    found = [re.findall(r'<dt[^>]* id="(funcnn[^"]*)"', page.read_text()) for page in site.rglob("*.html")]
    names = sorted(name for names in found for name in names)
    assert len(names) > 300
    assert [name for name, after in itertools.pairwise(names) if name == after] == []
    assert [name for name in names if name.endswith((".forward", ".backward"))] == ["funcnn.backward", "funcnn.forward"]


@pytest.mark.parametrize(("words", "meant"), SEARCHES.items())
def test_a_search_finds_the_page_meant_among_the_first_three(
    site: Path, window: browser.Window, words: str, meant: str
) -> None:
    """By the search of the site, which needs no server."""
    tab = window.page(site / "search.html", query=f"?q={words.replace(' ', '+')}").tab
    tab.wait_for_selector("#search-results li a")
    tab.wait_for_timeout(300)
    first = tab.eval_on_selector_all("#search-results li > a", "links => links.slice(0, 3).map(a => a.pathname)")
    assert meant in [Path(path).stem for path in first]


class Prose(HTMLParser):
    """The sentences of a page, with the words that are linked to the glossary in brackets; links and code left out."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.text = ""
        self.inside: list[str] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Within a paragraph, and within what is no prose."""
        if tag == "a" and "glossary.html#term" in (dict(attrs).get("href") or ""):
            self.text += "["
        elif tag in {"p", "a", "code", "math", "nav", "aside", "pre"}:
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """The end of a link is the end of a word in brackets, unless it is another link."""
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()
            self.text += "\n"
        elif tag == "a":
            self.text += "]"

    def handle_data(self, data: str) -> None:
        """Words of paragraphs alone."""
        if self.inside and set(self.inside) == {"p"}:
            self.text += data


def test_the_first_use_of_each_term_is_linked_to_the_glossary(site: Path) -> None:
    """On the pages of the parts Learn and Understand; of a longer term, its parts are no use of their own."""
    terms = re.findall(r"^(\w.*)$", (DOCS / "glossary.md").read_text("utf-8").split("```")[1], re.MULTILINE)
    any_term = re.compile(rf"(\[)?\b({'|'.join(sorted(terms, key=len, reverse=True))})(?:s|es)?\b", re.IGNORECASE)
    missing, linked = [], 0
    index = (DOCS / "index.md").read_text("utf-8")
    parts = [re.findall(rf":caption: {part}\n\n(.*?)\n```", index, re.DOTALL)[0].split() for part in PARTS]
    for name in [name for names in parts for name in names if not name.endswith("index")]:
        seen = set()
        for bracket, term in any_term.findall(Prose(site / f"{name}.html").text):
            if term.lower() not in seen and not bracket:
                missing.append(f"{name}: {term}")
            linked += term.lower() not in seen
            seen.add(term.lower())
    assert missing == []
    assert linked > 100
