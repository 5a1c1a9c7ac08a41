"""Error messages of the bridges to JAX and optax, pinned word for word."""

import numpy as np
import pytest

import funcnn as nn
from funcnn import forward, gradient, initializers, record, update
from funcnn.errors import KindError
from funcnn.generation import fixed_memory, step
from funcnn.records import state
from tests.says import assert_says, each_row, kind_error, shape_error

jax = pytest.importorskip("jax", reason="the messages are about its functions")
optax = pytest.importorskip("optax", reason="the messages are about its transformations")
jnp = jax.numpy
# After those lines: without the libraries there is nothing to import.
from funcnn.interop.jax import JaxFunction, JaxLayer  # noqa: E402  as just said
from funcnn.interop.optax import Optax, from_optax, to_optax  # noqa: E402  as just said

X = np.ones((4, 2))
X32 = X.astype(np.float32)
W = np.ones((2, 3))


def product(W, x):
    return x @ W


KEY = jax.random.key(0)
PRODUCT = JaxFunction(product, (W,))


def function(f, *params):
    return lambda: forward(JaxFunction(f, params), X)


@record
class Gain(JaxLayer):
    """out = x."""

    factor: nn.Array

    def value(self, x):
        return list(x)


@record
class NoTransformation(Optax):
    """It returns a function of optax, not a transformation."""

    def transformation(self):
        return optax.adam


@record
class OnesMore:
    """Its memory is one array more after each update."""

    seen: tuple = state(default=())


@update.register(OnesMore)
def ones_more_update(optimizer, grads, params):
    return grads, OnesMore((*optimizer.seen, grads.params.W))


NET = nn.Dense(np.ones((2, 1)), np.ones(1))
GRADS = nn.Grads(gradient(NET, W=np.ones((2, 1)), b=np.ones(1)), None)
WIDER = nn.Dense(np.ones((3, 1)), np.ones(1))
WIDER_GRADS = nn.Grads(gradient(WIDER, W=np.ones((3, 1)), b=np.ones(1)), None)
UNBIASED = nn.Dense(np.ones((2, 1)), None)
ADAM = update(from_optax(optax.adam(1.0)), GRADS, NET)[1]
TO = to_optax(nn.Adam(), 0.1)
JNET = {"w": jnp.ones(2)}
MISSING = "value, grad, value_fn"


def step_of(transformation, params=NET, grads=GRADS):
    return lambda: update(from_optax(transformation), grads, params)


def cut(params):
    """A transformation that halves each update, and has fewer entries than it should"""
    return optax.GradientTransformation(lambda p: (), lambda u, s, p=None: (params(u), s))


