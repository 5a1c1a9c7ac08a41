"""Results with the same bits on every processor."""

import math
import pickle
import re
from functools import partial
from importlib import import_module

import numpy as np
import pytest

from funcnn import Adam, Array, Grads, TrainState, layers, mse, predict, record, train, update, value_and_grad
from funcnn.compilation import compiled, compiled_step, explain, predictor
from funcnn.errors import KindError, ShapeError
from funcnn.optimizers import Adadelta, Adagrad, AMSGrad, ClipNorm, Muon, NAdam, PerArray, RMSProp, nonnegative
from funcnn.parallel import sharded
from funcnn.trees import leaves

pytest.importorskip("llvmlite", reason="machine code needs llvmlite")
engine = import_module("funcnn.compilation.engine")
rng = np.random.default_rng(0)
x, y = rng.normal(size=(50, 4)), rng.normal(size=(50, 1))
net = layers.mlp([4, 20, 1], hidden=layers.Tanh(), seed=0)
portable = partial(compiled, portable=True)
PROCESSORS = {
    "without fused multiply-add": ("nehalem", "-avx,-avx2,-fma,-avx512f"),
    "with vectors of 32 bytes": ("sandybridge", "+avx,-avx2,-fma,-avx512f"),
}


@pytest.fixture(params=PROCESSORS.values(), ids=PROCESSORS)
def other(request, monkeypatch):
    made = engine.Engine(*request.param)
    monkeypatch.setattr(engine, "_engine", lambda: made)


def results():
    state = TrainState(net, (ClipNorm(1.0), Adam()))
    for _ in range(3):
        state = compiled_step(mse, portable=True)(state, x, y, 0.1)
    return [*leaves(state), *leaves(portable(mse)(net, x, y)), predictor(net, portable=True)(x)]


HERE = results()


