"""The formulas by the names of NumPy's functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from funcnn.formulas.arctangent import arctan, arctan2
from funcnn.formulas.functions import exp, expm1, log, log1p, tanh
from funcnn.formulas.normal import erfc
from funcnn.formulas.power import power
from funcnn.formulas.trigonometric import cos, sin

_FORMULAS = arctan, arctan2, cos, erfc, exp, expm1, log, log1p, power, sin, tanh
FORMULAS: dict[str, Callable[..., Any]] = {formula.__name__: formula for formula in _FORMULAS}
"""Functions of an arithmetic and of one or two numbers."""