ROWS = [
    # JaxFunction and JaxLayer
    kind_error(lambda: JaxFunction(product))
    >> "JaxFunction: f must be a function (x), as params is (), not product(W, x)",
    kind_error(lambda: JaxFunction(product, (W, W)))
    >> "JaxFunction: f must be a function of the 2 parts of params and x, not product(W, x)",
    kind_error(lambda: JaxFunction(product, ((0.5,),)))
    >> "JaxFunction: params[0][0] must be an array, a record or a tuple of them, not float",
    kind_error(lambda: forward(PRODUCT, np.array(["a"])))
    >> "JaxFunction: x must be an array of a dtype that JAX has, not str array",
    kind_error(lambda: forward(JaxFunction(jnp.sin), X.astype(np.longdouble)))
    >> f"JaxFunction: x must be an array of a dtype that JAX has, not {np.dtype(np.longdouble)} array",
    kind_error(lambda: forward(PRODUCT, X32)) >> "JaxFunction: x must be float64, as params[0] is, not float32; "
    "write x.astype('float64') or trees.astype(params, 'float32')",
    kind_error(lambda: forward(Gain(np.ones(1)), X)) >> "Gain: value must return an array, not list",
    kind_error(function(lambda x: 1.0)) >> "JaxFunction: <lambda> must return an array, not float",
    kind_error(function(lambda x: jnp.round(x).astype(int)))
    >> "JaxFunction: <lambda> must return an array of floats, not int64 array",
    kind_error(function(lambda x: x.astype(jnp.float32)))
    >> "JaxFunction: <lambda> must return an array of float64, not float32 array",
    shape_error(function(lambda x: x[1:]))
    >> "JaxFunction: <lambda> must return as many rows as x has, 4, not the shape (3, 2)",
    shape_error(function(jnp.sum)) >> "JaxFunction: sum must return as many rows as x has, 4, not the shape ()",
    kind_error(lambda: forward(JaxFunction(product, (jnp.ones((2, 3)),)), (X, X32)))
    >> "JaxFunction: x[0] must be float32, as x[1] is, not float64; write x[0].astype('float32')",
    kind_error(lambda: step(PRODUCT, X)) >> "step: there is no rule for JaxFunction, since product may mix positions; "
    "write one with @step.register(JaxFunction)",
    kind_error(lambda: fixed_memory(PRODUCT, 3, 9)) >> "fixed_memory: there is no rule for JaxFunction, since product "
    "may mix positions; write one with @step.register(JaxFunction)",
    kind_error(lambda: step(Gain(np.ones(1)), X))
    >> "step: there is no rule for Gain, since value may mix positions; write one with @step.register(Gain)",
    kind_error(lambda: serialized(PRODUCT))
    >> "serialize: f of JaxFunction must hold numbers, strings and tuples of them, not function",
    # seeds
    kind_error(lambda: nn.Dropout(0.5, seed=jax.random.split(KEY, 3)))
    >> "Dropout: seed must be an int in [0, 2**31), or a tuple of them, not keys of the shape (3,)",
    kind_error(lambda: nn.Dropout(0.5, seed=(1, jax.random.split(KEY))))
    >> "Dropout: seed must be an int in [0, 2**31), or a tuple of them, not keys of the shape (2,)",
    kind_error(lambda: nn.Dropout(0.5, seed=jax.random.PRNGKey(0)))
    >> "Dropout: seed must be an int in [0, 2**31), or a tuple of them, not uint32 array; for a key "
    "write jax.random.wrap_key_data(seed)",
    kind_error(lambda: nn.reseed(NET, jnp.arange(3))) >> "reseed: i must be an int in [0, 2**31), not int32 array",
    kind_error(lambda: nn.reseed(nn.Dropout(0.5, seed=0), 1.5)) >> "reseed: i must be an int in [0, 2**31), not 1.5",
    kind_error(lambda: nn.reseed(NET, jax.random.PRNGKey(0)))
    >> "reseed: i must be an int in [0, 2**31), not uint32 array; for a key write "
    "jax.random.wrap_key_data(i)",
    # from_optax
    kind_error(lambda: from_optax(optax.adam))
    >> "from_optax: transformation must be a transformation of optax, such as optax.adam(1e-3), not function",
    kind_error(lambda: from_optax(optax.MultiSteps(optax.sgd(0.1), 2))) >> "from_optax: transformation must be a "
    "transformation of optax, such as optax.adam(1e-3), not MultiSteps; write transformation.gradient_transformation()",
    kind_error(lambda: update(NoTransformation(), GRADS, NET))
    >> "NoTransformation: transformation must return a transformation of optax, such as optax.adam(1e-3), not function",
    kind_error(lambda: NoTransformation(memory=(1.0,)))
    >> "NoTransformation: memory must be None, or a tuple of arrays as update returned it, not (1.0,)",
    kind_error(step_of(optax.polyak_sgd())) >> "update: optimizer must hold a transformation that needs gradients and "
    "parameters alone, such as optax.adam(1e-3), not one that also needs value",
    kind_error(step_of(optax.chain(optax.scale(2.0), optax.lbfgs())))
    >> "update: optimizer must hold a transformation that needs gradients and parameters alone, such as "
    f"optax.adam(1e-3), not one that also needs {MISSING}",
    shape_error(lambda: update(ADAM, WIDER_GRADS, WIDER)) >> "update: the memory of FromOptax is of another network: "
    "memory[1] is <f64 2x1> in place of <f64 3x1>; start anew with memory=None",
    shape_error(lambda: update(ADAM, nn.Grads(gradient(UNBIASED, W=np.ones((2, 1))), None), UNBIASED))
    >> "update: the memory of FromOptax is of another network: it has 5 arrays in place of 3; start anew with "
    "memory=None",
    shape_error(lambda: update(ADAM, nn.Grads(WIDER_GRADS.params, None), NET))
    >> "update: the gradient of 'W' must be like its parameter, <f64 [[1.] [1.]]>, not <f64 [[1.] [1.] [1.]]>",
    kind_error(step_of(cut(lambda u: list(u.values()))))
    >> "update: the transformation must return updates in the structure of params",
    kind_error(step_of(cut(lambda u: jax.tree.map(lambda a: a.astype(jnp.float32), u))))
    >> "update: an update of the transformation must be like its parameter, <f64 2x1>, not <f32 2x1>",
    # to_optax
    kind_error(lambda: nn.TrainState(nn.Dense.init(2, 1, seed=0), optax.adam(0.1)))
    >> "TrainState: optimizer must be an optimizer, such as Adam(), or a tuple of them, not "
    "GradientTransformationExtraArgs; write from_optax(optimizer)",
    kind_error(lambda: TO.update(JNET, TO.init(JNET)))
    >> "to_optax: params must be given to update; write update(grads, state, params)",
    kind_error(lambda: TO.update(JNET, optax.adam(0.1).init(JNET), JNET))
    >> "to_optax: state must be what init returned, not tuple",
    shape_error(lambda: TO.update({"w": jnp.ones(3)}, TO.init(JNET), {"w": jnp.ones(3)}))
    >> "to_optax: state must be what init returned for these params, not a state of other params",
    shape_error(lambda: TO.update({"v": jnp.ones(2)}, TO.init(JNET), JNET))
    >> "to_optax: the gradients must have the structure of params",
    kind_error(lambda: TO.init({"w": jnp.arange(2)}))
    >> "to_optax: params['w'] must be an array of floats, not int32 array",
    kind_error(lambda: TO.init({"w": 1.0})) >> "to_optax: params['w'] must be an array of floats, not float",
    kind_error(lambda: TO.init({"w": np.ones(2)}))
    >> "to_optax: params['w'] must be float32 while jax_enable_x64 is off, not float64 array",
    kind_error(lambda: TO.init((nn.Dropout(0.5, seed=0), nn.Dense(jnp.ones((2, 1)), None))))
    >> "to_optax: params[0].seed[0] must be a parameter, not a state of a layer; write parameters(net)",
    kind_error(
        lambda: to_optax(OnesMore(), 0.1).update(UNBIASED32, to_optax(OnesMore(), 0.1).init(UNBIASED32), UNBIASED32)
    )
    >> "to_optax: the memory of the optimizer must keep its structure after the first update",
]
UNBIASED32 = nn.Dense(jnp.ones((2, 1)), None)


