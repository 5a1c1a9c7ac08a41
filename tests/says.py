"""The checks that every table of messages applies to its rows."""

import re

import pytest

from funcnn.files import fingerprint


def assert_says(row, *given):
    """The act of a row raises this very error with this sentence and these notes, and changes nothing that is given.

    A row is (act, class, sentence), and behind it the notes, or how many there are; without them there is none.
    """
    act, kind, sentence, *notes = row
    before = fingerprint(given)
    with pytest.raises(kind, match="^" + re.escape(sentence) + "(\n|$)") as caught:
        act()
    assert type(caught.value) is kind
    assert str(caught.value) == sentence
    found, expected = getattr(caught.value, "__notes__", []), notes[0] if notes else []
    assert (len(found) if isinstance(expected, int) else found) == expected
    assert fingerprint(given) == before
