"""The numbers of the checker, with the theorem, function or measurement that fixed each; comparisons have their own.

A number is *derived* where a formula gives it, *chosen* where any number near it would do, and *calibrated* where it
was raised or lowered until the mistakes of `tests/mutants` were found and the right functions of `tests/nasty` and
`tests/mutants` caused no alarm; `test_checker_catches.py` and `test_checker_spares.py` measure both again.
"""

import numpy as np

EPS = float(np.finfo(float).eps)

# Steps and extrapolation (richardson.py).

# Steps are 2^-k times the scale of an entry, 4 apart: powers of two, so that x + h and the division by h are exact.
# 2^-9 to 2^-17 contain the best step of sin, exp and products of them, which is eps^(1/5) = 2^-10.4 for an error in
# h^4. Finer ones serve functions that bend within a step, down to where x + h has 5 digits of h; coarser ones serve
# polynomials and noise.
FIRST_STEPS = (9, 11, 13, 15, 17)
FINER_STEPS = tuple(range(19, 49, 2))
COARSER_STEPS = (1, 3, 5, 7)
STEP_RATIO = 4
# Derived: an error in h^2 falls by 4^2 from a step to a quarter of it, so (16 C(h/4) - C(h)) / 15 has an error in h^4.
ORDER = 16
# Derived, with a margin of 4: an error in h^4 falls by 4^4 = 256. A change of 64 times the next is no accident.
TRUNCATION_DECAY = 64
# Derived: two values with an error of 1 noise give a central difference with an error of 1 noise / h; extrapolation
# makes it (16 + 1/4) / 15 = 1.08. Rounded up.
QUOTIENT_NOISE = 2
# Calibrated: estimates at two steps agree within 4 times their error bounds.
ESTIMATES_AGREE = 4
# Calibrated: slopes on the two sides differ if by more than 40 times their noise, and by more than 1e-9 of their size.
KINK_NOISE = 40
KINK_RELATIVE = 1e-9
# Derived: sizes of slopes that grow like h^-1/4 or faster, 4^(1/4) = 1.41, belong to a jump or a pole.
GROWTH_OF_A_JUMP = 1.4

# The noise of values (rounding.py).

# Chosen: tables reach 2^-k times the scale of x, from beyond the coarsest first step to below the finest.
REACHES = (4, 9, 14, 19, 24, 29, 34, 39)
INDEX_OF_SMALLEST_STEPS = 4  # 2^-24: the first of the tables shorter than the smallest first step, 2^-17
# Chosen to be irregular: the rounding of values at equal distances often grows evenly, and then no difference shows it.
POINTS = (0.06, 0.17, 0.31, 0.42, 0.57, 0.70, 0.83, 0.94, 1.0)
# Calibrated: a table shows noise if the next two finer ones show an eighth of it.
CONFIRMED = 8
# Chosen: a value has two digits at least, four over the coarsest table, where the function itself bends.
LARGEST_NOISE = 1e-2
LARGEST_NOISE_OF_COARSEST = 1e-4
# Calibrated: the residual of a smooth function falls by more than 8 from the cubic to the quintic fit.
CUBIC_TO_QUINTIC = 8
# Calibrated: a residual that no fit explains is noise, unconfirmed, up to 64 units in the last place.
SMALL_NOISE = 64
# Chosen: an output a million times smaller than the largest one may be the difference of two that are as large.
SMALL_OUTPUT = 1e-6
# Derived: 30 of 53 binary digits contain the spacing of float32, 24 digits, and not the last ones of float64.
DIGITS_KEPT = 30
# Chosen: distances at which the size of an output is measured, since it may be constant near x.
FAR = (-64, -8, -1, 1, 8, 64)
OUTPUTS_AT_ONCE = 2**13  # chosen: tables of their values stay in a processor's cache
FLOOR = 1e-300  # chosen: a logarithm of 0 is avoided
SMALLEST_MAGNITUDE = 1e-290  # derived: the smallest step, 2^-48 times it, is above the denormal numbers

# Units (vector_function.py).

# Derived: beside numbers above 2^53, 1 vanishes; with a margin. Below it, x - mean(x) cancels, as in layer norm at 1e8.
# Numbers below 2^-53 vanish beside 1; larger ones lose digits there, which only steps of 1 show, as in log(1 + x^2).
EXTREMES = (-60, 64)
LARGEST_EXTREME = 960  # derived: 2^-960 times a number of 53 digits is no denormal number
SMALLEST_NORMAL = 2.0**-1022  # derived: smaller gradients have lost digits
HIDDEN = 0.125  # chosen: beside values with a last digit of an eighth, a term of size 1 is lost; its slope is below 8
SMALLEST_FACTOR = 1e-150  # derived: a gradient of 0 may be 1 / a^2, where the square of a is infinite

# The rounding of a gradient (rounding.py).

PERTURBATIONS = 6  # calibrated: the number of perturbed arguments of which the largest change is taken
LARGE_NOISE = 64  # calibrated: noise of f below so many units of its own last digit does not enter the gradient

