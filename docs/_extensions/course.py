"""The slides, the exercises and the zip of the course, written beside its pages."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parents[1] / "course"))

import material


def write(app: Sphinx, error: Exception | None) -> None:
    """Called when all pages are written."""
    if app.builder.name == "html" and error is None:
        material.write(Path(app.outdir) / "course")


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True}
