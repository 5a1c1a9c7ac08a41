"""Pickled records: by name and by value, written by other libraries, and read again."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from funcnn import Array, Dense, Relu, mlp, record, state
from funcnn.trees import leaves
from tests.values.test_records import records

SCRIPT = '''
import pickle
import sys
from typing import Any

import numpy as np

import funcnn as nn


@nn.record
class Early:
    """Before anything knows of verbs"""

    size: int = 3


assert "funcnn.dispatch" not in sys.modules
from funcnn.dispatch import trait
from funcnn.optimizers import PerArray
from funcnn.shapes import axes, shapes


@nn.record
class Swell(nn.Elementwise):
    """out = share x"""

    share: float = 0.5

    def value(self, x):
        return self.share * x

    def slope(self, kept):
        return self.share + 0 * kept


@nn.record
class Twice(Swell):
    """Its rules are those of its base."""

    seen: nn.Array = nn.state(default=np.zeros(2))


@shapes(x="m n", out="m n", cache="out, _")
@nn.record
class Weighted:
    """out = inner(x) w: rules of its own, and a verb that has a default"""

    w: nn.Array = axes("n")
    inner: Any = ()
    seen: int = nn.state(default=0)


@nn.forward.register(Weighted)
def weighted_forward(params, x):
    out, cache = nn.forward(params.inner, x)
    return out * params.w, (out, cache)


@nn.backward.register(Weighted)
def weighted_backward(params, cache, dA):
    out, cache = cache
    grads = nn.backward(params.inner, cache, dA * params.w)
    seen = params.seen + len(SAMPLE)
    return nn.Grads(nn.gradient(params, w=(dA * out).sum(0), inner=grads.params, seen=seen), grads.x)


@trait
def colour(params):
    """A verb that only this script has"""
    return "none"


colour.register(Weighted)(lambda params: "blue")
nn.inference.register(Weighted)(lambda params: nn.evolve(params, inner=nn.inference(params.inner)))


@nn.record
class Inertia(PerArray):
    rate: float = 0.5

    def step(self, g, p, t, m=0):
        return self.rate * m + g, self.rate * m + g


SAMPLE = (Weighted(np.ones(2)),)  # which a rule refers to, so that it travels with its class
net = (Weighted(np.ones(2), (Swell(), Twice(0.25), nn.Dropout(0.5, seed=1))), nn.Dense.init(2, 1, seed=0))
x, y = np.ones((4, 2)), np.ones((4, 1))


def trained(net, x, y):
    run = nn.train(nn.TrainState(net, Inertia()), [(x, y)] * 3, nn.value_and_grad(nn.mse), 0.1)
    return [*run][-1]


def made(i):
    """What was never sent: only its class was."""
    assert Early(2) == nn.evolve(Early(), size=2)
    return nn.forward((Swell(0.1 * i),), x)[0]
'''

TO_A_FILE = f"""{SCRIPT}
import cloudpickle

sent = pickle.loads(cloudpickle.dumps((Weighted, net)))
assert sent[0] is Weighted and sent[1] == net  # its own classes come back as themselves
assert len(cloudpickle.dumps(Swell)) < 8000  # no table goes along
with open(sys.argv[1], "wb") as file:
    cloudpickle.dump((trained, net, x, y, made, trained(net, x, y)), file)
"""
FROM_A_FILE = """
import pickle
import sys

import numpy as np

import funcnn as nn
from funcnn.trees import leaves

try:
    import jax
    import funcnn.interop.jax
except ImportError:
    pass  # it listens for new records

for _ in range(2):
    with open(sys.argv[1], "rb") as file:
        trained, net, x, y, made, expected = pickle.load(file)
    now = trained(net, x, y)
    assert now == expected and hash(now) == hash(expected) and repr(now) == repr(expected)
    assert now.params[0].seen == 3
    assert not any(array.flags.writeable for array in leaves((net, now)))
    assert np.array_equal(made(3), 0.3 * x) or np.allclose(made(3), 0.3 * x)
    assert nn.predict(net, x).shape == (4, 1)
    assert nn.evolve(net[0], w=2 * net[0].w).w.tolist() == [2, 2]
    for wrong in (
        lambda: net[0].inner[0].__class__(share="no"),
        lambda: net[0].__class__(),
        lambda: nn.forward(net[0], np.ones((4, 3))),
        lambda: nn.evolve(net[0], w=np.ones((2, 2))),
    ):
        try:
            wrong()
        except (TypeError, nn.errors.ShapeError) as error:
            assert str(error).split(":")[0] in {"Swell", "Weighted"}
        else:
            raise AssertionError
    try:
        net[0].w = x
    except AttributeError:
        pass
    else:
        raise AssertionError
