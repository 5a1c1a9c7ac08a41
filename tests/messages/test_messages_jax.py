"""Error messages of the bridges to JAX and optax, pinned word for word."""

import numpy as np
import pytest

from funcnn import (
    Adam,
    Array,
    Dense,
    Dropout,
    Grads,
    backward,
    forward,
    gradient,
    record,
    update,
)
from funcnn.errors import KindError, ShapeError
from funcnn.generation import fixed_memory, step
from funcnn.records import state
from tests.says import assert_says

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


PRODUCT = JaxFunction(product, (W,))


def function(f, *params):
    return lambda: forward(JaxFunction(f, params), X)


@record
class Gain(JaxLayer):
    """out = x."""

    factor: Array

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


NET = Dense(np.ones((2, 1)), np.ones(1))
GRADS = Grads(gradient(NET, W=np.ones((2, 1)), b=np.ones(1)), None)
WIDER = Dense(np.ones((3, 1)), np.ones(1))
WIDER_GRADS = Grads(gradient(WIDER, W=np.ones((3, 1)), b=np.ones(1)), None)
UNBIASED = Dense(np.ones((2, 1)), None)
ADAM = update(from_optax(optax.adam(1.0)), GRADS, NET)[1]
TO = to_optax(Adam(), 0.1)
JNET = {"w": jnp.ones(2)}
MISSING = "value, grad, value_fn"


def step_of(transformation, params=NET, grads=GRADS):
    return lambda: update(from_optax(transformation), grads, params)


def cut(params):
    """A transformation that halves each update, and has fewer entries than it should"""
    return optax.GradientTransformation(lambda p: (), lambda u, s, p=None: (params(u), s))


