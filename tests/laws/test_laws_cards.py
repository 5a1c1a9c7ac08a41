"""Laws of cards: a layer of one's own has all that its card says, and a rule that is registered wins."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Array, Elementwise, forward, layers, losses, optimizers, record
from funcnn.about import Card, card_of, cards, register
from funcnn.about.table import FAMILIES
from funcnn.errors import KindError
from funcnn.inspection import latex
from funcnn.teach.symbols import meanings
from funcnn.testing import check_layer
from funcnn.testing import strategies as fst
from tests.counts import at_most

CONSTRUCTORS = {"weighted", "masked", "joint", "of_logits", "of_complex", "normalised"}  # of losses, and no loss


@record
class Cube(Elementwise):
    """out = scale x c, with c the square"""

    scale: float = 1.0

    def value(self, x: Array) -> Array:
        return self.scale * x**3

    def slope(self, kept: Array) -> Array:
        return 3 * self.scale * kept**2


@record
class Named(Cube):
    """The same function under another name."""


@record
class Other(Cube):
    """A class with a card of its own."""


def cube(x, scale):
    """The twin, in the operators of any library"""
    return scale * x * x * x


def cube_in_onnx(x, scale):
    import spox.opset.ai.onnx.v17 as op

    return op.mul(op.const(np.float32(scale)), op.mul(x, op.mul(x, x)))


HERE = __name__
CARD = Card(
    latex=("c = x^2", "<scale> x c"),
    symbols=(("c", "the square of x"),),
    settings=((), (0.25,)),
    axes=("m n",),
    torch=f"{HERE}:cube",
    onnx=f"{HERE}:cube_in_onnx",
)
register(Cube, CARD)
OTHER = Card(latex="x^3", torch=f"{HERE}:cube")
register(Other, OTHER)


@record
class Written(Cube):
    """A class whose card has expressions."""


@record
class Made(Cube):
    """A class whose card has an expression that makes a module; it is not this function."""


register(Made, Card(torch="torch.nn.ELU(alpha=scale)"))
register(Written, Card(torch="scale * torch.pow(x, 3)", onnx="op.mul(scale, op.pow(x, 3))"))


@at_most(10)
@given(st.data())
def test_a_layer_has_the_cases_of_its_card(data):
    layer, x = data.draw(fst.cases(Cube))
    assert layer in {Cube(), Cube(0.25)}
    assert x.ndim == 2
    check_layer(layer, x.clip(-9, 9))
    assert "Cube" not in fst.unproven(HERE)


def test_a_layer_has_the_equation_and_the_symbols_of_its_card():
    assert latex(Cube(0.25)).splitlines()[1:-1] == ["c_{1} &= x^2 \\\\", r"\mathrm{out} &= 0.25 x c_{1}"]
    assert meanings(Cube())["c"] == "the square of x"
    assert latex(Named(0.25)) == latex(Cube(0.25))
    assert latex(Other()).splitlines()[1] == r"\mathrm{out} &= x^3"


def test_a_rule_that_is_registered_wins():
    @record
    class Ruled(Cube):
        """With a rule."""

    register(Ruled, Card(latex="y"))
    latex.register(Ruled)(lambda layer: "x x x")
    assert latex(Ruled()).splitlines()[1] == r"\mathrm{out} &= x x x"
    assert card_of(Ruled()).latex == "y"


def test_a_layer_of_a_card_has_its_twin_in_torch():
    torch = pytest.importorskip("torch", reason="its module is asked for")
    from funcnn.interop.torch import to_torch

    x = np.linspace(-2, 2, 6).reshape(2, 3)
    for layer in (Cube(0.5), Named(0.5), Other(0.5), Written(0.5)):
        for module in (to_torch(layer), pickle.loads(pickle.dumps(to_torch(layer)))):
            assert np.allclose(module(torch.tensor(x)), forward(layer, x)[0], rtol=1e-14)
    made = "ELU(alpha=0.5)", "Computed(cube)", "Computed(scale * torch.pow(x, 3))"
    assert tuple([repr(to_torch(layer)) for layer in (Made(0.5), Cube(), Written())]) == made


def test_a_layer_whose_card_has_no_twin_and_an_optimizer_are_refused():
    pytest.importorskip("torch", reason="its module is asked for")
    from funcnn.interop.torch import to_torch

    @record
    class Bare(Cube):
        """A layer whose card has no twin."""

    register(Bare, Card(latex="x^3"))
    remedy = '; write one with @to_torch.register(Bare), or a twin in its card, torch="module:name"'
    with pytest.raises(KindError, match=f"^{re.escape(f'to_torch: there is no rule for Bare{remedy}')}$"):
        to_torch(Bare())
    for optimizer in (optimizers.Adam(), optimizers.AdamW()):
        sentence = f"to_torch: params must be a layer or a tuple of layers, not {type(optimizer).__name__}"
        with pytest.raises(KindError, match=f"^{sentence}$"):
            to_torch(optimizer)


def test_a_module_becomes_the_layer_whose_card_names_it():
    torch = pytest.importorskip("torch", reason="it is its module")
    from funcnn.interop.torch import from_torch

    class Cubed(torch.nn.Module):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

        def forward(self, x):
            return cube(x, self.factor)

    globals()["Cubed"] = Cubed
    register(Named, Card(torch=f"{HERE}:Cubed"))
    assert from_torch(Cubed(0.5).eval(), torch.ones(2, 2)) == Named(0.5)
    register(Other, Card(latex="x^3", torch="torch.nn:Mish"))
    assert from_torch(torch.nn.Mish().eval(), torch.ones(2, 2)) == layers.Mish()
    register(Other, OTHER)


def test_a_layer_of_a_card_is_written_in_onnx():
    pytest.importorskip("spox", reason="the operators are written with it")
    ort = pytest.importorskip("onnxruntime", reason="it runs the model")
    from funcnn.interop.onnx import to_onnx

    x = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)
    for layer in (Cube(0.5), Written(0.5)):
        session = ort.InferenceSession(to_onnx(layer, x).SerializeToString(), providers=["CPUExecutionProvider"])
        [given_x] = session.get_inputs()
        assert np.allclose(session.run(None, {given_x.name: x})[0], forward(layer, x)[0], rtol=1e-6)
    with pytest.raises(KindError, match="for Cube params and x must be float32, not float64"):
        to_onnx(Cube(), x.astype(float))
    assert "Pow" in [node.op_type for node in to_onnx(Other(), x).graph.node]  # as it is recorded


@pytest.mark.parametrize("text", ["x *", "x, beta = 2", "torch: asinh", "\0"])
def test_what_is_neither_a_name_nor_an_expression_is_refused(text):
    sentence = f'Card: torch must be "module:name" or an expression, not {text!r}'
    with pytest.raises(KindError, match=f"^{re.escape(sentence)}$"):
        Card(torch=text)


def test_cards_are_those_of_a_family_or_all():
    assert Cube in cards()
    assert Cube not in cards("activations")
    assert card_of(layers.Mish()) == cards("activations")[layers.Mish] == card_of(layers.Mish)
    assert card_of([]) is card_of(3) is card_of(layers.Dense) is None


@pytest.mark.parametrize("family", FAMILIES.values())
def test_each_member_of_a_family_has_a_card(family):
    [home] = [home for home, name in FAMILIES.items() if name == family]
    members = [cls for cls in fst.registered() if cls is not tuple and cls.__module__.startswith(f"{home}.")]
    if family == "losses":
        members = [getattr(losses, name) for name in losses.__all__ if name not in CONSTRUCTORS]
    if family == "optimizers":
        members = [getattr(optimizers, name) for name in optimizers.__all__ if name[0].isupper() and name != "PerArray"]
    assert set(members) == set(cards(family))
