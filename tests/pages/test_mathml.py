"""The spaces of formulas: TeX puts a thin one between an operand and the name of a function."""

import re

import pytest

from tests.blocks import extension

pytest.importorskip("sphinx", reason="the pages' converter of formulas is an extension of sphinx")
mathml = extension("mathml")

WRITTEN = {  # with _ for a thin space
    r"\ln p": "ln_p",
    r"\log 2": "log_2",
    r"o \tanh(c)": "o_tanh(c)",
    r"2 \log x": "2_log_x",
    r"\log_2 n": "log2_n",
    r"(a) \cos^2 x": "(a)_cos2_x",
    r"\left(a\right) \max(x, 0)": "(a)_max(x,0)",
    r"\frac{1}{2} \operatorname{sign} x": "12_sign_x",
    r"\log \sin x": "log_sin_x",
    r"x\,\sin(y)": "x_sin(y)",
    r"-\log(1 - p)": "\u2212log(1\u2212p)",
    r"a \odot \tanh \left(x\right)": "a⊙tanh(x)",
    r"\log \sum_i x_i": "log∑ixi",
    r"\frac{\log}{x}": "logx",
    "a b (c)": "ab(c)",
}


@pytest.mark.parametrize(("formula", "spaced"), WRITTEN.items())
def test_a_function_has_a_thin_space_beside_an_operand(formula, spaced):
    marked = re.sub(r'<mspace width="0.1667em">', "_", mathml.converted(formula))
    assert re.sub(r"<[^>]*>|\s|\u2061", "", marked) == spaced


@pytest.mark.parametrize("formula", [r"a \max(x, 0)", r"\min_i x", "1/n"])
def test_the_browser_adds_no_space_of_its_own(formula):
    assert 'lspace="0" rspace="0"' in mathml.converted(formula)


def test_a_formula_keeps_the_brackets_and_points_beside_it_on_its_line():
    nodes = pytest.importorskip("docutils.nodes", reason="sphinx needs it")
    row = nodes.paragraph(
        "", "", nodes.Text("the weights ("), nodes.math("", "W"), nodes.Text("), and "), nodes.math("", "b")
    )
    tree = nodes.document(None, None)
    tree += row
    mathml.joined(None, tree, "page")
    first, second = row.findall(nodes.math)
    assert (row[0], first["before"], first["after"], row[2]) == ("the weights ", "(", "),", " and ")
    assert not {"before", "after"} & second.attributes.keys()
