"""The figures of the units: drawn from their numbers, readable on a phone, in both schemes."""

import importlib
import re
import sys
from xml.etree import ElementTree as ET

import pytest

from tests.browser import window
from tests.teach.test_course import COURSE, DRAWN, material, text_of

__all__ = ["material", "window"]

PHONE = 360  # pixels of a window of 400 without the margins of a page
NAMES = {unit: " ".join(re.findall(r"^```\{drawn\} (.*)$", text_of(unit), re.MULTILINE)).split() for unit in DRAWN}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def figures():
    """The modules of figures by name, which import each other as a notebook of the course does."""
    sys.path.insert(0, str(COURSE))
    names = ("pen", "shown", *(f"unit{unit[0]}" for unit in DRAWN))
    return {name: importlib.import_module(f"figures.{name}") for name in names}


@pytest.fixture(scope="module")
def drawn(figures):
    """Each figure that a page shows."""
    return {name: figures["shown"].drawn(name) for names in NAMES.values() for name in names}


@pytest.mark.parametrize("unit", DRAWN)
def test_a_page_shows_three_figures_or_more_and_each_that_there_is(figures, unit):
    module = figures[f"unit{unit[0]}"]
    made = [name for name, f in vars(module).items() if getattr(f, "__annotations__", {}).get("return") == "Picture"]
    made = [f"unit{unit[0]}.{name}" for name in made if vars(module)[name].__module__ == module.__name__]
    assert len(NAMES[unit]) >= 3
    assert sorted(NAMES[unit]) == sorted(made)


def test_a_figure_is_small_says_what_it_shows_and_has_the_width_of_a_phone(drawn):
    for name, picture in drawn.items():
        root = ET.fromstring(picture.svg)
        _, _, width, height = map(int, root.get("viewBox").split())
        assert (root.get("width"), root.get("height")) == (str(width), str(height)), name
        assert width <= PHONE, name
        assert len(picture.svg) < 12_000, name
        assert root.get("aria-label") == picture.alt, name
        assert re.fullmatch(r"[A-Z].{40,}\.", picture.alt), name
        assert min([int(text.get("font-size")) for text in root.iter(f"{SVG}text")]) >= 13, name
        colors = re.findall(r'(?:fill|stroke)="(.*?)"', picture.svg)
        assert [color for color in colors if not re.fullmatch(r"none|var\(--\w+\)", color)] == [], name


def luminance(color):
    """Of sRGB, as WCAG defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum([share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)])


def test_colours_of_text_stand_out_from_those_behind_them(figures):
    colors = figures["pen"].COLORS
    behind = {"ink": ("paper", "paleblue", "paleorange"), "blue": ("paper", "paleblue")}
    behind |= {"orange": ("paper", "paleorange"), "grey": ("paper",), "green": ("paper",), "red": ("paper",)}
    for scheme in (0, 1):
        for text, papers in behind.items():
            for paper in papers:
                low, high = sorted([luminance(colors[name][scheme]) for name in (text, paper)])
                assert (high + 0.05) / (low + 0.05) >= 4.5, (text, paper, scheme)


def test_figures_have_the_numbers_of_their_units(drawn, figures):
    assert "cost is 10" in drawn["unit1.errors"].alt
    assert "cost is 0.32" in figures["unit1"].errors(2.4, 0.6).alt
    assert "slope \N{MINUS SIGN}14" in drawn["unit1.parabola"].alt
    assert "slope \N{MINUS SIGN}14" in figures["unit1"].secant(h=0.5).alt
    shown = re.findall(r">([^<>]+)</text>", drawn["unit2.circuit"].svg)
    assert {"72", "48", "24", "6", "9", "1", "w = 2", "b = \N{MINUS SIGN}4"} <= set(shown)
    assert "the sum is \N{MINUS SIGN}1" in drawn["unit3.fan"].alt
    assert "34 for 1, 0 for 2/n and \N{MINUS SIGN}6 for 1/n" in drawn["unit4.sizes"].alt
    assert "up to the rate 1;" in drawn["unit4.factors"].alt
    assert "the gradient 0.125, 0.25, \N{MINUS SIGN}0.375" in drawn["unit5.difference"].alt
    assert "100 % of the points" in drawn["unit5.classifier"].alt
    assert "dx: 1, \N{MINUS SIGN}1, 2, \N{MINUS SIGN}2" in drawn["unit6.back"].alt
    assert "dx: 2, \N{MINUS SIGN}2, 0, 0" in drawn["unit6.three_terms"].alt
    assert "df = 4, do = 0, dg = 2, dc0 = 1, dc = 2, dh = 4" in drawn["unit6.lstm_back"].alt


def test_the_cost_of_the_line_falls_up_to_the_learning_rate_of_the_answer(figures):
    unit1 = figures["unit1"]
    for lr, falls in ((0.1, True), (0.17, True), (0.18, False), (0.2, False)):
        last = float(re.search(r"to a cost of (\S+)\.$", unit1.bowl(steps=400, lr=lr).alt)[1])
        assert (last < 0.1) == falls


# Texts that leave their figure, and pairs of texts that lie on each other.
CROWDED = """() => [...document.querySelectorAll("svg.drawn")].flatMap((svg) => {
  const box = svg.getBoundingClientRect(), faults = []
  const texts = [...svg.querySelectorAll("text")].filter((e) => e.textContent.trim())
  const boxes = texts.map((e) => e.getBoundingClientRect())
  boxes.forEach((a, i) => {
    if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 || a.bottom > box.bottom + 1)
      faults.push(`${texts[i].textContent} leaves ${svg.getAttribute("aria-label")}`)
    boxes.slice(0, i).forEach((b, j) => {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left)
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
      if (across > 1 && down > 6) faults.push(`${texts[i].textContent} lies on ${texts[j].textContent}`)
    })
  })
  return faults
})"""


def test_texts_of_figures_lie_within_them_and_apart(window, drawn, tmp_path):
    path = tmp_path / "figures.html"
    path.write_text(f'<meta charset="utf-8"><main>{"".join([one.svg for one in drawn.values()])}</main>', "utf-8")
    page = window.page(path, width=400)
    assert page.tab.evaluate(CROWDED) == []
    assert page.overflow() == []


@pytest.mark.parametrize("unit", DRAWN)
def test_slides_are_read_on_a_desk_and_a_phone_and_turned_by_keys(window, material, unit, tmp_path):
    path = tmp_path / "slides.html"
    path.write_text(re.sub(r"<iframe.*?</iframe>", "", material.slides(COURSE / f"{unit}.md")), "utf-8")
    page = window.page(path)
    tab, top = page.tab, "document.scrollingElement.scrollTop"
    faults = page.overflow(1300, 400) + page.violations()
    page.show(dark=True)
    faults += page.violations(only=["color-contrast"])
    page.show(width=1300)
    assert tab.evaluate("document.fonts.check('16px formulas') && [...document.fonts].length === 1")
    assert not tab.locator(".note").first.is_visible()
    tab.keyboard.press("n")
    assert tab.locator(".note").first.is_visible()
    tab.keyboard.press("n")
    tab.keyboard.press("ArrowRight")
    tab.wait_for_function(f"{top} === document.getElementById('2').offsetTop")
    tab.keyboard.press("ArrowLeft")
    tab.wait_for_function(f"{top} === 0")
    assert faults + page.requests + page.errors == []
