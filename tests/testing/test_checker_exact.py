"""Gradients in exact arithmetic: every layer and every loss, and mistakes too small for differences."""

import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import funcnn.arrays
import funcnn.testing.options
from funcnn import Grads, backward, forward, gradient, layers, losses, parameters, record
from funcnn.arrays import namespace
from funcnn.elementary import sigmoid, sum_over_rows, tanh_slope
from funcnn.layers.activations.smooth import _C, _gelu_gate
from funcnn.layers.convolution import correlation, windows
from funcnn.layers.embedding import symbols
from funcnn.layers.normalisation import standardization
from funcnn.testing import Inconclusive, check_layer, check_loss, check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.exact import comparison
from funcnn.testing.exact.dual import of_values
from funcnn.testing.verdict import BrokenPromise, NotPure, WrongGradient, WrongShape
from tests.exactness import LOSSES, RATIONAL, ROUNDED, random
from tests.said import says


def in_fractions(report):
    assert report.verdict == "pass"
    return "fractions" in report.probed


named = lambda layer: layer.__name__


@pytest.mark.parametrize("layer", [layer for layer in fst.registered() if named(layer) not in ROUNDED], ids=named)
@settings(max_examples=2, derandomize=True)
@given(st.data())
def test_every_layer(layer, data):
    params, x = data.draw(fst.cases(layer))
    assert in_fractions(check_layer(params, x, exact=True)) >= (layer.__name__ in RATIONAL)


def test_rounded_constants_show_in_the_last_digit_of_a_float64():
    for name, digits in ROUNDED.items():
        with pytest.raises(WrongGradient, match="digits agree\n") as caught:
            check_layer(getattr(layers, name)(), np.array([[0.3, -0.7]]), exact=True)
        assert abs(float(re.search(r"(\S+) digits agree", str(caught.value))[1]) - digits) < 1


# Rules with a branch for NumPy's own arrays, on arrays of objects and with small blocks.

CONVOLUTIONS = [layers.Conv1d, layers.Conv2d, layers.ConvTranspose2d, layers.AvgPool, layers.MaxPool, layers.Upsample]
NORMS = [layers.LayerNorm, layers.RMSNorm, layers.GroupNorm, layers.InstanceNorm]


@pytest.mark.parametrize("layer", [*CONVOLUTIONS, *NORMS, layers.GlobalAvgPool, layers.Embedding], ids=named)
@settings(max_examples=2, derandomize=True)
@given(st.data())
def test_the_branch_of_numpy(layer, data):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(funcnn.arrays, "_FLOATS", "fcO")
        patch.setattr(comparison, "of_values", lambda *given: of_values(*given).data)
        patch.setattr(windows, "X_BYTES", 64)
        patch.setattr(correlation, "WINDOW_BYTES", 64)
        patch.setattr(standardization, "NUMBERS", 4)
        for name, bound in (("FEW", data.draw(st.sampled_from([0, 32]))), ("SMALL", 1), ("LONG", 2)):
            patch.setattr(symbols, name, bound)
        params, x = data.draw(fst.cases(layer))
        assert in_fractions(check_layer(params, x, exact=True)) >= (layer.__name__ in RATIONAL)


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss(name):
    rational, loss, out, y = LOSSES[name]
    assert in_fractions(check_loss(loss, out, y, exact=True)) == rational


def test_no_loss_was_forgotten():
    assert set(losses.__all__) - {name.split(",")[0] for name in LOSSES} == {"of_logits", "of_complex", "normalised"}


# Relative errors of 1e-7 to 1e-15.


@record
class Edited:
    """A layer with a mistake in its gradients."""

    layer: object
    edit: object


@forward.register(Edited)
def edited_forward(params, x):
    return forward(params.layer, x)


@backward.register(Edited)
def edited_backward(params, cache, dA):
    own, dx = params.edit(params.layer, cache, dA, backward(params.layer, cache, dA))
    return Grads(Edited(own, params.edit), dx)


