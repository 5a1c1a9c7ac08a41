"""The values that are tried for every argument, made anew for each trial."""

from collections import deque
from decimal import Decimal
from importlib.util import find_spec

import numpy as np

from funcnn import Relu, record


@record
class Plain:
    """A record with no rule for any verb."""


class Frame:
    """A table that is none of pandas: it has neither a length nor a dtype."""

    shape, to_numpy = (2, 2), lambda self: np.ones((2, 2))
    __array__ = __iter__ = to_numpy


def _frame():
    """A table of pandas, where there is one."""
    if find_spec("pandas"):
        from pandas import DataFrame

        return DataFrame({"a": [0.5, 1.0], "b": [1.0, 0.5]})
    return Frame()


WRONG = {
    "None": lambda: None,
    "text": lambda: "text",
    "1.5": lambda: 1.5,
    "True": lambda: True,
    "[]": list,
    "{}": dict,
    "object()": object,
    "class": lambda: Relu,
    "0-d": lambda: np.array(1.5),
    "(list,)": lambda: ([1.5],),
    "deque": lambda: deque([1.5]),
    "generator": lambda: (number for number in [1.5]),
    "DataFrame": _frame,
    "Frame": Frame,
    "Decimal": lambda: Decimal("1.5"),
    "1j": lambda: 1j,
    "nan": lambda: float("nan"),
    "texts": lambda: np.array(["text", "text"]),
    "record": Plain,
}
ANYTHING = "; ".join(WRONG)
