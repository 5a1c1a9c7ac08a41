"""The prediction for one row, float32: funcnn next to the bare operations in NumPy, torch and JAX."""

import numpy as np

from funcnn import Relu, mlp, parameters, predict
from funcnn.trees import astype
from tests.benchmarks.contenders import installed
from tests.benchmarks.timing import Contender, equally, steady
from tests.benchmarks.trained import mlp_in_jax, mlp_in_torch

PREDICTIONS = {"predict-tiny": (2, 27, 31, 31, 1), "predict-wide": (64, 256, 256, 10)}


def times_of_predict(name: str, repeats: int) -> dict[str, list[float]]:
    """Seconds of a call in each repeat, by contender."""
    np.empty(31 << 20, np.uint8)  # see steps.py
    sizes = PREDICTIONS[name]
    net = astype(mlp(list(sizes), hidden=Relu(), seed=0), np.float32)
    x = np.random.default_rng(0).standard_normal((1, sizes[0])).astype(np.float32)
    arrays = [np.array(array) for array in parameters(net).values()]
    made = {"funcnn": steady(lambda: predict(net, x), lambda out: [out]), "bare NumPy": with_numpy(arrays, x)}
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
