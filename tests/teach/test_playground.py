"""The page of `write_playground` in a browser: playing, touching, keys, colours and widths."""

import re

import numpy as np
import pytest

from funcnn import (
    Conv2d,
    Dense,
    Flatten,
    Momentum,
    Relu,
    Sigmoid,
    Tanh,
    backward,
    binary_cross_entropy,
    forward,
    mlp,
    mse,
    sgd,
    softmax_cross_entropy,
)
from funcnn.teach import write_playground, write_steps
from tests.browser import WIDTHS

rng = np.random.default_rng(3)
places = rng.uniform(-1, 1, (40, 2)).round(3)
ring = (np.hypot(*places.T) < 0.6).astype(float)[:, None]
numbers = np.sort(rng.uniform(-2, 2, 20))[:, None]
heights = 9 * np.random.default_rng(4).normal(size=(40, 3))
images, rows = rng.normal(size=(12, 6, 6, 1)), rng.normal(size=(30, 5))


def net(hidden, *sizes):
    return (*mlp([2, *(sizes or (6, 5)), 1], hidden=hidden, seed=1), Sigmoid())


PAGES = {
    "ring": (
        (net(Tanh()), places, ring, binary_cross_entropy, 1.0),
        {
            "choices": {
                "relu": net(Relu()),
                "Momentum": (net(Tanh()), Momentum()),
                "deep": net(Sigmoid(), 6, 6, 6, 6, 6, 6),
            },
            "title": "A ring of points",
        },
    ),
    "line": (((Dense.init(1, 1, seed=0),), numbers, 1.5 * numbers + 0.5, mse, 0.1), {}),
    "outputs": ((mlp([2, 4, 3], seed=0), places, heights, mse, 0.1), {}),
    "images": (
        (
            (Conv2d.init(1, 3, 3, seed=0), Relu(), Flatten(), Dense.init(48, 4, seed=1)),
            *(images, rng.integers(0, 4, 12), softmax_cross_entropy, 0.1),
        ),
        {},
    ),
    "table": ((mlp([5, 12, 4], hidden=Relu(), seed=0), rows, rng.integers(0, 4, 30), softmax_cross_entropy, 0.1), {}),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, (given, settings) in PAGES.items():
        write_playground(*given, folder / f"{name}.html", **settings)
    return folder


@pytest.fixture
def opened(window, files):
    """Opens a page; after the test it has asked for nothing, and no script has failed."""
    pages = []

    def open_page(name, **settings):
        pages.append(window.page(files / f"{name}.html", **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        assert page.errors == []
        assert page.requests == []


def ask(page, code):
    return page.tab.evaluate(code)


def wait(page, condition):
    """Wait until a condition holds; Playwright's own way needs `eval`, which the page does not allow."""
    look = f"const look = () => {condition} ? done(true) : requestAnimationFrame(look)"
    assert ask(page, f"new Promise((done) => {{ setTimeout(() => done(false), 10000); {look}; look() }})")


def steps(page):
    return int(re.search(r"after (\d+) step", page.tab.inner_text("#cost-view")).group(1).replace(",", ""))


def test_play_and_pause_one_step_and_start_again(opened):
    page = opened("ring")
    start = ask(page, "playground.parameters()")
    assert sorted(start) == ["0.W", "0.b", "2.W", "2.b", "4.W", "4.b"]
    cost = ask(page, "playground.cost")
    page.tab.click("#one")
    wait(page, "document.querySelector('#cost-view').innerText.includes('after 1 step')")
    assert ask(page, "playground.cost") < cost
    page.tab.click("#play")
    wait(page, "/after [0-9]{2}/.test(document.querySelector('#cost-view').innerText)")
    assert page.tab.inner_text("#play") == "Pause"
    page.tab.click("#play")
    assert page.tab.inner_text("#play") == "Play"
    page.tab.click("#back")
    wait(page, "document.querySelector('#cost-view').innerText.includes('after 0 steps')")
    assert ask(page, "playground.parameters()") == start
    assert ask(page, "playground.cost") == cost


def test_the_functions_for_teachers(opened):
    page = opened("ring")
    ask(page, "playground.step(10)")
    assert steps(page) == 10
    cost = ask(page, "playground.cost")
    ask(page, "playground.set('0.W', 3, 2.5)")
    assert ask(page, "playground.parameters()['0.W'][3]") == 2.5
    assert ask(page, "playground.cost") != cost
    ask(page, "playground.lr = 0.02")
    assert page.tab.input_value("#lr") == "0.02"
    assert float(page.tab.input_value("#rate")) == pytest.approx(np.log10(0.02), abs=0.05)
    message = ask(page, "(() => { try { playground.set('0.W', 99, 1) } catch (error) { return error.message } })()")
    assert message == "playground.set: there is no 0.W[99]"


def test_the_learning_rate_by_slider_and_as_a_number(opened):
    page = opened("ring")
    page.tab.fill("#lr", "0,05")
    page.tab.press("#lr", "Enter")
    assert ask(page, "playground.lr") == 0.05
    page.tab.fill("#lr", "fast")
    page.tab.press("#lr", "Enter")
    assert ask(page, "playground.lr") == 0.05
    assert "must be a number" in page.tab.inner_text("#say")
    assert page.tab.input_value("#lr") == "0.05"
    page.tab.focus("#rate")
    page.tab.keyboard.press("End")
    assert ask(page, "playground.lr") == 100
    page.tab.fill("#lr", "1000")
    page.tab.press("#lr", "Enter")
    assert ask(page, "playground.lr") == 1000
    assert page.tab.inner_text("#say") == "The slider ends at 100"


def test_another_network_and_another_start(opened):
    page = opened("ring")
    page.tab.select_option("#choice", "Momentum")
    ask(page, "playground.step(3)")
    assert steps(page) == 3
    page.tab.select_option("#choice", "relu")
    page.tab.select_option("#scale", "0")
    page.tab.wait_for_selector("#wrong :text('Weights of 0.')")
    assert set(ask(page, "playground.parameters()['0.W']")) == {0}


def test_a_point_is_dragged_and_moved_by_keys(opened):
    page = opened("ring")
    ask(page, "playground.step(50)")
    cost = ask(page, "playground.cost")
    box = page.tab.locator(".point").nth(5).locator(".mark").bounding_box()
    at = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.tab.mouse.move(*at)
    page.tab.mouse.down()
    page.tab.mouse.move(at[0] + 60, at[1] + 40, steps=3)
    page.tab.mouse.up()
    wait(page, f"playground.cost !== {cost}")
    moved = ask(page, "playground.cost")
    assert page.tab.evaluate("document.activeElement.classList.contains('point')")
    page.tab.keyboard.press("Shift+ArrowLeft")
    wait(page, f"playground.cost !== {moved}")
    page.tab.click("#back")
    wait(page, "document.querySelector('#cost-view').innerText.includes('after 0 steps')")
    assert ask(page, "[...page.trainer.arrays.get('x')]") == places.ravel().tolist()
    page.tab.focus(".point[tabindex='0']")
    page.tab.keyboard.press("PageDown")
    label = page.tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert re.fullmatch(r"row \d+: .*, class [01]; the prediction is class [01]", label)


def test_a_weight_is_chosen_by_keys_and_changed(opened):
    page = opened("ring")
    page.tab.focus(".line[tabindex='0']")
    for key in ("ArrowRight", "ArrowDown", "ArrowDown", "Enter"):
        page.tab.keyboard.press(key)
    wait(page, "document.querySelector('#array').value === '2.W'")
    assert page.tab.input_value("#index") == "[0, 2]"
    assert page.tab.locator(".line[aria-pressed='true']").count() == 1
    page.tab.fill("#value", "1.25")
    page.tab.press("#value", "Enter")
    assert ask(page, "playground.parameters()['2.W'][2]") == 1.25
    page.tab.press("#value", "ArrowUp")
    assert ask(page, "playground.parameters()['2.W'][2]") == 1.3
    page.tab.fill("#index", "[5, 4]")
    page.tab.press("#index", "Enter")
    wait(page, "document.querySelector('#index').value === '[5, 4]'")
    page.tab.fill("#index", "[6, 4]")
    page.tab.press("#index", "Enter")
    assert page.tab.inner_text("#say") == "2.W has the indices [0, 0] to [5, 4]"
    assert page.tab.locator("#say.refused").bounding_box()["width"] > 100
    assert page.tab.input_value("#index") == "[5, 4]"
    page.tab.fill("#value", "abc")
    page.tab.press("#value", "Enter")
    assert page.tab.input_value("#value") != "abc"
    page.tab.select_option("#array", "4.b")
    page.tab.fill("#index", "[9, 9]")
    assert page.tab.locator("#say.refused").count() == 0
    page.tab.press("#index", "Enter")
    assert page.tab.inner_text("#say") == "4.b has one index, [0]"


def test_the_nudge_is_the_gradient_times_two_h(opened):
    page = opened("ring")
    ask(page, "playground.step(30)")
    rows = [line.split("\n") for line in page.tab.locator(".nudge .pair").all_inner_texts()]
    found = {name: float(value.replace("\N{MINUS SIGN}", "-")) for name, value in rows}
    dw = float(page.tab.inner_text("#inspector button[aria-label^='the gradient']").replace("\N{MINUS SIGN}", "-"))
    assert found["difference / 2h"] == pytest.approx(dw, rel=0.01)
    difference = found["cost at w + h"] - found["cost at w \N{MINUS SIGN} h"]
    assert difference == pytest.approx(0.002 * dw, rel=0.02)
    assert "for h = 0.001 " in page.tab.inner_text("#inspector")
    assert "So dw is right" in page.tab.inner_text("#inspector")


def test_a_weight_a_bias_and_an_input_say_what_they_are(opened):
    page = opened("ring")
    ask(page, "playground.step(30)")
    assert re.match(r"Weight from input [01] to unit [0-5]\n", page.tab.inner_text("#inspector"))
    page.tab.click(".unit >> nth=4")
    wait(page, "document.querySelector('#inspector').innerText.startsWith('Bias of unit 2')")
    assert "Unit 2 of Dense, Tanh adds its bias" in page.tab.inner_text("#unit-says")
    page.tab.click(".unit >> nth=1")
    wait(page, "document.querySelector('#inspector').innerText.startsWith('Weight from input 1 to unit 0')")
    assert re.fullmatch(
        rf"Input 1 of row 0 is\s+{places[0, 1]}".replace("-", "\N{MINUS SIGN}"), page.tab.inner_text("#unit-says")
    )


def test_on_a_phone_the_cost_and_a_warning_stand_below_the_buttons(opened):
    page = opened("line")
    assert not page.tab.is_visible("#now")
    page.tab.set_viewport_size({"width": 400, "height": 800})
    ask(page, "playground.lr = 2; playground.step(20)")
    assert re.fullmatch(r"Cost [\d.e]+ after 20 steps The learning rate is too large\.", page.tab.inner_text("#now"))
    box = page.tab.locator("#now").bounding_box()
    assert box["y"] + box["height"] < 400


def test_on_a_phone_the_result_of_a_nudge_is_in_sight(opened):
    page = opened("ring", width=400)
    page.tab.click("#inspector button[aria-label^='the gradient of 0.W']")
    page.tab.keyboard.press("n")
    assert ask(page, "document.querySelector('.verdict').getBoundingClientRect().bottom < innerHeight + 1")


def test_colours_are_explained(opened):
    hint = {name: opened(name).tab.inner_text("#network-hint") for name in ("ring", "outputs", "line")}
    assert "in the last one, blue is class 1" in hint["ring"]
    assert "blue above 0, orange below" in hint["outputs"]
    assert "class" not in hint["outputs"]
    assert "The curve in it is its output for each x." in hint["line"]


def test_where_a_number_comes_from(opened):
    page = opened("ring")
    ask(page, "playground.step(3)")
    page.tab.click("#inspector button[aria-label^='the gradient of 0.W']")
    text = page.tab.inner_text("#terms")
    assert re.search(r"dW\[\d,\d\] = Σₖ x\[k,\d\] · dA\[k,\d\]", text)
    assert "Computed in backward of 0 Dense." in text
    page.tab.locator("#terms .link").nth(1).click()
    assert re.search(r"dx\[0,(\d)\] = .*dA\[0,\1\]", page.tab.inner_text("#terms"))
    assert page.tab.locator("#arrays .source").count() > 0
    page.tab.click("#terms button:text('← Back')")
    assert "dW[" in page.tab.inner_text("#terms")
    page.tab.click("#rules button:text('0 Dense') >> nth=0")
    assert page.tab.inner_text("#rule").endswith(": forward of 0 Dense")
    assert "out = x @ W + b" in page.tab.inner_text("#arrays")
    before = ask(page, "playground.cost")
    page.tab.locator("#arrays figure:has(b:text-is('x')) .cell").first.click()
    page.tab.fill("#given", "0.9")
    page.tab.press("#given", "Enter")
    wait(page, f"playground.cost !== {before}")


def test_the_chosen_number_stays_when_the_program_of_later_steps_takes_over(opened):
    page = opened("ring")
    page.tab.select_option("#choice", "Momentum")
    page.tab.click("#inspector button[aria-label^='the gradient of 0.W']")
    before = page.tab.inner_text("#terms .which")
    ask(page, "playground.step(2)")
    assert page.tab.inner_text("#terms .which") == before
    assert page.tab.inner_text("#rule").endswith(": backward of 0 Dense")


def test_a_rate_that_is_too_large_is_said_and_stops_at_the_first_infinite_number(opened):
    page = opened("line")
    ask(page, "playground.lr = 2")
    ask(page, "playground.step(20)")
    assert "The learning rate is too large." in page.tab.inner_text("#wrong")
    ask(page, "playground.lr = 100")
    ask(page, "playground.step(1000)")
    assert "The first value that is not finite is a number in the loss mse." in page.tab.inner_text("#wrong")
    assert all(map(np.isfinite, ask(page, "playground.parameters()['0.W']")))


def test_a_cost_that_stays_above_its_start_and_a_few_rises_are_said(opened):
    page = opened("ring")
    ask(page, "playground.lr = 7; playground.step(18)")
    assert ask(page, "page.trainer.costs.at(-1) < 1.5 * page.trainer.costs[0]")
    assert "The learning rate is too large." in page.tab.inner_text("#wrong")
    page.tab.click("#back")
    ask(page, "playground.lr = 2; playground.step(120)")
    assert "The learning rate is large." in page.tab.inner_text("#wrong")
    costs = [1, *[0.1, 0.2] * 4]
    assert ask(page, f"jumps({costs})")
    assert not ask(page, f"jumps({[1, *[cost / 1000 for cost in costs[1:]]]})")  # near the lowest cost


def test_a_cost_that_rises_by_hand_says_nothing_of_the_learning_rate(opened):
    page = opened("line")
    ask(page, "playground.step(20)")
    page.tab.fill("#value", "40")
    page.tab.press("#value", "Enter")
    wait(page, "playground.cost > 100")
    ask(page, "playground.step(5)")
    assert page.tab.inner_text("#wrong") == ""
    ask(page, "playground.lr = 2")
    ask(page, "playground.step(5)")
    assert re.search(r"the cost was [\d.]+ after step 20\.", page.tab.inner_text("#wrong"))


def test_several_outputs_that_are_no_classes_are_shown_by_the_first_one(opened):
    page = opened("outputs")
    ask(page, "playground.step(20)")
    assert "first output" in page.tab.inner_text("#data-hint")
    pixels = "document.querySelector('canvas.picture').getContext('2d').getImageData(0, 0, 160, 160).data"
    assert ask(page, f"Math.min(...{pixels})") > 120  # between the ground and 0.44 of the colours of +1 and -1
    read = "(mark) => mark.style.fill.match(/\\d+/g).map(Number)"
    fills = ask(page, f"[...document.querySelectorAll('.point .mark')].map({read})")
    pairs = [(fill, first) for fill, (first, *_) in zip(fills, heights, strict=True) if abs(first) > 1]
    assert len(pairs) > 30
    assert all((red < blue) == (first > 0) for (red, _, blue), first in pairs)


def test_the_hint_of_the_rate_names_an_optimizer(opened):
    page = opened("ring")
    plain = page.tab.inner_text("#rate-hint")
    assert "rate · dw. The" in plain
    page.tab.select_option("#choice", "Momentum")
    assert "rate · u. The learning rate says how far. Momentum makes u from dw" in page.tab.inner_text("#rate-hint")
    page.tab.select_option("#choice", "relu")
    assert page.tab.inner_text("#rate-hint") == plain


def test_two_numbers_have_a_map_of_the_cost(opened):
    page = opened("line")
    ask(page, "playground.step(5)")
    before = ask(page, "playground.parameters()")
    page.tab.focus(".handle")
    page.tab.keyboard.press("ArrowRight")
    wait(page, f"playground.parameters()['0.W'][0] !== {before['0.W'][0]}")
    assert ask(page, "playground.parameters()['0.b']") == before["0.b"]
    assert steps(page) == 5


def test_images_and_rows_go_through_the_network(opened):
    page = opened("images")
    page.tab.click(".thumb >> nth=4")
    page.tab.wait_for_selector(".thumb[aria-pressed='true'] >> nth=0")
    assert page.tab.locator(".thumb").count() == 12
    page = opened("table")
    page.tab.click("#data-view tbody tr >> nth=2 >> button >> nth=3")
    assert page.tab.inner_text("#terms .which") == "x[2,2]"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_at_any_width(name, opened):
    page = opened(name)
    ask(page, "playground.step(5); document.querySelector('#origin-open').click()")
    page.tab.locator("#arrays .cell").last.click()
    assert page.overflow(*WIDTHS) == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(name, dark, opened):
    page = opened(name, dark=dark)
    ask(page, "playground.step(5); document.querySelector('#origin-open').click()")
    page.tab.locator("#arrays .cell").last.click()
    assert page.violations() == []


def test_a_page_is_small_without_its_data(files):
    text = (files / "line.html").read_text("utf-8")
    assert len(text.encode()) < 165_000
    assert not re.search(r"(src|href)=|url\(|@import|fetch\(|import\(|XMLHttp|eval\(|innerHTML|style=", text)


def test_arrays_of_a_step_are_shown_from_the_chosen_row_on(opened):
    page = opened("table")
    page.tab.click("#data-view tbody tr >> nth=14 >> button >> nth=3")
    figure = page.tab.locator("#arrays figure:has(b:text-is('x'))")
    assert figure.locator(".chosen").count() == 1
    assert "rows 12 to 17 of 30" in figure.inner_text()
    figure.locator("button[aria-label^='later']").click()
    assert "rows 18 to 23 of 30" in figure.inner_text()
    figure.locator("button[aria-label^='earlier']").click()
    figure.locator("button[aria-label^='earlier']").click()
    assert "rows 6 to 11 of 30" in figure.inner_text()


def test_what_goes_wrong_is_said(opened):
    page = opened("ring")
    assert page.tab.inner_text("#wrong") == ""
    page.tab.select_option("#choice", "deep")
    page.tab.wait_for_selector("#wrong :text('Vanishing gradients.')")
    page.tab.select_option("#choice", "relu")
    ask(page, "for (let i = 0; i < 6; i++) playground.set('0.b', i, -100)")
    assert "6 of the 6 units of layer 1 Relu give 0 for each row." in page.tab.inner_text("#wrong")
    assert "No gradient." not in page.tab.inner_text("#wrong")


@pytest.mark.parametrize("name", PAGES)
def test_in_a_frame_of_another_page_it_is_small(name, opened):
    page = opened(name, query="#view=small")
    assert not page.tab.is_visible("h1")
    assert not page.tab.is_visible("footer")
    page.tab.click("#one")
    wait(page, "document.querySelector('#cost-view').innerText.includes('after 1 step')")
    assert page.overflow(736, 370) == []
    assert page.violations(without=["page-has-heading-one"]) == []


def test_fewer_rows_train_on_as_python_does(opened):
    page = opened("ring")
    page.tab.evaluate("playground.step(5)")
    page.tab.select_option("#rows", "10")
    page.tab.evaluate("playground.step(5)")
    params = PAGES["ring"][0][0]
    for rows in [40] * 5 + [10] * 5:
        out, cache = forward(params, places[:rows])
        params = sgd(params, backward(params, cache, binary_cross_entropy(out, ring[:rows])[1]), 1.0)
    made = page.tab.evaluate("playground.parameters()")
    assert np.allclose(made["0.W"], params[0].W.ravel(), rtol=0, atol=1e-12)
    page.tab.select_option("#rows", "40")
    assert page.tab.evaluate("page.trainer.out.length") == 40


@pytest.mark.parametrize("write", [write_playground, write_steps])
def test_a_network_without_parameters_has_its_numbers(write, window, tmp_path):
    write((Relu(),), places, places, mse, 0.1, tmp_path / "live.html")
    page = window.page(tmp_path / "live.html")
    assert page.tab.evaluate("(playground.step(2), playground.cost)") == pytest.approx(
        mse(np.maximum(places, 0), places)[0]
    )
    assert "no parameters" in page.tab.inner_text("#inspector")
    assert not page.errors
