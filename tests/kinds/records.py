"""Classes that become records, their fields, and what a layer tells of itself."""

from funcnn import record, state
from funcnn.records import branches
from funcnn.traits import gives_probabilities, rests
from tests.kinds.kinds import flag
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING


def fresh():
    return type("Fresh", (), {"__annotations__": {"size": int}})


anything = kind(None, ANYTHING)  # a default is checked by the field; what is not a layer has no trait
ROWS = [
    row(record, cls=kind(None, "None").made(fresh), kw_only=flag),
    row(state, default=anything, kw_only=flag),
    row(branches, default=anything),
    row(gives_probabilities, params=anything),
    row(rests, params=anything),
]
