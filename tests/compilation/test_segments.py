"""Networks that are not one kernel: their layers one after another, and the last of them with the loss as a kernel."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

pytest.importorskip("llvmlite", reason="kernels need llvmlite")

from funcnn import (
    GRU,
    LSTM,
    Adam,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Elementwise,
    Embedding,
    Flatten,
    Grads,
    LayerNorm,
    MaxPool,
    Relu,
    Residual,
    Tanh,
    TrainState,
    backward,
    forward,
    gradient,
    layers,
    losses,
    mlp,
    mse,
    record,
    softmax_cross_entropy,
    state,
    train,
    value_and_grad,
)
from funcnn.compilation import compiled, explain, segments
from funcnn.compilation.inside import LOG
from funcnn.compilation.kernels import images as prepared
from funcnn.compilation.kernels import table
from funcnn.layers import Attention, GlobalAvgPool, Last
from funcnn.trees import astype, leaves, map_parameters
from tests.counts import in_full
from tests.kernelled import why_not
from tests.said import refusal

rng = np.random.default_rng(0)
DIGITS = (
    *[Conv2d.init(1, 8, 3, seed=1, padding="same"), Relu(), MaxPool(2), Conv2d.init(8, 8, 3, seed=2, padding="same")],
    *[Relu(), MaxPool(2), Flatten(), Dense.init(32, 10, seed=3)],
)
images, labels = rng.normal(size=(64, 8, 8, 1)), rng.integers(0, 10, 64)
x, y = rng.normal(size=(20, 6)), rng.normal(size=(20, 2))


@record
class Looped(Elementwise):
    """A user's rule with a loop over values."""

    def value(self, x):
        return np.stack([row * 2 for row in x])

    def slope(self, kept):
        return np.full_like(kept, 2.0)


def are_alike(function, loss, net, x, y, digits=1e-12):
    """The result is that of the plain path, NaN and infinity alike."""
    with np.errstate(all="ignore"):
        (cost, grads), (plain_cost, plain) = function(net, x, y), value_and_grad(loss)(net, x, y)
    assert type(cost) is type(plain_cost)
    assert grads.x is None
    largest = max([abs(a[np.isfinite(a)]).max(initial=0) for a in leaves(plain.params)], default=0)
    for a, b in zip([cost, *leaves(grads.params)], [plain_cost, *leaves(plain.params)], strict=True):
        np.testing.assert_allclose(a, b, digits, digits * max(1, largest))
        assert not getattr(a, "flags", np.zeros(1).flags).writeable or np.ndim(a) == 0
        assert getattr(a, "dtype", float) == getattr(b, "dtype", float)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layers_are_kernels_of_their_own_and_the_last_ones_are_one(dtype):
    function, (net, x) = compiled(softmax_cross_entropy), astype((DIGITS, images), dtype)
    text = explain(function, net, x, labels).split("\n")
    assert text[0].startswith("compiled in segments, since the network is not one kernel: there is no kernel for pad;")
    assert text[1] == "layers 0 to 5, machine code of each layer, whose arrays are used again in each step"
    assert text[-1].startswith("layers 6 to 7 and the loss, one kernel: ")
    are_alike(function, softmax_cross_entropy, net, x, labels, 1e-12 if dtype is np.float64 else 1e-5)
    assert str(function(net, x, labels)) == str(pickle.loads(pickle.dumps(function))(net, x, labels))
    assert function(net, x, labels) == function(net, x, labels)


def test_each_layer_says_what_computes_it():
    net = (Looped(), *DIGITS[:1], Dropout(0.1, seed=1), *DIGITS[2:3], layers.Gelu(), Looped())
    many = np.concatenate([images] * 3)
    text = explain(compiled(mse), net, many, np.zeros((192, 4, 4, 8)))
    *lines, last = text.split("\n")[1:]
    assert lines == [
        "layer 0, Looped: NumPy (elementwise_forward: for few numbers NumPy is as fast)",
        "layer 1, Conv2d: machine code (convolution_forward, convolution_backward_params)",
        "layer 2, Dropout: NumPy, which has no kernel",
        "layer 3, MaxPool: machine code (max_pool_forward, max_pool_backward)",
        "layer 4, Gelu: NumPy (elementwise_forward: for few numbers NumPy is as fast); "
        "NumPy (elementwise_backward: for few numbers NumPy is as fast)",
        "layer 5, Looped: NumPy (elementwise_forward: for few numbers NumPy is as fast); "
        "NumPy (elementwise_backward: for few numbers NumPy is as fast)",
    ]
    assert last.startswith("the loss, one kernel: 5 operations and 1 sums over tiles of ")


