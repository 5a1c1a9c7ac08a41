"""Formulas as MathML, written when the pages are built, so that a page fetches nothing and runs no script for them."""

import re

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

# Functions written without parentheses, as in log p: the converter leaves no space between the two.
FUNCTION = re.compile(r"(\\(?:log|exp|sin|cos|tanh|cosh|max|min|operatorname\{\w+\}))\s+(?=[a-zA-Z]|\\(?!left|,))")


def converted(formula: str, *, as_block: bool = False) -> str:
    """A formula of TeX as MathML."""
    return latex2mathml.tex2mathml(FUNCTION.sub(r"\1\\,", formula), as_block=as_block)


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula within a sentence."""
    self.body.append(f'<span class="math">{converted(node.astext())}</span>')
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, which scrolls where it is wider than the page."""
    formula = converted(node.astext(), as_block=True)
    self.body.append(f'<div class="math" tabindex="0" role="group" aria-label="formula">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
