"""`latex`: every layer has its equation, which is well formed, and that of an activation gives its values."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn.inspection import latex
from funcnn.layers import Concat, Conv2d, Copy, Dropout, Here, Map, Parallel, PRelu, Rotary, Scale, Shared, Wrapper
from funcnn.testing import strategies as fst
from tests.cards import ELEMENTWISE
from tests.counts import at_most
from tests.equations import value_of

DOCS = Path(__file__).parents[2] / "docs"


def dense(n_in: int, n_out: int) -> nn.Dense:
    return nn.Dense.init(n_in, n_out, seed=0)


def lines(params: Any, **options: Any) -> list[str]:
    """The lines within the environment, without the marks between them."""
    first, *rows, last = latex(params, **options).splitlines()
    assert (first, last) == (r"\begin{aligned}", r"\end{aligned}")
    assert all([row.endswith(r" \\") for row in rows[:-1]])
    assert not rows[-1].endswith("\\")
    return [row.removesuffix(r" \\").replace("&= ", "= ") for row in rows]


@pytest.fixture(scope="module")
def converted():
    """The converter of the pages; None without sphinx, whose extension it is."""
    if importlib.util.find_spec("sphinx") is None:
        return None
    spec = importlib.util.spec_from_file_location("mathml", DOCS / "_extensions" / "mathml.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return lambda text: module.converted(text, as_block=True)


@pytest.fixture(scope="module")
def parsed():
    """A parser of formulas that refuses two subscripts on one symbol and commands that it does not have."""
    mathtext = pytest.importorskip("matplotlib.mathtext", reason="its parser of formulas is an oracle")
    return mathtext.MathTextParser("path").parse


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(1)
@given(data=st.data())
def test_every_layer_has_an_equation_that_is_well_formed(converted, parsed, layer, data):
    params, _ = data.draw(fst.cases(layer))
    text = latex((nn.Tanh(), params), shapes=True)
    assert text.isascii()
    assert text.count("{") == text.count("}")
    assert text.count(r"\left(") == text.count(r"\right)")
    assert rf"\operatorname{{{layer.__name__}}}" not in text
    assert converted is None or converted(text).startswith("<math")
    for line in lines(params):
        parsed(f"${line}$".replace(r"\lvert", "|").replace(r"\rvert", "|"))


def test_the_converter_of_the_pages_makes_a_row_of_each_line(converted):
    pytest.importorskip("sphinx", reason="the pages' converter of formulas is an extension of sphinx")
    assert converted(latex(nn.mlp([2, 27, 1], seed=0))).count("<mtr>") == 3


def test_lines_are_numbered_and_the_last_gives_out():
    assert lines(nn.mlp([2, 27, 1], seed=0)) == [
        "h_{1} = x W_{1} + b_{1}",
        r"h_{2} = \max(h_{1}, 0)",
        r"\mathrm{out} = h_{2} W_{3} + b_{3}",
    ]
    assert lines(nn.Dense.init(2, 3, seed=0, bias=False), shapes=True) == [
        r"\mathrm{out} = x W_{1} \quad W_{1} \in \mathbb{R}^{2 \times 3}"
    ]
    assert lines(PRelu(np.array([0.25])))[0].endswith(r"+ \alpha_{1} \odot \min(x, 0)")
    assert lines(Scale.init(value=2.0), shapes=True)[0].endswith(r"\quad \mathrm{factor}_{1} \in \mathbb{R}")
    assert lines(()) == [r"\mathrm{out} = x"]


def test_layers_inside_come_first_and_wrappers_have_no_line_of_their_own():
    assert lines((nn.Residual((dense(3, 3), nn.Tanh())), nn.Frozen(nn.Relu()))) == [
        "h_{1} = x W_{1} + b_{1}",
        r"h_{2} = \tanh(h_{1})",
        "h_{3} = x + h_{2}",
        r"\mathrm{out} = \max(h_{3}, 0)",
    ]
    assert lines((Copy(2), Parallel(((), Scale.init(value=2.0))), Concat())) == [
        "h_{1} = (x, x)",
        r"h_{2} = \mathrm{factor}_{2} \odot h_{1}^{(1)}",
        "h_{3} = (h_{1}^{(0)}, h_{2})",
        r"\mathrm{out} = \operatorname{concat}_i h_{3}^{(i)}",
    ]


def test_a_shared_layer_has_one_symbol():
    assert lines(Shared(dense(2, 2), (Here(), nn.Relu(), Here())), shapes=True) == [
        r"h_{1} = x W_{1} + b_{1} \quad W_{1} \in \mathbb{R}^{2 \times 2}, b_{1} \in \mathbb{R}^{2}",
        r"h_{2} = \max(h_{1}, 0)",
        r"\mathrm{out} = h_{2} W_{1} + b_{1}",
    ]


def test_a_sequence_has_the_symbols_of_its_steps():
    net = (nn.Embedding.init(5, 2, seed=0), nn.LSTM.init(2, 3, seed=0))
    assert lines(net) == [
        "h_{1} = W_{1}[x]",
        "[z_{2,i,t}, z_{2,f,t}, z_{2,o,t}, z_{2,g,t}] = h_{1,t} W_{2} + b_{2} + \\mathrm{out}_{t-1} U_{2}",
        r"c_{2,t} = \sigma(z_{2,f,t}) \odot c_{2,t-1} + \sigma(z_{2,i,t}) \odot \tanh(z_{2,g,t})",
        r"\mathrm{out}_{t} = \sigma(z_{2,o,t}) \odot \tanh(c_{2,t})",
    ]
    assert lines(Map(dense(2, 2))) == ["h_{1} = x_{t} W_{1} + b_{1}", r"\mathrm{out}_{t} = h_{1}"]


def test_attention_has_its_heads():
    one, *_, mixed, last = lines(nn.Attention.init(6, 3, seed=0, causal=True))
    assert one == "h_{1} = x W_{1} + b_{1}"
    assert mixed == (
        r"a_{4,j} = \operatorname{softmax}_{s \leq t}\left(\frac{h_{1,j} h_{2,j}^\top}{\sqrt{2}}\right) h_{3,j}"
    )
    assert last == r"\mathrm{out} = [a_{4,1}, a_{4,2}, \ldots, a_{4,3}] W_{5} + b_{5}"
    assert r"\operatorname{rotary}(h_{1,j})" in latex(nn.Attention.init(4, 1, seed=0, rotary=Rotary()))
    dropped = r"a_{4,j} &= \operatorname{dropout}_{0.2}\left(\operatorname{softmax}\left("
    assert dropped in latex(nn.Attention.init(4, 1, seed=0, dropout=0.2))


def test_settings_stand_in_the_equation():
    assert r"\sim \operatorname{Bernoulli}(0.75)" in latex(Dropout(0.25, seed=0))
    strided = Conv2d.init(3, 4, 3, seed=0, stride=(1, 2), bias=False)
    assert lines(strided) == [r"\mathrm{out} = \operatorname{conv}_{\text{stride 1 x 2}}(x, W_{1})"]


@nn.record
class Low_Rank:
    """out = x U V"""

    U: nn.Array
    V: nn.Array
    rank: int = 1
    seen: nn.Array | None = nn.state(default=None)


@nn.forward.register(Low_Rank)
def low_rank_forward(params, x):
    h = x @ params.U
    return h @ params.V, (x, h)


@nn.record
class Around(Wrapper[Any]):
    """out = layer(x + x)"""

    def enter(self, x):
        return x + x, None

    def enter_back(self, dx, dA, kept):
        return dx + dx


def test_a_layer_of_ones_own_is_a_function_until_it_has_an_equation():
    net = (Low_Rank(np.ones((4, 1)), np.ones((1, 4))), Around(dense(4, 4)))
    assert lines(net) == [
        r"h_{1} = \operatorname{Low\_Rank}(x; U_{1}, V_{1})",
        r"\mathrm{out} = \operatorname{Around}(h_{1}; \mathrm{layer})",
    ]
    latex.register(Low_Rank)(lambda _: ("h = x U", r"\mu = \operatorname{mean}(h)", "k_i = h^2 + x^2", "h V + k_i"))
    latex.register(Around)(lambda params: r"layer(x + x) + layer(x + x)_{i}^{2}")
    assert lines((Copy(1), Parallel(net[:1]), net[1])) == [
        "h_{1} = (x)",
        "h_{2} = h_{1}^{(0)} U_{2}",
        r"\mu = \operatorname{mean}(h_{2})",
        r"k_{2,i} = h_{2}^2 + \left(h_{1}^{(0)}\right)^2",
        "h_{2} = h_{2} V_{2} + k_{2,i}",
        "h_{3} = (h_{2})",
        r"h_{4} = \left(h_{3} + h_{3}\right) W_{4} + b_{4}",
        r"\mathrm{out} = h_{4} + h_{4,i}^{2}",
    ]


@pytest.mark.parametrize("cls", ELEMENTWISE, ids=lambda cls: cls.__name__)
@at_most(2)
@given(data=st.data())
def test_the_equation_of_an_activation_gives_its_values(cls, data):
    params, _ = data.draw(fst.cases(cls))
    x = np.linspace(-7, 7, 57)
    [line] = lines(params)
    expected = nn.forward(params, x)[0]
    assert np.allclose(value_of(line.partition(" = ")[2], x=x), expected, rtol=1e-4, atol=1e-4)


def test_the_value_of_a_wrong_equation_differs():
    x = np.linspace(-2, 2, 9)
    assert not np.allclose(value_of(r"\frac{1}{1 - e^{-x}}", x=x + 0.1), nn.forward(nn.Tanh(), x)[0])
    assert np.allclose(value_of(r"0.5 \max(x, 0) (x + 1)", x=x), 0.5 * np.maximum(x, 0) * (x + 1))


def test_the_equations_of_the_page_are_those_of_its_network():
    page, names = (DOCS / "looking_inside.md").read_text("utf-8"), dict[str, Any]()
    exec(re.findall(r"^```python\n(.*?)^```", page, re.DOTALL | re.MULTILINE)[0], names)
    assert f"$$\n{latex(names['net'])}\n$$" in page
