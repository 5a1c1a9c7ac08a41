"""The same options for every check: each check follows an option, or refuses it with a sentence."""

from functools import partial
from inspect import signature

import numpy as np
import pytest

from funcnn import Grads, backward, forward, gradient, record
from funcnn.errors import RangeError
from funcnn.testing import (
    Aliased,
    GradientError,
    WrongForFloat32,
    WrongForLayout,
    WrongGradient,
    check_gradient,
    check_hessian,
    check_jvp,
    check_layer,
    check_loss,
    check_vjp,
)
from funcnn.testing.options import REFUSED, CheckOptions
from tests.said import says

X = np.array([0.5, -1.0, 2.0])
right = lambda x: 1.0


@record
class Wave:
    """A layer whose backward may be wrong by a factor that depends on x."""

    fault: object = right


@forward.register(Wave)
def wave_forward(params, x):
    return np.sin(x), x


@backward.register(Wave)
def wave_backward(params, cache, dA):
    return Grads(gradient(params), dA * np.cos(cache) * params.fault(cache))


def of_sine(fault=right):
    """By name of a check: the check of a sine, whose derivative is multiplied by `fault` of its argument."""
    loss = lambda out, y: (np.sin(out).mean(), np.cos(out) * fault(out) / out.size)
    return {
        "check_vjp": partial(check_vjp, np.sin, lambda args, dA: [dA * np.cos(args[0]) * fault(args[0])], [X]),
        "check_jvp": partial(check_jvp, np.sin, lambda args, t: t[0] * np.cos(args[0]) * fault(args[0]), [X]),
        "check_gradient": partial(check_gradient, lambda x: np.sin(x).sum(), lambda x: np.cos(x) * fault(x), X),
        "check_hessian": partial(check_hessian, np.sin, lambda x, p: np.cos(x) * p * fault(x), X, product=True),
        "check_layer": partial(check_layer, Wave(fault), X[:, None]),
        "check_loss": partial(check_loss, loss, X[:, None], X[:, None]),
    }


CHECKS = list(of_sine())
every_check = pytest.mark.parametrize("name", CHECKS)


@every_check
def test_the_options_are_those_of_every_other_check_and_off_where_they_are_refused(name):
    own = signature(globals()[name]).parameters
    assert {*CheckOptions.__annotations__} <= own.keys()
    fixed = {option: value for option, (value, _) in REFUSED.get(name, {}).items()}
    assert {option: own[option].default for option in fixed} == fixed
    assert of_sine()[name](**fixed).verdict == "pass"
    says(TypeError, f"^{name}\\(\\) got an unexpected keyword argument 'nonsense'$", of_sine()[name], nonsense=1)


@pytest.mark.parametrize(
    ("name", "option"), [(name, option) for name in REFUSED for option in REFUSED[name] if name in CHECKS]
)
def test_an_option_that_a_check_cannot_follow_is_refused(name, option):
    other = {"nondeterministic": 1e-6, "aliasing": False, "float32": True, "oracle": np.sin}[option]
    says(RangeError, f"^{name}: {option} must be (True|False|None|0), since ", of_sine()[name], **{option: other})


def lost_in_float32(x):
    return 2.0 if x.dtype == np.float32 else 1.0


def lost_if_reversed(x):
    return 2.0 if x.strides[0] < 0 else 1.0


class Drifting:
    """A factor that changes with each call, by less than a bound."""

    def __init__(self):
        self.calls = 0

    def __call__(self, x):
        self.calls += 1
        return x.dtype.type(1 + 1e-14 * self.calls)


SECTIONS = {
    "float32": (lambda: lost_in_float32, WrongForFloat32),
    "layouts": (lambda: lost_if_reversed, WrongForLayout),
    "purity": (Drifting, GradientError),
}


@pytest.mark.parametrize("section", SECTIONS)
@every_check
def test_a_section_finds_its_mistake_and_can_be_switched_off(name, section):
    fault, error = SECTIONS[section]
    if section in REFUSED.get(name, {}):
        return
    with pytest.raises(error):
        of_sine(fault())[name]()
    off = {section: False}
    if section == "purity" and name != "check_layer":
        off["nondeterministic"] = 1e-9
    assert of_sine(fault())[name](**off).verdict == "pass"


