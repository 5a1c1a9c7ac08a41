"""`diagram`: every layer is drawn, nothing overlaps, and every name, shape and number is in the picture."""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import funcnn as nn
from funcnn import backward, forward, gradient, mlp, record, summary, transformer_block
from funcnn.inspection import Branches, diagram
from funcnn.inspection.blocks import BlockBuilder
from funcnn.inspection.layout import CHARACTER
from funcnn.layers import Bidirectional, Concat, Copy, First, Glu, Here, Map, Parallel, Shared, Sum, Tied
from funcnn.testing import strategies as fst
from tests.counts import at_most

SVG = "{http://www.w3.org/2000/svg}"
PAGES = Path(__file__).parents[2] / "docs"


def dense(n_in: int, n_out: int, seed: int = 0) -> nn.Dense:
    return nn.Dense.init(n_in, n_out, seed=seed)


class Picture:
    """The rectangles and the texts of a diagram, each text with the width that its font gives it."""

    def __init__(self, params: Any, x: Any = None) -> None:
        self.svg = diagram(params, x).svg
        assert self.svg.isascii()
        root = ET.fromstring(self.svg)
        self.width, self.height = [float(size) for size in root.attrib["viewBox"].split()[2:]]
        self.told = plain(root.findtext(f"{SVG}desc"))
        self.rects = [box_of(rect) for rect in root.iter(f"{SVG}rect")]
        self.texts = [("".join(text.itertext()), *place_of(text)) for text in root.iter(f"{SVG}text")]
        self.words = [plain(text) for text, *_ in self.texts]

    def check(self) -> None:
        """Rectangles lie apart or one in the other, texts apart, and all of it in the picture."""
        boxes = [(x, y - 9, x + wide, y + 3) for _, x, y, wide in self.texts]
        for a, b, c, d in [*self.rects, *boxes]:
            assert 0 <= a < c <= self.width
            assert 0 <= b < d <= self.height
        for i, box in enumerate(self.rects):
            for other in self.rects[:i]:
                assert apart(box, other) or within(box, other) or within(other, box)
            for text in boxes:
                assert apart(box, text) or within(text, box)
        for i, box in enumerate(boxes):
            assert all([apart(box, other) for other in boxes[:i]])


def plain(text: Any) -> str:
    return str(text).replace("\N{MULTIPLICATION SIGN}", "x")


def box_of(rect: Any) -> tuple[float, float, float, float]:
    x, y, wide, tall = [float(rect.attrib[name]) for name in ("x", "y", "width", "height")]
    return x, y, x + wide, y + tall


def place_of(text: Any) -> tuple[float, float, float]:
    wide = CHARACTER * len("".join(text.itertext()))
    return float(text.attrib["x"]) - (wide / 2 if "text-anchor" in text.attrib else 0), float(text.attrib["y"]), wide


def apart(one: Any, other: Any) -> bool:
    return bool(one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1])


def within(one: Any, other: Any) -> bool:
    return all([one[0] > other[0] - 0.2, one[1] > other[1], one[2] < other[2] + 0.2, one[3] < other[3]])


@pytest.mark.parametrize("layer", fst.registered(), ids=lambda layer: layer.__name__)
@at_most(2)
@given(data=st.data())
def test_every_layer_is_drawn_with_what_its_summary_says(layer, data):
    params, x = data.draw(fst.cases(layer))
    picture = Picture(params, x)
    picture.check()
    Picture(params).check()
    for row in summary(params).rows[1:]:
        name = row[0].split(" -> ")[-1].split(" ")[0]
        assert any([name in text for text in picture.words])


