"""Formulas of derivations in TeX; each page has the derivation of its layers and losses or a link to the rule."""

import re

import pytest

from funcnn import losses
from tests.blocks import DOCS, PAGES, TEXTS, extension

formulas, families = extension("formulas"), extension("families")
CONSTRUCTORS = {"weighted", "masked", "joint", "of_logits", "of_complex", "normalised"}  # of losses, and no loss

WRITTEN = {
    "out[i, j] := sum(l, x[i, l] * W[l, j]) + b[j]": r"\text{out}_{i j} = \sum_{l} x_{i l}\,W_{l j} + b_{j}",
    "D(out[i], x[j]) = (i == j) * 2": r"\frac{\partial \text{out}_{i}}{\partial x_{j}} = [i = j] \cdot 2",
    "D(p - q, x) = p": r"\frac{\partial (p - q)}{\partial x} = p",
    "a = x[p + k, c] * (b - c) * c": r"a = x_{p + k,\,c}\,(b - c)\,c",
    "a = b - (c - d) + (e + f)": "a = b - (c - d) + e + f",
    "a = sum(i, x[i]) * b * sum(i, x[i] + c)": r"a = \left(\sum_{i} x_{i}\right)\,b\,\sum_{i} (x_{i} + c)",
    "a = -b / c - -b**2": r"a = -\frac{b}{c} - (-b^{2})",
    "a = (b + c)**2 * exp(-x) * sqrt(2 / pi)": r"a = (b + c)^{2}\,e^{-x}\,\sqrt{\frac{2}{\pi}}",
    "a = (1 / b)**2": r"a = \left(\frac{1}{b}\right)^{2}",
    "dmu[r] = dA @ W_q.T": r"d\mu_{r} = dA\,W_{q}^T",
    "dxhat[r, i] = dscale[i] * dx_1[j]": r"d\hat{x}{}_{r i} = d\text{scale}_{i}\,dx_{1,\,j}",
    "a = max(x, 0) = max(i, x[i])": r"\begin{aligned} a &= \max(x, 0) \\  &= \max_{i} x_{i} \end{aligned}",
    "a = where(x >= 0, abs(x), sign(x))": (
        r"a = \begin{cases} \lvert x\rvert & \;\text{if } x \ge 0 \\ \operatorname{sign}(x) & \;\text{else} \end{cases}"
    ),
    "a = log(1 / x) + sigmoid(x)": r"a = \log\left(\frac{1}{x}\right) + \sigma(x)",
}


@pytest.mark.parametrize(("formula", "tex"), WRITTEN.items())
def test_a_formula_is_written_in_tex(formula, tex):
    assert formulas.tex(formulas.Step("", (formulas.formula(formula),))) == tex


@pytest.mark.parametrize("formula", ["a = b // c", "a = b if c else d"])
def test_what_has_no_notation_is_refused(formula):
    with pytest.raises(ValueError, match="a derivation cannot write"):
        formulas.tex(formulas.Step("", (formulas.formula(formula),)))


def test_a_formula_goes_on_in_lines_that_begin_with_the_sign_or_are_indented_further():
    found = formulas.read(
        "Name", "x: ()\n\nA reason\nof two lines:\n    a = b\n     = c\n    d = e +\n         f".splitlines()
    )
    [step] = found.steps
    assert step.reason == "A reason of two lines:"
    assert [formula.text for formula in step.formulas] == ["a = b = c", "d = e + f"]


def test_each_step_has_a_reason_and_formulas_that_the_test_reads():
    for step in [step for name in TEXTS for step in formulas.read(name, TEXTS[name].splitlines()).steps]:
        assert step.formulas
        assert step.reason.endswith(":")
        assert "$" not in step.reason  # a formula that no test evaluates


def label(name):
    return name.lower().replace("_", "-")


def listed():
    """The names of the page of rules, as often as it has them."""
    blocks = re.findall(r"^```\{rules\}\n(.*?)^```", PAGES[DOCS / "rules.md"], re.MULTILINE | re.DOTALL)
    return families.named(" ".join(blocks))


def pages_of_all():
    """The page of each layer and of each loss, by name."""
    homes = families.pages(PAGES[DOCS / "layers.md"])
    pages = {layer.__name__: page for page, home in homes.items() for layer in families.members(home)}
    return pages | dict.fromkeys(set(losses.__all__) - CONSTRUCTORS, "losses.md")


def shown(page):
    """The text of a page, with the sentences that its directives write."""
    text = PAGES[DOCS / page]
    homes = re.findall(r"^```\{derivations\}\n(.*?)\n```", text, re.MULTILINE | re.DOTALL)
    boxes = [f"```{{derivation}} {name}\n" for home in homes for name in families.derivations(home)]
    return "\n".join([text, *[families.links(home, text) for home in homes], *boxes])


def test_each_page_has_the_derivation_of_its_layers_or_a_link_to_the_rule():
    pages = pages_of_all()
    assert pages.keys() > TEXTS.keys()
    for name, page in pages.items():
        text = shown(page)
        assert (f"```{{derivation}} {name}\n" in text) != (f"<rule-{label(name)}>`" in text), name


def test_the_page_of_rules_has_each_layer_and_loss_once():
    assert sorted(listed()) == sorted(pages_of_all())


def test_the_page_of_derivations_links_each():
    linked = re.findall(r"\{ref\}`(\w+) <derivation-([\w-]+)>`", PAGES[DOCS / "derivations.md"])
    assert sorted(linked) == sorted([(name, label(name)) for name in TEXTS])


def test_the_page_of_derivations_shows_a_block_as_it_is():
    page = PAGES[DOCS / "derivations.md"]
    assert re.search(r"```text\n(.*?)```", page, re.DOTALL)[1] == TEXTS["Silu"]
    assert "Thirty layers and losses" in page
    assert len(TEXTS) == 30
