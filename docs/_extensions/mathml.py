"""Formulas as MathML, written when the pages are built, so that a page fetches nothing and runs no script for them."""

import xml.etree.ElementTree as ET
from itertools import pairwise

from docutils import nodes
from docutils.utils.math import latex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

MATHML = "http://www.w3.org/1998/Math/MathML"
APPLY = "\u2061"  # the invisible operator that the converter writes after the name of a function
SCRIPTED = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}
OPERANDS = {"mi", "mn", "mtext", "mfrac", "msqrt", "mroot", *SCRIPTED}
STACKED = {"mfrac", "mroot", *SCRIPTED}  # their parts do not stand beside one another

ET.register_namespace("", MATHML)


def converted(formula: str, *, as_block: bool = False) -> str:
    """A formula of TeX as MathML, with the thin spaces of TeX around functions, which the converter leaves out."""
    text = latex2mathml.tex2mathml(formula, as_block=as_block)
    root = ET.fromstring(text.replace("&ApplyFunction;", APPLY))  # noqa: S314  the converter wrote it
    for row in list(root.iter()):
        parts = [part for part in row if part.text != APPLY]
        for left, right in [] if tag(row) in STACKED else pairwise(parts):
            if (is_function(left) and begins(right)) or (is_function(right) and ends(left)):
                row.insert(list(row).index(right), ET.Element(f"{{{MATHML}}}mspace", width="0.1667em"))
        if tag(row) == "mo" and (is_function(row) or row.text == "/"):  # around which a browser puts more space
            row.attrib |= {"lspace": "0", "rspace": "0"}
    return ET.tostring(root, encoding="unicode", short_empty_elements=False)


def tag(part: ET.Element) -> str:
    """The name of an element, without its namespace."""
    return part.tag.partition("}")[2]


def is_function(part: ET.Element) -> bool:
    """The name of a function, such as log or max, also with an index or an exponent."""
    if tag(part) in SCRIPTED:
        return is_function(part[0])
    return tag(part) in {"mi", "mo"} and len(part.text or "") > 1 and (part.text or "").isalpha()


def begins(part: ET.Element) -> bool:
    """Whether an operand begins here; a parenthesis needs no space."""
    return (tag(part) in OPERANDS and not is_sum(part)) or (tag(part) == "mrow" and len(part) > 0 and begins(part[0]))


def ends(part: ET.Element) -> bool:
    """Whether an operand ends here."""
    if tag(part) == "mrow":
        return len(part) > 0 and ends(part[-1])
    return (tag(part) in OPERANDS and not is_sum(part)) or (tag(part) == "mo" and part.text in {")", "]", "}"})


def is_sum(part: ET.Element) -> bool:
    """A large operator with limits, which has spaces of its own."""
    return tag(part) in SCRIPTED and tag(part[0]) == "mo" and not is_function(part[0])


def joined(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Give each formula the bracket before it and the points behind it, which stay on its line."""
    for formula in list(tree.findall(nodes.math)):
        row = formula.parent
        before, after = row.index(formula) - 1, row.index(formula) + 1
        if before >= 0 and isinstance(row[before], nodes.Text) and row[before].endswith("("):
            formula["before"], row[before] = "(", nodes.Text(row[before][:-1])
        if after < len(row) and isinstance(row[after], nodes.Text):
            rest = row[after].lstrip(".,;:)?!")
            formula["after"], row[after] = row[after].removesuffix(rest), nodes.Text(rest)


def inline(self: HTML5Translator, node: nodes.math) -> None:
    """A formula within a sentence, with its punctuation."""
    formula = converted(node.astext())
    self.body.append(f'<span class="math">{node.get("before", "")}{formula}{node.get("after", "")}</span>')
    raise nodes.SkipNode


def block(self: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, which scrolls where it is wider than the page."""
    formula = converted(node.astext(), as_block=True)
    self.body.append(f'<div class="math" tabindex="0" role="group" aria-label="formula">{formula}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("doctree-resolved", joined)
    return {"parallel_read_safe": True}
