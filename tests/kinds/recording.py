"""The functions of `funcnn.recording`."""

from funcnn import Momentum
from funcnn.recording import record_function, record_prediction, record_step
from tests.kinds.kinds import X
from tests.kinds.rows import kind, row


def doubled(x):
    """2 x"""
    return 2 * x


ROWS = [
    row(record_function, function=kind(doubled).but("class"), inputs=kind({"x": X})),
    row(record_prediction, speaks="predict; forward; x"),
    row(record_step, optimizer=kind(Momentum(), ()), speaks="forward; loss; backward; update; sgd; x; mse"),
]
