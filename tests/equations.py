"""The values of an equation: LaTeX as an expression of Python, with the functions of NumPy or of mpmath."""

import math
import re
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "max": np.maximum,
    "min": np.minimum,
    "Phi": np.vectorize(lambda x: math.erfc(-x / math.sqrt(2)) / 2),
}
# Braces with no braces in them, and what stands before them.
INNERMOST = [
    (r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1) / (\2))"),
    (r"(?<!\w)e\^\{([^{}]*)\}", r"exp(\1)"),
    (r"\^\{([^{}]*)\}", r"**(\1)"),
    (r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)"),
]


def value_of(equation: str, functions: Any = np, **symbols: Any) -> Any:
    """The right side for these symbols; functions that `symbols` does not have are those of the module."""
    text = re.sub(r"\\left\(|\\right\)", lambda found: found[0][-1], equation)
    text = re.sub(r"\\operatorname\{(\w+)\}", r"\1", text).replace(r"\pi", "pi").replace(r"\odot", "*")
    text = text.replace(r"\lvert", "abs(").replace(r"\rvert", ")")
    while (simpler := reduce(lambda made, rule: re.sub(*rule, made), INNERMOST, text)) != text:
        text = simpler
    text = re.sub(r"(?<=[\w)]) (?=[\w(])", " * ", text.replace("\\", "").replace("^", "**"))
    known = FUNCTIONS if functions is np else {}
    return eval(text, {**vars(functions), "abs": abs, **known, **symbols})