ROWS = {
    # JaxFunction and JaxLayer
    "a class for f": (
        lambda: JaxFunction(Dense),
        KindError,
        "JaxFunction: f must be a function of 0 parameters and x, not the class Dense",
    ),
    "a text for f": (
        lambda: JaxFunction("tanh"),
        KindError,
        "JaxFunction: f must be a function of 0 parameters and x, not str",
    ),
    "f of fewer arguments": (
        lambda: JaxFunction(product),
        KindError,
        "JaxFunction: f must be a function of 0 parameters and x, not product(W, x)",
    ),
    "f of more arguments": (
        lambda: JaxFunction(product, (W, W)),
        KindError,
        "JaxFunction: f must be a function of 2 parameters and x, not product(W, x)",
    ),
    "params that are an array": (
        lambda: JaxFunction(product, W),
        KindError,
        "JaxFunction: params must be a tuple, not float64 array",
    ),
    "params that are a list": (
        lambda: JaxFunction(product, [W]),
        KindError,
        "JaxFunction: params must be a tuple, not list; write tuple(params)",
    ),
    "a dict in params": (
        lambda: JaxFunction(product, ({"W": W},)),
        KindError,
        "JaxFunction: params must be immutable, not dict",
    ),
    "a number in params": (
        lambda: JaxFunction(product, ((0.5,),)),
        KindError,
        "JaxFunction: params[0][0] must be an array, a record or a tuple of them, got float",
    ),
    "integers in params": (
        lambda: JaxFunction(product, (np.ones(2, int),)),
        KindError,
        "JaxFunction: params must be an array of floats, not int64 array",
    ),
    "a list for x": (
        lambda: forward(PRODUCT, [1.0]),
        KindError,
        "JaxFunction: x must be an array, not list; write np.asarray(x)",
    ),
    "texts for x": (
        lambda: forward(PRODUCT, np.array(["a"])),
        KindError,
        "JaxFunction: x must be an array of numbers that JAX has, got <U1 array",
    ),
    "longdouble": (
        lambda: forward(JaxFunction(jnp.sin), X.astype(np.longdouble)),
        KindError,
        f"JaxFunction: x must be an array of numbers that JAX has, got {np.dtype(np.longdouble)} array",
    ),
    "x of another dtype": (
        lambda: forward(PRODUCT, X32),
        KindError,
        "JaxFunction: x is float32, params.0 is float64; write x.astype('float64')",
    ),
    "an x without rows": (
        lambda: forward(JaxFunction(jnp.sin), np.array(1.0)),
        KindError,
        "JaxFunction: x must be an array or a tuple of arrays, rows first, not <f64>",
    ),
    "a value that is a list": (
        lambda: forward(Gain(np.ones(1)), X),
        KindError,
        "Gain: value must return an array, got list",
    ),
    "a value that is a pair": (
        function(lambda x: (x, x)),
        KindError,
        "JaxFunction: <lambda> must return an array, got tuple",
    ),
    "a value that is a number": (
        function(lambda x: 1.0),
        KindError,
        "JaxFunction: <lambda> must return an array, got float",
    ),
    "a value of integers": (
        function(lambda x: jnp.round(x).astype(int)),
        KindError,
        "JaxFunction: <lambda> must return an array of floats, got int64 array",
    ),
    "a value of another dtype": (
        function(lambda x: x.astype(jnp.float32)),
        KindError,
        "JaxFunction: <lambda> must return an array of float64, got float32 array",
    ),
    "a value of other rows": (
        function(lambda x: x[1:]),
        ShapeError,
        "JaxFunction: <lambda> must return as many rows as x has, 4, got the shape (3, 2)",
    ),
    "a value without rows": (
        function(jnp.sum),
        ShapeError,
        "JaxFunction: sum must return as many rows as x has, 4, got the shape ()",
    ),
    "dA of another shape": (
        lambda: backward(PRODUCT, forward(PRODUCT, X)[1], X),
        ShapeError,
        "JaxFunction: dA must have the shape of out, (4, 3); it has (4, 2)",
    ),
    "no dA": (
        lambda: backward(PRODUCT, forward(PRODUCT, X)[1], None),
        KindError,
        "JaxFunction: dA must be an array of the shape of out, (4, 3), not None",
    ),
    "another cache": (
        lambda: backward(PRODUCT, X, X),
        ShapeError,
        f"backward: the cache is of another network; cache: <f64 4x2>, layer: {PRODUCT}",
    ),
    "float64 beside arrays of JAX": (
        lambda: forward(JaxFunction(product, (jnp.ones((2, 3)),)), (X, X32)),
        KindError,
        "JaxFunction: x.0 is float64, x.1 is float32; write x.0.astype('float32')",
    ),
    "step": (
        lambda: step(PRODUCT, X),
        KindError,
        "step: whether product maps each position alone is not known for a JaxFunction; "
        "write a rule with @step.register(JaxFunction)",
    ),
    "a memory for steps": (
        lambda: fixed_memory(PRODUCT, 3, 9),
        KindError,
        "fixed_memory: whether product maps each position alone is not known for a JaxFunction; "
        "write a rule with @step.register(JaxFunction)",
    ),
    "step of a class": (
        lambda: step(Gain(np.ones(1)), X),
        KindError,
        "step: whether value maps each position alone is not known for a Gain; write a rule with @step.register(Gain)",
    ),
    "serialize": (
        lambda: serialized(PRODUCT),
        KindError,
        "serialize: f of JaxFunction must hold numbers, strings and tuples of them, got function",
    ),
    # from_optax
    "the function adam": (
        lambda: from_optax(optax.adam),
        KindError,
        "from_optax: transformation must be an optax.GradientTransformation, got function",
    ),
    "an optimizer of funcnn": (
        lambda: from_optax(Adam()),
        KindError,
        "from_optax: transformation must be an optax.GradientTransformation, got Adam",
    ),
    "MultiSteps": (
        lambda: from_optax(optax.MultiSteps(optax.sgd(0.1), 2)),
        KindError,
        "from_optax: transformation must be an optax.GradientTransformation, got MultiSteps; "
        "write transformation.gradient_transformation()",
    ),
    "a method without a transformation": (
        lambda: update(NoTransformation(), GRADS, NET),
        KindError,
        "NoTransformation: transformation must return an optax.GradientTransformation, got function",
    ),
    "a class without a method": (Optax, KindError, "Optax: transformation must be defined in the class"),
    "memory that is a list": (
        lambda: NoTransformation(memory=(1.0,)),
        KindError,
        "NoTransformation: memory must be a tuple of arrays or None, got (1.0,)",
    ),
    "one extra argument": (
        step_of(optax.polyak_sgd()),
        KindError,
        "update: the transformation must take no extra arguments, got one that needs value",
    ),
    "three extra arguments": (
        step_of(optax.chain(optax.scale(2.0), optax.lbfgs())),
        KindError,
        f"update: the transformation must take no extra arguments, got one that needs {MISSING}",
    ),
    "a memory of another network": (
        lambda: update(ADAM, WIDER_GRADS, WIDER),
        ShapeError,
        "update: memory[1] of FromOptax must be like <f64 3x1> here, got <f64 2x1>",
    ),
    "a memory of more arrays": (
        lambda: update(ADAM, Grads(gradient(UNBIASED, W=np.ones((2, 1))), None), UNBIASED),
        ShapeError,
        "update: the memory of FromOptax must hold 3 arrays here, got 5",
    ),
    "a gradient of another network": (
        lambda: update(ADAM, Grads(WIDER_GRADS.params, None), NET),
        ShapeError,
        "update: the gradient of <f64 [[1.] [1.]]> must be like it, not <f64 [[1.] [1.] [1.]]>",
    ),
    "updates of another tree": (
        step_of(cut(lambda u: list(u.values()))),
        KindError,
        "update: the transformation must return one update for each parameter, got another tree",
    ),
    "updates of another dtype": (
        step_of(cut(lambda u: jax.tree.map(lambda a: a.astype(jnp.float32), u))),
        KindError,
        "update: an update of the transformation must be like <f64 2x1>, got <f32 2x1>",
    ),
    # to_optax
    "an optimizer of optax": (
        lambda: to_optax(optax.adam(0.1), 0.1),
        KindError,
        "to_optax: optimizer must be an optimizer, such as Adam(), or a tuple of them, "
        "not GradientTransformationExtraArgs",
    ),
    "no params": (
        lambda: TO.update(JNET, TO.init(JNET)),
        KindError,
        "to_optax: params must be given to update; write update(grads, state, params)",
    ),
    "a state of optax": (
        lambda: TO.update(JNET, optax.adam(0.1).init(JNET), JNET),
        KindError,
        "to_optax: state must be what init returned, got tuple",
    ),
    "a state of another network": (
        lambda: TO.update({"w": jnp.ones(3)}, TO.init(JNET), {"w": jnp.ones(3)}),
        ShapeError,
        "to_optax: state must be the state of these parameters, got one of other parameters",
    ),
    "updates that are not like params": (
        lambda: TO.update({"v": jnp.ones(2)}, TO.init(JNET), JNET),
        ShapeError,
        "to_optax: updates must be a tree like params",
    ),
    "integers": (
        lambda: TO.init({"w": jnp.arange(2)}),
        KindError,
        "to_optax: params['w'] must be an array of floats, got int32 array",
    ),
    "a number": (lambda: TO.init({"w": 1.0}), KindError, "to_optax: params['w'] must be an array of floats, got float"),
    "float64": (
        lambda: TO.init({"w": np.ones(2)}),
        KindError,
        "to_optax: params['w'] must be float32 while jax_enable_x64 is off, got float64 array",
    ),
    "a layer with states": (
        lambda: TO.init((Dropout(0.5, seed=0), Dense(jnp.ones((2, 1)), None))),
        KindError,
        "to_optax: params[0].seed[0] must be a parameter, got a state of a layer; write parameters(net)",
    ),
    "a growing memory": (
        lambda: to_optax(OnesMore(), 0.1).update(UNBIASED32, to_optax(OnesMore(), 0.1).init(UNBIASED32), UNBIASED32),
        KindError,
        "to_optax: the memory of the optimizer must keep its structure after the first update",
    ),
}
UNBIASED32 = Dense(jnp.ones((2, 1)), None)


def serialized(net):
    from jax import export

    return export.export(jax.jit(lambda net, x: forward(net, x)[0]))(net, X).serialize()


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_the_message_is(row):
    assert jax.config.jax_enable_x64 is False
    assert_says(row, X, W)


def test_float64_beside_arrays_of_jax_that_cannot_be_float64():
    layer = JaxFunction(lambda pair: pair[0])
    with pytest.raises(KindError) as caught:
        jax.jit(lambda ids: forward(layer, (X, ids)))(np.arange(4))
    needed = "a smaller dtype beside arrays of JAX, since jax_enable_x64 is off"
    assert str(caught.value) == f"JaxFunction: x.0 must have {needed}, got float64 array"


def test_an_error_inside_a_transformation_is_its_own():
    def broken(u, s, p=None):
        raise TypeError("it is broken")

    with pytest.raises(TypeError, match="it is broken"):
        update(from_optax(optax.GradientTransformation(lambda p: (), broken)), GRADS, NET)
