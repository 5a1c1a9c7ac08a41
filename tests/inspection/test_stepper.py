"""The pages of `write_steps` in a browser: their numbers, terms, keys, links, colours and widths."""

import json
from pathlib import Path

import numpy as np
import pytest

import funcnn as nn
from funcnn import mse, parameters, softmax_cross_entropy, trace
from funcnn.layers import Last
from funcnn.teach import write_steps

rng = np.random.default_rng(0)
x, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
SCREEN = (
    nn.Dense(np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([0.0, -1.0])),
    nn.Relu(),
    nn.Dense(np.array([[2.0], [-1.0]]), np.array([1.0])),
)
CASES = {
    "screen": (SCREEN, x, y, mse),
    "lstm": (
        (nn.LSTM.init(2, 2, seed=0), Last(), nn.Dense.init(2, 1, seed=1)),
        rng.normal(size=(2, 3, 2)),
        rng.normal(size=(2, 1)),
        mse,
    ),
    "mixed": (
        (nn.Residual((nn.Dense.init(4, 4, seed=1), nn.Tanh())), nn.Attention.init(4, 2, seed=0)),
        rng.normal(size=(1, 3, 4)),
        rng.normal(size=(1, 3, 4)),
        mse,
    ),
    "images": (
        (nn.Conv2d.init(1, 2, (3, 3), seed=0), nn.Relu(), nn.Flatten(), nn.Dense.init(32, 2, seed=1)),
        rng.normal(size=(8, 6, 6, 1)),
        np.array([0, 1] * 4),
        softmax_cross_entropy,
    ),
}
# Each number of each step: its name and its digits, the sum of its terms, and its value; bits as hexadecimal.
NUMBERS = """() => {
  const bits = (value) => {
    const view = new DataView(new ArrayBuffer(8))
    view.setFloat64(0, value)
    return view.getBigUint64(0).toString(16).padStart(16, "0")
  }
  const found = []
  for (let step = 0; step < steps.length; step++) {
    go(step)
    for (const button of document.querySelectorAll("#arrays [data-number]")) {
      const [row, place] = button.dataset.number.split(".").map(Number), ref = { row, place }
      const terms = termsOf(ref), value = rows[row].values[place]
      found.push([nameOf(ref), bits(value), button.title.split(" = ")[1], button.textContent,
        terms && terms.reduce((sum, term) => sum + term.value, 0), value])
    }
  }
  return found
}"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page for each network."""
    folder = tmp_path_factory.mktemp("pages")
    for name, given in CASES.items():
        write_steps(*given, 0.01, folder / f"{name}.html")
    return folder


@pytest.fixture
def screen(window, pages):
    """The page of the example of one screen, in which nothing goes wrong."""
    page = window.page(pages / "screen.html")
    yield page
    assert page.errors == page.requests == []


def plain(text):
    """The text with the minus sign of the keyboard."""
    return text.replace("\N{MINUS SIGN}", "-")


def as_number(text):
    return float(plain(text))


def texts(locator):
    return list(map(plain, locator.all_inner_texts()))


@pytest.mark.parametrize("name", CASES)
def test_every_number_is_that_of_the_trace_and_the_sum_of_its_terms(name, window, pages):
    params, given, wanted, loss = CASES[name]
    page = window.page(pages / f"{name}.html")
    found = page.tab.evaluate(NUMBERS)
    data = json.loads(page.tab.text_content("#data"))
    seen = trace(params, given, wanted, loss, lr=0.01, inputs=True)
    expected = {}
    for visit in seen.visits:
        for label in ("x", "out", "dA", "dx"):
            expected[f"{visit.path}.{label}"] = getattr(visit, label)
        expected |= {f"{visit.path}.{path}": a for path, a in parameters(visit.layer).items()}
        expected |= {f"{visit.path}.d{path}": a for path, a in parameters(visit.gradient).items() if "." not in path}
    expected |= {f"{path}_after": a for path, a in parameters(seen.after).items()}
    numbers = {name: bits for name, bits, *_ in found}
    compared = 0
    for label, array in expected.items():
        for index, value in np.ndenumerate(array):
            if (bits := numbers.get(f"{label}{list(index)}".replace(" ", ""))) is not None:
                assert bits == f"{np.float64(value).view(np.uint64):016x}"
                compared += 1
    assert compared > 30
    with_terms = 0
    for number, bits, digits, shown, total, value in found:
        assert f"{np.float64(as_number(digits)).view(np.uint64):016x}" == bits, number
        assert abs(as_number(shown) - value) <= 5e-4 * abs(value) * 10
        if total is not None:
            assert abs(total - value) <= 1e-12 * max(1, abs(value)), number
            with_terms += 1
    assert with_terms > 20
    assert page.errors == page.requests == []
    assert len(data["steps"]) > 5