NETS = {
    "a chain": ((*mlp([2, 27, 31, 1], seed=0), nn.Sigmoid()), np.ones((7, 2))),
    "frozen images": (
        (nn.Frozen((nn.Conv2d.init(3, 8, 3, seed=0, padding="same"), nn.Relu())), nn.Flatten(), dense(512, 10)),
        np.ones((7, 8, 8, 3)),
    ),
    "branches": (
        (
            dense(4, 8),
            Copy(4),
            Parallel(
                (
                    (),
                    (dense(8, 3), nn.Relu()),
                    (dense(8, 4), nn.Residual((nn.Tanh(), dense(4, 4)))),
                    (Copy(2), Parallel((dense(8, 2), (nn.Relu(), dense(8, 3)))), Concat()),
                )
            ),
            Concat(),
            dense(20, 1),
        ),
        np.ones((7, 4)),
    ),
    "sequences": (
        (
            Map((nn.Flatten(), dense(12, 8))),
            Bidirectional(nn.GRU.init(8, 4, seed=0), nn.GRU.init(8, 4, seed=1)),
            nn.Attention.init(8, 2, seed=3),
            Glu(),
            dense(4, 1),
        ),
        np.ones((7, 5, 4, 3)),
    ),
    "sixty layers": (tuple([dense(2 + i, 3 + i) for i in range(60)]), np.ones((7, 2))),
    "symbols": (Tied.init(27, 8, net=mlp([8, 16, 8], seed=1), seed=0), np.zeros((7, 5), int)),
}


@pytest.mark.parametrize(("params", "x"), NETS.values(), ids=NETS)
def test_it_has_every_row_of_the_summary(params, x):
    picture = Picture(params, x)
    picture.check()
    for named, flow, count in summary(params, x).rows[1:]:
        path, _, layer = named.rpartition(" -> ")
        assert f"{path} {layer.split(' ')[0]}".strip() in picture.words
        assert not count or count in picture.words
        for shape in re.findall(r"\d[\dx]+", flow):
            assert any([re.sub(r"^7x", "mx", shape) in text.replace(" x ", "x") for text in picture.words])


def test_the_same_network_gives_the_same_picture_which_needs_no_other_file():
    params, x = NETS["branches"]
    svg = diagram(params, x).svg
    assert diagram(params, x)._repr_svg_() == svg
    assert diagram(params, x)._repr_html_() == svg  # which treescope would replace by its own
    assert re.findall(r"https?:[^\"]*", svg) == ["http://www.w3.org/2000/svg"]
    assert 'role="img"' in svg
    assert "url(" not in svg
    assert " id=" not in svg  # several diagrams in one page must not share an id
    assert re.fullmatch(r"<Diagram: svg of \d{4,5} characters>", repr(diagram(params, x)))


def test_blocks_that_repeat_are_drawn_once():
    blocks = [layer for i in range(6) for layer in transformer_block(8, 2, 32, seed=i)]
    picture = Picture((nn.Embedding.init(27, 8, seed=0), *blocks, dense(8, 27)), np.zeros((7, 5), int))
    picture.check()
    assert "6 times" in picture.words
    assert "1 to 12" in picture.words
    assert sum(["Attention" in text for text in picture.words]) == 1
    twice = Picture((dense(2, 2), nn.Tanh(), dense(2, 2), nn.Tanh()), np.ones((7, 2)))
    assert sum(["Dense" in text for text in twice.words]) == 2


def test_a_residual_is_two_branches_and_a_sum():
    picture = Picture(nn.Residual(dense(3, 3)), np.ones((7, 3)))
    assert "+" in picture.words
    assert picture.told.startswith("Residual 12 parameters: m x 3 to m x 3 [layer Dense W: 3x3, b: 3, 12 parameters")
    assert picture.told.endswith("| x]; 12 trainable parameters")
    assert "x" in Picture(Glu(), np.ones((7, 4))).words
    assert "concat" in Picture(*NETS["sequences"]).words


