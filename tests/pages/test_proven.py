"""The table of the page about what proven means."""

from tests import proven


def test_the_table_is_derived_from_the_tests():
    assert proven.parted(proven.PAGE.read_text("utf-8"))[1] == proven.table()
    assert "| `Dense` | fractions | | sympy |" in proven.table()
