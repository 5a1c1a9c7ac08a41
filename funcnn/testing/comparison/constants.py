"""Every number of the comparison of a gradient with slopes, and what fixed it, as in differentiation/constants.py."""

# Chosen: an output is flat if steps of an eighth do not change it (flat.py); beside the edge of a domain,
# shorter steps.
FLAT_STEPS = tuple([2.0**-k for k in range(3, 49, 3)])

# Directions and cotangents (comparison.py, directions.py).

MOST_ENTRIES = 96  # chosen: entries of an argument that are moved one by one; of a larger one, directions are drawn
MOST_OUTPUTS = 24  # chosen: outputs with a cotangent each; more are contracted with three random cotangents
NUMBERS_IN_MEMORY = 2**21  # chosen: 16 MB of cotangents and gradients
SLOPES_IN_MEMORY = 2**20  # chosen: directions are measured in blocks of at most so many values of f
MOST_REFINED = 2**17  # chosen: with more outputs, finer and coarser steps would take too much memory

# Blocks of a block-diagonal Jacobian (blocks.py, together.py).

MOST_IN_A_BLOCK = 32  # chosen: entries of a block; each of them costs as many calls of f as an entry that moves alone
MOST_COUPLED = 4  # chosen: blocks that change outputs of others; with more of them, the blocks are not compared
BLOCK_STEP = 2.0**-12  # chosen: relative; as the steps of difference quotients, visible and inside most domains
MOST_SETTLED = 0.5  # chosen: if at most this share of the blocks is settled, the usual directions follow
SHORTER = 2.0**-10  # chosen: steps beside a kink that the first ones cross; they end at 2^-27, where rounding is small
MOST_SUSPECTS = 4  # chosen: blocks that are compared once more, as a function of their own
TRACED_SUSPECTS = 3  # chosen: suspects for which a coupled block is searched, by 20 calls each among a million

# Chosen: an entry below so small a part of its step is tried with steps in proportion to it as well, and a step below
# so small a part of the largest entry with longer ones (scales.py).
LARGEST_SMALL_ENTRY = 2.0**-6
# Chosen: over a long step, the mean of the gradient on both sides changes by less than this part of a difference.
SAME_OVER_STEP = 0.25

# The comparison (comparison.py).

# Calibrated: the rounding of a contraction with a cotangent, in units of the last digit.
CONTRACTION = 128

# Second checks (second_checks.py).

# Calibrated: the change of a gradient under perturbed arguments counts 8 times, unless the gradient is discontinuous:
# a change of more than a hundredth of it (8 times that, 8e-2) is not rounding.
GRADIENT_CHANGE = 8
LARGEST_GRADIENT_CHANGE = 8e-2
GRADIENT_NOISE = 64  # calibrated: margin on the measured noise of a gradient
TERMS = 32  # calibrated: margin on the last digit of the terms of f over the largest scale of x
CANCELLATION = 256  # calibrated: margin on the rounding error left by cancelled terms
PROPAGATED = 64  # calibrated: margin on the noise of f in a gradient
BOUNDED_SLOPE = 1e-3  # chosen: a slope known to three digits is bounded, so that a nan in its place is wrong
OTHER_FACTOR = 0.83  # chosen: the second series of steps is no power of two, so that its rounding differs
DOUBTFUL = 1e-5  # chosen: smaller relative errors are compared once more with slopes fitted to values at finer steps
# Derived: within [-4h, 4h], values at +-2h and +-4h, eight of the first to one of the second, give the slope of a cubic
# with the least rounding error, since the Chebyshev polynomial of degree 3 has its extrema there (Hoel and Levine 1964,
# Optimal spacing and weighting in polynomial prediction). They are spread by 1/8, in few bits, so that x + h is exact
# and rounding errors differ. The error of 38 values is that of the mean over 32 series of extrapolated quotients.
FEW_PAIRS = (57 / 32, 62 / 32, 67 / 32, 72 / 32, 4.0)
MORE_PAIRS = (*[k / 32 for k in (58, 59, 60, 61, 63, 64, 65, 66, 68, 69, 70, 71)], 30 / 8, 34 / 8)
DECIDED = 10  # chosen: a slope whose error is a tenth of a difference decides on it
# Calibrated: finer steps contradict the estimate if they are within 3 rounding errors of the gradient, and both 6
# rounding errors and 4 times as far from the estimate.
NEAR = 3
APART = 6
FARTHER = 4
FIT_ERROR = 64  # calibrated: the error of a fitted slope is at least so small a part of the rounding error at one step
VISIBLE_ROUNDING = 16  # calibrated: steps whose rounding exceeds the gap by more than this say nothing

# Slopes at the finest steps (bends.py). Chosen: rounding errors hide a thousandth of the difference at the
# finest of three steps, each 4 times as long as the one before; the slopes equal the gradient to a 16th of it.
FINEST_STEP = 1024
FINEST = 3
FINEST_RATIO = 4
FINEST_AGREES = 16

# Findings without a second check (certain.py).

# Chosen: near the finest first step, where the rounding of values is 1e-10 of a slope, and an eighth of it.
LINEAR_STEP = 2.0**-16
LINEAR_FACTOR = 8
# Calibrated: a step from here in each sample. Without them a / (a - b) with b = a - 3e-9, beside a pole that all other
# steps leap over, was reported as wrong.
LINEAR_FINER = (26, 29, 32, 35, 38, 41, 44)
LINEAR_NOISE = 4  # chosen: the rounding of two values, and a margin of two
LINEAR_BEND = 8  # chosen: a bend must explain a difference, and be no 32nd of it
# Calibrated: with 42 samples, no nasty function is reported as wrong, and a failing check of sin costs 2.2 passes.
LINEAR_SAMPLES = 42
# Calibrated: a difference of more than so many times its bound and the deviation from a linear function.
CERTAIN = 32

# Staircases (staircases.py).

STAIRS = 3  # chosen: a function with a jump or two is no staircase
LARGEST_STAIR = 0.25  # chosen: jumps of the size of f, as those of a rounding to integers, are no rounding errors
STAIRS_TRIED = 5  # chosen: the largest changes, of which a kink or two are no jumps
LAST_DIGITS = 8.0  # chosen: rounding errors of so many last digits of f are no stairs
# Chosen: windows around x from 4 steps, each 8 times as wide as the last one, to a distance of 4, each with 17 points.
WIDER, WIDTHS = 8.0, 18
WINDOW = 4.0
WINDOW_POINTS = 8
SMOOTH_HALF, SMOOTH_HALVINGS = 0.6, 10  # chosen: a change that halves in so many bisections is no jump
WINDOWS = 8  # chosen: windows without jumps after which f is no staircase

# What the wrong entries of a message have in common (hints.py).

SHARED = 1e-9  # chosen: a factor, an offset or an order is common to entries up to this relative difference
SHARED_BOUNDS = 4  # chosen: and up to so many times the largest bound
VISIBLE_FACTOR = 100  # chosen: a factor is named if the largest numeric value is more than so many times its error
NEARLY_RIGHT = 1e-3  # chosen: entries that are right to three digits have too few digits, not a wrong factor
FAINT = 1e-9  # chosen: a smaller gradient, relative to the largest, is not said to be right
SINGLE = 1e-5  # chosen: a gradient computed in float32 is right to five digits