def test_a_shared_layer_has_its_parameters_in_one_place():
    picture = Picture(Shared((dense(4, 4), nn.Tanh()), (Here(), nn.Relu(), Here())), np.ones((7, 4)))
    picture.check()
    assert picture.words.count("20 parameters") == 2  # of the Shared, and in its first place
    assert picture.words.count("shared") == 1
    assert picture.words.count("layer.0 Dense") == 2
    assert picture.words.count("m x 4") == 4
    alone = Picture(Here("left", dense(2, 2)), np.ones((7, 2)))
    assert "layer Dense" in alone.words


def test_frozen_parameters_and_two_calls_of_a_layer():
    assert Picture((nn.Frozen(dense(2, 2)), dense(2, 2))).words.count("6 frozen") == 2

    @record
    class Twice:
        layer: Any

    @forward.register(Twice)
    def twice_forward(params, x):
        return forward(params.layer, forward(params.layer, x)[0])[0], x

    assert "layer Dense" in Picture(Twice(dense(2, 2)), np.ones((7, 2))).words


@record
class Highway:
    """out = g h + (1 - g) x, g = gate(x), h = layer(x)"""

    gate: Any
    layer: Any


@forward.register(Highway)
def highway_forward(params, x):
    g, of_gate = forward(params.gate, x)
    h, of_layer = forward(params.layer, x)
    return g * h + (1 - g) * x, (x, g, h, of_gate, of_layer)


@backward.register(Highway)
def highway_backward(params, cache, dA):
    x, g, h, of_gate, of_layer = cache
    gate = backward(params.gate, of_gate, dA * (h - x))
    layer = backward(params.layer, of_layer, dA * g)
    return nn.Grads(gradient(params, gate=gate.params, layer=layer.params), dA * (1 - g) + gate.x + layer.x)


def test_a_layer_of_ones_own_is_drawn_and_says_how_it_is_connected():
    own = Highway((dense(2, 2), nn.Sigmoid()), (dense(2, 2, 1), nn.Tanh()))
    plain = Picture(own, np.ones((7, 2)))
    plain.check()
    assert "gate.0 Dense" in plain.words
    assert "layer.1 Tanh" in plain.words
    assert "| x]" not in plain.told
    before = diagram.register(Highway)(
        lambda params: Branches(({"gate": params.gate}, {"layer": params.layer}, {}), "g h + (1 - g) x")
    )
    assert before(own).join
    told = Picture(own, np.ones((7, 2)))
    told.check()
    assert "g h + (1 - g) x" in told.words
    assert "| x]" in told.told


def test_shapes_are_named_by_the_number_of_rows():
    shapes = BlockBuilder(np.ones((4, 1)))
    told = {"m x 2": (4, 2), "3m": (12,), "5 x 2": (5, 2), "number": (), "0 x 2": (0, 2)}
    assert [plain(shapes.shape(np.ones(shape))) for shape in told.values()] == list(told)
    assert plain(shapes.shape((np.ones((4, 1)), None))) == "(m x 1, None)"
    assert plain(BlockBuilder(np.ones((0, 2))).shape(np.ones((0, 2)))) == "m x 2"
    assert Picture((), np.ones((0, 2))).words[-1] == "0 trainable parameters"


def test_parts_of_a_tuple_have_their_own_shapes():
    net = (Copy(2), Parallel((dense(3, 5), (dense(3, 4), dense(4, 5)))), Sum())
    picture = Picture(First(net), (np.ones((7, 6, 3)), np.ones((7, 6), bool)))
    assert "x: (m x 6 x 3, m x 6)" in picture.words
    assert "(m x 6 x 5, m x 6 x 5)" in picture.words
    assert "m x 6 x 4" in picture.words


def test_the_picture_of_the_page_is_that_of_its_network():
    code = re.findall(
        r"^```python\n(.*?)^```", (PAGES / "looking_inside.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    names: dict[str, Any] = {}
    for block in code[:2]:
        if ">>>" not in block:
            exec(block, names)
    [drawn] = [block for block in code if "picture = diagram(" in block]
    exec(drawn, names)
    assert (PAGES / "network.svg").read_text("ascii") == names["picture"].svg
