"""The checker is code too: it must catch what is wrong and spare what is right."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import funcnn as nn
from funcnn import Array, Dense, Grads, Relu, backward, forward, gradient, mse, record, state
from funcnn.core import backward_params
from funcnn.layers.dense import dense_forward
from funcnn.testing import GradientError, Inconclusive, check_layer, check_loss, check_vjp
from funcnn.testing import strategies as fst

# A hundred examples, and no time spent on making the failure that is wanted small.
few = settings(max_examples=100, database=None, phases=[Phase.generate], report_multiple_bugs=False)


def caught(cases, check, match):
    """The check fails on some of a hundred drawn cases."""
    with pytest.raises(GradientError, match=match):
        few(given(cases)(lambda case: check(*case)))()


def dense_with(wrong):
    """A dense layer whose backward goes through `wrong(params, x, dA, grads)`."""

    @record
    class Planted:
        W: Array
        b: Array

    @forward.register(Planted)
    def planted_forward(params, x):
        return dense_forward(params, x)

    @backward.register(Planted)
    def planted_backward(params, x, dA):
        flat_x, flat_dA = x.reshape(-1, x.shape[-1]), dA.reshape(-1, dA.shape[-1])
        grads = {"W": flat_x.T @ flat_dA, "b": flat_dA.sum(axis=0), "x": dA @ params.W.T} | wrong(params, x, dA)
        return Grads(gradient(params, W=grads["W"], b=grads["b"]), grads["x"])

    return Planted


def is_square(W):
    return W.shape[0] == W.shape[1]


PLANTED = {
    "dx of W not transposed": ("x", lambda p, x, dA: {"x": dA @ p.W} if is_square(p.W) else {}),
    "dW transposed": ("W", lambda p, x, dA: {"W": (x.T @ dA).T} if is_square(p.W) else {}),
    "dW divided by m again": ("W", lambda p, x, dA: {"W": x.T @ dA / len(x)}),
    "db of the first row only": ("b", lambda p, x, dA: {"b": dA[0]}),
    "a gradient of the wrong cache": ("W", lambda p, x, dA: {"W": (x @ p.W).T @ dA} if is_square(p.W) else {}),
    "dx a third in a thousand too large": ("x", lambda p, x, dA: {"x": dA @ p.W.T * (1 + 3e-4)}),
    "dW of the wrong sign": ("W", lambda p, x, dA: {"W": -x.T @ dA}),
    "params for grads": ("(W|b)", lambda p, x, dA: {"W": p.W, "b": p.b}),
    "dW in less precision": ("W", lambda p, x, dA: {"W": (x.T @ dA).astype(np.float16).astype(x.dtype)}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_wrong_dense_backward_is_caught(name):
    where, wrong = PLANTED[name]
    planted = dense_with(wrong)
    cases = fst.tensors("m n", "n k", "k").map(lambda arrays: (planted(*arrays[1:]), arrays[0]))
    caught(cases, check_layer, f"gradient of (params.)?{where} are wrong")


def test_the_right_dense_backward_is_spared():
    planted = dense_with(lambda *_: {})
    cases = fst.tensors("m n", "n k", "k").map(lambda arrays: (planted(*arrays[1:]), arrays[0]))
    few(given(cases)(lambda case: check_layer(*case)))()


@pytest.mark.parametrize("slope", [2.0, -1.0])
def test_a_relu_of_another_slope_at_0_is_caught_and_one_between_is_spared(slope):
    def vjp(at_0):
        return lambda args, dA: [dA * np.where(args[0] > 0, 1.0, np.where(args[0] < 0, 0.0, at_0))]

    def relu(x):
        return np.maximum(x, 0)

    caught(fst.tensors("m n"), lambda x: check_vjp(relu, vjp(slope), [x]), "differences give between")
    for fair in (0.0, 0.3, 1.0):
        few(given(fst.tensors("m n"), st.just(fair))(lambda args, fair: check_vjp(relu, vjp(fair), args)))()


def test_a_leaky_slope_of_0_at_0_is_caught():
    def leaky(x):
        return np.where(x > 0, x, 0.5 * x)

    def vjp(args, dA):
        return [dA * ((args[0] > 0) + 0.5 * (args[0] < 0))]

    caught(fst.tensors("m n"), lambda x: check_vjp(leaky, vjp, [x]), "differences give between")


def test_a_loss_that_forgets_to_average_is_caught():
    def forgets(out, y):
        return mse(out, y)[0], mse(out, y)[1] * out.size

    def normalises(out, y):
        cost, dA = mse(out, y)
        return cost * len(out), dA * len(out)

    def widens(out, y):
        cost, dA = mse(out, y)
        return cost, dA.astype(np.float64)

    pairs = fst.tensors("m k", "m k")
    caught(pairs, lambda out, y: check_loss(forgets, out, y), "gradient of out are wrong")
    caught(pairs, lambda out, y: check_loss(normalises, out, y), "is it a mean")
    caught(pairs, lambda out, y: check_loss(widens, out, y), "dA must be as out, float32")


def test_a_loss_whose_gradient_is_no_mean_is_caught():
    calls = []

    def drifts(out, y):
        calls.append(len(out))
        cost, dA = mse(out, y)
        return cost, dA + (1e-3 if len(out) == 1 and len(calls) > 3 and max(calls) > 1 else 0)

    with pytest.raises(GradientError, match="blocks of rows combine"):
        check_loss(drifts, np.ones((3, 1)), np.zeros((3, 1)))


X = np.array([[1.0, -2.0]])


@pytest.mark.parametrize(
    ("vjp", "message"),
    [
        (lambda args, dA: [], "a gradient for each of 1 arguments; it gave 0"),
        (lambda args, dA: [dA[0]], r"must have its shape, \(1, 2\); it is <f64"),
        (lambda args, dA: [None], r"must have its shape, \(1, 2\); it is None"),
        (lambda args, dA: [(2 * dA).astype(np.float32)], "must be float64; it is float32"),
        (lambda args, dA: [2 * dA * np.inf], "is not finite"),
    ],
)
def test_a_gradient_must_look_like_its_argument(vjp, message):
    with pytest.raises(GradientError, match=message):
        check_vjp(lambda x: 2 * x, vjp, [X])


def test_whole_numbers_have_no_gradient():
    def f(ids, x):
        return x[ids]

    def vjp(args, dA):
        dx = np.zeros_like(args[1])
        np.add.at(dx, args[0], dA)
        return [None, dx]

    ids = np.array([0, 1, 1])
    check_vjp(f, vjp, [ids, np.arange(2.0)])
    with pytest.raises(GradientError, match="argument 0, which is int64, must be None"):
        check_vjp(f, lambda args, dA: [dA, vjp(args, dA)[1]], [ids, np.arange(2.0)])


def test_functions_must_be_pure():
    calls = []

    def forgetful(x):
        calls.append(x)
        return x + len(calls)

    with pytest.raises(GradientError, match="f gives another result"):
        check_vjp(forgetful, lambda args, dA: [dA], [X])

    buffer = np.zeros_like(X)

    def reuses(args, dA):
        buffer[...] = dA
        return [buffer]

    def writes(x):
        x.setflags(write=True)
        x += 1
        return x * 1

    with pytest.raises(GradientError, match=r"f (changes|gives another)"):
        check_vjp(writes, lambda args, dA: [dA], [X])
    counter = iter(range(9))

    def hands_out_one_buffer(x):
        buffer[...] = 0 * x + next(counter)
        return buffer

    with pytest.raises(GradientError, match="f gives another"):
        check_vjp(hands_out_one_buffer, lambda args, dA: [dA], [X])

    class Sly:
        def __init__(self):
            self.seen = []

        def __call__(self, x):
            self.seen.append(x.copy())
            for old in self.seen[:-1]:
                old[...] += 1
            return x * 1

    check_vjp(Sly(), reuses, [X])  # it keeps copies of its own, which is nobody's business


def test_an_output_that_changes_later_is_caught():
    held = []

    def f(x):
        for old in held:
            old[...] += 1
        held.append(x * 1)
        return held[-1]

    with pytest.raises(GradientError, match="f changes its arguments, or what it returned before"):
        check_vjp(f, lambda args, dA: [dA], [X])


def test_what_cannot_be_judged_is_inconclusive():
    def rough(x):
        return np.round(1e3 * np.sin(1e9 * x))

    with pytest.raises(Inconclusive, match="no entry could be judged"):
        check_vjp(rough, lambda args, dA: [dA], [X])
    tried = []

    @settings(max_examples=20, database=None, suppress_health_check=list(HealthCheck))
    @given(st.just(X))
    def test(x):
        tried.append(x)
        check_vjp(rough, lambda args, dA: [dA], [x])

    with pytest.raises(Exception, match=r"(?i)unable to satisfy|unsatisfiable|no examples"):
        test()
    assert tried


def test_what_is_empty_has_nothing_to_prove():
    check_vjp(lambda x: x, lambda args, dA: [dA], [np.zeros((0, 2))])
    check_vjp(lambda x: np.ones(1) + x.sum(), lambda args, dA: [dA.sum() + 0 * args[0]], [np.zeros(0)])


def test_large_arrays_are_probed_in_part():
    x = np.linspace(-1, 1, 200)
    check_vjp(np.sin, lambda args, dA: [dA * np.cos(args[0])], [x])
    with pytest.raises(GradientError, match="96 of 96 entries of the gradient of x are wrong"):
        check_vjp(np.sin, lambda args, dA: [2 + dA * np.cos(args[0])], [x], ["x"])


def test_a_step_out_of_the_domain_is_no_error():
    x = np.array([0.5, 0.9])

    def arctanh(x):
        if abs(x).max() >= 1:
            raise ValueError("outside")
        return np.arctanh(x)

    check_vjp(arctanh, lambda args, dA: [dA / (1 - args[0] ** 2)], [x])
    check_vjp(np.log, lambda args, dA: [dA / args[0]], [x])


# What a layer promises besides its numbers.


def layer(backward_rule, params_rule=None, forward_rule=lambda params, x: (params.k * x, x)):
    @record
    class Mine:
        k: Array
        seen: Array = state()

    forward.register(Mine)(forward_rule)
    backward.register(Mine)(backward_rule)
    if params_rule is not None:
        backward_params.register(Mine)(params_rule)
    return Mine(np.array(2.0), seen=np.zeros(1))


def right(params, x, dA, **states):
    return Grads(gradient(params, k=(dA * x).sum(), **states), params.k * dA)


def test_a_layer_that_keeps_its_promises_is_spared():
    check_layer(layer(right), X)
    check_layer(layer(lambda p, x, dA: right(p, x, dA, seen=p.seen + 1)), X)


def test_a_layer_that_remembers_its_last_input_is_caught():
    last = {}

    def remembers(params, x):
        last["x"] = x
        return params.k * x, ()

    with pytest.raises(GradientError, match=r"entries of the gradient of params.k are wrong, first \[\]"):
        check_layer(layer(lambda p, cache, dA: right(p, last["x"], dA), forward_rule=remembers), X)


def test_a_shortcut_that_differs_is_caught():
    with pytest.raises(GradientError, match=r"backward_params.* differs"):
        check_layer(layer(right, lambda p, x, dA: gradient(p, k=2 * (dA * x).sum())), X)


def test_grads_of_another_class_are_caught():
    with pytest.raises(GradientError, match=r"Grads\.params must be a Mine, as params is; it is None"):
        check_layer(layer(lambda p, x, dA: Grads(None, p.k * dA)), X)


def test_a_gradient_that_can_be_written_to_is_caught():
    kept = np.zeros((1, 2))

    def lends(params, x, dA):
        kept[...] = params.k * dA
        return Grads(gradient(params, k=(dA * x).sum()), kept.view(Open))

    class Open(np.ndarray):
        """An array that escapes the seal, which knows NumPy's own class only."""

    with pytest.raises(GradientError, match=r"grads\.x can be written to"):
        check_layer(layer(lends), X)


