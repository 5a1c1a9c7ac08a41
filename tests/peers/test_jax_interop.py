"""Records as JAX pytrees, and the four lines inside `jax.jit`, `jax.vmap` and `jax.lax.scan`."""

import pickle
from itertools import islice

import numpy as np
import pytest

from funcnn import (
    Array,
    Dense,
    Grads,
    Relu,
    Sigmoid,
    Tanh,
    TrainState,
    backward,
    binary_cross_entropy_with_logits,
    evolve,
    forward,
    gradient,
    huber,
    mlp,
    mse,
    namespace,
    predict,
    record,
    sgd,
    softmax_cross_entropy,
    state,
    train,
    tree_map,
    value_and_grad,
)
from funcnn.errors import KindError, NotFiniteError, RangeError, ShapeError
from funcnn.files import fingerprint
from funcnn.layers import BatchNorm, LeakyRelu
from funcnn.losses import binary_focal, hinge, mae, squared_hinge
from funcnn.trees import from_vector, leaves, replace, to_vector
from tests.said import fails, says

jax = pytest.importorskip("jax", reason="this is the bridge to it")
jnp = jax.numpy
pytestmark = pytest.mark.usefixtures("jax64")
SMALL = (Dense.init(3, 4, seed=0), Tanh())
SMALL_X, SMALL_Y = (np.random.default_rng(0).standard_normal(shape) for shape in ((5, 3), (5, 4)))


@record
class RunningMean:
    """out = x - the mean of all batches before, which is carried and not trained."""

    mean: Array = state()
    batches: int = state(default=0)


forward.register(RunningMean)(lambda params, x: (x - params.mean, x))


@backward.register(RunningMean)
def running_mean_backward(params, x, dA):
    batches = params.batches + 1
    mean = params.mean + (x.mean(0) - params.mean) / batches
    return Grads(gradient(params, mean=mean, batches=batches), dA)


@record
class Everything:
    """A field of each kind; `seen` and `memory` are states."""

    W: Array
    nothing: Array | None
    inner: tuple
    name: str
    power: float = 2.0
    seen: int = state(default=0)
    memory: tuple = state(default=())


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def everything():
    memory = (normal(1, 2), normal(2, 3))
    return Everything(normal(0, 2, 3), None, (Dense.init(2, 1, seed=0), (Tanh(),)), "a", seen=3, memory=memory)


def network(dtype="f8"):
    layers = (RunningMean(np.zeros(2)), *mlp([2, 6, 6], Tanh(), seed=1), LeakyRelu(0.1), Dense.init(6, 1, seed=2))
    return tree_map(lambda a: a.astype(dtype), layers)


def batches(count, dtype="f8"):
    """Pairs (x, y) of 16 rows."""
    for i in range(count):
        x = 1 + normal(i, 16, 2)
        yield x.astype(dtype), (x[:, :1] * x[:, 1:]).astype(dtype)


def step(params, x, y, lr):
    """The four lines."""
    out, cache = forward(params, x)
    cost, dA = mse(out, y)
    grads = backward(params, cache, dA)
    return sgd(params, grads, lr), cost


def counting(function):
    """A function that JAX will trace, and the list of its traces so far."""
    traces = []

    def counted(*args):
        traces.append(args)
        return function(*args)

    return counted, traces


def floats(tree):
    """The arrays of floats in a tree: a state that is an int comes back from jit as an array."""
    return [leaf for leaf in leaves(tree) if leaf.dtype.kind == "f"]


