"""Tables of messages: each row is an act, the class of its error and the whole sentence, on one line or two.

    range_error(lambda: Conv1d(W, b, 0)) >> "Conv1d: stride must be a whole number from 1 on, not 0",

Behind the sentence stand the notes, the innermost first, or how many there are; without them the error has none. A note
that ends with ... is the beginning of one.
Several acts may have one sentence, `kind_error(first, second) >> sentence`. Other classes are written out,
`raises(FrozenError, act) >> sentence`.
"""

import re
from functools import partial

import attrs
import numpy as np
import pytest

from funcnn.errors import FileError, KindError, RangeError, ShapeError
from funcnn.files import fingerprint

BITS = 8 * np.dtype(int).itemsize  # of Python's ints in an array: 32 where addresses have 32


def with_bits(said):
    """What is said where Python's ints have BITS in an array; a dtype in quotes is part of a remedy, and stays."""
    return re.sub(r"(?<!\")\b(int|i)64\b", rf"\g<1>{BITS}", said)


@attrs.frozen(eq=False)
class Row:
    """Acts whose error is of this very class: `row >> sentence >> notes`."""

    kind: type
    acts: tuple
    sentence: str = ""
    notes: list | int = attrs.field(factory=list)

    def __rshift__(self, said):
        if not self.sentence:
            return attrs.evolve(self, sentence=with_bits(said))
        return attrs.evolve(self, notes=[with_bits(note) for note in said] if isinstance(said, list) else said)


def raises(kind, *acts):
    return Row(kind, acts)


kinds = KindError, ShapeError, RangeError, FileError
kind_error, shape_error, range_error, file_error = (partial(raises, kind) for kind in kinds)


def each_row(rows):
    """A mark that runs a test of `row` for each act of each row; its id is the beginning of the sentence."""
    alone = [attrs.evolve(row, acts=(act,)) for row in rows for act in row.acts]
    return pytest.mark.parametrize("row", alone, ids=[re.sub(r"\W+", "-", row.sentence)[:80] for row in alone])


def assert_says(row, *given):
    """The acts of a row raise this very error with this sentence and these notes, and change nothing that is given."""
    before = fingerprint(given)
    for act in row.acts:
        with pytest.raises(row.kind, match="^" + re.escape(row.sentence) + "(\n|$)") as caught:
            act()
        assert type(caught.value) is row.kind
        assert str(caught.value) == row.sentence
        found = getattr(caught.value, "__notes__", [])
        if isinstance(row.notes, int):
            assert len(found) == row.notes
        else:
            begun = [
                note[: len(said) - 3] + "..." if said.endswith("...") else note
                for note, said in zip(found, row.notes, strict=True)
            ]
            assert begun == row.notes
        assert fingerprint(given) == before
