"""The functions of `funcnn.interop`, for the libraries that are installed."""

from importlib.util import find_spec

import numpy as np

from funcnn import Dense, Relu
from tests.kinds.kinds import NET, layer, path
from tests.kinds.rows import both, kind, row

ROWS = []
if find_spec("scipy"):
    from funcnn.interop.scipy import minimize
    from funcnn.testing.scipy import pair

    small = kind(Dense(np.ones((2, 1)), None))
    ROWS += [
        row(minimize, params=small, method=kind("BFGS"), speaks="x"),
        row(pair, "scipy.pair", fun=kind(np.sum), jac=kind(np.ones_like, "True")),
    ]
if find_spec("pyarrow"):
    from pyarrow import table

    from funcnn.interop.arrow import arrow_batches

    columns = table({"a": np.ones(8), "b": np.ones(8)})
    source = kind(columns).made(lambda: columns)
    ROWS.append(row(arrow_batches, source=source, x=kind(["a", "b"]), y=kind("b")))
if find_spec("safetensors"):
    from funcnn.interop.safetensors import read, write

    def written():
        write("net.safetensors", NET)
        return "net.safetensors"

    ROWS += [row(write, tree=kind(NET, "0-d; record")), row(read, path=path.made(written) - "text", like=kind(NET))]
if find_spec("spox"):
    import spox

    from funcnn.interop.onnx import from_onnx, to_graph, to_onnx, weight

    def relu():
        """A model that funcnn did not write"""
        x = spox.argument(spox.Tensor(np.float64, ("m", 2)))
        return spox.build({"x": x}, {"out": to_graph(Relu(), x)})

    ROWS += [
        row(
            from_onnx,
            model=kind(None).made(relu),
            x=kind(np.ones((3, 2)), "None"),
            output=kind("out", "None"),
        ),
        row(to_onnx, free=kind({}, "None; {}")),
        row(weight, a=kind(np.ones(2), "0-d")),
        row(
            to_graph,
            layer=layer,
            x=kind(None).made(lambda: spox.argument(spox.Tensor(np.float64, ("m", 2)))),
            speaks="to_onnx",
        ),
    ]
if find_spec("torch"):
    import torch

    from funcnn.interop.torch import Network, TorchLayer, from_torch, to_torch, weights_from
    from funcnn.testing.torch import jvp_pair, pair, parameters_of

    class Plain(torch.nn.Module):
        """A module without a rule."""

    module = kind(torch.nn.Tanh())
    SOURCE = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Tanh(), torch.nn.Linear(3, 1)).double()
    ROWS += [
        row(to_torch, layer=layer),
        row(from_torch, module=kind(torch.nn.Tanh().eval()), x=kind(torch.ones(2, 2)), kwargs=kind({}, "None; {}")),
        row(from_torch.register, cls=kind(Plain), speaks="from_torch.register"),
        row(weights_from, source=kind(SOURCE), speaks="like"),
        row(Network),
        row(TorchLayer.init, module=module),
        row(
            TorchLayer,
            arrays=both(kind(np.ones(8))),
            module=kind(TorchLayer.init(torch.nn.PReLU(8)).module),
            buffers=kind(()),
        ),
        row(pair, "torch.pair", function=kind(torch.nn.Tanh())),
        row(jvp_pair, "torch.jvp_pair", function=kind(torch.nn.Tanh())),
        row(parameters_of, "torch.parameters_of", module=module),
    ]
if find_spec("jax"):
    from jax import numpy as jnp

    from funcnn.interop.jax import JaxFunction
    from funcnn.testing.jax import jvp_pair, pair

    ROWS.append(row(JaxFunction, f=kind(jnp.sin), params=kind(())))
    ROWS.append(row(pair, "jax.pair", function=kind(jnp.sin)))
    ROWS.append(row(jvp_pair, "jax.jvp_pair", function=kind(jnp.sin), speaks="pair"))
if find_spec("optax"):
    import optax

    from funcnn.interop.optax import from_optax, to_optax

    ROWS.append(row(from_optax, transformation=kind(optax.sgd(0.1))))
    ROWS.append(row(to_optax))
if find_spec("autograd"):
    from autograd import numpy as anp

    from funcnn.testing.autograd import pair

    ROWS.append(row(pair, "autograd.pair", function=kind(anp.sin)))
if find_spec("mygrad"):
    from mygrad import tanh

    from funcnn.testing.mygrad import pair

    ROWS.append(row(pair, "mygrad.pair", function=kind(tanh)))
if find_spec("thinc"):
    from thinc.api import Linear

    from funcnn.testing.thinc import pair, parameters_of

    model = kind(Linear(2, 3).initialize())
    ROWS += [row(pair, "thinc.pair", model=model), row(parameters_of, "thinc.parameters_of", model=model)]