def test_outside_a_call_and_in_other_threads_nothing_is_machine_code():
    layer, many = LayerNorm.init(64), rng.normal(size=(640, 64))
    plain = forward(layer, many)
    seen = []

    @record
    class Seen(Elementwise):
        def value(self, x):
            with ThreadPoolExecutor(1) as pool:
                seen.append((LOG.get() is not None, pool.submit(LOG.get).result()))
            return np.asarray(x)

        def slope(self, kept):
            return np.ones_like(kept)

    compiled(mse)((layer, Seen(), Dense.init(64, 1, seed=0)), many, many[:, :1])
    assert (True, None) in seen
    assert LOG.get() is None
    assert all([(a == b).all() for a, b in zip(leaves(forward(layer, many)), leaves(plain), strict=True)])


def test_a_run_has_the_bits_of_single_steps_and_the_states_of_the_plain_one():
    function, start = compiled(softmax_cross_entropy), TrainState(DIGITS, Adam())
    data = [(images, labels)] * 6
    *_, last = train(start, data, function, 0.01)
    *_, every = train(start, data, function, 0.01, every=3)
    *_, plain = train(start, data, value_and_grad(softmax_cross_entropy), 0.01)
    assert last == every
    for a, b in zip(leaves(last.params), leaves(plain.params), strict=True):
        np.testing.assert_allclose(a, b, 0, 1e-9)


