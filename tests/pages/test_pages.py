"""Every page says at its top what the reader will be able to do, and shows each message whole."""

import re

import pytest

from tests.house.test_house import ROOT

PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "api")
PURPOSE = r"\*\*(After|With) this page you can\*\*|\*\*I want |\*\*Start here\.\*\*"
CUT = r"analytic \.\.\.|numeric \.\.\.|np\.array\(\[*\.\.\.|^ +\.\.\.$"  # but not the three dots of a traceback


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_says_what_the_reader_will_be_able_to_do(path):
    title, *paragraphs = path.read_text("utf-8").split("\n\n")
    assert title.startswith("# ")
    most = 12 if path.name == "index.md" else 1
    assert any(re.match(PURPOSE, one) or "you can**" in one for one in paragraphs[:most]), path.name


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_has_other_words_under_which_the_search_finds_it(path):
    """They stand below its title, as `<!-- search: deploy, latency -->`."""
    assert re.search(r"^# .*\n<!-- search: [^>]*\s-->$", path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_messages_on_a_page_are_whole(path):
    inside = re.findall(
        r"^(?: *)Traceback \(most recent call last\):\n(?: *)\.\.\.\n(.*?)(?=^ *```|^ *>>>)",
        path.read_text("utf-8"),
        re.MULTILINE | re.DOTALL,
    )
    assert not [message for message in inside if re.search(CUT, message, re.MULTILINE)]
