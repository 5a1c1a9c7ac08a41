"""Pages agree with printed output up to rounding, and with nothing else."""

import pytest

from tests.printed import agree

MESSAGE = "dx[0] of 3: analytic 0.3333333333, numeric 1 +- 2e-13: 3e+12 bounds apart"


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        (MESSAGE, MESSAGE, True),
        (MESSAGE, MESSAGE.replace("0.3333333333", "0.3333333331"), True),
        (MESSAGE, MESSAGE.replace("0.3333333333", "0.3334333333"), False),
        (MESSAGE, MESSAGE.replace("2e-13", "9e-13").replace("3e+12", "7e+11"), True),
        (MESSAGE, MESSAGE.replace("2e-13", "2e-10"), False),
        (MESSAGE, MESSAGE.replace("3e+12", "3e+15"), False),
        (MESSAGE, MESSAGE.replace("of 3", "of 4"), False),
        (MESSAGE, MESSAGE.replace("numeric 1", "numeric 2"), False),
        (MESSAGE, MESSAGE.replace("analytic 0", "analytic -0"), False),
        (MESSAGE, MESSAGE.replace("apart", "outside"), False),
        ("13.3 digits agree", "14.8 digits agree", True),
        ("13.3 digits agree", "10.8 digits agree", False),
        ("3e-10", "0e+00", False),
        ("W1 is 2x4", "W2 is 2x4", False),
    ],
)
def test_numbers_differ_by_rounding_alone(expected, printed, same):
    assert agree(expected, printed) == same
