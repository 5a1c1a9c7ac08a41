"""What funcnn computes for each derivation of the pages, and numbers of the kinds that the derivations are about."""

import attrs
import numpy as np

import funcnn as nn
from funcnn import layers, losses
from funcnn.layers import GRU, LSTM, RNN, AvgPool
from tests.blocks import CARDED
from tests.cards import LOSSES as CARDED_LOSSES
from tests.cards import settings_of

RATE = 0.4


def of_layer(cls, *, rows=False, **settings):
    """The output and the gradients of a layer whose fields are those names of the derivation that it has."""

    def rule(v):
        names = [field.name for field in attrs.fields(cls) if field.name in v]
        given = {name: v[name] if np.ndim(v[name]) else float(v[name]) for name in names}
        is_batch_norm = cls is nn.BatchNorm
        layer = nn.evolve(cls.init(len(v["scale"])), **given) if is_batch_norm else cls(**given, **settings)
        grads = results(layer, v["x"][None], v["dA"][None]) if rows else results(layer, v["x"], v["dA"])
        found = {name: grads[name][0] for name in ("out", "dx")} if rows else grads
        return found | {f"d{name}": getattr(grads["params"], name) for name in names if np.ndim(v[name])}

    return rule


def results(layer, x, dA):
    out, cache = nn.forward(layer, x)
    grads = nn.backward(layer, cache, dA)
    return {"out": out, "dx": grads.x, "params": grads.params}


def of_loss(loss, *settings):
    def rule(v):
        cost, dA = loss(v["out"], v["y"], **{name: float(v[name]) for name in settings})
        return {"cost": cost, "dA": dA}

    return rule


def pool(layer):
    """A pool of windows that are the rows of x, as an image of one channel."""

    def rule(v):
        n, k = v["x"].shape
        found = results(layer((1, k)), v["x"].reshape(1, n, k, 1), v["dA"].reshape(1, n, 1, 1))
        return {"out": found["out"].ravel(), "dx": found["dx"].reshape(n, k)}

    return rule


def residual(v):
    found = results(nn.Residual((nn.Dense(v["W"], None), nn.Tanh())), v["x"][None], v["dA"][None])
    return {"out": found["out"][0], "dx": found["dx"][0]}


def embedding(v):
    layer = nn.Embedding(v["W"])
    out, cache = nn.forward(layer, v["ids"])
    return {"out": out, "dW": nn.backward(layer, cache, v["dA"]).params.W}


def dropout(v):
    """The layer whose seed is the number of the point, as in `dropped`."""
    [seed] = [i for i in range(1000) if np.array_equal(dropped(i, v["mask"].shape), v["mask"])][:1]
    return results(nn.Dropout(RATE, seed=seed), v["x"], v["dA"])


def dropped(seed, shape):
    return (nn.forward(nn.Dropout(RATE, seed=seed), np.ones(shape))[0] != 0).astype(float)


def rnn(v):
    layer = RNN(v["W"], v["U"], v["b"])
    x, dA = np.stack([v["x_1"], v["x_2"]], axis=1), np.stack([v["dA_1"], v["dA_2"]], axis=1)
    (out, _, _), cache = nn.forward(layer, (x, None, v["h_0"]))
    grads = nn.backward(layer, cache, (dA, None, None))
    dx, _, dh_0 = grads.x
    found = {"h_1": out[:, 0], "h_2": out[:, 1], "dx_1": dx[:, 0], "dx_2": dx[:, 1], "dh_0": dh_0}
    return found | {f"d{name}": getattr(grads.params, name) for name in "WUb"}