def times(error):
    """A factor of dx."""
    return lambda p, c, d, g: (g.params, g.x * (1 + error))


def of_parameter(name, change):
    """A change of the gradient of one parameter; the others keep theirs."""

    def edit(p, cache, dA, g):
        own = parameters(g.params)
        return gradient(p, **own | {name: change(own[name], dA)}), g.x

    return edit


@record
class NinthDigit(layers.Gelu):
    def slope(self, kept):
        x, cube, s, d = _gelu_gate(kept)
        return s * (1 + x * (_C + 3.000000003 * cube) / d)


@record
class TanhAndMore(layers.Tanh):
    def slope(self, kept):
        return tanh_slope(kept) + 1e-15


@record
class SeluOfNine(layers.Selu):
    def slope(self, kept):
        xp = namespace(kept)
        return xp.where(kept > 0, 1.050700987, 1.7580993408473766 * xp.exp(xp.minimum(kept, 0)))


@record
class SoftplusUpTo30(layers.Softplus):
    def slope(self, kept):
        return sigmoid(namespace(kept).clip(kept, -30, 30))


@record
class SigmoidOfAtLeast(layers.Sigmoid):
    def slope(self, kept):
        return namespace(kept).maximum(super().slope(kept), 1e-12)


@record
class SiluByAnUlp(layers.Silu):
    def slope(self, kept):
        s = sigmoid(kept)
        return s * (1 + kept * (1 - s + 2**-53))


@record
class SineOfNine(layers.Sine):
    def slope(self, kept):
        return namespace(kept).cos(3.000000001 * kept) * 3


def drawn(*shape):
    return random.standard_normal(shape)


def norm(layer, scale, eps):
    """The gradient dx of a normalisation whose backward takes 1 / sqrt(var + eps) for another number."""
    return layer, lambda p, c, d, g: (g.params, scale(c, p.eps, namespace(d), g.x)), drawn(3, 6)


