"""Mistakes in a part of a function: reverse mode over its recorded operations, with a wrong rule at one of them.

`trace` records f, `rules` has the right rule of each operation, `reverse` goes backward, and the other modules say what
is wrong at an operation. The learner's gradients are compared with those of each wrong backward pass.
"""