def gated(cls, *states):
    """One step of one sequence; the gates are the first axis in a derivation, and blocks of columns in the layer."""

    def rule(v):
        columns = lambda a: np.moveaxis(a, 0, -2).reshape(*a.shape[1:-1], -1)
        gates = lambda a: np.moveaxis(a.reshape(*a.shape[:-1], len(v["W"]), -1), -2, 0)
        layer = cls(columns(v["W"]), columns(v["U"]), columns(v["b"]), *([v["c"]] if cls is GRU else []))
        before = tuple([v[name][None] for name in states])
        (out, _, after), cache = nn.forward(layer, (v["x"][None, None], None, before if cls is LSTM else before[0]))
        dafter = (None, v["dnext"][None]) if cls is LSTM else None
        dafter = (np.zeros_like(dafter[1]), dafter[1]) if dafter else None
        grads = nn.backward(layer, cache, (v["dh"][None, None], None, dafter))
        dx, _, dbefore = grads.x
        found = {"h": out[0, 0], "dx": dx[0, 0]} | {f"d{name}": gates(getattr(grads.params, name)) for name in "WUb"}
        if cls is GRU:
            return found | {"dh_0": dbefore[0], "dc": grads.params.c}
        return found | {"c": after[1][0], "dh_0": dbefore[0][0], "dc_0": dbefore[1][0]}

    return rule


def attention(v):
    layer = nn.Attention(*[nn.Dense(v[f"W_{name}"], None) for name in "qkvo"], 1)
    found = results(layer, v["x"][None], v["dA"][None])
    fields = {"q": "query", "k": "key", "v": "value", "o": "out"}
    weights = {f"dW_{name}": getattr(found["params"], field).W for name, field in fields.items()}
    return {"out": found["out"][0], "dx": found["dx"][0]} | weights


def conv(v):
    found = results(nn.Conv2d(v["W"], v["b"]), v["x"][None], v["dA"][None])
    return {"out": found["out"][0], "dx": found["dx"][0], "dW": found["params"].W, "db": found["params"].b}


ACTIVATIONS = ("Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Softplus", "Silu", "Gelu")
LOSSES = ("mse", "binary_cross_entropy", "binary_cross_entropy_with_logits", "softmax_cross_entropy", "cosine_distance")
RULES = {
    **{name: of_layer(getattr(layers, name)) for name in CARDED if hasattr(layers, name)},
    **{name: of_loss(loss, *settings_of(loss)[0]) for name, loss in CARDED_LOSSES.items() if name in CARDED},
    **{name: of_layer(getattr(layers, name)) for name in (*ACTIVATIONS, "Dense", "BatchNorm", "LayerNorm", "RMSNorm")},
    **{name: of_layer(getattr(layers, name), rows=True) for name in ("Softmax", "LogSoftmax")},
    **{name: of_loss(getattr(losses, name)) for name in LOSSES},
    "huber": of_loss(losses.huber, "delta"),
    "Conv2d": conv,
    "MaxPool": pool(nn.MaxPool),
    "AvgPool": pool(AvgPool),
    "Residual": residual,
    "Attention": attention,
    "Embedding": embedding,
    "Dropout": dropout,
    "RNN": rnn,
    "LSTM": gated(LSTM, "h_0", "c_0"),
    "GRU": gated(GRU, "h_0"),
}
# Lengths of axes where those that a test takes by itself are too long, or too short for a softmax of several numbers.
SIZES = {
    "Softmax": {"n": 3},
    "LogSoftmax": {"n": 3},
    "Conv2d": {"h": 3, "w": 4, "k": 2, "l": 3, "c": 2, "n": 2},
    "Embedding": {"m": 3, "n": 2, "k": 4},  # so that one id occurs twice
}

SETTINGS = {"eps", "alpha", "delta", *[name for loss in CARDED_LOSSES.values() for name in settings_of(loss)[0]]}


def numbers(name, points, seed):
    """Numbers for the names of a derivation, as `Evaluated` asks for them."""
    random = np.random.default_rng(seed)
    is_entropy, is_softmax = "cross_entropy" in name, name == "softmax_cross_entropy"

    def drawn(array, shape):
        if array == "ids":
            return random.integers(0, 2, shape)
        if array == "mask":
            return np.stack([dropped(i, shape) for i in range(points)])
        if array == "rate":
            return np.full(points, RATE)
        if array in SETTINGS and not shape:
            return random.uniform(0.2, 0.9, points)
        if is_softmax and array == "y":
            return random.dirichlet(np.ones(shape[-1]), (points, *shape[:-1]))
        if (is_entropy and array == "y") or (name == "binary_cross_entropy" and array == "out"):
            return random.uniform(0.1, 0.9, (points, *shape))
        return random.standard_normal((points, *shape))

    return drawn
