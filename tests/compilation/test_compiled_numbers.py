"""Numbers and states that kernels would compute otherwise than NumPy and Python, at the first call or later."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

import funcnn as nn
from funcnn.compilation import compiled, explain
from funcnn.compilation.compiler import agree
from funcnn.compilation.shapes import NUMBER, Untraceable
from funcnn.compilation.symbols import Symbol
from funcnn.compilation.trace import SymbolicStates
from funcnn.elementary import normal_cdf
from funcnn.optimizers import PerArray
from funcnn.trees import astype, leaves
from tests.compilation.test_compiled_later import are_alike, first, x, y

# Numbers.


def test_whole_numbers_at_the_end_of_float32():
    loss = lambda out, y: (((y == 1 << 24) * out).sum(), out)
    function, net = compiled(loss), (astype(first, np.float32),)
    for n in ((1 << 24), (1 << 24) + 1):
        are_alike(function, loss, net, x.astype(np.float32), np.full((37, 3), n))
    assert np.float32(0.9999999999) == 1
    near = lambda out, y: (((y > 0.9999999999) * out).sum(), out)
    are_alike(compiled(near), near, net, x.astype(np.float32), np.ones((37, 3), int))


def test_the_cost_of_a_frozen_network_may_have_the_rounding_errors_of_float32():
    rng, net = np.random.default_rng(0), nn.Frozen(nn.Dense.init(3, 3, seed=0, dtype=np.float32))
    for given, wanted in rng.normal(size=(10, 2, 40, 3)).astype(np.float32):
        assert explain(compiled(nn.mse), (net,), given, wanted).startswith("compiled: ")


@pytest.mark.parametrize("dtype", [complex, object, "U8", "m8[s]"])
def test_y_that_are_no_real_numbers(dtype):
    loss = lambda out, y: ((out * y).sum().real, out)
    labels = np.ones((37, 3), int).astype(dtype)
    assert explain(compiled(nn.mse), (first,), x, y).startswith("compiled: ")
    if dtype in {complex, object}:
        step = compiled(loss).step((first,), x, labels, [], [])
        assert step == f"y must hold numbers, not {labels.dtype}"
    if dtype != "m8[s]":
        are_alike(compiled(loss), loss, (first,), x, labels)


@pytest.mark.parametrize("number", [float, np.float64, lambda a: np.asarray(a, object).item()])
def test_the_cost_has_the_class_of_the_plain_cost(number):
    def loss(out, y):
        cost, dA = nn.mse(out, y)
        return (number(cost) if isinstance(out, np.ndarray.__mro__[0]) else cost), dA

    made = lambda out, y: ((out - y).sum(), out)
    for dtype in (np.float32, np.float64):
        net, data = (astype(first, dtype),), (x.astype(dtype), y.astype(dtype))
        cost, _ = compiled(made)(net, *data)
        assert type(cost) is type(nn.value_and_grad(made)(net, *data)[0]) is dtype
        runs = [
            [*nn.train(nn.TrainState(net), [data] * 4, f, 0.1, every=2)]
            for f in (compiled(made), nn.value_and_grad(made))
        ]
        assert [type(s.cost) for s in runs[0]] == [type(s.cost) for s in runs[1]]
    are_alike(compiled(loss), loss, (first,), x, y)


def test_a_cost_that_uses_a_number_in_many_ways():
    def root(out, y):
        e = out - y
        mean = (e * e).mean()
        root = mean + 1
        for _ in range(60):  # Newton's iteration
            root = (root + mean / root) / 2
        return root, e / e.size

    assert explain(compiled(root), (first,), x, y).startswith("compiled: ")
    are_alike(compiled(root), root, (first,), x, y)


def test_a_cost_that_is_an_array_runs_plain():
    def loss(out, y):
        cost, dA = nn.mse(out, y)
        return nn.namespace(out).asarray(cost) if type(out) is np.ndarray else cost, dA

    assert explain(compiled(loss), (first,), x, y) == "plain NumPy: the cost must be a number, not float64 array"


def test_results_of_another_dtype_do_not_agree():
    cost, grads = nn.value_and_grad(nn.mse)((first,), x, y)
    assert not agree((cost, astype(grads, np.float32)), (cost, grads), np.float64)


def test_a_sum_is_multiplied_by_very_small_numbers():
    @nn.record
    class Far:
        W: nn.Array

    nn.forward.register(Far)(lambda params, x: (x @ params.W, x))
    nn.backward.register(Far)(lambda params, x, dA: nn.Grads(nn.gradient(params, W=x.T @ dA * 1e-200 * 1e200), dA))
    net = (Far(np.ones((5, 3))),)
    assert explain(compiled(nn.mse), net, x, y).startswith("compiled: ")
    made, expected = [f(net, x, y)[1].params[0].W for f in (compiled(nn.mse), nn.value_and_grad(nn.mse))]
    np.testing.assert_allclose(made, expected, 1e-12)


def test_a_gradient_is_doubled_many_times():
    @nn.record
    class Doubled:
        W: nn.Array

    def doubled(params, x, dA):
        dW = x.T @ dA
        for _ in range(20):
            dW = dW + dW
        return nn.Grads(nn.gradient(params, W=dW), dA)

    nn.forward.register(Doubled)(lambda params, x: (x @ params.W, x))
    nn.backward.register(Doubled)(doubled)
    net = (Doubled(np.ones((5, 3))),)
    assert "6 operations and 2 sums" in explain(compiled(nn.mse), net, x, y)
    made, expected = [f(net, x, y)[1].params[0].W for f in (compiled(nn.mse), nn.value_and_grad(nn.mse))]
    np.testing.assert_allclose(made, expected, 1e-12)


# States.


@nn.record
class Stateful(nn.Elementwise):
    """A layer with a number as a state."""

    s: Any = nn.state(default=8)
    next: Any = None
    use: Any = None

    def value(self, x):
        return x * self.use(self.s)

    def slope(self, kept):
        return self.use(self.s)

    def own_gradients(self, dA, kept):
        return {"s": self.next(self.s)}


@nn.record
class Milestones(PerArray):
    """A rule with a number that changes after some steps"""

    def step(self, g, p, t, m=0.0):
        return 0.5 ** ((t > 10) + (t > 20)) * g, m * 0.9 + g


@nn.record
class Counts(PerArray):
    """Whole numbers beyond 64 bits, remainders, and a number that is 0 in step 21"""

    def step(self, g, p, t, n=1, k=0.0):
        n = n * 3 - t // 2
        return g * nn.namespace(g).where((t % 5 == 0) | (t < 3), 1.0, 0.5), n, k


@nn.record
class Divides(PerArray):
    """A rule that ends in an error in step 21"""

    def step(self, g, p, t):
        return (g / abs(21.0 - t) * -(1 / (t - 21)) * (~t & 3) * (t != 4),)


@nn.record
class Renamed(PerArray):
    """A memory that is changed in place, with two names"""

    def step(self, g, p, t, m=0.0):
        m = m * 1.0
        old = m
        m += g * nn.namespace(g).where(t > 10, 1.0, 0.0)
        return g - old * 0.1, m


@nn.record
class Widens(PerArray):
    """Numbers of NumPy, and functions of numbers alone, which do not fold"""

    f: Any = None

    def step(self, g, p, t):
        return (g * self.f(nn.namespace(g), t),)


@nn.record
class Waves(PerArray):
    """A sine of the gradient, whose argument would have to be checked in each step"""

    def step(self, g, p, t):
        return (nn.namespace(g).sin(g),)


@nn.record
class Before(nn.Elementwise):
    """A layer that computes with its parameter before it reads rows."""

    w: nn.Array

    def value(self, x):
        return x * (np.sin(self.w) + normal_cdf(self.w))

    def slope(self, kept):
        return np.sin(self.w) + normal_cdf(self.w)

    def own_gradients(self, dA, kept):
        return {"w": (dA * kept).sum(axis=0)}


def test_functions_of_parameters():
    net = (first, Before(np.array([0.5, 1e7, -2.0])))
    are_alike(compiled(nn.mse), nn.mse, net, x, y)
    assert explain(compiled(nn.mse), net, x, y).startswith("compiled: ")


STATES = [
    (lambda s: s / 2, lambda s: 1.0),
    *[(lambda s: s / 2, lambda s: 1.0 + s * 0.01), (lambda s: s * 6364136223846793005 + 1, lambda s: 1.0)],
    *[(lambda s: s - 1, lambda s: 1.0 + 0.01 / s), (lambda s: s + 1, lambda s: 0.5 ** ((s > 18) + (s > 28)))],
    *[(lambda s: s * 2, lambda s: 1.0 + s**0.5 * 1e-9), (lambda s: s > 3, lambda s: 1.0 + s * 0.1)],
    *[(lambda s: s * np.float64(2), lambda s: 1.0 + s), (lambda s: s + 1, np.sqrt)],
]
OPTIMIZERS = [
    *[Waves(), Milestones(), Counts(), Divides(), Renamed(), (nn.Adam(), Milestones())],
    *[Widens(f) for f in (lambda xp, t: xp.sqrt(t), lambda xp, t: xp.where(t > 3, t, 1), lambda xp, t: np.float64(t))],
    Widens(lambda xp, t: t * np.float64(0.1)),
]


def runs_alike(net, optimizer, lr=1e-3, data=None):
    ends = []
    for function in (compiled(nn.mse), nn.value_and_grad(nn.mse)):
        with np.errstate(all="ignore"):
            try:
                ends.append([*nn.train(nn.TrainState(net, optimizer), data or [(x, y)] * 40, function, lr, every=10)])
            except Exception as error:  # noqa: BLE001  the same error is right
                ends.append(repr(error))
    if any([isinstance(end, str) for end in ends]):
        assert ends[0] == ends[1]
        return
    for one, other in zip(*ends, strict=True):
        for a, b in zip(leaves(one), leaves(other), strict=True):
            assert type(a) is type(b)
            np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), 1e-9, 1e-11)


@pytest.mark.parametrize("rules", STATES)
def test_states_of_layers(rules):
    runs_alike((first, Stateful(8, *rules)), ())


def test_what_is_refused_outside_of_a_trace():
    with pytest.raises(Untraceable, match="the operator pos"):
        +Symbol("x", (), (2, 3), np.float64, 3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_states_of_optimizers(optimizer):
    runs_alike((first,), optimizer)


def test_no_step_is_taken_with_lr_0():
    runs_alike((first,), nn.Adam(), lambda step: 1e-3 if step % 3 else 0.0)
    steep = lambda out, y: ((out * 0.0).sum(), 1 / (y * 0))
    for function in (compiled(steep), nn.value_and_grad(steep)):
        with np.errstate(all="ignore"):
            *_, end = nn.train(nn.TrainState((first,)), [(x, y)] * 8, function, lambda _: 0.0, every=4)
        assert end.params == (first,)


def test_a_state_may_not_become_a_number_of_another_class():
    number = Symbol("state", (), (), NUMBER, None)
    assert SymbolicStates([number], [number + 1]).run([2], 2) == [[2], [3], [4]]
    with pytest.raises(Untraceable, match="a state that becomes a number of another class"):
        SymbolicStates([number], [number / 2]).run([2], 1)


def test_two_parameters_may_have_the_same_gradient():
    @nn.record
    class Twice:
        a: nn.Array
        b: nn.Array

    @nn.forward.register(Twice)
    def twice_forward(params, x):
        return x + (params.a + params.b), x

    @nn.backward.register(Twice)
    def twice_backward(params, kept, dA):
        d = dA.sum(axis=0)
        return nn.Grads(nn.gradient(params, a=d, b=d), dA)

    net = (first, Twice(np.ones(3), np.zeros(3)))
    assert "compiled" in explain(compiled(nn.mse), net, x, y)
    are_alike(compiled(nn.mse), nn.mse, net, x, y)