def assert_close(ours, theirs, tolerance=1e-12):
    for a, b in zip(floats(ours), floats(theirs), strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# Records as pytrees.


@pytest.mark.parametrize(
    "tree",
    [
        pytest.param(Tanh(), id="nothing inside"),
        pytest.param(LeakyRelu(0.3), id="setting"),
        pytest.param(Dense.init(2, 3, seed=0), id="parameters"),
        pytest.param(Dense.init(2, 3, seed=0, bias=False), id="None"),
        pytest.param(network(), id="chain with a state"),
        pytest.param((Tanh(), (Dense.init(2, 3, seed=0), ())), id="nested chain"),
        pytest.param(Grads((Dense.init(2, 3, seed=0),), np.ones((4, 2))), id="Grads"),
        pytest.param(TrainState(network(), step=3, cost=0.5), id="TrainState"),
        pytest.param(everything(), id="a field of each kind"),
    ],
)
def test_flatten_and_unflatten_give_an_equal_record(tree):
    flat, structure = jax.tree.flatten(tree)
    again = jax.tree.unflatten(structure, flat)
    assert again == tree
    assert type(again) is type(tree)
    assert jax.tree.structure(again) == structure


def test_leaves_are_those_of_funcnn_in_their_order_and_key_paths_name_the_fields():
    net = (Dense.init(2, 3, seed=0), (Tanh(), Dense.init(3, 1, seed=1, bias=False)))
    found = jax.tree_util.tree_leaves_with_path(net)
    assert [jax.tree_util.keystr(path) for path, _ in found] == ["[0].W", "[0].b", "[1][1].W"]
    assert all(ours is theirs for ours, (_, theirs) in zip(leaves(net), found, strict=True))


def test_parameters_and_states_are_leaves_and_settings_and_none_are_not():
    found = jax.tree_util.tree_leaves_with_path(everything())
    paths = [".W", ".inner[0].W", ".inner[0].b", ".seen", ".memory[0]", ".memory[1]"]
    assert [jax.tree_util.keystr(path) for path, _ in found] == paths


def test_inside_jit_states_are_tracers_and_settings_stay_what_they_are():
    def kinds(value):
        assert isinstance(value.seen, jax.core.Tracer)
        assert isinstance(value.memory[1], jax.core.Tracer)
        assert (value.name, value.power, value.nothing, value.inner[1]) == ("a", 2.0, None, (Tanh(),))
        return evolve(value, seen=value.seen + 1, W=2 * value.W)

    after = jax.jit(kinds)(everything())
    assert (after.seen, after.name, after.power, after.nothing) == (4, "a", 2.0, None)
    assert_close(after.W, 2 * everything().W)


def test_another_setting_compiles_anew_and_another_parameter_or_state_does_not():
    counted, traces = counting(lambda value: value.W.sum() * value.power + value.seen)
    jitted, value = jax.jit(counted), everything()
    for other in (value, evolve(value, W=normal(9, 2, 3)), evolve(value, seen=9)):
        assert float(jitted(other)) == pytest.approx(other.W.sum() * 2 + other.seen, rel=1e-12)
    assert len(traces) == 1
    assert float(jitted(evolve(value, power=3.0))) == pytest.approx(value.W.sum() * 3 + 3, rel=1e-12)
    assert len(traces) == 2


def test_a_dense_layer_with_a_bias_is_no_tree_like_one_without():
    biased, plain = Dense.init(2, 3, seed=0), Dense.init(2, 3, seed=0, bias=False)
    assert jax.tree.structure(biased) != jax.tree.structure(plain)
    assert jax.tree.map(lambda a: 2 * a, plain).b is None


def test_a_record_made_after_the_import_is_a_pytree_too():
    @record
    class Late:
        W: Array
        power: float = 1

    late = Late(np.ones(2))
    assert [leaf is late.W for leaf in jax.tree.leaves(late)] == [True]
    assert jax.jit(lambda value: evolve(value, W=value.W + value.power))(late) == Late(np.array([2.0, 2.0]))


def test_a_tree_of_axes_has_the_structure_of_its_network_so_that_vmap_runs_an_ensemble():
    net, [(x, _)] = network(), batches(1)
    axes = jax.tree.map(lambda leaf: 0, net)
    assert jax.tree.structure(axes) == jax.tree.structure(net)
    ensemble = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf + 1]), net)
    outs = jax.vmap(lambda net, x: forward(net, x)[0], in_axes=(axes, None))(ensemble, x)
    shifted = jax.tree.map(lambda leaf: leaf + 1, net)
    assert_close(outs, np.stack([forward(net, x)[0], forward(shifted, x)[0]]))


# The four lines.


def test_four_lines_under_jit_equal_numpy_over_five_steps_and_compile_once():
    counted, traces = counting(step)
    jitted, ours, theirs = jax.jit(counted), network(), network()
    for i, (x, y) in enumerate(batches(5)):
        lr = 0.1 * 0.9**i
        ours, cost = step(ours, x, y, lr)
        theirs, jax_cost = jitted(theirs, x, y, lr)
        assert_close(theirs, ours)
        assert float(jax_cost) == pytest.approx(cost, rel=1e-12)
        assert int(theirs[0].batches) == ours[0].batches == i + 1
    assert len(traces) == 1
    means = [x.mean(0) for x, _ in batches(5)]
    assert_close(theirs[0].mean, np.mean(means, axis=0))


