"""Error messages of the writer of tests for names that it cannot use, pinned word for word."""

import numpy as np

from funcnn.testing.write import write
from tests.says import assert_says, each_row, kind_error, range_error

ROWS = [
    kind_error(lambda: write(3)) >> "write: names[0] must be a string, not int",
    range_error(write) >> "write: names must not be empty",
    range_error(lambda: write("math:tau", examples=0)) >> "write: examples must be at least 1, not 0",
    range_error(lambda: write("no.module:f"))
    >> "write: no.module cannot be imported: ModuleNotFoundError: No module named 'no'",
    range_error(lambda: write("no.module"))
    >> "write: no cannot be imported: ModuleNotFoundError: No module named 'no'",
    range_error(lambda: write("alone")) >> "write: names must be such as torch.special:expit, not 'alone'",
    range_error(lambda: write("math.gone")) >> "write: math has no gone",
    range_error(lambda: write("numpy:linalg.gone")) >> "write: numpy.linalg has no gone",
    kind_error(lambda: write("math:tau")) >> "write: math:tau must be a function, a layer or a loss, not float",
    kind_error(lambda: write("sys:version_info"))
    >> "write: sys:version_info must be a function, a layer or a loss, not version_info",
    kind_error(lambda: write("funcnn:Adam"))
    >> "write: funcnn:Adam must be a function, a layer or a loss, not the class Adam",
    range_error(lambda: write("math:cos")) >> "write: no derivative of math:cos is found; cos_vjp, cos_grad, cos_jac, "
    "cos_deriv, cos_prime and others are looked for beside it",
]


@each_row(ROWS)
def test_it_says(row):
    assert_says(row, np.ones(2))
