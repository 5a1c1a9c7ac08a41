"""Error messages of the tutor in `funcnn.teach`, pinned word for word."""

import numpy as np

from funcnn.teach import diagnose
from tests.says import assert_says, each_row, kind_error, range_error

x = np.linspace(-1, 1, 12).reshape(4, 3)


def twice(args, dA):
    return [2 * dA * np.cos(args[0])]


ROWS = [
    kind_error(lambda: diagnose(3, np.sin, [x])) >> "diagnose: f must be a function, not int",
    kind_error(lambda: diagnose(np.sin, twice, x))
    >> "diagnose: args must be a tuple, an array for each argument of f, not float64 array",
    range_error(lambda: diagnose(np.sin, twice, [np.ones(401)]))
    >> "diagnose: args must hold at most 400 numbers, not 401; take smaller arrays",
    range_error(lambda: diagnose(lambda x: np.ones((401, 1)) * x, twice, [np.ones(1)]))
    >> "diagnose: f must return at most 400 numbers, not 401; take smaller arrays",
    range_error(lambda: diagnose(np.sin, twice, [x]).hint(4)) >> "hint: level must be 1, 2 or 3, not 4",
]


@each_row(ROWS)
def test_the_message(row):
    assert_says(row)
