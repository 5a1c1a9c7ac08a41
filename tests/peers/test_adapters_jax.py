"""JAX functions in the checker: correct ones pass, each mistake is found, and user settings do not change."""

import numpy as np
import pytest
from hypothesis import example, given

from funcnn.testing import check_jvp, check_vjp
from funcnn.testing import strategies as fst
from funcnn.testing.verdict import NoDerivative, Raised, WrongGradient
from tests.counts import at_most, to_fail
from tests.said import fails, says

jax = pytest.importorskip("jax", reason="this is the bridge to it")
from funcnn.testing.jax import jvp_pair, pair  # noqa: E402  it needs jax

jnp = jax.numpy
X = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.5]])
few = at_most(25)  # JAX compiles for every shape


def swish_by(backward):
    """x / (1 + e^-x) with a backward of one's own."""

    @jax.custom_vjp
    def swish(x):
        return x * jax.nn.sigmoid(x)

    swish.defvjp(lambda x: (swish(x), x), backward)
    return swish


def right(x, g):
    s = jax.nn.sigmoid(x)
    return (g * (s + x * s * (1 - s)),)


def a_term_without_x(x, g):
    s = jax.nn.sigmoid(x)
    return (g * (s + s * (1 - s)),)


SWISH = swish_by(right)
WRONG = {
    "formula": (swish_by(a_term_without_x), WrongGradient),
    "a millionth": (swish_by(lambda x, g: (right(x, g)[0] * (1 + 1e-6),)), WrongGradient),
    "float32": (swish_by(lambda x, g: (right(x, g)[0].astype("float32").astype(x.dtype),)), WrongGradient),
    "None": (swish_by(lambda x, g: (None,)), WrongGradient),
    "shape": (swish_by(lambda x, g: (right(x, g)[0].sum(),)), Raised),
}


@pytest.mark.unwatched
@few
@given(fst.tensors("m n"))
def test_a_right_custom_vjp_passes(args):
    assert check_vjp(*pair(SWISH), args).verdict == "pass"


@pytest.mark.parametrize(("function", "error"), WRONG.values(), ids=WRONG)
def test_each_mistake_is_found(function, error):
    @to_fail
    @given(fst.tensors("m n", most=3))
    def check(args):
        check_vjp(*pair(function), args)

    fails(error, check)


dense = lambda x, W, b: jnp.tanh(x @ W + b)


@pytest.mark.unwatched
@few
@given(fst.tensors("m k", "k n", "n", most=2))
@example((np.array([[0.5]]), np.array([[-30.0, -800.0]]), np.array([-1.0, 1.0])))  # saturated: 0 but for rounding
def test_a_plain_function_of_several_arguments_passes(args):
    check_vjp(*pair(dense), args)


def rows(E, ids, mask):
    return jnp.where(mask[:, None], E[ids], 0)


def test_whole_numbers_and_bools_have_no_gradient():
    ids, mask = np.array([1, 1, 0]), np.array([True, True, False])
    check_vjp(*pair(rows), (X, ids, mask))
    dE, *rest = pair(rows)[1]((X, ids, mask), np.ones((3, 3)))
    assert rest == [None, None]
    np.testing.assert_array_equal(dE, [[0, 0, 0], [2, 2, 2]])


@pytest.mark.parametrize("jit", [True, False])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_dtype_is_the_one_that_is_given(dtype, jit):
    f, vjp = pair(SWISH, jit=jit)
    x = X.astype(dtype)
    out = f(x)
    (dx,) = vjp((x,), out)
    assert (type(out), out.dtype, type(dx), dx.dtype) == (np.ndarray, dtype, np.ndarray, dtype)
    np.testing.assert_allclose(out, x / (1 + np.exp(-x)), rtol=1e-15 if dtype == np.float64 else 1e-6)


@pytest.mark.parametrize("enabled", [True, False])
def test_your_own_precision_is_not_touched_and_holds_for_float32(enabled):
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", enabled)
    try:
        check_vjp(*pair(SWISH), [X])
        assert jax.config.jax_enable_x64 == enabled
        out = pair(lambda x: x * jnp.ones(3))[0](X.astype(np.float32))
        assert out.dtype == (np.float64 if enabled else np.float32)
    finally:
        jax.config.update("jax_enable_x64", before)