# Kinks (kinks.py).

# Derived: slopes of a smooth function at points 64 times nearer (4 h 2^12 / (h 2^8)) vary 64 times less; with a margin
# of 8.
NEAR_POINTS = 2.0**8
FAR_POINTS = 2.0**12
FAR_STEP = 4
NARROWING = 8
# Chosen: a step at which the slope's own noise is 1/128 of the gap to be seen, within 2^-34 and 2^-14.
STEP_NOISE = 128
SMALLEST_EXPONENT = -34
LARGEST_EXPONENT = -14
FLOOR_OF_STEP = 1e-99
# Calibrated, as the bounds of a slope.
INTERVAL_NOISE = 4
INTERVAL_RELATIVE = 1e-9
INTERVAL_ERROR = 8
GROWTH_NEAR_A_JUMP = 2.5  # chosen: slopes at a jump grow by 4 with a step of a quarter, slopes at a kink by 1
SAME_ON_A_LINE = 32  # chosen: on most lines from a kink, and few in a wave, slopes are equal to a 32nd of the interval
# Chosen: how far a sampled point lies beside the direction, in units of its distance.
SIDE_STEP = 0.05
# Calibrated: points sampled at random at first, and more before a gradient is wrong; and the most for each entry of x.
SAMPLES, SAMPLES_OF_AN_ENTRY = (6, 48, 240), (6, 12, 60)
FAR_SAMPLES = 6  # chosen: at the larger distance, where only a mean and the largest slopes are needed
# Chosen: the samples around a tie leave out one of the tied entries with a probability of e^-14, if at most so many are
# tied.
UNLIKELY = 14
MOST_TIED = 64

# The margin on an error (complex_step.py, comparison/comparison.py).

# Calibrated: the margin on the error bound of a slope. It covers the second order of the error estimate: with 8, no
# right function of tests/nasty is reported as wrong.
BOUND = 8

# Complex steps (complex_step.py).

COMPLEX_STEP = 1e-20  # derived: its square vanishes beside 1 in float64, and nothing is subtracted
COMPLEX_ERROR = 16  # calibrated: in units of the last digit, the rounding of f itself in complex numbers

# Repeated gradients of other libraries (torch.py, autograd.py).

REPEATED = 1e-6  # chosen: float32 has no more digits, and a library may add in another order the second time

# Structure (structure.py, purity.py); narrow.py has the numbers of float32.py.

LINEARITY = 1e-6  # chosen: relative to the largest entry; linear maps that are computed in float32 keep to it
LINEARITY_FLOOR = 1e-290  # chosen: products of smaller numbers are denormal and lose their digits
LINEARITY_ROUNDING = 64  # calibrated: margin on the rounding of a gradient
ROUGH = 1e-3  # chosen: relative error of a gradient that was computed in a narrower dtype than asked for
BESIDE = 1e-6  # chosen: relative distance of the arguments that decide whether a tie explains a difference of layouts
CHANGED_ENTRIES = 2  # chosen: entries that are changed one by one, beside the first and the last
BESIDE_PRINTED = 2.0**-30  # chosen: NumPy prints eight digits after the point
# Chosen: two of the first entries change places, if they differ by at most three times the smaller one. All have that
# many binary digits.
EXCHANGED, SIMILAR, FEW_DIGITS = 64, 3, 20
# Chosen: distances of arguments at which nothing was called before, of one changed entry, and of all others.
NEW_ARGUMENTS = 2.0**-9
NEW_ENTRY = 2.0**-6
NUDGE = 2.0**-24
# Chosen: distances at which a memo of vjp under a short key may repeat a gradient, relative to the entry, as 1e-9 does
# under printed digits. Points lie 16 to 48 distances apart, beginning a 16th of the entry from it.
REPEATING = (14, 18, 22, 26, 30, 34)
REPEATING_START = 2.0**-4
REPEATING_APART = 32
REPEATING_POINTS = 12  # chosen: a polynomial of degree 3 fits so many values of a staircase by no accident
REPEATING_FIT = 64  # calibrated: the gradient at a point first called is so many times nearer to the polynomial
# Chosen: a changed entry changes the gradient by more than a thousandth, and by far more than the nudge.
VISIBLE = 1e-3
# Chosen: smaller changes of a gradient, in units of |dA f|, may be rounding where f saturates, as tanh(-30 x) does.
NATURAL = 1e-9
NUDGED = 64
EPS_32 = 2.0**-23

# Arguments with a structure (domain.py).

IN_ITS_SET = 1e-6  # chosen: relative; arguments that were computed in float32 keep to it

# Blocks of rows of a loss (loss.py): sums in another order.
BLOCK_RELATIVE = 1e-12
BLOCK_ABSOLUTE = 1e-15

# Options and messages.

RESOLUTION = 1e-7  # chosen: float32 has no more digits, and an eps that was forgotten is rarely smaller
SHARPEST_RESOLUTION = 1e-15
MOST_SHOWN = 100  # chosen: entries of an array that a message writes out
