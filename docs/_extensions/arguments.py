"""The errors of declared arguments, for the API pages: what `checked` refuses, from the annotations."""

import inspect
import sys
from contextlib import suppress

from sphinx.application import Sphinx

from funcnn.needs import need_of


def declared(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Add to the docstring of a function what it needs of each argument."""
    if not inspect.isroutine(obj) or not (hasattr(obj, "__wrapped__") or hasattr(obj, "__signature__")):
        return
    parameters, space = inspect.signature(obj).parameters.values(), vars(sys.modules[obj.__module__])
    sentences = []
    for parameter in parameters:
        with suppress(NameError):  # a name that is imported for type checkers alone, and declares nothing
            if need := need_of(parameter.annotation, space):
                sentences.append(f"`{parameter.name}` is {need.needed}")
    if sentences:
        lines += ["", f":raises KindError, RangeError: unless {'; '.join(sentences)}.", ""]


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("autodoc-process-docstring", declared)
    return {"parallel_read_safe": True}
