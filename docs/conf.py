"""The pages: sphinx-build -W -b html docs docs/_build/html"""

import re
import sys
from pathlib import Path

import attrs
from sphinx.application import Sphinx

import funcnn

project = "funcnn"
version = release = funcnn.__version__

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
extensions = [
    *("sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"),
    *("accessible", "arguments", "course", "derivations", "listed", "live", "mathml"),
    *("placeholders", "rules", "stepper", "synonyms", "terms", "units"),
]
exclude_patterns = ["_build"]
html_math_renderer = "mathml"
default_role = "code"
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = "funcnn"
html_static_path = ["_static"]
html_css_files = ["pages.css", "units.css"]
html_js_files = ["sidebar.js"]
html_theme_options = {"top_of_page_buttons": []}
html_search_scorer = str(Path(__file__).parent / "_extensions" / "scorer.js")
html_show_search_summary = False
html_show_copyright = False
html_show_sphinx = False


def plain(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """In a docstring |x| is an absolute value, not a substitution, and a star is one."""
    for i, line in enumerate(lines):
        if not line.lstrip().startswith(">>>"):
            lines[i] = re.sub(r"(`[^`]*`)|([|*])", lambda found: found[1] or rf"\{found[2]}", line)


def signature(app: Sphinx, what: str, name: str, obj: type, *given: object) -> tuple[str, str] | None:
    """The defaults of a record by value; in the source they are names that attrs gave them."""
    if what != "class" or not attrs.has(obj):
        return None
    parts = [f.name if f.default is attrs.NOTHING else f"{f.name}={f.default!r}" for f in attrs.fields(obj)]
    return f"({', '.join(parts)})", ""


def setup(app: Sphinx) -> None:
    """Called by sphinx."""
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", plain)
