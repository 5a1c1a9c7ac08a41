"""Tables as text and as HTML."""

import re

import numpy as np
import pytest

from funcnn.columns import Table
from funcnn.tables import filled, html, text

ROWS = [("layer", "n", "share"), ("<a & b>", 12, 0.5), ("  c", 3, 1 / 3)]


def test_text_is_aligned():
    assert text(ROWS) == "layer     n     share\n<a & b>  12       0.5\n  c       3  0.333333"


def test_numbers_of_numpy_are_numbers():
    assert text([("n", "a"), (np.int64(12345678), np.float32(0.1)), (True, np.nan)]) == (
        "       n    a\n12345678  0.1\n    True  nan"
    )


@pytest.mark.parametrize("cell", ["", "a"])
def test_lines_end_without_spaces(cell):
    assert text([("n", "long head"), ("1", cell)]) == f"n  long head\n1  {cell}".rstrip()


def test_columns_that_are_empty_below_the_head_are_left_out():
    assert filled([("a", "b", "c", "d"), ("1", "", 0, "")]) == [("a", "c"), ("1", 0)]
    assert filled([("a", "b")]) == [("a", "b")]
    assert text([]) == text(filled([])) == ""


def test_html_escapes_every_cell_and_every_line_below():
    made = html([("<b>", "n"), ("<script>", 1)], "a < b")
    assert re.findall(r">([^<>]+)<", made) == ["&lt;b&gt;", "n", "&lt;script&gt;", "1", "a &lt; b"]


def test_html_aligns_as_text_does_and_has_no_colours():
    made = html(ROWS)
    assert re.findall(r"<(th|td) style=\"text-align: (\w+); white-space: pre\">", made) == [
        *[("th", side) for side in ("left", "right", "right")],
        *2 * [("td", side) for side in ("left", "right", "right")],
    ]
    assert "color" not in made
    assert "background" not in made


def test_a_table_may_have_any_columns_or_none():
    assert repr(Table({"cost": np.array([0.5, 0.25])})) == "cost\n 0.5\n0.25"
    assert repr(Table({})) == ""


def test_a_table_of_lists_is_the_table_of_their_arrays():
    given = {"rate": [0.1, 0.01], "units": (4, 16), "matrix": [[1, 2], [3, 4]]}
    assert Table(given) == Table({name: np.array(values) for name, values in given.items()})
    assert list(Table(given)) == ["rate", "units", "matrix.0", "matrix.1"]
