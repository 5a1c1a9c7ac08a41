"""The fast check: its number of calls, what it finds, what it leaves out, and when the full check runs."""

from functools import partial

import numpy as np
import pytest

from funcnn import Grads, backward, forward, gradient, record
from funcnn.errors import KindError, RangeError
from funcnn.testing import (
    Aliased,
    GradientError,
    Inconclusive,
    NotDeterministic,
    NotLinear,
    NotPure,
    NotSymmetric,
    NotTransposed,
    WrongAtKink,
    WrongGradient,
    WrongShape,
    WrongTogether,
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_vjp,
)
from tests.said import fails

FIVE = np.array([0.5, -1.0, 2.0, 3.0, -0.25])
LEFT_OUT = ("float32", "layouts", "purity beyond one repeated call", "kinks beyond the slopes on both sides")


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f = f
        self.calls = 0

    def __call__(self, *args):
        self.calls += 1
        return self.f(*args)


softplus = lambda x: np.logaddexp(0, x)
slope = lambda x: 1 / (1 + np.exp(-x))
softplus_vjp = lambda args, dA: [dA * slope(args[0])]


def test_softplus_of_five_numbers_takes_36_calls_at_most():
    f = Counted(softplus)
    report = check_vjp(f, softplus_vjp, [FIVE], fast=True)
    assert f.calls <= 36
    assert (report.verdict, report.inconclusive, report.left_out) == ("pass", 0, LEFT_OUT)
    assert report.sees < 1e-8
    assert str(report).startswith("pass: every entry of args[0] and 1 directions: 36 probes, ")
    assert str(report).endswith(f"; fast: without {', '.join(LEFT_OUT)}")


sampled = lambda n: np.linspace(-1.5, 2, n)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10, 97])
@pytest.mark.parametrize("total", [False, True])
def test_there_are_three_times_the_calls_of_gradcheck_at_most(n, total):
    torch = pytest.importorskip("torch", reason="its gradcheck is counted")
    theirs = Counted(torch.nn.functional.softplus)
    of_torch = (lambda x: theirs(x).sum()) if total else theirs
    assert torch.autograd.gradcheck(of_torch, (torch.tensor(sampled(n), requires_grad=True),))
    f = Counted((lambda x: softplus(x).sum()) if total else softplus)
    assert check_vjp(f, softplus_vjp, [sampled(n)], fast=True).left_out
    assert f.calls <= 3 * theirs.calls


@pytest.mark.parametrize("scale", [1e-3, 1.0, 300.0, 1e5])
def test_no_argument_of_a_smooth_function_takes_more_calls(scale):
    for f, derivative in ((np.sin, np.cos), (np.square, lambda x: 2 * x), (np.exp, np.exp)):
        for n in (1, 2, 3, 7):
            x = np.clip(scale * sampled(n), None, 300)
            counted = Counted(f)
            report = check_vjp(counted, lambda args, dA, g=derivative: [dA * g(args[0])], [x], fast=True)
            assert counted.calls <= 6 * n + 6 or not report.left_out


@record
class Softplus:
    """A layer that counts its calls; backward may be wrong by a factor."""

    counted: object
    factor: float = 1.0


@forward.register(Softplus)
def softplus_forward(params, x):
    params.counted(x)
    return softplus(x), x


@backward.register(Softplus)
def softplus_backward(params, cache, dA):
    return Grads(gradient(params), dA * slope(cache) * params.factor)


def six(factor=1.0):
    """By name: a function whose calls are counted, and a check of it."""
    f, total, grad, layer = Counted(softplus), Counted(lambda x: softplus(x).sum()), Counted(slope), Counted(softplus)
    both = Counted(lambda x: (softplus(x).sum(), factor * slope(x)))
    loss = Counted(lambda out, y: (softplus(out).mean(), factor * slope(out) / out.size))
    curvature = lambda x: factor * slope(x) * slope(-x)
    columns = FIVE[:, None]
    return {
        "vjp": (f, partial(check_vjp, f, lambda args, dA: [dA * factor * slope(args[0])], [FIVE])),
        "jvp": (f, partial(check_jvp, f, lambda args, t: t[0] * factor * slope(args[0]), [FIVE])),
        "gradient": (total, partial(check_gradient, total, lambda x: factor * slope(x), FIVE)),
        "value and gradient": (both, partial(check_gradient, both, True, FIVE)),  # noqa: FBT003  as SciPy
        "hessian": (grad, partial(check_hessian, grad, lambda x: np.diag(curvature(x)), FIVE)),
        "product": (grad, partial(check_hessian, grad, lambda x, p: curvature(x) * p, FIVE, product=True)),
        "layer": (layer, partial(check_layer, Softplus(layer, factor), columns)),
        "loss": (loss, partial(check_loss, loss, columns, columns)),
    }


