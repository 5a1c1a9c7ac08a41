"""Pictures in the browser: the player of a run, by mouse and by keyboard, and the texts of a diagram."""

import math

import numpy as np
import pytest

import funcnn as nn
from funcnn.inspection import diagram
from funcnn.layers import Bidirectional, Concat, Copy, Map, Parallel
from tests.browser import window

__all__ = ["window"]

# Texts that begin in a box and reach beyond it.
BEYOND = """() => {
  const boxes = [...document.querySelectorAll("rect")].map((e) => e.getBBox())
  const holds = (box, x, y) => box.x <= x && x <= box.x + box.width && box.y <= y && y <= box.y + box.height
  return [...document.querySelectorAll("text")].filter((e) => {
    const { x, y, width, height } = e.getBBox()
    const inner = boxes.filter((box) => holds(box, x, y + height / 2)).sort((a, b) => a.width - b.width)[0]
    return inner && !holds(inner, x + width, y + height / 2)
  }).map((e) => e.textContent)
}"""


def test_texts_of_a_diagram_lie_within_their_boxes(window, tmp_path):
    dense = [nn.Dense.init(8, 8, seed=i) for i in range(4)]
    branches = Parallel((dense[0], nn.Residual((dense[1], nn.Tanh())), ()))
    both = Bidirectional(nn.GRU.init(24, 3, seed=0), nn.GRU.init(24, 3, seed=1))
    net = (Map(nn.transformer_block(8, 2, 16, seed=0)), nn.Flatten(), nn.Dense.init(240, 8, seed=0))
    for name, params, x in (
        ("branches", (Copy(3), branches, Concat(), both), np.ones((7, 5, 8))),
        ("blocks", net, np.ones((7, 6, 5, 8))),
    ):
        path = tmp_path / f"{name}.svg"
        path.write_text(diagram(params, x).svg)
        page = window.page(path)
        assert page.tab.evaluate("document.querySelectorAll('text').length") > 20
        assert page.tab.evaluate(BEYOND) == []
        assert page.errors + page.requests == []


def test_it_is_played_by_mouse_and_by_keyboard(window, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures are written with matplotlib")
    from funcnn.plot import write_player

    costs = [4.0, 2.0, 1.0, math.nan, 0.5]
    states = [nn.TrainState(nn.Relu(), step=10 * i, cost=cost) for i, cost in enumerate(costs)]
    path = tmp_path / "run.html"
    write_player(path, states, lambda state: np.full((4, 6), state.step / 40), title="A run")
    page = window.page(path, width=400)
    tab, said = page.tab, lambda: page.tab.locator("#where").text_content()
    assert said() == "Step 0: cost 4"
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert said() == "Step 20: cost 1"
    assert tab.locator("#picture").get_attribute("alt") == "Step 20: cost 1"
    tab.keyboard.press("ArrowRight")
    assert said() == "Step 30"
    assert not tab.locator("#mark").is_visible()
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowLeft")
    assert said() == "Step 0: cost 4"
    tab.locator("#frame").focus()
    tab.keyboard.press("End")
    assert said() == "Step 40: cost 0.5"
    where = tab.evaluate("[mark.getAttribute('cx'), mark.getAttribute('cy')]")
    assert [float(number) for number in where] == [592, 112]
    tab.locator("#play").click()  # from the last frame it begins anew
    assert tab.locator("#play").text_content() == "Pause"
    tab.keyboard.press("Space")  # the button has the focus, so one press is one click
    assert tab.locator("#play").text_content() == "Play"
    tab.keyboard.press("Home")
    tab.locator("#frame").focus()
    tab.keyboard.press("Space")
    tab.wait_for_function("where.textContent === 'Step 40: cost 0.5' && play.textContent === 'Play'")
    assert page.overflow(400, 1300) == []
    faults = page.violations()
    page.show(dark=True)
    assert faults + page.violations(only=["color-contrast"]) == []
    assert page.errors + page.requests == []
