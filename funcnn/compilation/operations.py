"""The operations on entries that kernels have, by the names of NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcnn.compilation.functions import exp, expm1, log, log1p, tanh
from funcnn.compilation.normal import erfc
from funcnn.compilation.power import power
from funcnn.compilation.trigonometric import cos, sin

_FORMULAS = cos, erfc, exp, expm1, log, log1p, power, sin, tanh
FORMULAS: dict[str, Callable[..., Any]] = {formula.__name__: formula for formula in _FORMULAS}
"""Functions of an arithmetic and of one or two numbers, whose result is rounded several times."""
ROUNDED = {"absolute", "add", "divide", "maximum", "minimum", "multiply", "negative", "sign", "sqrt", "subtract"}
"""Operations that round once, as IEEE 754 says."""
COMPARISONS = {"equal": "oeq", "greater": "ogt", "greater_equal": "oge"}
COMPARISONS |= {"less": "olt", "less_equal": "ole", "not_equal": "une"}
"""With LLVM's names."""
OF_BITS = {"bitwise_and", "bitwise_or", "invert"}
"""Of bools they are logic, of whole numbers something else."""
TRUTHS = {*COMPARISONS, "isfinite", "logical_and", "logical_not", "logical_or"}
"""Functions whose result is a bool: comparisons, and those of numbers and of bools."""
OF_BOOLS = {"maximum", "minimum", "multiply"}
"""Functions whose result for bools is a bool."""
ELEMENTWISE = {*FORMULAS, *ROUNDED, *OF_BITS, *TRUTHS}
DEAR = {*FORMULAS, "divide", "normal", "sign", "sqrt"}
"""Operations that take many instructions: a product with many outputs has no registers left for them."""