@pytest.mark.skipif(engine.engine().triple.split("-")[0] != "x86_64", reason="emulates processors of x86-64")
@pytest.mark.usefixtures("other")
def test_another_processor_gives_the_same_bits():
    for one, here in zip(results(), HERE, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(here).tobytes()


def test_portable_is_kept_where_a_function_is_sent():
    for made in (portable(mse), compiled_step(mse, portable=True), predictor(net, portable=True)):
        again = pickle.loads(pickle.dumps(made))
        assert getattr(again, "_function", again).portable


def test_results_are_those_of_numpy_but_for_rounding_errors():
    cost, grads = value_and_grad(mse)(net, x, y)
    made, gradient = portable(mse)(net, x, y)
    assert made == pytest.approx(cost, rel=1e-14)
    for one, other in zip(leaves(gradient), leaves(grads), strict=True):
        assert one == pytest.approx(other, rel=1e-12, abs=1e-14)
    assert predictor(net, portable=True)(x) == pytest.approx(predict(net, x), rel=1e-12)


@pytest.mark.parametrize("m", [1, 7, 50])
def test_rows_are_predicted_alike_whatever_their_number(m):
    assert np.array_equal(predictor(net, portable=True)(x[:m]), predictor(net, portable=True)(x)[:m])


def test_layers_of_any_width_are_machine_code():
    wide = layers.mlp([4, 300, 1], hidden=layers.Tanh(), seed=0)
    assert explain(portable(mse), wide, x, y).startswith("compiled: ")
    assert predictor(wide, portable=True).explain(x).startswith("compiled: ")


# What is refused.


@record
class Cosh(layers.Elementwise):
    """A function that has no kernel."""

    def value(self, x: Array) -> Array:
        """cosh x"""
        return np.cosh(x)

    def slope(self, x: Array) -> Array:
        """sinh x"""
        return np.sinh(x)


@record(kw_only=True)
class Normed(PerArray):
    """A step of length 1"""

    def step(self, g: Array, p: Array, t: int, m: Array | int = 0) -> tuple[Array, Array]:
        """g / sqrt(m'), and the sum m' of squares"""
        m = m + (g * g).sum()
        return g / m**0.5, m * np.ones_like(g)


@record(kw_only=True)
class Cubed(PerArray):
    """Powers of one's own, of numbers and of arrays"""

    def step(self, g: Array, p: Array, t: int, m: Array | int = 0) -> tuple[Array, Array]:
        """g^3 times a power of the step"""
        return g**3 * 0.99**t + m, 0.9 * m + g


def drawn(out, y):
    cost, dA = mse(out, y)
    return cost + np.random.rand(), dA  # noqa: NPY002  as a user may write it


curved = lambda out, y: (float(np.mean(np.cosh(out - y))), np.sinh(out - y) / out.size)

images = rng.normal(size=(6, 4, 4, 1))
convolution = (layers.Conv2d.init(1, 2, 3, seed=0), layers.Flatten(), layers.Dense.init(8, 1, seed=1))
REFUSED = {
    "a convolution": (lambda: portable(mse)(convolution, images, y[:6]), "in layer 0, Conv2d"),
    "a prediction": (lambda: predictor(convolution, portable=True)(images), "in layer 0, Conv2d"),
    "a ufunc of a layer": (
        lambda: portable(mse)((*net, Cosh()), x, y),
        "there is no kernel for cosh; in layer 3, Cosh",
    ),
    "a ufunc of a loss": (lambda: portable(curved)(net, x, y), "there is no kernel for cosh, test_portable.py"),
    "random numbers": (lambda: portable(drawn)(net, x, y), "as where random numbers are drawn"),
    "float16": (
        lambda: portable(mse)(layers.mlp([4, 2, 1], seed=0, dtype=np.float16), x.astype("f2"), y.astype("f2")),
        "kernels compute in float32 and float64, x is float16",
    ),
    "a large angle": (lambda: portable(mse)((layers.Sine(1.0), net), 1e9 * x, y), "a check of numbers failed"),
    "Muon": (
        lambda: compiled_step(mse, portable=True)(TrainState(net, (Adam(), Muon())), x, y, 0.1),
        "the update of Muon: ",
    ),
    "a sum over entries": (
        lambda: compiled_step(mse, portable=True)(TrainState(net, Normed()), x, y, 0.1),
        "the update of Normed: a sum over the entries of an array",
    ),
    "Muon in shards": (
        lambda: list(train(TrainState(net, Muon()), [(x, y)], sharded(portable(mse), rows=20), 0.1)),
        "the update of Muon: ",
    ),
    "an array of another library": (lambda: predictor(net, portable=True)(np.ma.array(x)), "x must be"),
    "a constraint": (
        lambda: list(train(TrainState(net), [(x, y)], portable(mse), 0.1, constraint=nonnegative)),
        "train: constraint is computed by NumPy",
    ),
}


@pytest.mark.parametrize(("call", "wanted"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_portable_is_refused(call, wanted):
    with pytest.raises(KindError, match=re.escape(wanted)):
        call()


def test_an_error_of_the_user_is_the_plain_one():
    with pytest.raises(ShapeError, match="x must be"):
        portable(mse)(net, x[:, :3], y)


@record(kw_only=True)
class Squashed(PerArray):
    """An optimizer of one's own, which NumPy computes in its first step."""

    def step(self, g: Array, p: Array, t: int, m: Array | int = 0) -> tuple[Array, Array]:
        """tanh of the sum"""
        return np.tanh(m + g), m + g


def test_an_optimizer_that_numpy_would_compute_is_refused():
    with pytest.raises(KindError, match="the update of Squashed: tanh in the update, which NumPy computes"):
        compiled_step(mse, portable=True)(TrainState(net, Squashed()), x, y, 0.1)


def test_the_first_root_of_adadelta_is_the_one_that_all_processors_have():
    eps = 6.254000000000001e-06  # whose square root is not the power of glibc
    step, _ = update(Adadelta(eps=eps), Grads(x, None), x)
    assert np.array_equal(step.params, math.sqrt(eps) / np.sqrt((1 - 0.9) * (x * x) + eps) * x)


@pytest.mark.parametrize("optimizer", [Adam(), NAdam(), AMSGrad(), Adagrad(), RMSProp(), Adadelta()], ids=repr)
def test_a_parameter_of_one_number_takes_the_step_of_an_array(optimizer):
    for g in rng.normal(size=500):
        number, array = [update(optimizer, Grads(a, None), a)[0].params for a in (np.array(g), np.array([g]))]
        assert number == array[0]


@pytest.mark.parametrize("optimizer", [Cubed(), (Cubed(), ClipNorm(1.0), Adam()), (ClipNorm(1.0), Cubed())], ids=repr)
def test_powers_of_an_update_are_those_of_its_trace(optimizer):
    here = TrainState(net, optimizer)
    for _ in range(3):
        here = compiled_step(mse, portable=True)(here, x, y, 0.1)
    *_, folded = train(TrainState(net, optimizer), [(x, y)] * 3, portable(mse), 0.1, every=3)
    assert folded == here
    *_, apart = train(TrainState(net, optimizer), [(x, y)] * 3, sharded(portable(mse)), 0.1)
    assert apart == here


def test_a_repr_says_what_is_portable():
    assert repr(portable(mse)) == "compiled(mse, portable=True)"
    assert repr(compiled_step(mse, portable=True)) == "compiled_step(mse, portable=True)"
    assert repr(predictor(layers.Tanh(), portable=True)) == "predictor(Tanh(), portable=True)"


def test_no_rows_have_no_bits():
    assert predictor(net, portable=True)(x[:0]).shape == (0, 1)