def test_a_layer_that_turns_float32_into_float64_is_caught():
    def widens(params, x):
        return np.float64(1) * (params.k * x), x

    with pytest.raises(GradientError, match="out is float64 where the layer and x are float32"):
        check_layer(layer(right, forward_rule=widens), X)


def test_networks_are_layers():
    few(given(fst.networks())(lambda case: check_layer(*case)))()
    planted = dense_with(lambda p, x, dA: {"W": 2 * x.T @ dA})
    with pytest.raises(GradientError, match=r"gradient of params\.1\.W"):
        check_layer((Relu(), planted(np.ones((2, 1)), np.ones(1))), np.ones((3, 2)))


def test_named_sizes_make_shapes():
    @few
    @given(fst.tensors("m n", "n 3", "n"))
    def shapes(arrays):
        a, b, c = arrays
        assert a.shape[1] == b.shape[0] == c.shape[0]
        assert b.shape[1] == 3
        assert not a.flags.writeable

    shapes()
    seen = set()
    settings(max_examples=300, database=None)(given(fst.dims("m", "n"))(lambda d: seen.add((d["m"], d["n"]))))()
    assert len(seen) > 8
    assert any(m == n for m, n in seen)


def test_every_layer_has_a_case_of_its_own_class():
    def same(drawn, cls):
        assert drawn is cls

    for cls in fst.layers():
        few(given(fst.cases(cls).map(lambda case: type(case[0])), st.just(cls))(same))()
    assert Dense in fst.layers()
    assert nn.Elementwise not in fst.layers()
