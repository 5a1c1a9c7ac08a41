"""Names of mistakes in a gradient.

`draws` measures the Jacobian of f and that of the learner's rule, `funcnn.teach.hypotheses` says what the rule would
give if it had a mistake of a known kind, `fitting` compares the two, and `mistakes` has the names and their pages.
"""