def test_a_function_is_compiled_once_for_a_shape():
    traced = []

    def counted(x):
        traced.append(x.shape)
        return jnp.sin(x)

    for _ in range(5):
        f, vjp = pair(counted)
        for x in (X, X.T):
            f(x)
            vjp((x,), x)
    assert sorted(traced) == [(2, 3), (2, 3), (3, 2), (3, 2)]


def by_sign(x):
    return jnp.sin(x) if x.sum() > 0 else jnp.cos(x)


def test_a_function_whose_python_looks_at_values_goes_uncompiled():
    check_vjp(*pair(by_sign, jit=False), [X])
    fails(jax.errors.TracerBoolConversionError, check_vjp, *pair(by_sign), [X])


def network(layers, x, power):
    for W, b in layers:
        x = jnp.tanh(x @ W + b)
    return {"out": x**power, "largest": x.argmax()}, [x.sum()]


def test_trees_and_several_values():
    layers = [(np.ones((3, 2)) / 3, np.zeros(2)), (np.ones((2, 2)) / 2, np.ones(2))]
    f, vjp = pair(network)
    report = check_vjp(f, vjp, (layers, X, np.array(2)))
    assert report.decided == ("layers[0][0]", "layers[0][1]", "layers[1][0]", "layers[1][1]", "x")
    _, jvp = jvp_pair(network)
    assert check_jvp(f, jvp, (layers, X, np.array(2)), vjp=vjp).decided == report.decided

    def swapped(args, dA):
        [(W, b), (V, c)], dx, _ = vjp(args, dA)
        return [(W, c), (V, b)], dx, None

    says(WrongGradient, r"dlayers\[0\]\[1\], 2 of 2 entries wrong", check_vjp, f, swapped, (layers, X, np.array(2)))
    says(WrongGradient, "dx", check_jvp, f, lambda args, t: jvp(args, (t[0], 2 * t[1], t[2])), (layers, X, np.array(2)))


@pytest.mark.unwatched
def test_complex_numbers_are_those_of_jax():
    z = X + 1j * X[::-1]
    f = lambda z, x: (jnp.exp(z) * jnp.conj(z) * x, jnp.abs(z))
    args = (z, X)
    check_vjp(*pair(f), args, convention="jax")
    fails(WrongGradient, check_vjp, *pair(f), args, convention="torch")
    check_jvp(*jvp_pair(f, jit=False), args, vjp=pair(f)[1], convention="jax")
    narrow = pair(f)[0](z.astype(np.complex64), X.astype(np.float32))
    assert [a.dtype for a in narrow] == [np.complex64, np.float32]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jax.lax.while_loop(lambda s: s.sum() < 9, lambda s: 2 * s + 1, x),
        lambda x: jax.pure_callback(np.sin, x, x),
    ],
)
def test_a_function_without_derivative_is_named(function):
    says(NoDerivative, "JAX has no derivative of this function: ", check_vjp, *pair(function), [abs(X)])


def test_other_errors_of_a_rule_come_out_as_they_are():
    @jax.custom_vjp
    def f(x):
        return x

    def refuses(_, dA):
        raise ValueError("not for me")

    f.defvjp(lambda x: (x, None), refuses)
    says(Raised, "vjp raised ValueError where f did not: not for me", check_vjp, *pair(f), [X])


def test_constants_are_keys_and_arrays():
    def dropped(x, key, scales):
        return x * x * jax.random.bernoulli(key, 0.5, x.shape) * scales["a"]

    args = X, jax.random.key(0), {"a": np.array(2.0), "n": np.array(3)}
    f, jvp = jvp_pair(dropped)
    assert check_jvp(f, jvp, args, argnums=0).verdict == "pass"
    says(WrongGradient, r"key = Array", check_jvp, f, lambda args, tangents: 2 * jvp(args, tangents), args, argnums=0)
