"""The pages as a reader sees them, built with warnings as errors, in headless Chromium."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests import browser
from tests.blocks import extension
from tests.read import Links, Prose, drawn_in_formulas

DOCS = Path(__file__).parents[2] / "docs"
FONTS = "the font is read where the extra docs is installed"
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
# Of the pictures on a phone: a wide one must scroll and say so, as its text would be too small; another must fit. White
# in the dark scheme is a fault too. Photos keep their colours, and network.svg has colours for both schemes.
PICTURES = """() => [...document.querySelectorAll(`article img[src*="_images/"]`)].flatMap((e) => {
  const faults = [], left = /transmission|horse|faces|filters|network.svg/.test(e.src)
  const hint = getComputedStyle(e.parentElement, "::after").content.includes("scroll")
  const isWide = e.naturalWidth > 600
  if (isWide !== hint || (isWide ? e.width < 600 : e.width > e.closest("article").clientWidth))
    faults.push(`${e.src} is ${e.width} wide, ${hint ? "with a hint" : "without a hint"}`)
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


def test_an_answer_with_its_picture_takes_less_than_two_screens(site: Path, window: browser.Window) -> None:
    """In a window of 1300 x 900; below it are a network that trains and the code."""
    paths = [site / "questions" / f"{path.stem}.html" for path in (DOCS / "questions").glob("*.md")]
    end = "[...document.querySelectorAll('article img')].map((e) => e.getBoundingClientRect().bottom + scrollY)"
    ends = {path.stem: window.page(path).tab.evaluate(end) for path in paths if path.stem != "index"}
    assert len(ends) >= 20
    assert {name: found for name, found in ends.items() if len(found) != 1 or found[0] >= 2 * 900} == {}


def test_the_first_screen_has_the_ring_the_four_lines_and_three_doors(site: Path, window: browser.Window) -> None:
    """In a window of 1300 x 900, the ring and the lines side by side."""
    tab = window.page(site / "index.html").tab
    found = {}
    for name in ("iframe.live", ".start .highlight", ".start img", ".doors > p:nth-child(3)"):
        found[name] = tab.locator(name).bounding_box()
        assert found[name]["y"] + found[name]["height"] <= 900, name
    ring, lines = found["iframe.live"], found[".start .highlight"]
    assert ring["x"] + ring["width"] < lines["x"]
    assert abs(ring["y"] - lines["y"]) < 20
    assert tab.locator(".doors > p").count() == 3


def test_the_font_of_formulas_is_small_and_has_each_of_their_characters(site: Path, window: browser.Window) -> None:
    """A letter that is a variable is drawn in italics; in a font for mathematics, a sum is larger than a letter."""
    ttlib = pytest.importorskip("fontTools.ttLib", reason=FONTS)
    pytest.importorskip("brotli", reason=FONTS)
    italic = extension("../formula_font").ITALIC
    path = site / "_static" / "formulas.woff2"
    assert path.stat().st_size <= 40_000
    assert "SIL Open Font License" in path.with_name("formulas_licence.txt").read_text("utf-8")
    drawn = set()
    for page in site.rglob("*.html"):
        drawn |= drawn_in_formulas(page.read_text("utf-8"), italic)
    assert len(drawn) > 100
    assert drawn - {*map(chr, ttlib.TTFont(path).getBestCmap()), "\n"} == set()
    tab = window.page(site / "questions" / "why_the_transpose.html").tab
    tab.evaluate("document.fonts.ready")
    height = "(e) => e.getBoundingClientRect().height / parseFloat(getComputedStyle(e).fontSize)"
    assert tab.locator("div.math munder > mo").first.evaluate(height) > 1.3


def test_the_entry_of_a_page_is_in_view_in_the_left_column(site: Path, window: browser.Window) -> None:
    """Also of one that is far below the top; of one near the top, the column starts at its top."""
    box = "document.querySelector('.sidebar-scroll')"
    tops = {}
    for name in ("course/index", "api/traits"):
        tab = window.page(site / f"{name}.html").tab
        entry = tab.locator(".sidebar-tree .current-page").bounding_box()
        frame = tab.locator(".sidebar-scroll").bounding_box()
        assert frame["y"] <= entry["y"] < frame["y"] + frame["height"] - 20, name
        tops[name] = tab.evaluate(f"{box}.scrollTop")
    assert tops["course/index"] == 0 < tops["api/traits"]


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


def test_a_search_finds_a_page_meant_among_the_first_three(site: Path, window: browser.Window) -> None:
    """By the search of the site, which needs no server: `searches.txt` has the pages meant after each query."""
    page = window.page(site / "search.html", query="?q=imbalanced+rows")
    page.tab.wait_for_selector("#search-results li a")
    shown = page.tab.locator("#search-results li a").first
    assert (shown.text_content(), page.requests, page.errors) == ("Data > Balanced classes", [], [])
    first = "query => Search._performSearch(query).reverse().slice(0, 3).map(([page]) => page)"
    lines = Path(__file__).with_name("searches.txt").read_text("utf-8").splitlines()
    searches = dict([line.split(" | ") for line in lines])
    found = {query: page.tab.evaluate(first, query) for query in searches}
    assert len(searches) > 90
    assert {query: found[query] for query, meant in searches.items() if not {*meant.split()} & {*found[query]}} == {}


def test_the_first_use_of_each_term_is_linked_to_the_glossary(site: Path) -> None:
    """On the pages of the parts Learn and Understand; of a longer term, its parts are no use of their own."""
    terms = re.findall(r"^(\w.*)$", (DOCS / "glossary.md").read_text("utf-8").split("```")[1], re.MULTILINE)
    any_term = re.compile(rf"(\[)?\b({'|'.join(sorted(terms, key=len, reverse=True))})(?:s|es)?\b", re.IGNORECASE)
    missing, linked = [], 0
    index = (DOCS / "index.md").read_text("utf-8")
    parts = [re.findall(rf":caption: {part}\n\n(.*?)\n```", index, re.DOTALL)[0].split() for part in PARTS]
    for name in [name for names in parts for name in names if not name.endswith("index")]:
        seen = {"unit"} if name.startswith(extension("terms").OTHER_UNITS) else set()
        for bracket, term in any_term.findall(Prose(site / f"{name}.html").text):
            if term.lower() not in seen and not bracket:
                missing.append(f"{name}: {term}")
            linked += term.lower() not in seen
            seen.add(term.lower())
    assert missing == []
    assert linked > 100
