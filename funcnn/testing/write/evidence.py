"""What annotations and docstrings say of the arrays that a function takes: shapes, intervals, structures."""

from __future__ import annotations

import re
from typing import Any

import attrs
import numpy as np

from funcnn.testing.write.parameters import FoundParameter

Interval = tuple[float | None, float | None]


@attrs.frozen
class Evidence:
    """What is known of a parameter.

    `role` is "array", "arrays" for a list of them, "ints" for an array of whole numbers, "number", "int", "other" for
    what cannot be drawn, or "" if nothing says it. `shape` has named sizes, as for `tensors`; None if it is unknown.
    """

    name: str
    role: str = ""
    shape: str | None = None
    interval: Interval | None = None
    structure: str = ""


def evidence(parameter: FoundParameter) -> Evidence:
    """What the annotation of a parameter says of it, and what the docstring adds."""
    role, shape = _annotated(parameter.annotation)
    told = f"{parameter.kind}\n{parameter.words}"
    role = role or _role(parameter.kind) or _role(parameter.words.partition("\n")[0])
    if shape is None and role not in ("int", "other"):
        shape = _shape_at_start(parameter.kind) if parameter.kind else None
        shape = _shape_at_start(parameter.words) if shape is None else shape
        shape = _shape_named(told) if shape is None else shape
        shape = _shape_counted(told) if shape is None else shape
        role = "array" if shape is not None and not role else role
    structure = next((name for name, words in _STRUCTURES.items() if re.search(words, told, re.IGNORECASE)), "")
    if structure and role in ("", "array"):
        return Evidence(parameter.name, "array", shape or "n n", None, structure)
    interval = _interval(told, parameter.name) if role in ("", "array", "number") else None
    return Evidence(parameter.name, role, "" if role == "number" else shape, interval)


def _annotated(annotation: Any) -> tuple[str, str | None]:
    """The role and the shape in an annotation, such as `Float[Array, "m n"]`, `NDArray[np.float64]` or `"Tensor"`."""
    dimensions = getattr(annotation, "dim_str", None)  # of jaxtyping
    if isinstance(dimensions, str):
        is_ints = not any("float" in one or "complex" in one for one in getattr(annotation, "dtypes", ["float"]))
        return "ints" if is_ints else "array", _shape_of(dimensions.split())
    if annotation in (float, complex, np.float64, np.float32):
        return "number", ""
    if annotation is int:
        return "int", None
    if annotation in (bool, str, dict):
        return "other", None
    return _role("" if annotation is None else str(annotation)), None


_ROLES = {
    "arrays": r"(?i:\b(sequence|list|tuple|iterable)s?\b(\[| of ).*(array|tensor))",
    "ints": r"(?i:\bint\w*[ -]array|array[\w ]* of int|longtensor|\b(integer|int) (ndarray|tensor)|class ind)",
    "array": r"(?i:array|tensor\b|\bmatrix\b|\bvector\b|\bimage\b)",
    "int": r"^(int|integer)\b|<class 'int'>",
    "number": r"^(float|scalar|number|Number|real)\b|<class 'float'>",
    "other": r"(?i:^(bool|str|string|callable|function|dict|\{)|Callable|Literal)",
}


def _role(text: str) -> str:
    return next((role for role, words in _ROLES.items() if re.search(words, text)), "")


_AXES = r"\(((?:[\w*.,{}\s\\+-]|\\frac)*)\)"


def _shape_at_start(text: str) -> str | None:
    """The shape with which a text begins, such as `(M, N) array_like`, or :math:`(N, C)` in PyTorch."""
    match = re.match(rf"\s*\{{?(?::math:)?`*{_AXES}", text)
    return _shape_of(re.split(",", match[1])) if match else None


def _shape_named(text: str) -> str | None:
    """The shape after this word, such as `ndarray of shape (n_samples, n)`."""
    match = re.search(rf"\b(?i:shape)[ :=]*(?::math:)?`*{_AXES}", text)
    return _shape_of(re.split(",", match[1])) if match else None


def _shape_counted(text: str) -> str | None:
    """The shape of an array of which only the number of axes is told, such as "2-D array"."""
    match = re.search(r"(?i)\b([0-3])-?D(imensional)?\b (array|tensor|ndarray)", text)
    return " ".join(["b", "m", "n"][3 - int(match[1]) :]) if match else None


def _shape_of(axes: list[str]) -> str | None:
    """Named sizes; axes that may be absent, such as `*batch` and `...`, are; None if a size is an expression."""
    found: list[str] = []
    for axis in axes:
        plain = axis.replace(r"\_", "_")
        name = re.sub(r"\\text\{(.*?)\}|\\", r"\1", plain).strip().lstrip("#")
        if name.startswith(("*", "...")) or not name:
            continue
        name = name.partition("=")[2] or name  # rows=3, of jaxtyping
        if not (name.isidentifier() or name.isdecimal()):
            return None
        found.append(f"axis{len(found)}" if name == "_" else name)
    return " ".join(found)


_STRUCTURES = {
    "positive definite": r"\bpositive[ -]definite",
    "symmetric": r"(?<!not )\bsymmetric\b",
    "lower triangular": r"\blower[ -]triangular",
    "upper triangular": r"\bupper[ -]triangular",
    "simplex": r"\bsums? to (1|one)\b|\bprobability vector",
}
_NUMBER = r"(-?\d+(?:\.\d+)?)"
_BETWEEN = re.compile(
    rf"\b(?:in|range|within|interval|between)\b[^\d\n(\[-]{{0,24}}[(\[]?{_NUMBER} *(?:,|and|to) *{_NUMBER}"
)
_CHAIN = re.compile(rf"{_NUMBER} *(?:<=?|≤) *`?\w+`? *(?:<=?|≤) *{_NUMBER}")
_ABOVE = re.compile(rf"(?:>=?|≥|(?:greater|larger|more) than(?: or equal to)?|at least) *{_NUMBER}")
_BELOW = re.compile(rf"(?:<=?|≤|(?:less|smaller) than(?: or equal to)?|at most) *{_NUMBER}")


def _interval(text: str, name: str) -> Interval | None:
    """The interval in a text such as "must be > 0", "in [0, 1]", "positive" or "probabilities"."""
    if match := _BETWEEN.search(text) or _CHAIN.search(text):
        low, high = float(match[1]), float(match[2])
        return (low, high) if low < high else None
    above, below = _ABOVE.search(text), _BELOW.search(text)
    if above or below:
        return (float(above[1]) if above else None, float(below[1]) if below else None)
    if re.search(r"(?i)(?<!log-)(?<!log )\bprobabilit(y|ies)\b", text):
        return (0.0, 1.0)
    if re.search(r"(?i)\b(positive|non-?negative)\b", text):
        return (0.0, None)
    return (None, 0.0) if re.search(r"(?i)(?<!non-)(?<!non)\bnegative\b|\bnon-?positive\b", text) else None