@every_check
def test_exact_arithmetic_finds_what_no_difference_shows(name):
    pytest.importorskip("mpmath", reason="exact arithmetic computes with it")
    fault = lambda x: 1 + 2.0**-48
    assert of_sine(fault)[name]().verdict == "pass"
    assert "digits" in of_sine()[name](exact=True).probed
    says(WrongGradient, "wrong in exact arithmetic at", of_sine(fault)[name], exact=True)


def test_exact_arithmetic_of_every_form():
    pytest.importorskip("mpmath", reason="exact arithmetic computes with it")
    A = np.array([[2.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 4.0]])
    both = lambda x, A: ((x @ A @ x) / 2, A @ x)
    assert check_gradient(both, True, X, args=(A,), exact=True).probed.endswith("as fractions")  # noqa: FBT003  as SciPy has it
    assert check_hessian(lambda x, A: A @ x, lambda x, A: A, X, args=(A,), exact=True).verdict == "pass"
    with pytest.raises(WrongGradient, match="exact arithmetic"):
        check_hessian(lambda x, A: A @ x, lambda x, A: A * (1 + 2.0**-48), X, args=(A,), exact=True)
    with pytest.raises(
        RangeError, match=r"^check_jvp: vjp must be None for exact=True; write check_vjp\(f, vjp, args, "
    ):
        check_jvp(np.sin, lambda args, t: t[0], [X], vjp=lambda args, dA: [dA], exact=True)


@every_check
def test_an_oracle_names_the_side_that_is_wrong(name):
    mpmath = pytest.importorskip("mpmath", reason="the oracle computes with it")
    if "oracle" in REFUSED.get(name, {}):
        return
    wrong = of_sine(lambda x: 2.0)[name]
    if name == "check_gradient":
        wrong = partial(check_gradient, np.sin, lambda x: 2 * np.cos(x), 0.5)
    says(WrongGradient, "backward differs from the oracle, forward agrees", wrong, oracle=mpmath.sin)


def test_an_oracle_of_a_large_argument_of_a_jvp():
    mpmath = pytest.importorskip("mpmath", reason="the oracle computes with it")
    x = np.linspace(0.5, 2, 120)
    with pytest.raises(WrongGradient, match="backward differs from the oracle, forward agrees"):
        check_jvp(np.sin, lambda args, t: 2 * t[0] * np.cos(args[0]), [x], oracle=mpmath.sin)


def test_shared_memory_is_found_where_it_is_not_allowed():
    vjp, jvp = (lambda args, dA: [dA], lambda args, t: t[0])
    sharing = {
        "f: the gradient of x shares memory with dA": partial(check_vjp, lambda x: x * 1, vjp, [X]),
        "f: the tangent of f shares memory with the tangent of x": partial(check_jvp, lambda x: x * 1, jvp, [X]),
        "f: the tangent of f shares memory with x:": partial(
            check_jvp, lambda x: x * x[0], lambda args, t: args[0], [np.ones(1)]
        ),
        "f: the gradient of x shares memory with x:": partial(
            check_gradient, lambda x: (x * x).sum() / 2, lambda x: x, X
        ),
        "f: the tangent of f shares memory with the tangent of x:": partial(
            check_hessian, lambda x: x * 1, lambda x, p: p, X, product=True
        ),
        "f: the matrix from hess shares memory with x": partial(
            check_hessian, lambda x: x * x[0] / 2, lambda x: x[:, None], np.array([2.0])
        ),
        "loss: dout shares memory with y": partial(
            check_loss, lambda out, y: (0 * out.mean(), y), X[:, None], 0 * X[:, None]
        ),
    }
    for message, check in sharing.items():
        with pytest.raises(GradientError, match=message) as caught:
            check(aliasing=False, **({"float32": False} if "loss" in message else {}))
        assert any(isinstance(finding, Aliased) for finding in caught.value.findings)
    for name, check in of_sine().items():
        if "aliasing" not in REFUSED.get(name, {}):
            assert check(aliasing=False).verdict == "pass"
