"""Every layer against `jax.vjp` of its own forward, an oracle that is exact up to rounding and does not use backward.

JAX compiles for each shape, so a layer has at most three fixed ones; their values are drawn.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funcnn import Grads, backward, forward, parameters, sgd
from funcnn.arrays import is_float
from funcnn.testing.strategies import registered, tensor
from funcnn.trees import astype
from funcnn.trees.walks import map_arrays
from tests.counts import at_most
from tests.peers.cases import redrawn, three

jax = pytest.importorskip("jax", reason="jax.vjp is the oracle")
dce_jaxpr = pytest.importorskip("jax.interpreters.partial_eval", reason="it is a part of jax").dce_jaxpr
pytestmark = pytest.mark.usefixtures("jax64")

every_layer = pytest.mark.parametrize("layer", registered(), ids=lambda layer: layer.__name__)


def floats(tree):
    """The arrays of floats in x, in out, in a gradient: ids and masks have none."""
    return [leaf for leaf in jax.tree.leaves(tree) if is_float(leaf)]


def vjp_of_forward(params, x, dA):
    """(outs, dparams, dxs) of all that is a float, as JAX finds them from the forward alone."""
    parts, structure = jax.tree.flatten(x)
    places = [i for i, part in enumerate(parts) if is_float(part)]

    def outs(params, *moved):
        moving = dict(zip(places, moved, strict=True))
        x = structure.unflatten([moving.get(i, part) for i, part in enumerate(parts)])
        return floats(forward(params, x)[0])

    out, vjp = jax.vjp(outs, params, *floats(x))
    dparams, *dx = vjp(floats(dA))
    return out, dparams, dx


jitted_forward = jax.jit(forward)


@jax.jit
def jitted_backward_and_vjp(params, cache, x, dA):
    """What the rules give with a cache that crossed the border of `jax.jit`, and what JAX finds: one program."""
    return backward(params, cache, dA), vjp_of_forward(params, x, dA)


def rules(params, x, dA):
    """(out, dparams, dx), as the layer's own rules find them."""
    out, cache = forward(params, x)
    grads = backward(params, cache, dA)
    return out, grads.params, grads.x


def assert_equal(name, ours, theirs):
    """Equal but for 1e-12 of the largest entry; of one dtype and shape."""
    assert (name, ours.dtype, ours.shape) == (name, theirs.dtype, theirs.shape)
    theirs = np.asarray(theirs)
    largest = abs(theirs).max() if theirs.size and is_float(theirs) else 0
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * max(1, largest), err_msg=name)


def alike(a, b):
    """Whether two trees have one structure, and arrays of the same shapes and dtypes."""
    kinds = [[(leaf.shape, leaf.dtype, leaf.weak_type) for leaf in jax.tree.leaves(tree)] for tree in (a, b)]
    return jax.tree.structure(a) == jax.tree.structure(b) and kinds[0] == kinds[1]


def cotangent(out, data):
    """Like out, with None for ids and masks."""
    if type(out) is tuple:
        return tuple([cotangent(part, data) for part in out])
    return data.draw(tensor(out.shape).map(lambda a: a.clip(-3, 3)), "dA") if is_float(out) else None


def drawn(layer, data):
    """(params, x, dA) for each of a layer's cases."""
    for case in three(layer):
        params, x = data.draw(redrawn(layer, case))
        yield params, x, cotangent(forward(params, x)[0], data)


@pytest.mark.unwatched
@every_layer
def test_backward_is_the_vjp_of_forward_and_under_jit_the_rules_give_what_they_give_in_numpy(layer):
    three(layer)  # outside of the other test that draws

    @at_most(6)
    @given(data=st.data())
    def check(data):
        for params, x, dA in drawn(layer, data):
            expected = out, dparams, dx = rules(params, x, dA)
            jitted_out, cache = jitted_forward(params, x)
            grads, (jax_out, jax_dparams, jax_dx) = jitted_backward_and_vjp(params, cache, x, dA)
            for name, ours, theirs in (("out", floats(out), jax_out), ("dx", floats(dx), jax_dx)):
                assert len(ours) == len(theirs)
                for i, pair in enumerate(zip(ours, theirs, strict=True)):
                    assert_equal(f"{name} {i}", *pair)
            ours, theirs = parameters(dparams), parameters(jax_dparams)
            assert ours.keys() == theirs.keys() == parameters(params).keys()
            for path in ours:
                assert_equal(f"d{path}", ours[path], theirs[path])
            assert jax.tree.structure(grads.params) == jax.tree.structure(dparams)  # a state may be None: unchanged
            # A state that is a number comes back from jit as an array.
            pairs = zip(map(np.asarray, jax.tree.leaves(expected)), jax.tree.leaves((jitted_out, grads)), strict=True)
            for i, (ours, theirs) in enumerate(pairs):
                assert_equal(f"array {i} of (out, dparams, dx)", ours, theirs)

    check()


@every_layer
def test_float32_stays_float32_and_a_step_gives_what_is_compiled_already(layer):
    three(layer)

    @at_most(1)
    @given(data=st.data())
    def check(data):
        for case in drawn(layer, data):
            params, x, dA = [astype(part, np.float32) for part in case]
            traced = jax.eval_shape(rules, params, x, dA)
            assert {leaf.dtype for leaf in floats(traced)} == {np.dtype(np.float32)}
            assert alike(jax.eval_shape(lambda params, x=x, dA=dA: rules(params, x, dA), params), traced)
            if layer.__name__ != "Probe":  # its state is None before the first step
                stepped = jax.eval_shape(lambda *given: sgd(given[0], Grads(*rules(*given)[1:]), 0.1), params, x, dA)
                assert alike(stepped, jax.eval_shape(lambda params: params, params))

    check()


def used(f, args, traced):
    """The places among the arrays of args, of those that are traced, on which a result of f depends."""
    parts, structure = jax.tree.flatten(args)

    def of_traced(*given):
        moving = dict(zip(traced, given, strict=True))
        return f(*structure.unflatten([moving.get(i, part) for i, part in enumerate(parts)]))

    program = jax.make_jaxpr(of_traced)(*[parts[i] for i in traced]).jaxpr
    _, depends = dce_jaxpr(program, [True] * len(program.outvars))
    return {i for i, is_used in zip(traced, depends, strict=True) if is_used}


@pytest.mark.unwatched
@every_layer
def test_arrays_of_numpy_may_stand_beside_traced_ones_and_none_becomes_a_constant(layer):
    """Each array is traced alone, and so are all of params, of x or the cache, and of dA; others are NumPy's."""
    for params, x in three(layer)[-1:]:
        out, cache = forward(params, x)
        dA = map_arrays(lambda a: np.ones_like(a) if is_float(a) else None, out)
        for f, args in ((rules, (params, x, dA)), (backward, (params, cache, dA))):
            places = iter(range(len(jax.tree.leaves(args))))
            groups = [[next(places) for _ in jax.tree.leaves(part)] for part in args]
            everything = [i for group in groups for i in group]
            needed = used(f, args, everything)
            for traced in (*groups, *[[i] for i in everything]):
                assert used(f, args, traced) == needed & set(traced)