ONES = np.ones(6)
BATCH = layers.BatchNorm(drawn(4), drawn(4), np.zeros(4), np.ones(4))
GRU = layers.GRU(drawn(2, 9), drawn(3, 9), drawn(9), drawn(3))
DENSE, HEAD = layers.Dense(drawn(4, 3), drawn(3)), layers.Attention.init(4, 2, seed=0)
MISTAKES = {
    "dense: dW times 1 + 1e-12": (DENSE, of_parameter("W", lambda g, d: g * (1 + 1e-12)), drawn(5, 4)),
    "dense: db and 1e-14 of the first row": (DENSE, of_parameter("b", lambda g, d: g + 1e-14 * d[0]), drawn(5, 4)),
    "convolution: dx times 1 + 1e-13": (layers.Conv2d(drawn(2, 2, 2, 3), drawn(3)), times(1e-13), drawn(1, 4, 4, 2)),
    "softmax: dx times 1 + 2e-15": (layers.Softmax(), times(2**-49), drawn(3, 4)),
    "layer norm: eps outside the root": norm(
        layers.LayerNorm(ONES, ONES, 1e-12),
        lambda c, eps, xp, dx: dx / c[1] / (xp.sqrt(1 / (c[1] * c[1]) - eps) + eps),
        1e-12,
    ),
    "layer norm: eps forgotten": norm(
        layers.LayerNorm(ONES, ONES, 1e-10), lambda c, eps, xp, dx: dx / c[1] / xp.sqrt(1 / (c[1] * c[1]) - eps), 1e-10
    ),
    "RMS norm: an eps more": norm(
        layers.RMSNorm(ONES), lambda c, eps, xp, dx: dx / c[1] / xp.sqrt(1 / (c[1] * c[1]) + 1e-12), 1e-12
    ),
    "batch norm: a third in nine digits": (
        BATCH,
        lambda p, c, d, g: (g.params, g.x + p.scale * c[1] * (sum_over_rows(d) * (1 / 3 - 0.333333333))),
        drawn(3, 4),
    ),
    "GRU: dU and 1e-12": (GRU, of_parameter("U", lambda g, d: g + 1e-12), drawn(2, 3, 2)),
    "embedding: rows times 1 + 2^-24": (
        layers.Embedding(drawn(5, 3)),
        of_parameter("W", lambda g, d: g * (1 + 2**-24)),
        np.array([[0, 1, 1], [4, 0, 1]]),
    ),
    "attention: dx times 1 - 1e-15": (HEAD, times(-1e-15), drawn(1, 3, 4)),
    "frozen: dx times 1 + 1e-7": (layers.Frozen(DENSE), times(1e-7), drawn(2, 4)),
    "max pooling: dx times 1 + 1e-11": (layers.MaxPool(2), times(1e-11), drawn(1, 4, 4, 2)),
    "tanh: and 1e-15": (TanhAndMore(), None, drawn(3, 4)),
    "gelu: a constant in nine digits": (NinthDigit(), None, drawn(3, 4)),
    "selu: a scale of nine digits": (SeluOfNine(), None, drawn(3, 4)),
    "softplus: a slope clipped at 30": (SoftplusUpTo30(), None, drawn(3, 4)),
    "sigmoid: a slope of at least 1e-12": (SigmoidOfAtLeast(), None, drawn(3, 4)),
    "silu: 1 - s off by an ulp": (SiluByAnUlp(), None, drawn(3, 4)),
    "sine: a frequency in nine digits": (SineOfNine(3.0), None, drawn(3, 4)),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_found(name):
    layer, edit, x = MISTAKES[name]
    with pytest.raises(WrongGradient, match="wrong in exact arithmetic at"):
        check_layer(layer if edit is None else Edited(layer, edit), x, exact=True)


@pytest.mark.parametrize("error", [1e-7, 1e-11, 1e-15])
@pytest.mark.parametrize("name", ["mse", "softmax_cross_entropy", "gaussian_nll", "masked"])
def test_a_mistake_in_a_loss_is_found(name, error):
    _, loss, out, y = LOSSES[name]

    def wrong(out, y):
        cost, dA = loss(out, y)
        if type(dA) is tuple:
            return cost, (dA[0] * (1 + error), *dA[1:])
        return cost, dA * (1 + error)

    says(WrongGradient, r"wrong: dout.* wrong in exact arithmetic at out", check_loss, wrong, out, y, exact=True)


def test_the_message_names_the_entry():
    def edit(p, cache, dA, g):
        corner = np.zeros((4, 3))
        corner[2, 1] = 1e-13
        return gradient(p, W=g.params.W + corner, b=g.params.b), g.x

    with pytest.raises(WrongGradient) as caught:
        check_layer(Edited(DENSE, edit), drawn(5, 4), exact=True)
    first, second, *rest = str(caught.value).splitlines()
    assert first == f"Edited: dparams.layer.W, wrong in exact arithmetic at params.layer.W[2, 1] = {DENSE.W[2, 1]}"
    analytic, exact, digits = re.fullmatch(r"    analytic (\S+), exact (\S+): (\S+) digits agree", second).groups()
    assert float(analytic) == pytest.approx(float(exact), rel=1e-10)
    assert float(digits) < 15
    assert rest[0].startswith("    params = ")


# Functions of NumPy, whose derivatives are known.

HALF, POINTS = np.array([[1.5, -0.5]]), np.array([[0.25, 1.5, 3.0]])
FUNCTIONS = {
    "sums": (lambda x: 1 - x + (2 - -x) + +x, lambda x: 1),
    "quotients": (lambda x: 2 / x + x / 4, lambda x: 0.25 - 2 / (x * x)),
    "powers": (lambda x: x**3 + x**-1 + x**0 + 0 * x, lambda x: 3 * x * x - x**-2),
    "roots": (lambda x: x**2.5 + np.sqrt(x), lambda x: 2.5 * x**1.5 + 0.5 / np.sqrt(x)),
    "exponentials": (lambda x: np.exp(x) + np.expm1(x), lambda x: 2 * np.exp(x)),
    "logarithms": (lambda x: np.log(x) + np.log1p(x), lambda x: 1 / x + 1 / (1 + x)),
    "waves": (lambda x: np.sin(x) + np.cos(x), lambda x: np.cos(x) - np.sin(x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "abs": (lambda x: abs(-x).conjugate(), np.sign),
    "clip": (lambda x: np.clip(x, 1, 2), lambda x: (x >= 1) & (x <= 2)),
    "where": (lambda x: np.where(x < 1, x, 2 * x), lambda x: np.where(x < 1, 1, 2)),
    "nan": (lambda x: x * np.isfinite(x) * ~np.isnan(x), np.ones_like),
    "equal": (lambda x: x * (x != 1.5), lambda x: 1 - (x == 1.5)),
    "whole numbers": (lambda x: x * (np.arange(3) / 3) * np.isnan(x.size), lambda x: np.isnan(x.shape[1])),
    "an array of floats": (lambda x: x * HALF[:, :1], lambda x: HALF[0, :1]),
    "truth": (lambda x: x * 2 if x.any() and x.size and x[0, 0] else x, lambda x: 2),
    "whole parts": (lambda x: x * x.astype(int), lambda x: x.astype(int)),
    "bools": (lambda x: x * (x.astype(bool).astype(float) + 1), lambda x: 2),
    "a new array": (lambda x: x + np.full_like(x, 0.5) + x.__array_namespace__().zeros((1, 3)), lambda x: 1),
    "parts": (lambda x: np.concatenate(np.split(x, 3, axis=1)[::-1], axis=1)[:, ::-1] + 0, lambda x: 1),
    "another dtype": (lambda x: x.__array_namespace__().asarray(x, np.float64), lambda x: 1),
    "angles": (lambda x: np.tan(x / 8) + np.arctan(x), lambda x: 1 / (8 * np.cos(x / 8) ** 2) + 1 / (1 + x * x)),
    "arcs": (lambda x: np.arcsin(x / 4) + 2 * np.arccos(x / 4), lambda x: -1 / np.sqrt(16 - x * x)),
    "hyperbolic": (lambda x: np.sinh(x) + np.cosh(x), np.exp),
    "their inverses": (
        lambda x: np.arcsinh(x) + np.arccosh(x + 1) + np.arctanh(x / 4),
        lambda x: 1 / np.sqrt(x * x + 1) + 1 / np.sqrt(x * x + 2 * x) + 4 / (16 - x * x),
    ),
    "powers of 2": (
        lambda x: np.exp2(x) + np.log2(x),
        lambda x: np.exp2(x) * np.log(2 + 0 * x) + 1 / x / np.log(2 + 0 * x),
    ),
    "log10": (np.log10, lambda x: 1 / (x * np.log(10 + 0 * x))),
    "logaddexp": (lambda x: np.logaddexp(x, 0), lambda x: 1 / (1 + np.exp(-x))),
}


def assigned(x):
    """4 x, 2 x + 1/2, x"""
    o = np.zeros_like(x)
    o[:] = x
    o[:, 1] += 0.5
    view = o[0]
    view[:2] *= 2
    view.reshape(-1)[1] -= 0.5
    np.add(o[0, :1], x[0, :1], out=o[0, :1])
    np.add.at(o, ([0], [0]), x[:, 0])
    total = np.zeros((1, 3))
    total += o
    return total


def assigned_slope(x):
    slope = np.ones_like(x).astype(int)
    slope[0, :2] = 4.0, 2
    return slope


FUNCTIONS["assignments"] = (assigned, assigned_slope)


def growing(x):
    xp = x.__array_namespace__()
    return xp.exp(xp.arange(3)) / xp.arange(1, 4)


FUNCTIONS["functions of whole numbers"] = (lambda x: x * growing(x), growing)


def slopes(slope):
    return lambda args, dA: [dA * slope(args[0])]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_numpy(name):
    f, slope = FUNCTIONS[name]
    assert check_vjp(f, slopes(slope), [POINTS], exact=True).verdict == "pass"
    with pytest.raises(WrongGradient, match=r"wrong in exact arithmetic at x\[0, \d\] = "):
        check_vjp(f, slopes(lambda x: slope(x) + 1e-9), [POINTS], exact=True)


UNDECIDED = {
    "a kink": (abs, np.sign, 0.0),
    "a kink of max": (lambda x: np.maximum(x, 1), lambda x: x > 1, 1.0),
    "an infinite slope": (np.sqrt, lambda x: 0.5 / np.sqrt(x), 0.0),
    "slopes that vanish": (lambda x: np.exp(-x), lambda x: 0 * x, 1000.0),
}


@pytest.mark.parametrize("name", UNDECIDED)
def test_it_is_inconclusive(name):
    f, slope, x = UNDECIDED[name]
    with pytest.raises(Inconclusive, match="f has a kink at these arguments, where it compares equal numbers"):
        check_vjp(f, slopes(slope), [np.array([x])], exact=True)


@pytest.mark.parametrize("domain", [{"x": (5, 6)}, lambda x: x > 5])
def test_arguments_outside_the_domain_are_inconclusive(domain):
    twice = partial(check_vjp, lambda x: 2 * x, slopes(lambda x: 2), exact=True, domain=domain)
    assert twice([np.array([5.5])]).verdict == "pass"
    says(Inconclusive, "the arguments are outside domain", twice, [np.arange(3.0)])


def test_at_a_tie_that_changes_nothing_it_is_decided():
    report = check_layer(layers.LogSoftmax(), np.array([[2.0, 2.0]]), exact=True)
    assert report.inconclusive == 0


def test_a_kink_at_x_is_not_one_of_the_numbers_in_its_place():
    report = check_layer(layers.Relu(), np.array([[0.0, -1.0]]), exact=True)
    assert (report.probes, report.inconclusive, report.undecided) == (3, 1, ())


def test_a_number_has_no_index():
    with pytest.raises(WrongGradient, match=r"^sin: dx, wrong in exact arithmetic at x = 2.0\n"):
        check_vjp(np.sin, slopes(np.sin), [np.array(2.0)], exact=True)


def test_an_exact_array_has_the_public_methods_of_an_array_alone():
    x = of_values(np.array([1.5]))
    assert x.tolist() == [1.5]
    assert not hasattr(x, "__array_interface__")


def test_digits_that_cancel_are_computed_again():
    report = check_vjp(
        lambda x: np.log(np.exp(x) + 1) - x, slopes(lambda x: 1 / (1 + np.exp(-x)) - 1), [np.array([90.0])], exact=True
    )
    assert report.verdict == "pass"


REFUSED = {
    "a function without a rule": np.cbrt,
    "a function of two numbers": lambda x: np.hypot(x, 1),
    "a function that rounds": np.floor,
    "a method that rounds": lambda x: x.round(),
    "a function of matrices": lambda x: np.linalg.solve(np.eye(2) * x, x),
    "float32": lambda x: x.astype(np.float32),
    "an array of float32": lambda x: np.zeros_like(x, dtype=np.float32) + x,
    "an assignment to floats": lambda x: np.zeros(2).__setitem__(0, x[0]),
    "a sum into floats": lambda x: np.add.at(np.zeros(2), [0, 1], x),
    "an exponent that moves": lambda x: x**x,
    "an array of floats": lambda x: np.asarray(x),  # noqa: PLW0108  it is called with one argument
    "a number of Python": lambda x: x * float(x[0]),
    "a special method": lambda x: x.__array_interface__,
    "a method of a ufunc": np.add.reduce,
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_it_cannot_compute_is_said(name):
    with pytest.raises((TypeError, AttributeError)) as caught:
        check_vjp(REFUSED[name], slopes(np.ones_like), [np.array([1.0, 2.0])], exact=True)
    [note] = caught.value.__notes__
    assert "comparisons, sums, products, shapes and assignments, logaddexp, arccos, arccosh, " in note


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (np.cbrt, "NumPy's cbrt does not take exact numbers: "),
        (np.floor, "NumPy's floor does not take exact numbers: "),
        (REFUSED["a function of matrices"], "NumPy's solve does not take exact numbers: "),
        (REFUSED["float32"], "exact numbers are not rounded to float32; exact=True has no dtype of floats but float64"),
        (REFUSED["an assignment to floats"], "np.zeros_like(x) makes an array of exact numbers"),
    ],
)
def test_a_function_without_a_rule_is_named(f, message):
    with pytest.raises(TypeError, match=re.escape(message)):
        check_vjp(f, slopes(np.ones_like), [np.array([1.0, 2.0])], exact=True)


def test_arguments_are_read_only():
    def changed(x):
        x += 1
        return x

    with pytest.raises(NotPure, match="f or vjp writes to its arguments"):
        check_vjp(changed, slopes(np.ones_like), [np.ones(2)], exact=True)


def test_a_value_error_of_f_comes_out_as_it_is():
    def refusing(x):
        raise ValueError("too small")

    says(ValueError, "too small", check_vjp, refusing, slopes(np.ones_like), [np.ones(2)], exact=True)


def pasted(error):
    """The variables that the message of an error assigns."""
    made = {**globals()}
    exec("\n".join([line.strip() for line in str(error).splitlines() if " = " in line][1:]), made)
    return made


def test_the_numbers_follow_from_what_is_pasted():
    f = lambda x, y: {"product": x * y, "count": 2, "sum": x + y}

    def vjp(args, dA):
        x, y = args
        return dA["product"] * y + dA["sum"], 2 * dA["product"] * x + dA["sum"]

    with pytest.raises(WrongGradient) as caught:
        check_vjp(f, vjp, (np.array([0.5, 2.0]), np.array([3.0, -1.0])), exact=True)
    made = pasted(caught.value)
    k = int(re.search(r"at y\[(\d)\]", str(caught.value))[1])
    analytic, exact = map(float, re.search(r"analytic (\S+), exact (\S+):", str(caught.value)).groups())
    assert vjp((made["x"], made["y"]), made["dA"])[1][k] == analytic
    assert made["dA"]["product"][k] * made["x"][k] + made["dA"]["sum"][k] == exact


def test_the_numbers_of_a_layer_that_were_drawn_are_pasted():
    with pytest.raises(WrongGradient) as caught:
        check_layer(SigmoidOfAtLeast(), np.array([[0.5, -1.0]]), exact=True)
    made = pasted(caught.value)
    i, j, analytic = re.search(r"x\[(\d), (\d)\] = .*\n    analytic (\S+),", str(caught.value)).groups()
    _, cache = forward(made["params"], made["x"])
    dx = backward(made["params"], cache, made["dA"]).x
    assert dx[int(i), int(j)] == pytest.approx(float(analytic))
    assert abs(made["x"]).max() > 1
    assert "  # in place of x above" in str(caught.value)


@pytest.mark.parametrize("gradient", [None, np.ones((1, 2))])
def test_a_gradient_of_another_shape_is_refused(gradient):
    with pytest.raises(WrongShape, match="f: the gradient of x must have the shape"):
        check_vjp(lambda x: x, lambda args, dA: [gradient], [POINTS], exact=True)


def test_a_gradient_of_another_class_is_refused():
    @record
    class Unwrapped(Edited):
        pass

    @backward.register(Unwrapped)
    def unwrapped_backward(params, cache, dA):
        return backward(params.layer, cache, dA)

    with pytest.raises(BrokenPromise, match=r"Grads.params must be a Unwrapped, as params is, not Dense"):
        check_layer(Unwrapped(DENSE, None), drawn(1, 4), exact=True)


def test_the_real_part_of_exact_numbers_is_the_array():
    x = of_values(np.ones(3))
    assert x.real is x