def test_four_lines_are_the_body_of_a_scan():
    xs, ys = map(np.stack, zip(*batches(5), strict=True))
    last, costs = jax.lax.scan(lambda net, batch: step(net, *batch, 0.1), network(), (xs, ys))
    ours, our_costs = network(), []
    for x, y in batches(5):
        ours, cost = step(ours, x, y, 0.1)
        our_costs.append(cost)
    assert_close(last, ours)
    assert_close(costs, np.array(our_costs))


def test_training_over_a_jitted_value_and_grad_equals_training_in_numpy_and_compiles_once():
    counted, traces = counting(value_and_grad(mse))
    ours = train(TrainState(network()), batches(5), value_and_grad(mse), lambda i: 0.1 * 0.9**i)
    theirs = train(TrainState(network()), batches(5), jax.jit(counted), lambda i: 0.1 * 0.9**i)
    for a, b in zip(ours, theirs, strict=True):
        assert (a.step, float(a.cost)) == (b.step, pytest.approx(float(b.cost), rel=1e-12))
        assert_close(b.params, a.params)
    assert len(traces) == 1


def test_the_body_of_train_itself_runs_under_jit():
    @jax.jit
    def one(start, x, y):
        return next(train(start, [(x, y)], value_and_grad(mse), 0.1))

    ours, theirs = TrainState(network()), TrainState(network())
    for x, y in batches(3):
        ours = next(train(ours, [(x, y)], value_and_grad(mse), 0.1))
        theirs = one(theirs, x, y)
    assert int(theirs.step) == ours.step == 3
    assert float(theirs.cost) == pytest.approx(ours.cost, rel=1e-12)
    assert_close(theirs.params, ours.params)


@pytest.mark.parametrize("lr", [0.1, np.float64(0.1), np.float32(0.1)], ids=["float", "float64", "float32"])
def test_sgd_with_a_traced_learning_rate_keeps_float32_and_float64(lr):
    for dtype in ("f4", "f8"):
        net, [(x, y)] = network(dtype), batches(1, dtype)
        grads = value_and_grad(mse)(net, x, y)[1]
        stepped = jax.jit(sgd)(net, grads, lr)
        assert {leaf.dtype for leaf in floats(stepped)} == {np.dtype(dtype)}
        assert_close(stepped, sgd(net, grads, lr), np.finfo(dtype).eps)


def test_vmap_gives_the_gradient_of_each_example_whose_mean_is_that_of_the_batch():
    net, [(x, y)] = network()[1:], batches(1)
    of_one = lambda net, x, y: value_and_grad(mse)(net, x[None], y[None])[1].params
    each = jax.vmap(of_one, in_axes=(None, 0, 0))(net, x, y)
    assert_close(tree_map(lambda a: a[3], each), of_one(net, x[3], y[3]))
    assert_close(tree_map(lambda a: a.mean(0), each), value_and_grad(mse)(net, x, y)[1].params)


# Errors, which tracers must not hide.


@record
class Crooked:
    """out = x W, with a gradient that was not summed over the rows."""

    W: Array


forward.register(Crooked)(lambda params, x: (x * params.W, x))
backward.register(Crooked)(lambda params, x, dA: Grads(gradient(params, W=dA * x), dA * params.W))


X, DENSE = normal(0, 5, 2), Dense.init(2, 1, seed=0)