@pytest.mark.parametrize("name", six())
def test_every_check_is_fast_and_finds_a_factor(name):
    f, check = six()[name]
    report = check(fast=True)
    assert f.calls <= 36
    assert report.verdict == "pass"
    assert report.inconclusive == 0
    rules = {"layer": ("the rules of layers",), "loss": ("blocks of rows",)}.get(name, ())
    of_floats = LEFT_OUT[1:] if name in ("gradient", "value and gradient", "hessian", "product") else LEFT_OUT
    assert report.left_out == of_floats + rules
    off = dict.fromkeys(("float32", "layouts", "purity"), False)
    assert check(fast=True, **off).left_out == LEFT_OUT[3:] + rules
    wrong = six(1 + 3e-7)[name][1]
    with pytest.raises(WrongGradient) as full:
        wrong()
    with pytest.raises(WrongGradient) as fast:
        wrong(fast=True)
    assert str(fast.value) == str(full.value)


def relu_vjp(at_zero):
    return lambda args, dA: [dA * np.where(args[0] == 0, dA.dtype.type(at_zero), args[0] > 0)]


relu = lambda x: np.maximum(x, 0)


def test_kinks_between_the_slopes_on_both_sides():
    x = np.array([0.0, 1.0, -1.0])
    for at_zero in (0, 0.25, 1):
        f = Counted(relu)
        report = check_vjp(f, relu_vjp(at_zero), [x], fast=True)
        assert (report.left_out, report.inconclusive) == (LEFT_OUT, 0)
        assert f.calls <= 24
    assert report.kinks > 0
    fails(WrongAtKink, check_vjp, relu, relu_vjp(2), [x], fast=True)
    assert check_vjp(relu, relu_vjp(2), [x], fast=True, at_kinks="skip").left_out == ()  # by the full check
    every_tie = lambda args, dA: [dA * (args[0] == args[0].max())]
    fails(WrongTogether, check_vjp, np.max, every_tie, [np.array([3.0, 1.0, 3.0])], fast=True)


def test_other_steps_where_the_first_do_not_decide():
    """Steps of their own size for small entries, shorter ones for waves, longer ones where f is rough."""

    def decided(f, derivative, x):
        counted = Counted(f)
        report = check_vjp(
            counted, lambda args, dA: [dA * derivative(args[0])], [np.array(x)], fast=True, resolution=1e-6
        )
        assert counted.calls <= 6 * len(x) + 6
        assert report.left_out
        return report.inconclusive

    assert decided(np.log, lambda x: 1 / x, [1e-5]) == 0
    assert decided(lambda x: np.sin(100 * x), lambda x: 100 * np.cos(100 * x), [0.3]) == 0
    assert decided(lambda x: 1e4 + x * x, lambda x: 2 * x, [1.0]) == 0


def test_an_undecided_entry_is_counted():
    report = check_vjp(
        lambda x: (x**3).sum(), lambda args, dA: [3 * dA * args[0] ** 2], [np.array([1e4, 1e-3])], fast=True
    )
    assert report.left_out
    assert 0 < report.inconclusive < report.probes


def test_the_full_check_runs_where_few_calls_decide_nothing():
    x = np.array([1e25, 2e25])
    assert check_vjp(np.square, lambda args, dA: [2 * dA * args[0]], [x], fast=True).left_out == ()
    with pytest.raises(Inconclusive, match="too rough"):
        check_vjp(lambda x: 1e12 + abs(x) ** 2, lambda args, dA: [2 * dA * args[0]], [np.array([1e-3])], fast=True)
    with pytest.raises(Inconclusive, match="f is not finite"):
        check_vjp(np.log, lambda args, dA: [dA / args[0]], [np.array([-1.0])], fast=True)
    with pytest.raises(Inconclusive, match="outside domain"):
        check_vjp(np.log, lambda args, dA: [dA / args[0]], [np.ones(1)], fast=True, domain={"x": (2, None)})
    with pytest.raises(KindError, match="f must return floats"):
        check_vjp(lambda x: x > 0, lambda args, dA: [dA], [np.ones(1)], fast=True)


def test_arguments_without_entries():
    assert check_vjp(np.sin, lambda args, dA: [dA], [np.zeros((0, 2))], fast=True).probed == "nothing"


def stale():
    kept = []

    def f(x):
        kept[:] = [x]
        return np.sin(x)

    return f, lambda args, dA: [dA * np.cos(kept[0])]


def drifting():
    count = []
    return np.sin, lambda args, dA: [dA * np.cos(args[0]) * (1 + 1e-13 * (count.append(1) or len(count)))]


