"""The way from the first page to your own layer: its minutes of reading and of exercises, by the rates of the page."""

import ast
import re

import pytest

from tests.teach.test_course import FENCED, UNITS, section, source, text_of

HEADING = "From the first page to your own layer in 90 minutes"
ROWS = re.findall(r"^\| (\d+) \| (.*) \|$", section("index", HEADING), re.MULTILINE)
WRITTEN = {
    "Exercise 1 of unit 1": ("1", ["line"], 1),
    "Exercise 3 of unit 1": ("1", ["line_vjp"], 1),
    "Exercise 2 of unit 3": ("3", ["dense_vjp"], 1),
    "Exercise 4 of unit 3": ("3", ["quadratic_forward", "quadratic_backward"], 2),
}


def rate(words):
    """A number of the paragraph below the table, by the words around it."""
    [found] = re.findall(words, " ".join(section("index", HEADING).split()))
    return float(found)


def seconds(text):
    """What a slow reader needs for a text of Markdown: words, formulas, code, figures and questions."""
    blocks = FENCED.findall(text)
    asked = [block for block in blocks if block.startswith("```{predict}")]
    code = [block for block in blocks if not block.startswith("```{")]
    prose = re.sub(r"^%.*$", "", FENCED.sub("", text) + "\n".join(asked), flags=re.MULTILINE)
    apart = re.findall(r"\$\$.*?\$\$", prose, re.DOTALL)
    prose = re.sub(r"\$\$.*?\$\$", "", prose, flags=re.DOTALL)
    within = re.findall(r"\$[^$]+\$", prose)
    words = re.findall(r"\w[\w'-]*", re.sub(r"\$[^$]+\$|<[^>]*>|\]\([^)]*\)|\{\w+\}", " ", prose))
    assert words
    lines = sum([line.strip() != "" for block in code for line in block.splitlines()[1:-1]])
    return (
        len(words) * 60 / rate(r"(\d+) words a minute")
        + len(within) * rate(r"(\d+) seconds more for a formula in a line")
        + len(apart) * rate(r"in a line and (\d+) for one of its own")
        + lines * rate(r"(\d+) for a line of code")
        + text.count("```{drawn}") * rate(r"(\d+) for a figure")
        + len(asked) * 60
    )


@pytest.mark.parametrize(("minutes", "what"), [row for row in ROWS if row[1].startswith("Read ")])
def test_what_is_read_takes_no_longer_than_the_table_says(minutes, what):
    unit, end = re.fullmatch(r"Read \[unit \d\]\((\w+)\.md\), up to (its exercises|\".*\").*", what).groups()
    assert unit in UNITS
    heading = "Exercises" if end == "its exercises" else end.strip('"')
    text = text_of(unit).split(f"\n## {heading}\n")
    assert len(text) == 2
    assert 0.8 * int(minutes) < seconds(text[0]) / 60 <= int(minutes)


@pytest.mark.parametrize(("minutes", "what"), [row for row in ROWS if row[1].startswith("Exercise ")])
def test_an_exercise_leaves_time_to_think(minutes, what):
    number, names, share = WRITTEN[what.split(":")[0]]
    functions = [node for node in ast.parse(source("solutions", number)).body if isinstance(node, ast.FunctionDef)]
    written = [statement for node in functions if node.name in names for statement in node.body[1:]]
    assert written
    typed = len(written) * rate(r"takes (\d+) seconds")
    assert int(minutes) * 60 >= typed + share * 60 * rate(r"each exercise has (\d+) minutes")


def test_the_way_has_reading_and_exercises_alone():
    assert len(ROWS) == 1 + sum([what.startswith(("Read ", "Exercise ")) for _, what in ROWS])
    assert {what.split(":")[0] for _, what in ROWS if what.startswith("Exercise ")} == set(WRITTEN)