@pytest.mark.parametrize(
    ("function", "args", "error", "match"),
    [
        (forward, ((Tanh(), Dense.init(3, 1, seed=0)), X), ShapeError, r"Dense: x must be \(m, ..., 3\), not \(5, 2\)"),
        (forward, ((Tanh(), Dense.init(3, 1, seed=0)), X), ShapeError, r"in layer 1, Dense\(W=<f64 .* x: <f64 5x2>"),
        (forward, (DENSE, X.astype("f4")), KindError, r"x must be float64, as W is, not float32"),
        (forward, (Relu(), np.ones((5, 2), int)), KindError, r"x must be an array of floats, not int64 array"),
        (backward, (DENSE, X, np.ones((5, 2))), ShapeError, r"dA must have the shape of out, \(5, 1\)"),
        (value_and_grad(mse), ((DENSE, Crooked(np.ones(1))), X, np.ones((5, 1))), ShapeError, r"dW must be like W"),
        (value_and_grad(mse), ((DENSE,), X, np.ones(5)), ShapeError, r"out and y must have the same shape"),
        (
            value_and_grad(binary_cross_entropy_with_logits),
            ((DENSE, Sigmoid()), X, np.ones((5, 1))),
            KindError,
            r"the loss takes logits, so leave out the layer at the end",
        ),
        (sgd, ((DENSE, DENSE), Grads((DENSE,), None), 0.1), ShapeError, r"grads must be gradients of these params"),
        (from_vector, (DENSE, np.zeros(4)), ShapeError, r"vector must have the shape \(3,\) for this tree"),
    ],
)
def test_an_error_is_raised_under_jit_as_it_is_without(function, args, error, match):
    for run in (function, jax.jit(function)):
        says(error, match, run, *args)


def test_comparing_records_of_tracers_raises_and_does_not_say_false():
    fails(jax.errors.TracerBoolConversionError, jax.jit(lambda a, b: a == b), DENSE, evolve(DENSE, b=DENSE.b + 1))


# Arrays of JAX as parameters.


@pytest.fixture
def pair():
    """A network in NumPy, and the same with arrays of JAX."""
    net = mlp([2, 9, 1], Tanh(), seed=1)
    return net, tree_map(jnp.asarray, net)


def test_a_network_of_jax_arrays_equals_and_hashes_and_prints_as_its_numpy_twin(pair):
    net, twin = pair
    assert {type(leaf) for leaf in leaves(twin)} == {type(jnp.zeros(1))}
    assert twin == net
    assert net == twin
    assert twin != replace(twin, "2.b", jnp.ones(1))
    assert Dense(jnp.ones((2, 1)), None) != Dense(jnp.ones((2, 1), "f4"), None)
    assert hash(twin) == hash(net)
    assert repr(twin[:2]) == repr(net[:2]) == "(Dense(W=<f64 2x9>, b=<f64 9>), Tanh())"


def test_a_network_of_jax_arrays_has_the_fingerprint_of_its_numpy_twin_and_pickles(pair):
    net, twin = pair
    assert fingerprint(twin) == fingerprint(net)
    assert fingerprint(twin) != fingerprint(replace(twin, "0.b", jnp.ones(9)))
    assert pickle.loads(pickle.dumps(twin)) == twin


@pytest.mark.parametrize("rows", [None, 3])
def test_predict_takes_jax_arrays_and_gives_them(pair, rows):
    net, twin = pair
    x = normal(0, 8, 2)
    out = predict(twin, jnp.asarray(x), rows)
    assert isinstance(out, jax.Array)
    assert_close(out, predict(net, x, rows))
    assert_close(jax.jit(predict, static_argnums=2)(net, x, rows), out)


def test_predict_keeps_nothing_of_a_trace():
    norm, x = BatchNorm.init(2), jnp.ones((3, 2))
    twin = tree_map(jnp.asarray, norm)
    assert_close(jax.jit(lambda x: predict(twin, x))(x), predict(norm, x))
    assert_close(predict(twin, x), predict(norm, x))


def test_vectors_of_jax_arrays_go_there_and_back(pair):
    net, twin = pair
    vector = to_vector(twin)
    assert isinstance(vector, jax.Array)
    assert_close(vector, to_vector(net))
    assert from_vector(twin, vector) == twin
    assert from_vector(net, vector) == net
    assert jax.jit(lambda net: from_vector(net, 2 * to_vector(net)))(net) == tree_map(lambda a: 2 * a, net)


def test_replace_and_the_constructor_take_jax_arrays_and_refuse_those_of_integers(pair):
    _, twin = pair
    b = jnp.ones(9)
    assert replace(twin, "0.b", b)[0].b is b
    says(KindError, "W must be an array of floats, not int64 array", Dense, jnp.ones((2, 9), int), None)


