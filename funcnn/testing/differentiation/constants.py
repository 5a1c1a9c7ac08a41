"""The numbers that modules of the checker share, with the theorem, function or measurement that fixed each.

A number of one module stands in that module. A number is *derived* where a formula gives it, *chosen* where any number
near it would do, and *calibrated* where it was raised or lowered until the mistakes of `tests/mutants` were found and
the right functions of `tests/nasty` and `tests/mutants` caused no alarm; `test_checker_catches.py` and
`test_checker_spares.py` measure both again.
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
# Derived: two values with an error of 1 noise give a central difference with an error of 1 noise / h; extrapolation
# makes it (16 + 1/4) / 15 = 1.08. Rounded up.
QUOTIENT_NOISE = 2
# Calibrated: the margin on the error bound of a slope. It covers the second order of the error estimate: with 8, no
# right function of tests/nasty is reported as wrong.
BOUND = 8

# Chosen: tables of noise reach 2^-k times the scale of x, from beyond the coarsest first step to below the finest.
REACHES = (4, 9, 14, 19, 24, 29, 34, 39)
# Chosen: an output a million times smaller than the largest one may be the difference of two that are as large.
SMALL_OUTPUT = 1e-6
OUTPUTS_AT_ONCE = 2**13  # chosen: tables of their values stay in a processor's cache
FLOOR = 1e-300  # chosen: a logarithm of 0 is avoided
SMALLEST_MAGNITUDE = 1e-290  # derived: the smallest step, 2^-48 times it, is above the denormal numbers
PERTURBATIONS = 6  # calibrated: the number of perturbed arguments of which the largest change is taken

# Calibrated: points sampled around a kink at random at first, and more before a gradient is wrong; and the most for
# each entry of x.
SAMPLES, SAMPLES_OF_AN_ENTRY = (6, 48, 240), (6, 12, 60)

REPEATED = 1e-6  # chosen: float32 has no more digits, and a library may add in another order the second time
LINEARITY_ROUNDING = 64  # calibrated: margin on the rounding of a gradient
ROUGH = 1e-3  # chosen: relative error of a gradient that was computed in a narrower dtype than asked for
NEW_ARGUMENTS = 2.0**-9  # chosen: distance of arguments at which nothing was called before
VISIBLE = 1e-3  # chosen: a changed entry changes the gradient by more than a thousandth, and by far more than the nudge
IN_ITS_SET = 1e-6  # chosen: relative; arguments with a structure that were computed in float32 keep to it