def drifting_f():
    count = []
    return lambda x: np.sin(x) + 1e-15 * (count.append(1) or len(count) // 20), lambda args, dA: [dA * np.cos(args[0])]


def one_buffer():
    buffer = np.zeros(5)
    return np.sin, lambda args, dA: [np.multiply(dA, np.cos(args[0]), out=buffer)]


WRONG = {
    "a stale argument": (stale, NotPure),
    "a drift": (drifting, NotDeterministic),
    "a drift of f": (drifting_f, (NotDeterministic, NotPure)),
    "one buffer": (one_buffer, NotPure),
    "a bias": (lambda: (np.sin, lambda args, dA: [dA * np.cos(args[0]) + args[0]]), NotLinear),
    "a guided relu": (lambda: (np.sin, lambda args, dA: [np.maximum(dA, 0) * np.cos(args[0])]), NotLinear),
    "a missing axis": (lambda: (np.sin, lambda args, dA: [(dA * np.cos(args[0])).sum()]), WrongShape),
}


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_beside_numbers(name):
    make, error = WRONG[name]
    fails(error, check_vjp, *make(), [FIVE], fast=True)


def test_promises_of_functions():
    jvp = lambda args, t: t[0] * np.cos(args[0])
    fails(NotTransposed, check_jvp, np.sin, jvp, [FIVE], vjp=lambda args, dA: [2 * dA * np.cos(args[0])], fast=True)
    turned = (lambda x: np.roll(x, 1) * 1.0, lambda x: np.roll(np.eye(x.size), 1, axis=0))
    fails(NotSymmetric, check_hessian, *turned, FIVE, fast=True)
    fails(Aliased, check_vjp, lambda x: x * 1, lambda args, dA: [dA], [FIVE], aliasing=False, fast=True)
    assert check_vjp(lambda x: x * 1, lambda args, dA: [dA], [FIVE], fast=True).left_out
    fails(GradientError, check_jvp, np.sin, lambda args, t: abs(jvp(args, t)), [FIVE], fast=True)


def test_a_layer_that_keeps_its_last_input():
    kept = []

    @record
    class Stale:
        """A layer of which backward uses the last x."""

    forward.register(Stale)(lambda params, x: (kept.__setitem__(slice(None), [x]) or np.sin(x), ()))
    backward.register(Stale)(lambda params, cache, dA: Grads(gradient(params), dA * np.cos(kept[0])))
    fails(GradientError, check_layer, Stale(), FIVE[:, None], fast=True)


def test_trees_and_structures_are_fast_too():
    S = np.array([[2.0, 1.0], [1.0, 3.0]])
    f = lambda p: {"value": np.tril(p["S"]).sum() + np.tril(p["S"], -1).sum()}
    vjp = lambda args, dA: [{"S": dA["value"] * np.ones((2, 2))}]
    assert check_vjp(f, vjp, [{"S": S}], structure={'p["S"]': "symmetric"}, fast=True).left_out
    fails(WrongGradient, check_vjp, f, vjp, [{"S": S}], fast=True)
    z = np.array([1 + 2j, 0.5j])
    assert check_vjp(np.square, lambda args, dA: [2 * dA * args[0]], [z], convention="jax", fast=True).left_out


@pytest.mark.parametrize("section", ["float32", "layouts", "purity"])
def test_a_section_that_is_asked_for_is_refused(section):
    with pytest.raises(
        RangeError, match=rf"^check_vjp: {section}=True has no effect with fast=True, which leaves it out$"
    ):
        check_vjp(softplus, softplus_vjp, [FIVE], fast=True, **{section: True})
    with pytest.raises(RangeError, match=r"^check_vjp: fast has no effect with exact=True; leave it out$"):
        check_vjp(softplus, softplus_vjp, [FIVE], fast=True, exact=True)
    with pytest.raises(KindError, match=r"^check_vjp: fast must be True or False, not int$"):
        check_vjp(softplus, softplus_vjp, [FIVE], fast=1)


def test_a_slope_of_zero_is_decided_where_a_long_step_changes_nothing():
    """A padded position is flat; the slope of x^2 at 1e-12 beside a 1 is not, and is named."""
    x = np.array([1.0, 2.0, -1.0])
    report = check_vjp(
        lambda x: x[:2].sum() ** 3,
        lambda args, dA: [dA * 3 * args[0][:2].sum() ** 2 * np.array([1, 1, 0], dA.dtype)],
        [x],
        fast=True,
    )
    assert (report.unresolved, bool(report.left_out)) == ({}, True)
    squares = lambda x: 1 + (x**2).sum()
    report = check_vjp(squares, lambda args, dA: [2 * dA * args[0]], [np.array([1.0, 1e-12])], fast=True)
    assert report.unresolved.keys() == {"x[1]"}
    assert "1 of 2 entries of x" in report.probed
    assert "; not decided: x[1] (bound " in str(report)
