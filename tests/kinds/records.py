"""The decorator `record`, field specifiers and traits."""

from funcnn import backward, forward, inference, record, state, update
from funcnn.generation import mixes_positions, pads_with_zeros, step
from funcnn.inspection import flops
from funcnn.records import branches
from funcnn.traits import gives_probabilities, rests, takes_complex
from tests.kinds.kinds import function, layer
from tests.kinds.rows import kind, row
from tests.kinds.wrong import ANYTHING


def fresh():
    return type("Fresh", (), {"__annotations__": {"size": int}})


@record
class Fresh:
    """A record without rules."""


record_class = kind(Fresh, "class")
anything = kind(None, ANYTHING)  # a default is checked by the field
ROWS = [
    row(record, cls=kind(None, "None").made(fresh)),
    row(state, default=anything),
    row(branches, default=anything),
    *[
        row(verb.register, f"{verb.__name__}.register", cls=record_class, speaks=f"{verb.__name__}.register")
        for verb in (forward, backward, step, update, inference, gives_probabilities, flops)
    ],
    row(forward.register(Fresh), "@forward.register", rule=function, speaks="forward.register"),
    *[
        row(trait, params=layer | "record")
        for trait in (gives_probabilities, rests, takes_complex, mixes_positions, pads_with_zeros)
    ],
]
