"""The prediction for one row, and for 10,000, float32: funcnn next to bare NumPy, ONNX Runtime, torch and JAX."""

from itertools import pairwise
from typing import Any

import numpy as np

from funcnn import Relu, mlp, parameters, predict
from funcnn.trees import astype
from tests.benchmarks.contenders import ONNX, PREDICTOR, installed
from tests.benchmarks.limits import Limit
from tests.benchmarks.tasks import mlp_in_jax, mlp_in_torch
from tests.benchmarks.timing import Contender, equally, steady

TINY, WIDE, MANY = (2, 27, 31, 31, 1), (64, 256, 256, 10), 10_000
PREDICTIONS = {  # sizes, and rows
    "predict-tiny": (TINY, 1),
    "predict-wide": (WIDE, 1),
    "predict-tiny-10k": (TINY, MANY),
    "predict-wide-10k": (WIDE, MANY),
}


def limit(name: str) -> Limit:
    """The products; parameters and x are read, the output is written."""
    sizes, rows = PREDICTIONS[name]
    products = sum([a * b for a, b in pairwise(sizes)])
    return Limit(2 * rows * products, 4 * (products + sum(sizes[1:]) + rows * (sizes[0] + sizes[-1])), np.float32)


def times_of_predict(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a call in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    sizes, rows = PREDICTIONS[name]
    net = astype(mlp(list(sizes), hidden=Relu(), seed=0), np.float32)
    x = np.random.default_rng(0).standard_normal((rows, sizes[0])).astype(np.float32)
    arrays = [np.array(array) for array in parameters(net).values()]
    made = {"funcnn": steady(lambda: predict(net, x), lambda out: [out]), "bare NumPy": with_numpy(arrays, x)}
    if installed("llvmlite"):
        made[PREDICTOR] = with_predictor(net, x)
    if installed("onnxruntime spox"):
        made[ONNX] = with_onnx_runtime(net, x)
    if installed("torch"):
        made["torch"] = with_torch(arrays, x)
    if installed("jax"):
        made["JAX"] = with_jax(arrays, x)
    return equally(made, 1e-5, repeats)


def with_numpy(arrays: list[np.ndarray], x: np.ndarray) -> Contender:
    """The products and sums alone."""

    def run():
        out = x
        for i in range(0, len(arrays), 2):
            out = (np.maximum(out, 0) if i else out) @ arrays[i] + arrays[i + 1]
        return out

    return steady(run, lambda out: [out])


def with_predictor(net: Any, x: np.ndarray) -> Contender:
    """Compiled."""
    from funcnn.compilation import predictor

    compiled = predictor(net)
    return steady(lambda: compiled(x), lambda out: [out])


def with_onnx_runtime(net: Any, x: np.ndarray) -> Contender:
    """A session with one thread, of the model that `to_onnx` makes."""
    import onnxruntime

    from funcnn.interop.onnx import to_onnx

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = to_onnx(net, x).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    return steady(lambda: session.run(None, {"x": x}), lambda out: out)


def with_torch(arrays: list[np.ndarray], x: np.ndarray) -> Contender:
    """In inference mode."""
    import torch

    given = [torch.tensor(array) for array in (x, *arrays)]

    def run():
        with torch.inference_mode():
            return mlp_in_torch(*given)

    return steady(run, lambda out: [out.numpy()])


def with_jax(arrays: list[np.ndarray], x: np.ndarray) -> Contender:
    """One jitted function of x, waited for; the arrays are its constants."""
    import jax

    jitted = jax.jit(lambda x: mlp_in_jax(x, *arrays))
    return steady(lambda: jax.block_until_ready(jitted(x)), lambda out: [np.asarray(out)])
