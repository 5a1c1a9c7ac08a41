"""The operations on entries that kernels have, by the names of NumPy's functions."""

from __future__ import annotations

from funcnn.formulas.table import FORMULAS

ROUNDED = {"absolute", "add", "divide", "maximum", "minimum", "multiply", "negative", "sign", "sqrt", "subtract"}
"""Operations that round once, as IEEE 754 says."""
COMPARISONS = {"equal": "oeq", "greater": "ogt", "greater_equal": "oge"}
COMPARISONS |= {"less": "olt", "less_equal": "ole", "not_equal": "une"}
"""Comparisons, with the names that LLVM has for them."""
OF_BITS = {"bitwise_and", "bitwise_or", "invert"}
"""Logical operations on bools; on whole numbers they are operations on bits."""
TRUTHS = {*COMPARISONS, "isfinite", "logical_and", "logical_not", "logical_or"}
"""Functions whose result is a bool: comparisons and tests of numbers, and logical operations on bools."""
OF_BOOLS = {"maximum", "minimum", "multiply"}
"""Functions whose result for bools is a bool."""
ELEMENTWISE = {*FORMULAS, *ROUNDED, *OF_BITS, *TRUTHS}
DEAR = {*FORMULAS, "divide", "normal", "sign", "sqrt"}
"""Operations that take many instructions: a product with many outputs has no registers left for them."""