def test_a_click_lists_the_terms(screen):
    tab = screen.tab
    tab.get_by_role("button", name="2 Dense").nth(1).click()
    tab.get_by_role("button", name="dW[0,0], 6").click()
    assert tab.locator("#detail .names").all_inner_texts() == ["x[0,0] · dA[0,0]", "x[1,0] · dA[1,0]"]
    assert plain(tab.locator("#detail .sum").inner_text()) == "3 · 3 + 3 · (-1) = 6"
    assert plain(tab.locator("#say").inner_text()) == "2.dW[0,0] = 3 · 3 + 3 · (-1) = 6"
    assert tab.locator("#arrays .source").count() == 4
    assert tab.url.endswith("#step=5&number=2.dW[0,0]")
    tab.get_by_role("button", name="x[1,0]", exact=True).click()  # one of its terms
    assert tab.locator("#detail .where").inner_text() == "1.out[1,0]"


def test_a_link_opens_a_step_and_a_number(window, pages):
    page = window.page(pages / "screen.html", query="#step=5&number=2.dW[1,0]")
    assert page.tab.locator("#name").inner_text() == "Step 5 of 9: backward, Dense, layer 2"
    assert plain(page.tab.locator("#detail .value").inner_text()) == "-2"
    for query, step in [
        ("#number=0.db[1]", 7),
        ("#step=99", 9),
        ("#step=x&number=0.W[7,7]", 1),
        ("#number=nothing", 1),
    ]:
        page.tab.evaluate("hash => { location.hash = hash }", query)
        page.tab.wait_for_function("step => state.step === step - 1", arg=step)
    assert page.errors == []


def test_keys_alone_are_enough(screen):
    tab = screen.tab
    press = tab.keyboard.press
    press("ArrowRight")
    press("ArrowRight")
    press("ArrowRight")
    assert tab.locator("#name").inner_text() == "Step 4 of 9: the loss, mse"
    assert tab.locator("#say").inner_text() == "Step 4 of 9: the loss, mse"
    press("ArrowLeft")
    press("Home")
    press("ArrowLeft")
    tab.locator("#predict").focus()
    press("Tab")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "x[0,0], 1"
    press("ArrowDown")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "x[1,0], 2"
    press("ArrowDown")
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "W[0,0], 1"
    press("ArrowUp")
    press("ArrowUp")
    press("Enter")
    assert tab.locator("#detail h2").inner_text() == "x[0,0]"
    press("Enter")
    assert tab.evaluate("document.activeElement.id") == "detail"
    press("n")
    assert "slope 6" in tab.locator("#say").inner_text()
    press("Escape")
    assert tab.locator("#detail").is_hidden()
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')") == "x[0,0], 1"
    press("n")
    assert tab.locator("#say").inner_text().startswith("This number has no nudge")
    press("End")
    assert tab.locator("#next").is_disabled()
    press("Control+ArrowLeft")
    assert tab.locator("#name").inner_text() == "Step 9 of 9: sgd, Dense, layer 2"


def test_a_nudge_shows_forward_again_and_the_slope_beside_the_gradient(window, pages):
    page = window.page(pages / "screen.html", query="#step=5&number=2.dW[0,0]")
    page.tab.get_by_role("button", name="Nudge W[0,0]").click()
    lines = [line.split("\t") for line in page.tab.locator(".nudged tbody").inner_text().splitlines()]
    assert [line[0] for line in lines] == ["W[0,0]", "2.out[0,0]", "2.out[1,0]", "cost"]
    h, cost = 2.0**-10, lambda d: 5 + 6 * d + 9 * d**2  # as the page on one screen computes it
    assert [as_number(text) for text in lines[-1][1:]] == pytest.approx([cost(-h), 5, cost(h)], rel=1e-6)
    verdict = plain(page.tab.locator(".verdict").inner_text())
    assert verdict == "(5.005868 - 4.994149) / 0.001953 = slope 6; the gradient is 6."
    assert page.errors == []


