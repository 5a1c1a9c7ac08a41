"""Functions of networks in `jax.export`: exported, serialised, loaded in another process, and equal."""

import subprocess
import sys

import numpy as np
import pytest

from funcnn import Adam, Array, TrainState, layers, mse, predict, record, save, sgd, update, value_and_grad
from funcnn.errors import KindError
from funcnn.trees import astype
from tests.said import says

jax = pytest.importorskip("jax", reason="jax.export is what is tested")
export = pytest.importorskip("jax.export", reason="it is what is tested")
# After those lines: without JAX there is nothing to import.
import funcnn.interop.jax  # noqa: E402, F401  registers the records
from funcnn.interop.jax import JaxFunction  # noqa: E402  as just said
from funcnn.interop.jax.pytrees import register_settings  # noqa: E402  as just said

F = np.float32
rng = np.random.default_rng(0)
NETWORKS = {
    "dense": (
        (
            layers.Dense.init(3, 4, seed=0),
            layers.LeakyRelu(0.3),
            layers.Dropout(0.5, seed=1),
            layers.Dense.init(4, 2, seed=2),
        ),
        (5, 3),
    ),
    "images": (
        (
            layers.Conv2d.init(1, 2, kernel=3, seed=0),
            layers.BatchNorm.init(2),
            layers.Relu(),
            layers.MaxPool(2),
            layers.Flatten(),
            layers.Dense.init(8, 1, seed=1),
        ),
        (5, 6, 6, 1),
    ),
    "sequences": (
        (
            layers.LSTM.init(3, 4, seed=0),
            layers.Residual((layers.Attention.init(4, 2, seed=1),)),
            layers.First((layers.Last(),)),
        ),
        (5, 3, 3),
    ),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_predict_is_exported_with_any_number_of_rows(name):
    net, shape = NETWORKS[name]
    net = astype(net, F)
    (m,) = export.symbolic_shape("m")
    outline = jax.ShapeDtypeStruct((m, *shape[1:]), F)
    back = export.deserialize(export.export(jax.jit(predict))(net, outline).serialize())
    for rows in (1, 5):
        x = rng.standard_normal((rows, *shape[1:])).astype(F)
        np.testing.assert_allclose(back.call(net, x), predict(net, x), rtol=1e-5, atol=1e-6)


def test_a_network_of_two_inputs_and_one_of_ids():
    (m,) = export.symbolic_shape("m")
    across = astype(layers.CrossAttention.init(4, 2, n_memory=4, seed=0), F)
    x = tuple([rng.standard_normal((3, t, 4)).astype(F) for t in (2, 5)])
    outline = tuple([jax.ShapeDtypeStruct((m, *a.shape[1:]), F) for a in x])
    back = export.deserialize(export.export(jax.jit(predict))(across, outline).serialize())
    np.testing.assert_allclose(back.call(across, x)[0], predict(across, x)[0], rtol=1e-5, atol=1e-6)
    table, ids = astype(layers.Embedding.init(5, 2, seed=0), F), np.array([[1, 4]], np.int32)
    back = export.deserialize(export.export(jax.jit(predict))(table, ids).serialize())
    assert np.array_equal(back.call(table, ids), predict(table, ids))


def test_a_whole_step_is_exported():
    def step(state, x, y):
        cost, grads = value_and_grad(mse)(state.params, x, y)
        grads, optimizer = update(state.optimizer, grads, state.params)
        return TrainState(sgd(state.params, grads, 0.1), optimizer, state.step + 1, cost)

    net, x = astype((layers.Dense.init(2, 1, seed=0),), F), np.ones((3, 2), F)
    start = step(TrainState(net, Adam()), x, x[:, :1])
    back = export.deserialize(export.export(jax.jit(step))(start, x, x[:, :1]).serialize())
    ours, theirs = step(start, x, x[:, :1]), back.call(start, x, x[:, :1])
    assert type(theirs) is TrainState
    np.testing.assert_allclose(theirs.params[0].W, ours.params[0].W, rtol=1e-5)
    assert (int(theirs.step), int(theirs.optimizer.t)) == (ours.step, ours.optimizer.t) == (2, 2)


def test_another_process_needs_no_import_of_the_layers(tmp_path):
    net, x = astype(NETWORKS["dense"][0], F), np.ones((2, 3), F)
    (tmp_path / "predict").write_bytes(export.export(jax.jit(predict))(net, x).serialize())
    save(tmp_path / "net", net)
    code = f"""if True:
        from pathlib import Path
        import numpy as np
        import funcnn.interop.jax
        from jax import export
        back = export.deserialize(bytearray(Path({str(tmp_path / "predict")!r}).read_bytes()))
        from funcnn import load
        print(back.call(load({str(tmp_path / "net")!r}), np.ones((2, 3), np.float32)).tolist())"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    np.testing.assert_allclose(eval(done.stdout), predict(net, x), rtol=1e-6)


def test_another_setting_is_another_function():
    net, x = layers.LeakyRelu(0.3), np.ones((2, 3), F)
    back = export.deserialize(export.export(jax.jit(predict))(net, x).serialize())
    says(ValueError, "must have the same pytree structure", back.call, layers.LeakyRelu(0.2), x)


def test_a_layer_with_arrays_in_a_tuple_is_exported_but_not_written():
    layer, x = JaxFunction(jax.numpy.multiply, (np.ones(3, F),)), np.ones((2, 3), F)
    exported = export.export(jax.jit(predict))(layer, x)
    assert exported.call(layer, x).tolist() == x.tolist()
    axes = jax.tree.map(lambda a: 0, layer)
    assert jax.tree.structure(axes) == jax.tree.structure(layer)
    says(KindError, "serialize: f of JaxFunction must hold", exported.serialize)


def twice():
    @record
    class Replaced:
        W: Array
        name: str = "a"

    return Replaced


def test_a_class_that_replaces_another_is_registered_too():
    for cls in (twice(), twice()):
        value = cls(np.ones(2, F))
        exported = export.export(jax.jit(lambda value: value.W * 2))(value)
        assert export.deserialize(exported.serialize()).call(value).tolist() == [2, 2]
    says(ValueError, "Duplicate serialization registration", register_settings, layers.Dense)


def test_settings_of_every_kind_come_back_as_they_were():
    @record
    class Kinds:
        W: Array
        setting: tuple
        text: str = "a"

    value = Kinds(np.ones(2, F), (("text", 1.5, True), -(2**40), float("inf"), 1e-300))
    exported = export.export(jax.jit(lambda value: value.W))(value)
    assert export.deserialize(exported.serialize()).call(value).tolist() == [1, 1]
