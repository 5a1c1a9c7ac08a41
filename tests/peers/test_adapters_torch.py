"""Functions and modules of torch in the checker: correct ones pass, and each mistake is found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn.errors import KindError
from funcnn.testing import GradientError, check_jvp, check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import NoDerivative, NotPure, Raised, WrongGradient
from tests.counts import at_most, to_fail
from tests.said import fails, says

torch = pytest.importorskip("torch", reason="this is the bridge to it")
from funcnn.testing.torch import jvp_pair, pair, parameters_of  # noqa: E402  it needs torch

few = at_most(25)
one = fst.tensors("m n")
X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])


class Swish(torch.autograd.Function):
    """out = x / (1 + e^-x)"""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return g * (s + x * s * (1 - s))


class Dense(torch.autograd.Function):
    """out = x W + b, in the style with a separate context"""

    @staticmethod
    def forward(x, W, b):
        return x @ W + b

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, g):
        x, W, _ = ctx.saved_tensors
        return g @ W.T, x.T @ g, g.sum(0)


class Rows(torch.autograd.Function):
    """out = E[ids]"""

    @staticmethod
    def forward(ctx, E, ids):
        ctx.save_for_backward(ids)
        ctx.rows = len(E)
        return E[ids]

    @staticmethod
    def backward(ctx, g):
        (ids,) = ctx.saved_tensors
        return g.new_zeros(ctx.rows, g.shape[1]).index_add_(0, ids, g), None


def wrong(base, backward, **more):
    """A function with another backward, or more of it changed."""
    return type("Wrong", (base,), {"backward": staticmethod(backward), **more}).apply


def a_term_without_x(ctx, g):
    (x,) = ctx.saved_tensors
    s = torch.sigmoid(x)
    return g * (s + s * (1 - s))


def writes_into_the_cotangent(ctx, g):
    (x,) = ctx.saved_tensors
    s = torch.sigmoid(x)
    return g.mul_(s + x * s * (1 - s))


def writes_into_the_input(ctx, g):
    slope = Swish.backward(ctx, g)
    ctx.saved_tensors[0].data.clamp_(min=0)
    return slope


def views_a_cotangent_as_flat(ctx, g):
    return Swish.backward(ctx, g.view(-1).view(g.shape))


def remembers_its_last_input():
    last = []

    def forward(ctx, x):
        last[:] = [x]
        return x * torch.sigmoid(x)

    def backward(ctx, g):
        s = torch.sigmoid(last[0])
        return g * (s + last[0] * s * (1 - s))

    return wrong(Swish, backward, forward=staticmethod(forward))


@pytest.mark.unwatched
@few
@given(one)
def test_a_right_function_passes(args):
    assert check_vjp(*pair(Swish.apply), args).verdict == "pass"


@pytest.mark.unwatched
@few
@given(fst.tensors("m k", "k n", "n"))
def test_a_right_function_of_several_arguments_passes(args):
    check_vjp(*pair(Dense.apply), [a.clip(-3, 3) for a in args])


@pytest.mark.parametrize(
    ("function", "error"),
    [
        (wrong(Swish, a_term_without_x), WrongGradient),
        (wrong(Swish, writes_into_the_cotangent), NotPure),
        (wrong(Swish, writes_into_the_input), NotPure),
        (wrong(Swish, lambda ctx, g: None), WrongGradient),
        (wrong(Swish, lambda ctx, g: g[0]), Raised),
        (wrong(Swish, views_a_cotangent_as_flat), Raised),
        (remembers_its_last_input(), NotPure),
        (lambda x: x.detach() * 2, NoDerivative),
    ],
    ids=["formula", "cotangent", "input", "None", "shape", "view", "memory", "detached"],
)
def test_each_mistake_is_found(function, error):
    @to_fail
    @given(one)
    def check(args):
        check_vjp(*pair(function), args)

    fails(error, check)


def test_a_function_that_writes_to_its_input_is_found():
    with pytest.raises(GradientError, match="f writes to its arguments"):
        check_vjp(*pair(torch.nn.ReLU(inplace=True)), [X])


def test_a_report_has_the_names_of_its_author():
    with pytest.raises(GradientError) as failure:
        check_vjp(*pair(wrong(Dense, lambda ctx, g: (g @ ctx.saved_tensors[1].T, None, g.sum(0)))), [X, X.T, X[:, 0]])
    assert "Wrong" in str(failure.value)
    assert "W[0, 0]" in str(failure.value)


@pytest.mark.unwatched
@few
@given(fst.tensors("m n"), st.data())
def test_whole_numbers_have_no_gradient(args, data):
    ids = np.array(data.draw(st.lists(st.integers(0, len(args[0]) - 1), min_size=1, max_size=5)))
    check_vjp(*pair(Rows.apply), (*args, ids))
    assert pair(Rows.apply)[1]((*args, ids), args[0][ids])[1] is None


def test_rows_that_come_twice_are_counted_twice():
    def last_one_wins(ctx, g):
        dE = g.new_zeros(ctx.rows, g.shape[1])
        dE[ctx.saved_tensors[0]] = g
        return dE, None

    with pytest.raises(GradientError, match=r"dE\b"):
        check_vjp(*pair(wrong(Rows, last_one_wins)), (X, np.array([1, 1])))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_values_and_gradients_are_those_of_torch_in_the_dtype_that_is_given(dtype):
    x, dA = X.astype(dtype), X[::-1].astype(dtype)
    f, vjp = pair(torch.tanh)
    t = torch.tensor(x, requires_grad=True)
    out = torch.tanh(t)
    out.backward(torch.tensor(dA.copy()))
    np.testing.assert_array_equal(f(x), out.detach().numpy(), strict=True)
    (dx,) = vjp((x,), dA)
    np.testing.assert_array_equal(dx, t.grad.numpy(), strict=True)


def test_an_argument_that_plays_no_part_has_a_gradient_of_zeros():
    check_vjp(*pair(lambda x, y: x * 2), [X, X])
    np.testing.assert_array_equal(pair(lambda x, y: x * 2)[1]((X, X[0]), X)[1], np.zeros(3), strict=True)


def mixed():
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(3, 4, bias=False), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
    )


@pytest.mark.unwatched
@at_most(8)  # each checks six arrays, of which five stay the same
@given(fst.tensors("m 3", least=2))
def test_a_module_is_proven_with_its_parameters(args):
    module = mixed()
    check_vjp(*pair(module), args)
    check_vjp(*pair(module, parameters=True), (*parameters_of(module), *args))


def test_a_wrong_gradient_of_a_parameter_is_found():
    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.W, self.b = (torch.nn.Parameter(torch.ones(shape)) for shape in ((3, 2), (2,)))

        def forward(self, x):
            return wrong(Dense, lambda ctx, g: (g @ ctx.saved_tensors[1].T, ctx.saved_tensors[0].T @ g, g[0]))(
                x, self.W, self.b
            )

    check_vjp(*pair(Layer()), [X])
    with pytest.raises(GradientError, match=r"\bdparams_b\b"):
        check_vjp(*pair(Layer(), parameters=True), (*parameters_of(Layer()), X))


def test_your_module_stays_as_it_is():
    module = mixed()
    before = {name: t.clone() for name, t in module.state_dict().items()}
    f, vjp = pair(module, parameters=True)
    args = [np.array(a) for a in (*parameters_of(module), X)]
    gradients = vjp(args, f(*args))
    for array in (*args, *gradients, *parameters_of(module)):
        array[...] = 7  # all of them are the caller's
    after = module.state_dict()
    assert {t.dtype for t in after.values()} == {torch.float32, torch.int64}
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.grad is None for p in module.parameters())


def test_a_module_works_in_the_dtype_of_its_input():
    f, vjp = pair(mixed())
    for dtype in (np.float32, np.float64):
        out = f(X.astype(dtype))
        assert (out.dtype, vjp((X.astype(dtype),), out)[0].dtype) == (dtype, dtype)
    assert abs(f(X) - f(X.astype(np.float32))).max() < 1e-4


def test_a_frozen_parameter_is_proven_and_an_embedding_without_float_inputs():
    module = torch.nn.Embedding(3, 2).requires_grad_(False)  # noqa: FBT003  torch's own style
    check_vjp(*pair(module, parameters=True), (*parameters_of(module), np.array([0, 2, 2])))
    assert pair(module)[0](np.array([1])).dtype == np.float64


def test_the_number_of_threads_is_what_it_was():
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        f, vjp = pair(lambda x: x * torch.get_num_threads())
        np.testing.assert_array_equal(f(X), X)
        np.testing.assert_array_equal(vjp((X,), X)[0], X)
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)


def test_gradients_are_wanted_where_torch_is_told_that_they_are_not():
    with torch.no_grad():
        check_vjp(*pair(torch.sin), [X])


def test_a_function_may_refuse_other_arguments():
    def picky(x):
        if x.sum() != X.sum():
            raise ValueError("not these")
        return x * 1

    np.testing.assert_array_equal(pair(picky)[1]((X,), X)[0], X)


def test_what_is_refused():
    says(KindError, "function must return tensors, not tuple", check_vjp, *pair(lambda x: (x, 3)), [X])
    says(KindError, "function must be a module if parameters=True", pair, torch.tanh, parameters=True)


def test_trees_and_several_values():
    def network(params, x, ids):
        h = x[ids] @ params["W"] + params["b"]
        return {"largest": h.max(dim=1), "fixed": torch.ones(2)}

    args = ({"W": X.T.copy(), "b": X[0, :2]}, X, np.array([0, 1, 1]))
    f, vjp = pair(network)
    assert check_vjp(f, vjp, args).decided == ('params["W"]', 'params["b"]', "x")

    def first_of_twice(args, dA):
        params, dx, _ = vjp(args, dA)
        return params, dx * np.array([[1.0], [0.5]], dx.dtype), None

    says(WrongGradient, r"dx, 3 of 6 entries wrong, first x\[1, 0\]", check_vjp, f, first_of_twice, args)


def test_complex_numbers_are_those_of_torch():
    z = X[0] + 1j * X[1]
    f = lambda z, x: (torch.exp(z) * z.conj() * x, abs(z))
    check_vjp(*pair(f), (z, X[0]), convention="torch")
    fails(WrongGradient, check_vjp, *pair(f), (z, X[0]), convention="jax")


class SwishAhead(Swish):
    """Swish with forward mode"""

    @staticmethod
    def forward(ctx, x):
        ctx.x = x
        return Swish.forward(ctx, x)

    @staticmethod
    def jvp(ctx, v):
        return Swish.backward(type("", (), {"saved_tensors": (ctx.x,)}), v)


def test_forward_mode():
    assert check_jvp(*jvp_pair(SwishAhead.apply), [X], vjp=pair(SwishAhead.apply)[1]).verdict == "pass"
    module = torch.nn.Linear(3, 2)
    args = (*parameters_of(module), X)
    check_jvp(*jvp_pair(module, parameters=True), args, vjp=pair(module, parameters=True)[1])
    z = X[0] + 1j * X[1]
    check_jvp(*jvp_pair(lambda z, x: torch.exp(z) * z.conj() * x), (z, X[0]), convention="torch")


def test_forward_mode_of_trees_and_of_outputs_without_tangent():
    def f(params, ids):
        return {"rows": params["E"][ids] ** 2, "ids": ids + 1, "ones": torch.ones_like(params["E"])}

    args = ({"E": X}, np.array([0, 1, 1]))
    f, jvp = jvp_pair(f)
    check_jvp(f, jvp, args)
    with pytest.raises(WrongGradient, match=r'params\["E"\]'):
        check_jvp(f, lambda args, t: {**jvp(args, t), "ones": args[0]["E"] * t[0]["E"]}, args)


@pytest.mark.parametrize(
    "function", [Swish.apply, torch.special.bessel_j0, lambda x: x.detach(), lambda x: torch.cdist(x, x + 1)]
)
def test_a_function_without_forward_mode_is_named(function):
    with pytest.raises(NoDerivative, match=r"torch has no derivative of this function: [^\n]+\n    "):
        check_jvp(*jvp_pair(function), [abs(X)])


@pytest.mark.parametrize("function", [torch.special.bessel_j0, lambda x: torch.special.zeta(x + 2, x)])
def test_a_function_without_derivative_is_named(function):
    says(NoDerivative, r"torch has no derivative of this function: ", check_vjp, *pair(function), [abs(X)])


def test_constants_stay_what_they_are():
    def scaled(x, mode, shape, factor, weights):
        assert [type(mode), type(shape), type(factor), type(weights)] == [str, tuple, float, torch.Tensor]
        return x.reshape(shape) ** 2 * factor * weights

    args = X, "square", (3, 2), -0.5, np.array([1.0, 4.0])
    f, vjp = pair(scaled)
    assert check_vjp(f, vjp, args, argnums=0).verdict == "pass"
    assert check_jvp(*jvp_pair(scaled), args, argnums=0, vjp=vjp).verdict == "pass"
    assert check_vjp(*pair(lambda x, n: x**n if type(n) is int else x), (X, 3)).verdict == "pass"
    fails(WrongGradient, check_vjp, f, lambda args, dA: [2 * vjp(args, dA)[0], None, None, None, None], args, argnums=0)
