"""The numbers that belong to no single module of the checker; each other one stands at the top of its module.

Beside each stands the theorem, function or measurement that fixed it. A number is *derived* where a formula gives it,
*chosen* where any number near it would do, and *calibrated* where it was raised or lowered until the mistakes of
`tests/mutants` were found and the right functions of `tests/nasty` and `tests/mutants` caused no alarm;
`test_checker_catches.py` and `test_checker_spares.py` measure both again.
"""

import numpy as np

EPS = float(np.finfo(float).eps)
EPS_32 = 2.0**-23

# Steps are 2^-k times the scale of an entry, 4 apart: powers of two, so that x + h and the division by h are exact.
# 2^-9 to 2^-17 contain the best step of sin, exp and products of them, which is eps^(1/5) = 2^-10.4 for an error in
# h^4. Finer ones serve functions that bend within a step, down to where x + h has 5 digits of h; coarser ones serve
# polynomials and noise.
FIRST_STEPS = (9, 11, 13, 15, 17)
FINER_STEPS = tuple(range(19, 49, 2))
COARSER_STEPS = (1, 3, 5, 7)
STEP_RATIO = 4
# Calibrated: the margin on the error bound of a slope. It covers the second order of the error estimate: with 8, no
# right function of tests/nasty is reported as wrong.
BOUND = 8

NEW_ARGUMENTS = 2.0**-9  # chosen: distance of arguments at which nothing was called before
VISIBLE = 1e-3  # chosen: a changed entry changes the gradient by more than a thousandth, and by far more than the nudge
