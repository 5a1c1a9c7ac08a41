"""The name of the mistake in each mutant, from `labels.txt`, and which families are kept for the last measurement.

A label is a name in `tests.classics.LABELS`, two names if both say the same of this function, or `other: ` and a reason
in `OTHERS`; then a name may follow, which is true at arguments that do not show the special case. A label describes the
gradient where it is wrong. Labels were given from the definitions of the mutants, before there was code that names
mistakes. Some were corrected later, where the definition, or the numbers, say more than the name of the mutant: those
of odd families while the tutor was written, fourteen of even families after they were measured once.
Names that came with the comparison of parts were added where they are true of the definition.
"""

from pathlib import Path
from zlib import crc32

from tests.mutants import LATER, MUTANTS

OTHERS = {
    "other: memory": "a memo, a write to an argument, or a random result",
    "other: precision": "digits, rounding, a guard against division by 0",
    "other: cases": "a threshold, a tie, a mask, a setting, or a special case is wrong",
    "other: formula": "a term or a factor that is not constant is wrong, or another function was differentiated",
    "other: index": "the order, an offset, a shape, or the array that was read is wrong",
    "other: structure": "a gradient of a wrong dtype, shape or number",
    "other: part": "only a part of the entries or of the terms is wrong, or several parts in different ways",
    "other: dA": "the backward pass is not linear in dA",
}
EVERY = [*MUTANTS, *LATER]
LINES = (Path(__file__).parent / "labels.txt").read_text("utf-8").splitlines()
LABELS = {name: label for label, name in [line.split(" | ", 1) for line in LINES]}
# A mistake in the card of a layer that came later has no label of its own.
LABELLED = [(mutant, LABELS.get(mutant.name, "other: formula"), mutant.name) for mutant in EVERY]


def family_of(mutant):
    """The name of the function that the mutant is of."""
    return mutant.name.split(": ")[0]


def is_even(family):
    """Whether a family is kept for the last measurement: its CRC-32 is even."""
    return crc32(family.encode()) % 2 == 0
