"""Numerical differentiation of a function from its values alone.

Read as an article: `vector_function` (what is differentiated, and along which directions), `richardson` (difference
quotients, and their extrapolation with an error bound), `rounding` (the noise of the values, and of a gradient),
`kinks` (points without a derivative), `complex_step` (a derivative without differences). `constants` has the numbers
that belong to none of them, and what fixed each. The folder needs NumPy and attrs alone.
"""
