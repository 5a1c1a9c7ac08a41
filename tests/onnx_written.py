"""Models of ONNX that are written as text, and what `from_onnx` makes of them."""

import numpy as np

from funcnn import predict


def model_of(body, shapes, opset=17, out="y", dtype="float", **arrays):
    """A model of these nodes; `shapes`: of its inputs, by name; arrays become initializers."""
    from onnx import checker, numpy_helper, parser

    inputs = ", ".join([f"{dtype if name != 'ids' else 'int64'}[{shape}] {name}" for name, shape in shapes.items()])
    outputs = ", ".join([f"{dtype} {name}" for name in out.split()])
    head = f'<ir_version: 8, opset_import: ["" : {opset}, "ai.onnx.ml" : 3, "other" : 1]>'
    model = parser.parse_model(f"{head} g ({inputs}) => ({outputs}) {{ {body} }}")
    for name, array in arrays.items():
        model.graph.initializer.append(numpy_helper.from_array(np.asarray(array), name))
    checker.check_model(model)
    return model


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def read_like_onnxruntime(model, x, to_ours=lambda x: x, to_theirs=lambda out: out, within=1e-5, **settings):
    """The network of a model; for x, out has the numbers that onnxruntime computes.

    `to_ours` puts x into the order of funcnn, `to_theirs` out into that of the model.
    """
    import onnxruntime as ort

    from funcnn.interop.onnx import from_onnx

    net = from_onnx(model, **settings)
    data = model if isinstance(model, bytes) else model.SerializeToString()
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = settings.get("output") or next(one.name for one in session.get_outputs() if "float" in one.type)
    [theirs] = session.run([name], {session.get_inputs()[0].name: x})
    ours = to_theirs(predict(net, to_ours(x)))
    assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    assert abs(ours - theirs).max() < within * max(1, abs(theirs).max())
    return net


def last(x):
    """Channels last"""
    return np.moveaxis(x, 1, -1)


def first(x):
    """Channels first"""
    return np.moveaxis(x, -1, 1)
