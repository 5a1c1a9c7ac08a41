"""The equations of a rule, as the docstrings of a layer, a loss or an optimizer write them."""

from __future__ import annotations

import inspect
import re
from typing import Any

from funcnn.core import backward, backward_params, forward
from funcnn.layers.activations.elementwise import Elementwise


def equations(phase: str, cls: type) -> list[str]:
    """The first lines of the docstrings of the class and of its rules."""
    there, _, back = "".join(first_line(cls)).partition("; dx")
    if phase == "forward":
        return [there, *_formulas(cls, _FORWARD)] if there else first_line(forward.dispatch(cls))
    if back:
        return [f"dx{back}"]
    lines = first_line(backward.dispatch(cls))
    own: Any = backward_params
    if own.dispatch(cls) is not own.dispatch(object):
        lines += first_line(own.dispatch(cls))
    lines += [f"slope: {line}" for line in first_line(vars(cls).get("slope")) if issubclass(cls, Elementwise)]
    lines = [_REFERENCE.sub("", line) for line in dict.fromkeys(lines)]
    return [line for line in lines if line] + _formulas(cls, _BACKWARD)


_REFERENCE = re.compile(r"(, and |; |^)((?!, and |; ).)*\b[Aa]s (in )?`\w+`.*")  # to another docstring


def _formulas(cls: type, begins: str) -> list[str]:
    """The lines of the paragraph of a docstring that begins with a word, and of the indented block behind it."""
    found, is_wanted = list[str](), False
    for paragraph in (inspect.getdoc(cls) or "").split("\n\n"):
        is_block = paragraph.startswith("    ")
        is_wanted = (is_wanted and is_block) or paragraph.startswith(begins)
        if is_wanted and (is_block or begins == _FORWARD):
            found += [line.strip() for line in paragraph.splitlines()] if is_block else [" ".join(paragraph.split())]
    return found


_FORWARD, _BACKWARD = "where ", "Backwards "


def first_line(of: Any) -> list[str]:
    """The first line of a docstring, if there is one."""
    text = inspect.getdoc(of) if of is not None else None
    return [text.splitlines()[0].rstrip(".")] if text and not isinstance(text, property) else []
