"""Models of ONNX in onnxruntime, next to `predict`."""

import numpy as np

from funcnn import inference, predict, tree_map
from funcnn.trees import astype
from funcnn.trees.walks import walk


def flat(tree):
    if type(tree) is tuple:
        return [array for part in tree for array in flat(part)]
    return [] if tree is None else [np.asarray(tree)]


def run(model, x):
    """The outputs of onnxruntime, flat."""
    import onnxruntime as ort

    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([given.name for given in session.get_inputs()], flat(x), strict=True)))


def assert_same(params, x, dtype, within):
    """The model, made with the first row of x, gives for x what predict gives; the result is the model."""
    from funcnn.interop.onnx import to_onnx

    params, x = astype(params, dtype), astype(x, dtype)
    model = to_onnx(params, tree_map(lambda a: a[:1], x))
    assert_weights(model, params)
    assert_near(params, x, run(model, x), within)
    return model


def assert_near(params, x, made, within):
    """Outputs of a model are those of predict.

    Beside `within`, four times the rounding error of `predict` is allowed, for numbers that cancel or are amplified.
    """
    ours = flat(predict(params, x))
    exact = flat(predict(astype(params, np.float64), astype(x, np.float64)))
    for a, b, c in zip(ours, made, exact, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if a.dtype.kind == "f" and a.size:
            assert (abs(a - b) <= within * np.maximum(1, abs(a)) + 4 * abs(a - c).max()).all()
        else:
            assert (a == b).all()


def assert_weights(model, params):
    """Each initializer is an array of the network, by its path, or in the layout that is added to the path."""
    from onnx.numpy_helper import to_array

    arrays = dict(walk(inference(params)))
    for one in model.graph.initializer:
        path = one.name if one.name in arrays else one.name.rpartition(".")[0]
        assert path in arrays
        assert path != one.name or np.array_equal(to_array(one), arrays[path], equal_nan=True)


def moderate(tree):
    """With weights of 800 a recurrent layer amplifies the rounding of each step to more than 1e-5."""
    return tree_map(lambda a: np.clip(a, -3, 3) if a.dtype.kind == "f" else a, tree)
