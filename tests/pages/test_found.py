"""The record of found mistakes: each has its facts, code that asserts and a report, and the table names each."""

import re

import pytest

from funcnn.testing.hunt.record import load_pages
from tests.hunts import found

PAGES = load_pages([found.DOCS / "found"])
MISTAKES = {f"{page.path.stem}/{one.title}": one for page in PAGES for one in page.mistakes}
SEARCH = r" \(\d{4}-\d\d-\d\d; .+\)"  # its date, where, and for what
REPORT = rf"none found{SEARCH}.*|.*#\d+ of \d{{4}}\b.*|fixed in .*|not searched"


@pytest.mark.parametrize("one", MISTAKES.values(), ids=MISTAKES)
def test_a_found_mistake_has_what_a_maintainer_needs(one):
    facts = found.facts(one.text)
    assert list(facts) == ["Harm", "Versions", "Report", "Source"]
    assert facts["Harm"].startswith((*found.SILENT, *found.LOUD))
    assert re.search(r"\d", facts["Versions"])
    assert re.fullmatch(REPORT, facts["Report"]), facts["Report"]
    assert facts["Source"].startswith("`")
    assert re.search(r"^ *assert ", one.text, re.MULTILINE)
    assert re.search(r"^> \S", one.text, re.MULTILINE)


def test_a_page_has_the_name_of_its_library():
    for page in PAGES:
        assert page.path.read_text("utf-8").startswith("# Found in ")


def test_the_table_is_the_one_of_the_pages():
    text = found.INDEX.read_text("utf-8")
    assert text == found.written(text), "run python -m tests.hunts.found"
    assert text.count("](found/") == len(MISTAKES)


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("silently wrong, relative error 2", "silently wrong, relative error 20 %"),
        ("silently wrong, opposite sign", "silently wrong: 0"),
        ("no gradient, silently", "silently wrong, relative error 0.9"),
        ("silently wrong, relative errors 1.3e-8 and 4.5e-8", "the process crashes"),
        ("value wrong, relative error 1e-2", "silently wrong, relative error up to 5e-10"),
        ("silently wrong, relative error 5e-10", "nan at a smooth point"),
        ("nan at a smooth point", "raises ValueError"),
        ("raises ValueError", "wrong dtype"),
    ],
)
def test_mistakes_are_ordered_by_harm(worse, better):
    assert found.rank(worse) < found.rank(better)
