"""The numbers that modules of the comparison share, and what fixed each, as in differentiation/constants.py."""

# Chosen: an output is flat if steps of an eighth do not change it (flat.py); beside the edge of a domain,
# shorter steps.
FLAT_STEPS = tuple([2.0**-k for k in range(3, 49, 3)])

MOST_ENTRIES = 96  # chosen: entries of an argument that are moved one by one; of a larger one, directions are drawn
MOST_OUTPUTS = 24  # chosen: outputs with a cotangent each; more are contracted with three random cotangents
SLOPES_IN_MEMORY = 2**20  # chosen: directions are measured in blocks of at most so many values of f
MOST_REFINED = 2**17  # chosen: with more outputs, finer and coarser steps would take too much memory
MOST_COUPLED = 4  # chosen: blocks that change outputs of others; with more of them, the blocks are not compared

# Chosen: an entry below so small a part of its step is tried with steps in proportion to it as well, and a step below
# so small a part of the largest entry with longer ones (tried.py).
LARGEST_SMALL_ENTRY = 2.0**-6
# Calibrated: the rounding of a contraction with a cotangent, in units of the last digit.
CONTRACTION = 128
# Calibrated: the change of a gradient under perturbed arguments counts 8 times, unless the gradient is discontinuous:
# a change of more than a hundredth of it (8 times that, 8e-2) is not rounding.
GRADIENT_CHANGE = 8
LARGEST_GRADIENT_CHANGE = 8e-2
LINEAR_BEND = 8  # chosen: a bend must explain a difference, and be no 32nd of it
# Calibrated: a difference of more than so many times its bound and the deviation from a linear function.
CERTAIN = 32

SHARED_BOUNDS = 4  # chosen: numbers of a hint are equal up to so many times the largest bound
NEARLY_RIGHT = 1e-3  # chosen: entries that are right to three digits have too few digits, not a wrong factor
