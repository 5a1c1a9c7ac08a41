"""The pages of `write_steps` in a browser: their numbers, terms, keys, links, colours and widths."""

import re

import numpy as np
import pytest

import funcnn as nn
from funcnn import mse, parameters, softmax_cross_entropy, trace
from funcnn.layers import Last
from funcnn.teach import nudge, write_steps
from tests.browser import WIDTHS
from tests.teach.playing import data_of_page

rng = np.random.default_rng(0)
x, y = np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[4.0], [6.0]])
SCREEN = (
    nn.Dense(np.array([[1.0, 2.0], [1.0, -1.0]]), np.array([0.0, -1.0])),
    nn.Relu(),
    nn.Dense(np.array([[2.0], [-1.0]]), np.array([1.0])),
)


@nn.record
class Share:
    """out = sigmoid(w x) x, for one number w"""

    w: nn.Array


@nn.forward.register(Share)
def share_forward(params, x):
    share = 1 / (1 + np.exp(-params.w * x))
    return share * x, (x, share)


@nn.backward.register(Share)
def share_backward(params, cache, dA):
    x, share = cache
    slope = share * (1 - share)
    return nn.Grads(nn.gradient(params, w=(dA * x * slope * x).sum()), dA * (share + params.w * slope * x))


CASES = {
    "screen": (SCREEN, x, y, mse),
    "lstm": (
        (nn.LSTM.init(2, 2, seed=0), Last(), nn.Dense.init(2, 1, seed=1)),
        *(rng.normal(size=(2, 3, 2)), rng.normal(size=(2, 1)), mse),
    ),
    "mixed": (
        (nn.Residual((nn.Dense.init(4, 4, seed=1), nn.Tanh())), nn.Attention.init(4, 2, seed=0)),
        *(rng.normal(size=(1, 3, 4)), rng.normal(size=(1, 3, 4)), mse),
    ),
    "images": (
        (nn.Conv2d.init(1, 2, (3, 3), seed=0), nn.Relu(), nn.Flatten(), nn.Dense.init(32, 2, seed=1)),
        *(rng.normal(size=(8, 6, 6, 1)), np.array([0, 1] * 4), softmax_cross_entropy),
    ),
    "own": ((SCREEN[0], Share(np.array(1.0)), SCREEN[2]), x, y, mse),
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A page for each network."""
    folder = tmp_path_factory.mktemp("pages")
    for name, given in CASES.items():
        write_steps(*given, 0.01, folder / f"{name}.html")
    return folder


@pytest.fixture
def opened(window, files):
    """Opens a page; after the test it has asked for nothing, and no script has failed."""
    pages = []

    def open_page(name, query="", **settings):
        window.tab.goto("about:blank")  # an address that differs in its number alone does not load the page again
        pages.append(window.page(files / f"{name}.html", query=query, **settings))
        return pages[-1]

    yield open_page
    for page in pages:
        assert page.errors == page.requests == []


def plain(text):
    """The text with the minus sign of the keyboard."""
    return text.replace("\N{MINUS SIGN}", "-")


def texts(locator):
    return list(map(plain, locator.all_inner_texts()))


def step_of(tab):
    return tab.inner_text("#rule")


def step(page):
    return step_of(page.tab)


NUMBERS = """Object.fromEntries(where.names.flatMap((one, i) => one && one.name && !/^[ui]/.test(where.ready.dtypes[i])
  ? [[inAddress(i), Array.from(where.ready.values[i])]] : []))"""


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_those_of_the_trace(name, opened):
    params, given, wanted, loss = CASES[name]
    numbers = opened(name).tab.evaluate(NUMBERS)
    seen = trace(params, given, wanted, loss, lr=0.01, inputs=True)
    expected = {"cost": np.array(seen.cost), "dA": seen.dA}
    for visit in seen.visits:
        expected |= {f"{visit.path}.out": visit.out, f"{visit.path}.dx": visit.dx}
        expected |= {f"{visit.path}.{path}": a for path, a in parameters(visit.layer).items()}
        expected |= {f"{visit.path}.d{path}": a for path, a in parameters(visit.gradient).items() if "." not in path}
    expected |= {f"{path}_after": a for path, a in parameters(seen.after).items()}
    found = [path for path in expected if path in numbers]
    for path in found:
        np.testing.assert_allclose(numbers[path], expected[path].ravel(), rtol=1e-12, atol=1e-14, err_msg=path)
    assert {"cost", "dA", "0.out", "0.dx"} <= set(found)
    assert {path for path in expected if path.split(".")[-1][0] == "d"} - set(found) <= {"2.dx"}  # of Flatten, a view


def test_a_click_lists_the_terms(opened):
    tab = opened("screen").tab
    tab.get_by_role("button", name="2 Dense").nth(1).click()
    tab.get_by_role("button", name="dW[0,0], 6").click()
    assert plain(tab.inner_text("#terms .names")) == "dW[0,0] = x[0,0] · dA[0,0] + x[1,0] · dA[1,0]"
    assert plain(tab.inner_text("#terms .terms")) == "= 3 · 3 + 3 · (-1) = 6"
    assert plain(tab.inner_text("#say")) == "dW[0,0] = 6"
    assert tab.locator("#arrays .source").count() == 4
    assert tab.url.endswith("#step=5&number=2.dW[0,0]")
    tab.locator("#terms .link").first.click()  # x[0,0], which the rule is given
    assert step_of(tab) == "Rule 2 of 8: forward of 1 Relu"
    assert tab.inner_text("#terms .names") == "out[0,0] = max(x[0,0], 0)"
    assert tab.url.endswith("#step=2&number=1.out[0,0]")
    tab.click("#terms button:text('← Back')")
    tab.locator("#arrays .kept .cell").first.click()  # the same number, in the rule that is given it
    assert tab.inner_text("#terms .which") == "x[0,0]"
    assert tab.inner_text("#terms .names") == "out[0,0] = max(x[0,0], 0)"
    assert tab.url.endswith("#step=5&number=1.out[0,0]")


def test_a_rule_shows_what_it_is_given_beside_what_it_makes(opened):
    page = opened("screen", "#step=5")
    sides = {
        name: page.tab.locator(f"#arrays .{name} figcaption b").all_inner_texts() for name in ("given", "kept", "made")
    }
    assert sides == {"given": ["dA"], "kept": ["x", "W"], "made": ["dW", "db", "dx"]}
    given, made = [page.tab.locator(f"#arrays .{name}").bounding_box() for name in ("given", "made")]
    assert given["y"] == made["y"]
    assert given["x"] + given["width"] < made["x"]
    assert "∂cost / ∂out" in page.tab.inner_text("#arrays .given")
    assert page.tab.locator("#arrays .equation").all_inner_texts() == ["dx = dA @ WT", "dW = xT @ dA, db = sum(dA)"]
    assert "the product of matrices" in page.tab.inner_text("#arrays .symbols")


def test_the_page_begins_with_the_panel_and_training_is_one_click_away(opened):
    page = opened("screen")
    assert step(page) == "Rule 1 of 8: forward of 0 Dense"
    assert page.tab.locator("#origin").bounding_box()["y"] < page.tab.locator("#diagram").bounding_box()["y"]
    assert page.tab.title() == "One training step: Dense → Relu → Dense, mse, lr = 0.01"
    page.tab.click("#one")
    page.tab.wait_for_selector("#cost-view :text('after 1 step')")


def test_the_gates_of_an_lstm_have_the_number_of_their_step(opened):
    page = opened("lstm")
    between = page.tab.locator("#arrays .between figcaption b").all_inner_texts()
    assert {"i₁", "f₂", "o₃", "c₁", "c₂", "c₃"} <= set(between)
    page = opened("lstm", "#step=7&number=0.dc_3[0,1]")
    assert page.tab.inner_text("#terms .which") == "dc₃[0,1]"
    dc = [name for name in page.tab.locator("#arrays .between figcaption b").all_inner_texts() if "dc" in name]
    assert dc == ["dc₃", "dc₂", "dc₁"]
    assert "dc_2" not in page.tab.url


def test_the_equation_of_a_rule_without_one_is_that_of_its_operations(opened):
    page = opened("own", "#step=2")
    assert page.tab.locator("#arrays .equation").all_inner_texts() == ["out = sigmoid(w x) x, for one number w"]
    page = opened("own", "#step=6")
    assert page.tab.locator("#arrays .equation").all_inner_texts() == [
        "slope[0,0] = share[0,0] · (1 \N{MINUS SIGN} share[0,0])",
        "dw = Σₖᵢ dA[k,i] · x[k,i] · slope[k,i] · x[k,i]",
        "dx[0,0] = dA[0,0] · (share[0,0] + w · slope[0,0] · x[0,0])",
    ]


def test_a_link_opens_a_step_and_a_number(opened):
    page = opened("screen", "#step=5&number=2.dW[1,0]")
    assert step(page) == "Rule 5 of 8: backward of 2 Dense"
    assert plain(page.tab.inner_text("#terms .value")) == "-2"
    for query, number in [
        ("#number=0.db[1]", 7),
        ("#step=99", 8),
        ("#step=x&number=0.W[7,7]", 1),
        ("#number=nothing", 1),
        ("#step=%", 1),
        ("#step=8&number=2.W_after[0,0]", 8),
    ]:
        page.tab.evaluate("hash => { location.hash = hash; openAddress() }", query)
        assert step(page).startswith(f"Rule {number} of 8"), query
    page.tab.evaluate("history.replaceState(null, '', '#other')")
    assert page.tab.evaluate("openAddress()") is False


def test_keys_alone_are_enough(opened):
    page = opened("screen")
    press, focused = page.tab.keyboard.press, "document.activeElement.getAttribute('aria-label')"
    for _ in range(3):
        press("ArrowRight")
    assert step(page) == page.tab.inner_text("#say") == "Rule 4 of 8: the loss mse"
    press("ArrowLeft")
    press("Home")
    press("ArrowLeft")
    assert step(page).startswith("Rule 1")
    page.tab.focus("#arrays .cell")
    assert page.tab.evaluate(focused) == "x[0,0], 1"
    press("ArrowDown")
    assert page.tab.evaluate(focused) == "x[1,0], 2"
    press("ArrowDown")
    assert page.tab.evaluate(focused) == "W[0,0], 1"
    press("ArrowUp")
    press("ArrowUp")
    press("Enter")
    assert page.tab.inner_text("#terms .which") == "x[0,0]"
    assert page.tab.evaluate(focused) == "x[0,0], 1"
    press("Enter")
    assert page.tab.evaluate("document.activeElement.id") == "terms"
    press("n")
    assert "slope 6" in page.tab.inner_text("#say")
    press("Escape")
    assert page.tab.locator("#terms .which").count() == 0
    assert page.tab.evaluate(focused) == "x[0,0], 1"
    press("n")
    assert page.tab.inner_text("#say").startswith("This number has no nudge")
    press("ArrowRight")
    assert page.tab.evaluate("document.activeElement.id") == "rule"
    press("End")
    assert page.tab.is_disabled("#step-on")
    press("Control+ArrowLeft")
    assert step(page).startswith("Rule 8")
    page.tab.focus("#lr")
    press("ArrowLeft")
    press("Home")
    assert step(page).startswith("Rule 8")
    page.tab.click("#origin-open")
    press("Home")
    page.tab.click("#origin-open")
    assert step(page).startswith("Rule 8")


@pytest.mark.parametrize(("query", "path", "index"), [("2.dW[0,0]", "2.W", (0, 0)), ("x[0,1]", "x", (0, 1))])
def test_a_nudge_shows_forward_again_and_the_slope_beside_the_gradient(query, path, index, opened):
    page = opened("screen", f"#number={query}")
    page.tab.click("#nudge")
    lines = [plain(line).split("\t") for line in page.tab.inner_text(".nudged tbody").splitlines()]
    h = float(lines[0][3]) - float(lines[0][2])
    found = nudge(*CASES["screen"][:4], path, index, h=round(h, 10))
    assert lines[-1][0] == "cost"
    assert [float(text) for text in lines[-1][1:]] == pytest.approx([found.below, 5, found.above], rel=1e-5)
    gradient = dict(parameters(trace(SCREEN, x, y, mse).grads.params))["2.W"][0, 0] if path != "x" else None
    slope, beside = re.search(
        r"= slope (\S+); the gradient is (\S+)\.$", plain(page.tab.inner_text(".verdict"))
    ).groups()
    assert float(slope) == pytest.approx(found.slope, rel=1e-3)
    assert float(beside) == pytest.approx(found.slope if gradient is None else gradient, rel=1e-3)
    assert page.tab.evaluate("playground.cost") == 5  # nothing has moved
    assert [line[0] for line in lines[1:-1]][-1] == ("2.out[1,0]" if path == "2.W" else "2.out[0,0]")


def test_the_last_step_says_what_the_cost_is_after_it(opened):
    page = opened("screen", "#step=8")
    assert page.tab.inner_text("#after") == "The cost is 5. With the parameters after this step it is 3.687."
    assert page.tab.evaluate("playground.cost") == 5
    page.tab.click("#one")
    page.tab.wait_for_selector("#after:text('The cost is 3.687.')")
    page.tab.keyboard.press("Home")
    assert page.tab.locator("#after").count() == 0


def test_predict_first_hides_a_number_until_it_is_answered(opened):
    tab = opened("screen", "#step=2").tab
    tab.keyboard.press("p")
    made, which = tab.locator("#arrays .made td button"), "#terms .value"
    assert texts(made) == ["?"] * 4
    tab.get_by_role("button", name="out[0,1], hidden").click()
    assert tab.inner_text(which) == "?"
    assert tab.inner_text("#terms .terms").endswith(")")  # the terms without the number
    tab.keyboard.press("n")
    assert tab.locator("#terms .verdict").count() == 0
    for answer, says in [
        ("", "Write a number, such as 1.5."),
        ("one", "Write a number, such as 1.5."),
        ("7", "7 is not right. The terms below say how it is computed."),
    ]:
        tab.fill("#answer", answer)
        tab.keyboard.press("Enter")
        assert tab.inner_text("#say") == says
        assert tab.inner_text(which) == "?"
    tab.fill("#answer", "0,0")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#say") == "Right: out[0,1] = 0"
    assert tab.inner_text("#score") == "0 of 1 right"  # at the first answer
    tab.get_by_role("button", name="out[0,0], hidden").click()
    tab.fill("#answer", "3")
    tab.keyboard.press("Enter")
    assert tab.inner_text("#score") == "1 of 2 right"
    tab.get_by_role("button", name="out[1,1], hidden").click()
    tab.get_by_role("button", name="Show it").click()
    assert texts(made) == ["3", "0", "?", "2"]
    tab.click("#predict")
    assert texts(made) == ["3", "0", "3", "2"]


def test_a_large_array_has_pages_and_a_map(opened):
    page = opened("images", "#step=1&number=0.out[0,1,2,1]")
    figure = page.tab.locator("#arrays figure:has(b:text-is('out'))")
    assert "rows 4 to 7 of 64" in figure.inner_text()
    assert figure.locator("tbody th").first.inner_text() == "[0,0,:,1]"
    assert figure.locator(".chosen").count() == 1
    assert re.fullmatch("out as colours, from .* to .*", figure.locator("canvas").get_attribute("aria-label"))
    figure.locator("canvas").click(position={"x": 1, "y": 1})
    assert "rows 0 to 3 of 64" in figure.inner_text()
    rows = [row.split("\t") for row in plain(figure.locator("tbody").inner_text()).splitlines()]
    out = nn.forward(CASES["images"][0][0], CASES["images"][1])[0]
    np.testing.assert_allclose(np.array(rows)[:, 1:].astype(float), out[0, :, :, 0], rtol=5e-3)
    page.tab.keyboard.press("p")
    assert page.tab.locator("#arrays .made canvas").is_hidden()
    page.tab.click("#rules button:has-text('3 Dense') >> nth=0")
    wide = page.tab.locator("#arrays figure:has(b:text-is('x'))")
    wide.locator("button[aria-label='later columns of x']").click()
    assert "columns 10 to 19 of 32" in wide.inner_text()


FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"  # until it is laid out
PLACES = {
    "screen": "#step=5&number=2.dW[0,0]",
    "lstm": "#step=1&number=0.c_2[0,1]",
    "mixed": "#step=8",
    "images": "#step=1&number=0.W[0,1,0,1]",
    "own": "#step=6",
}


@pytest.fixture(scope="module")
def looks():
    """The looks of text on all pages, in the light and in the dark scheme."""
    return {False: set(), True: set()}


@pytest.mark.parametrize("name", PLACES)
def test_nothing_is_cut_off_and_axe_core_finds_nothing(name, opened, looks):
    page = opened(name, PLACES[name])
    page.tab.keyboard.press("n")
    for width in WIDTHS:
        page.show(width=width)
        page.tab.evaluate(FRAMES)
        assert page.overflow() == []
    assert page.violations(without=["color-contrast"]) == []
    looks[False] |= set(page.looks())
    page.show(dark=True)
    looks[True] |= set(page.looks())


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read(dark, window, looks, files):
    window.page(files / "screen.html", dark=dark)
    assert len(looks[dark]) > 10
    assert window.contrast(looks[dark]) == []


def test_a_page_is_small_and_asks_for_nothing(files):
    for path in files.iterdir():
        text = path.read_text("utf-8")
        assert path.stat().st_size < 250_000
        assert "default-src 'none'" in text
        assert not re.search(r"(src|href)=|url\(|@import|fetch\(|import\(|XMLHttp|eval\(|innerHTML", text)
    assert data_of_page(files / "screen.html")["step"] == 0


def test_texts_from_the_program_are_text(tmp_path):
    @nn.record
    class Odd(nn.Elementwise):
        """out = x, </script><b>"""

        def value(self, x: nn.Array) -> nn.Array:
            return x + 0

        def slope(self, kept: nn.Array) -> nn.Array:
            return 1.0 + 0 * kept

    Odd.__name__ = "</script><script>alert(1)</script>"

    def loss(out, y):
        return mse(out, y)

    loss.__name__ = "<img>"
    write_steps((Odd(),), x, x, loss, 0.1, tmp_path / "step.html")
    text = (tmp_path / "step.html").read_text("utf-8")
    assert "<img>" not in text
    assert "alert(1)</script>" not in text
    assert data_of_page(tmp_path / "step.html")["choices"][0]["layers"][0]["kind"] == Odd.__name__