sequence, mask = rng.normal(size=(4, 6, 3)), np.arange(6) < np.array([[6], [2], [5], [1]])
weights = rng.uniform(size=20)
NETS = {
    "a user's loop between two": (mse, (Dense.init(6, 5, seed=0), Looped(), Tanh(), Dense.init(5, 2, seed=1)), x, y),
    "a loop first": (mse, (Looped(), Dense.init(6, 2, seed=1)), x, y),
    "a loop last": (mse, (Dense.init(6, 2, seed=1), Looped()), x, y),
    "sums over rows in the tail": (
        mse,
        (Looped(), Dense.init(6, 5, seed=0), BatchNorm.init(5), Tanh(), Dropout(0.3, seed=1), Dense.init(5, 2, seed=1)),
        *(x, y),
    ),
    "a tail that begins with sums over rows": (mse, (Looped(), BatchNorm.init(6), Dense.init(6, 2, seed=1)), x, y),
    "weights": (losses.weighted(mse), (Looped(), Dense.init(6, 2, seed=1)), x, (y, weights)),
    "no chain": (mse, Conv2d.init(4, 8, 3, seed=1), rng.normal(size=(9, 10, 12, 4)), rng.normal(size=(9, 8, 10, 8))),
    "wide": (mse, mlp([6, 40, 600, 600, 2], seed=0), x, y),
    "a mask": (
        mse,
        (LSTM.init(3, 8, seed=0), GRU.init(8, 8, seed=1), Last(), Dense.init(8, 2, seed=2)),
        *((sequence, mask), rng.normal(size=(4, 2))),
    ),
    "symbols": (
        softmax_cross_entropy,
        (
            Embedding.init(40, 8, seed=0),
            Residual(Attention.init(8, 2, seed=1)),
            LayerNorm.init(8),
            GlobalAvgPool(),
            Dense.init(8, 5, seed=2),
        ),
        *(rng.integers(0, 40, (7, 9)), rng.integers(0, 5, 7)),
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_any_network_is_computed(name):
    loss, net, given, wanted = NETS[name]
    function = compiled(loss)
    text = explain(function, net, given, wanted)
    assert text.startswith("plain NumPy: " if name == "a loop last" else "compiled in segments"), text
    are_alike(function, loss, net, given, wanted)
    if name == "a mask":
        assert text.split("\n")[-1].startswith("layer 3 and the loss, one kernel: ")


def test_errors_are_those_of_the_plain_path_also_after_the_first_call():
    function = compiled(softmax_cross_entropy)
    function(DIGITS, images, labels)
    plain = value_and_grad(softmax_cross_entropy)
    for given in ((images, labels + 9), (images[:, :7], labels), (images, labels[:5])):
        assert refusal(function, DIGITS, *given) == refusal(plain, DIGITS, *given)


def test_numbers_that_are_not_finite_spread_as_in_the_plain_path():
    function, wrong = compiled(softmax_cross_entropy), images.copy()
    wrong[3, 2, 2], wrong[5, 0, 0] = np.nan, np.inf
    are_alike(function, softmax_cross_entropy, DIGITS, images, labels)
    are_alike(function, softmax_cross_entropy, DIGITS, wrong, labels)


def test_segments_that_differ_from_the_plain_path_are_not_used(monkeypatch):
    monkeypatch.setattr(segments, "agree", lambda *_: False)
    function = compiled(softmax_cross_entropy)
    assert explain(function, DIGITS, images, labels).endswith("give another result than NumPy")
    plain = value_and_grad(softmax_cross_entropy)(DIGITS, images, labels)
    assert function(DIGITS, images, labels) == plain


def test_a_kernel_that_fails_leaves_the_step_to_numpy(monkeypatch):
    def failing(*_):
        raise RuntimeError("LLVM ERROR")

    function = compiled(softmax_cross_entropy)
    function(DIGITS, images, labels)
    monkeypatch.setattr(prepared.HeadMemory, "forward", failing)
    plain = value_and_grad(softmax_cross_entropy)(DIGITS, images, labels)
    assert function(DIGITS, images, labels) == plain


def test_what_has_no_kernel_runs_plain():
    net = (Looped(), Dense.init(6, 2, seed=0), Looped())
    reason = "plain NumPy: a loop over an array (20, 6); in layer 0, Looped(), x: <f64 20x6>, test_segments.py:"
    assert explain(compiled(mse), net, x, y).startswith(reason)


def test_a_loss_without_a_gradient_is_no_tail():
    constant = lambda out, y: ((out * out).sum(), np.zeros_like(out))
    assert explain(compiled(constant), (Looped(),), x, y).startswith("plain NumPy: a loop over an array")


def test_labels_that_are_no_real_numbers():
    assert why_not(compiled(mse), mlp([6, 2], seed=0), x, y + 0j) == "y must hold numbers, not complex128"


# The first layers of a network of images.


def conv(c, o, size=3, seed=1, **settings):
    return Conv2d.init(c, o, size, seed=seed, **settings)


small = rng.normal(size=(5, 6, 8, 4))
HEADS = {  # the layers before a Dense, and how many are prepared
    "padding": (4, (conv(4, 8, padding="same"), Relu(), MaxPool(2), conv(8, 12, 2, padding=((0, 1), (1, 0))))),
    "no bias": (3, (conv(4, 4, bias=False), layers.Gelu(), conv(4, 16, (1, 3)))),
    "rows of many windows": (3, (conv(4, 80), Tanh(), conv(80, 4))),
    "an activation first, of a kept output": (2, (Tanh(), conv(4, 8), layers.Sigmoid())),
    "a stride in the first": (3, (conv(4, 8, stride=2), Relu(), MaxPool((2, 3)))),
    "a stride in the second": (2, (conv(4, 8), Relu(), conv(8, 8, stride=2), conv(8, 8, 1))),
    "windows beside one another": (1, (conv(4, 8), MaxPool(3, 1))),
    "an odd channel": (0, (conv(4, 6), Relu())),
    "an activation with a parameter": (1, (conv(4, 4), layers.PRelu.init(), conv(4, 8))),
    "channels apart": (0, (conv(4, 4, groups=4), Relu())),
    "nothing to train": (1, (MaxPool(2), Relu())),
    "dx without a kernel": (1, (conv(4, 8), conv(8, 8, padding=((5, 0), (0, 0))))),
    "a wide Dense after it": (3, (conv(4, 48), Relu(), Flatten(), Dense.init(1152, 40, seed=2), Dropout(0.1, seed=1))),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", HEADS)
def test_the_first_layers_are_prepared_calls(name, dtype):
    count, head = HEADS[name]
    given = small.astype(dtype)
    head = astype(head, dtype)
    n = forward((*head, Flatten()), given)[0].shape[1]
    net = (*head, Flatten(), Dense.init(n, 3, seed=5, dtype=dtype))
    function, wanted = compiled(mse), rng.normal(size=(5, 3)).astype(dtype)
    explain(function, net, given, wanted)
    assert function._steps[0][1].until == count
    for seed in range(2):
        other = map_parameters(lambda a: a + np.sin(seed + a), net)  # noqa: B023  used at once
        x = (given * (1 + seed)).swapaxes(0, 3).copy().swapaxes(0, 3)
        are_alike(function, mse, other, x, wanted, 1e-12 if dtype is np.float64 else 1e-4)


@record
class Kept:
    """A user's layer whose state is its last input."""

    last: object = state(default=None)


@forward.register(Kept)
def _(params, x):
    return x, x


@backward.register(Kept)
def _(params, cache, dA):
    return Grads(gradient(params, last=cache), dA)


def test_a_layer_may_keep_what_the_first_layers_give_it():
    head, given = DIGITS[:3], images[:5]
    net = (*head, Kept(forward(head, given)[0]), *DIGITS[3:])
    function = compiled(softmax_cross_entropy)
    made = function(net, given, labels[:5])[1].params[3].last
    assert "layers 0 to 2, machine code" in explain(function, net, given, labels[:5])
    before = made.copy()
    function(net, 2 * given, labels[:5])
    assert np.array_equal(made, before)


def test_large_arrays_are_not_kept(monkeypatch):
    monkeypatch.setattr(prepared, "MOST_BYTES", 400_000)
    function = compiled(softmax_cross_entropy)
    are_alike(function, softmax_cross_entropy, DIGITS, images, labels)
    assert function._steps[0][1].until < 6


def test_two_threads_have_two_memories():
    function, arguments = compiled(softmax_cross_entropy), (DIGITS, images, labels)
    expected, head = function(*arguments), function._steps[0][1].head
    taken = head.memory()
    assert function(*arguments) == expected
    head.ready.append(taken)
    assert len(head.ready) == 2
    with ThreadPoolExecutor(4) as pool:
        assert all([made == expected for made in pool.map(lambda _: function(*arguments), range(40))])


# Random networks.


def layer_of_rows(n, seed):
    choices = [Relu(), Tanh(), LayerNorm.init(n), Dense.init(n, n, seed=seed), Dropout(0.3, seed=seed), Looped()]
    return [*choices, Residual((LayerNorm.init(n), Dense.init(n, n, seed=seed))), BatchNorm.init(n)][rng.integers(8)]


def convolution(seed):
    c, o = rng.integers(1, 9, 2)
    pad = ["same", 0, ((1, 0), (0, 1))][rng.integers(3)]
    conv = Conv2d.init(c, o * 4, rng.integers(1, 4), seed=seed, padding=pad, stride=rng.integers(1, 3))
    head = [conv, Relu(), *[MaxPool(2)] * rng.integers(2), *[BatchNorm.init(o * 4)] * rng.integers(2), Flatten()]
    return head, rng.normal(size=(rng.integers(2, 40), *rng.integers(6, 12, 2), c))


def recurrence(seed):
    n, k = rng.integers(1, 9, 2)
    cell = [LSTM, GRU][rng.integers(2)].init(n, k, seed=seed)
    return [cell, Last()], rng.normal(size=(rng.integers(2, 30), rng.integers(1, 20), n))


def attention(seed):
    head = [Embedding.init(50, 8, seed=seed), Residual(Attention.init(8, 2, seed=seed)), GlobalAvgPool()]
    return head, rng.integers(0, 50, rng.integers(2, 20, 2))


def of_rows(seed):
    n = rng.integers(1, 40)
    return [Dense.init(n, n, seed=seed), Looped()], rng.normal(size=(rng.integers(2, 300), n))


def draw(i):
    """A network, a loss and data; the head is a convolution, a recurrence, attention or rows."""
    head, x = [convolution, recurrence, attention, of_rows][i % 4](i)
    out = forward(tuple(head), x)[0]
    tail = [layer_of_rows(out.shape[-1], i + j) for j in range(rng.integers(0, 4))]
    k = rng.integers(2, 5)
    net = (*head, *tail, Dense.init(out.shape[-1], k, seed=i))
    if x.dtype.kind == "f" and rng.random() < 0.3:
        x[0].reshape(-1)[0] = [np.nan, np.inf, -np.inf][rng.integers(3)]
    if rng.random() < 0.5:
        return mse, net, x, rng.normal(size=(len(x), k))
    smoothed = partial(softmax_cross_entropy, smoothing=0.1)
    return [softmax_cross_entropy, smoothed][rng.integers(2)], net, x, rng.integers(0, k, len(x))


def check_networks(count):
    with pytest.MonkeyPatch.context() as patch:
        for rule in table.least:  # small arrays go to kernels too, so that the test is quick
            patch.setitem(table.least, rule, 1)
        for i in range(count):
            loss, net, given, wanted = draw(i)
            with np.errstate(all="ignore"):
                function = compiled(loss)
                are_alike(function, loss, net, given, wanted)


def test_random_networks():
    check_networks(4)


@in_full
def test_more_random_networks():
    check_networks(40)