def test_the_last_steps_say_what_the_cost_is_after_them(window, pages):
    page = window.page(pages / "screen.html", query="#step=9")
    after = "The cost was 5. With the parameters after all steps of sgd it is 3.687."
    assert page.tab.locator("#after").inner_text() == after
    assert page.tab.locator("#arrays figcaption").all_inner_texts()[1].endswith("∂cost / ∂W")
    symbols = page.tab.locator("#symbols").inner_text().split("\n")
    assert symbols == ["lr", "the learning rate, 0.01", "dp", "∂cost / ∂p"]
    page.tab.keyboard.press("Home")
    assert page.tab.locator("#after").is_hidden()
    page.tab.keyboard.press("ArrowRight")
    assert page.tab.locator("#symbols").is_hidden()  # out = max(x, 0) has no symbol that is not an array


def test_a_function_of_a_number_has_one_pair_of_parentheses(window, pages):
    page = window.page(pages / "lstm.html", query="#step=1&number=0.g_1[1,1]")
    assert plain(page.tab.locator("#detail .values").inner_text()).startswith("tanh(-0.")
    page = window.page(pages / "screen.html", query="#step=2&number=1.out[0,1]")
    assert plain(page.tab.locator("#detail .values").inner_text()) == "max(-1, 0)"
    assert page.errors == []


def test_predict_first_hides_a_number_until_it_is_answered(screen):
    tab = screen.tab
    tab.keyboard.press("p")
    assert texts(tab.locator("#arrays .made button")) == ["?"] * 4
    assert "NaN" not in tab.locator("#arrays").inner_text()
    tab.get_by_role("button", name="out[0,1], hidden").click()
    assert tab.locator("#detail .value").inner_text() == "?"
    tab.keyboard.press("n")
    assert tab.locator("#detail .verdict").count() == 0
    for answer, says in [
        ("", "Write a number, such as 1.5."),
        ("one", "Write a number, such as 1.5."),
        ("7", "7 is not right. The terms below say how it is computed."),
    ]:
        tab.fill("#answer", answer)
        tab.keyboard.press("Enter")
        assert tab.locator("#say").inner_text() == says
        assert tab.locator("#detail .value").inner_text() == "?"
    tab.fill("#answer", "-1,0")
    tab.keyboard.press("Enter")
    assert plain(tab.locator("#say").inner_text()) == "Right: out[0,1] = -1"
    assert tab.locator("#score").inner_text() == "0 of 1 right"  # at the first answer
    tab.get_by_role("button", name="out[0,0], hidden").click()
    tab.fill("#answer", "3")
    tab.keyboard.press("Enter")
    assert tab.locator("#score").inner_text() == "1 of 2 right"
    tab.get_by_role("button", name="out[1,1], hidden").click()
    tab.get_by_role("button", name="Show it").click()
    assert texts(tab.locator("#arrays .made button")) == ["3", "-1", "?", "2"]
    tab.keyboard.press("p")
    assert texts(tab.locator("#arrays .made button")) == ["3", "-1", "3", "2"]


PLACES = {
    "screen": "#step=5&number=2.dW[0,0]",
    "lstm": "#step=1&number=0.c_2[0,1]",
    "mixed": "#step=8",
    "images": "#step=1",
}


@pytest.fixture(scope="module")
def looks():
    """The looks of text on all pages, in the light and in the dark scheme."""
    return {False: set(), True: set()}


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_cut_off_and_axe_core_finds_nothing(name, window, pages, looks):
    page = window.page(pages / f"{name}.html", query=PLACES[name])
    page.tab.keyboard.press("n")
    assert page.overflow(1300, 768, 400) == []
    assert page.tab.evaluate("$('steps').scrollWidth <= $('steps').clientWidth")  # the steps wrap on a phone
    assert page.violations(without=["color-contrast"]) == []
    looks[False] |= set(page.looks())
    page.show(dark=True)
    looks[True] |= set(page.looks())
    assert page.errors == page.requests == []


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read(dark, window, looks):
    window.page(Path(__file__), dark=dark)
    assert len(looks[dark]) > 10
    assert window.contrast(looks[dark]) == []


def test_a_page_is_small(pages: Path):
    assert max([path.stat().st_size for path in pages.iterdir()]) < 300_000