def test_training_goes_on_in_numpy_where_jax_left_it(pair):
    net, _ = pair
    data = list(batches(4))
    plain = list(train(TrainState(net), data, value_and_grad(mse), 0.1))[-1]
    jitted = list(train(TrainState(net), data[:2], jax.jit(value_and_grad(mse)), 0.1))[-1]
    back = TrainState(tree_map(np.asarray, jitted.params), step=jitted.step)
    last = list(train(back, islice(data, 2, None), value_and_grad(mse), 0.1))[-1]
    assert {type(leaf) for leaf in leaves(last.params)} == {np.ndarray}
    assert_close(last.params, plain.params)


def test_a_jitted_training_notices_nan():
    with pytest.raises(NotFiniteError, match="in step 0 the cost is nan; the first array that is not finite is y"):
        list(train(TrainState(SMALL), [(SMALL_X, np.nan * SMALL_Y)], jax.jit(value_and_grad(mse)), 0.1))


def test_grads_are_a_tree_whatever_they_hold():
    grads = Grads(SMALL, SMALL_X)
    assert jax.tree.structure(jax.tree.map(lambda a: 0, grads)) == jax.tree.structure(grads)
    shapes = jax.eval_shape(lambda dA: backward(Tanh(), SMALL_Y, dA), SMALL_Y)
    assert [leaf.shape for leaf in jax.tree.leaves(shapes)] == [SMALL_Y.shape]


def test_sgd_takes_parameters_and_gradients_of_either_kind():
    grads = Grads(SMALL, None)
    expected = sgd(SMALL, grads, 0.1)
    for found in (jax.jit(lambda net: sgd(net, grads, 0.1))(SMALL), sgd(tree_map(jnp.asarray, SMALL), grads, 0.1)):
        assert all(isinstance(leaf, jax.Array) for leaf in leaves(found))
        assert np.allclose(to_vector(found), to_vector(expected), rtol=1e-15)


@pytest.mark.parametrize("lr", [-1.0, np.nan])
def test_a_rate_whose_value_is_known_is_checked(lr):
    says(RangeError, "lr must be finite and not negative", sgd, SMALL, Grads(SMALL, None), jnp.asarray(lr))


@pytest.mark.parametrize("loss", [mae, huber, softmax_cross_entropy])
def test_a_loss_may_be_traced_in_y_alone(loss):
    out, y = np.arange(6.0).reshape(2, 3), np.full((2, 3), 1 / 3)
    assert float(jax.jit(lambda y: loss(out, y)[0])(y)) == pytest.approx(loss(out, y)[0], rel=1e-12)


@pytest.mark.parametrize("loss", [hinge, squared_hinge, binary_focal])
def test_a_loss_may_be_traced_in_out_alone(loss):
    out, y = np.arange(6.0).reshape(2, 3) / 4, np.eye(2, 3, dtype=int)
    assert float(jax.jit(lambda out: loss(out, y)[0])(out)) == pytest.approx(loss(out, y)[0], rel=1e-12)


def test_a_users_loss_may_have_a_known_y():
    def squares(out, y):
        e = namespace(y).tanh(out) - y  # of NumPy, which cannot take a tracer
        return (e**2).mean(), 2 * e * (1 - (e + y) ** 2) / e.size

    traced = jax.jit(lambda net: value_and_grad(squares)(net, SMALL_X, SMALL_Y))(SMALL)
    expected = value_and_grad(squares)(SMALL, SMALL_X, SMALL_Y)
    assert float(traced[0]) == pytest.approx(expected[0], rel=1e-12)
    assert_close(traced[1].params, expected[1].params)


def test_a_vector_may_be_traced_in_part():
    W = np.ones((2, 2))
    assert np.array_equal(jax.jit(lambda b: to_vector(Dense(W, b)))(np.zeros(2)), [1, 1, 1, 1, 0, 0])


def test_a_state_may_be_given_a_tracer_by_hand():
    @record
    class Warm:
        temperature: float = state(default=1.0)
        t: int = state(default=0)

    cooler = jax.jit(lambda warm: evolve(warm, temperature=warm.temperature / 2, t=warm.t + 1))(Warm())
    assert (float(cooler.temperature), int(cooler.t)) == (0.5, 1)


def test_bfloat16_has_a_name():
    assert repr(Dense(jnp.ones((9, 9), jnp.bfloat16), None)) == "Dense(W=<bf16 9x9>, b=None)"