def serialized(net):
    from jax import export

    return export.export(jax.jit(lambda net, x: forward(net, x)[0]))(net, X).serialize()


@each_row(ROWS)
def test_the_message_is(row):
    assert jax.config.jax_enable_x64 is False
    assert_says(row, X, W)


def test_float64_beside_arrays_of_jax_that_cannot_be_float64():
    layer = JaxFunction(lambda pair: pair[0])
    with pytest.raises(KindError) as caught:
        jax.jit(lambda ids: forward(layer, (X, ids)))(np.arange(4))
    needed = "a smaller dtype beside arrays of JAX, since jax_enable_x64 is off"
    assert str(caught.value) == f"JaxFunction: x[0] must have {needed}, not float64 array"


def test_an_error_inside_a_transformation_is_its_own():
    def broken(u, s, p=None):
        raise TypeError("it is broken")

    with pytest.raises(TypeError, match="it is broken"):
        update(from_optax(optax.GradientTransformation(lambda p: (), broken)), GRADS, NET)


def test_seeds_that_are_traced():
    with pytest.raises(KindError) as caught:
        jax.vmap(lambda seed: nn.Dropout(0.5, seed=seed))(jnp.ones(2))
    assert str(caught.value) == "Dropout: seed must be an int in [0, 2**31), or a tuple of them, not <f32>"
    with pytest.raises(KindError) as caught:
        jax.jit(lambda seed: nn.Dense.init(2, 1, seed=seed))(0)
    needed = "float32 or smaller for a traced seed, since jax_enable_x64 is off"
    assert str(caught.value) == f"glorot_uniform: dtype must be {needed}, not float64; write dtype=np.float32"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initializers, "DRAWS", {})
        with pytest.raises(KindError) as caught:
            jax.jit(lambda seed: nn.Dense.init(2, 1, seed=seed))(0)
    assert str(caught.value) == "glorot_uniform: seed must be known, not traced; import funcnn.interop.jax"