import cloudpickle

assert pickle.loads(cloudpickle.dumps(net)) == net
"""
IN_PARALLEL = f"""{SCRIPT}
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GridSearchCV


class Regressor(RegressorMixin, BaseEstimator):
    def __init__(self, layer=Swell()):
        self.layer = layer

    def fit(self, x, y):
        self.now_ = trained((self.layer, nn.Dense.init(2, 1, seed=0)), x, y[:, None])
        return self

    def predict(self, x):
        return nn.predict(self.now_.params, x)[:, 0]


if __name__ == "__main__":
    for now in Parallel(n_jobs=2)(delayed(trained)(net, x, y) for _ in range(2)):
        assert now == trained(net, x, y) and type(now.params[0]) is Weighted
    for i, out in enumerate(Parallel(n_jobs=2)(delayed(made)(i) for i in range(3))):
        assert np.array_equal(out, made(i))
    x = np.random.default_rng(0).standard_normal((30, 2))
    grid = {{"layer": [Swell(0.1), Twice(0.9), Weighted(np.ones(2))]}}
    search = GridSearchCV(Regressor(), grid, n_jobs=2, cv=2, error_score="raise").fit(x, x[:, 0])
    assert type(search.best_estimator_.now_.params[0]) in (Swell, Twice, Weighted)
"""


@record
class Private:
    _hidden: Array
    memory: Any = state(default=None)


def run(script, *given):
    done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_records_of_a_script_and_their_rules_pass_to_a_fresh_process(tmp_path):
    pytest.importorskip("cloudpickle", reason="it sends classes by value")
    run(TO_A_FILE, str(tmp_path / "sent"))
    run(FROM_A_FILE, str(tmp_path / "sent"))


@pytest.mark.unwatched
def test_records_of_a_script_pass_to_workers_and_back(tmp_path):
    """As a user does it: the workers do not read the script"""
    pytest.importorskip("sklearn", reason="its searches run in workers")
    (tmp_path / "script.py").write_text(IN_PARALLEL, "utf-8")
    done = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@given(records)
def test_what_does_without_reduce_gives_read_only_arrays_too(made):
    """As skops does it"""
    contents = pickle.loads(pickle.dumps(made.__getstate__()))
    back = object.__new__(type(made))
    back.__setstate__(contents)
    assert back == made
    assert hash(back) == hash(made)
    assert not any(array.flags.writeable for array in leaves(back))


@pytest.mark.parametrize("mode", ["r", "c", "r+"])
def test_mapped_memory_becomes_plain_arrays(tmp_path, mode):
    joblib = pytest.importorskip("joblib", reason="it maps what it loads")
    net = (mlp([3, 4, 1], seed=0), Private(np.ones(2), memory=(np.ones(2),)))
    joblib.dump(net, tmp_path / "net")
    back = joblib.load(tmp_path / "net", mmap_mode=mode)
    assert back == net
    assert {type(array) for array in leaves(back)} == {np.ndarray}
    assert not any(array.flags.writeable for array in leaves(back))
    assert type(leaves(back)[0].base) is np.memmap  # no copy


def test_arrays_of_another_byte_order_become_the_machines_own():
    other = np.array([[1.0, 2.0]]).astype(np.dtype(float).newbyteorder())
    made = Dense(other, None)
    assert made == Dense(np.array([[1.0, 2.0]]), None)
    assert made.W.dtype.isnative
    assert not made.W.flags.writeable
    assert Private(other[0], memory=other).memory.dtype.isnative
    back = object.__new__(Dense)
    back.__setstate__({"W": other, "b": None})  # written on another machine
    assert back == made


def test_a_record_in_rich_is_as_short_as_in_python():
    pretty = pytest.importorskip("rich.pretty", reason="it shows records its own way")
    net = (Dense.init(2, 27, seed=0), Relu())
    assert pretty.pretty_repr(net[0]) == repr(net[0])
    assert pretty.pretty_repr(net) == repr(net)
    assert "".join(pretty.pretty_repr(Private(np.ones(9), memory=(np.ones(9), 1)), max_width=20).split()) == (
        "Private(_hidden=<f649>,memory=(<f649>,1))"
    )


def test_a_record_in_treescope_is_a_tree_of_its_fields():
    treescope = pytest.importorskip("treescope", reason="it shows records as trees")
    net = (Private(np.zeros(1), memory=(Relu(), 2)), Relu())
    assert treescope.render_to_text(net) == ("(\n  Private(_hidden=np.array([0.]), memory=(Relu(), 2)),\n  Relu(),\n)")
