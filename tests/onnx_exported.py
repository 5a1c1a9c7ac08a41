"""Models of other exporters, in the folder `onnx_files`.

`python -m tests.onnx_exported` writes them again; it needs torch, onnxscript, jax2onnx, flax and skl2onnx.
"""

import io
import logging
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from tests.onnx_written import drawn

FOLDER = Path(__file__).parent / "onnx_files"
DYNAMO = ("mlp", "cnn", "lstm", "block", "pre-norm block", "time first")
SCRIPT = ("cnn", "lstm", "gru", "state", "text")


def exported(module, x, *, dynamo, rows=0):
    """The bytes of torch's model of a module, with a free axis of rows."""
    import torch

    file = io.BytesIO()
    axes = {"dynamic_axes": {"x": {rows: "m"}}, "input_names": ["x"]}
    if dynamo:
        axes = {"dynamic_shapes": ({rows: torch.export.Dim("m")},)}
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            made = torch.onnx.export(module.eval(), (x,), None if dynamo else file, dynamo=dynamo, **axes)
    finally:
        logging.disable(logging.NOTSET)
    return made.model_proto.SerializeToString() if dynamo else file.getvalue()


def of_torch():
    """Modules of torch by name, with x."""
    import torch
    import torch.nn as t

    class Recurrent(t.Module):
        def __init__(self, inner, n, *, of_state=False):
            super().__init__()
            self.inner, self.head, self.of_state = inner, t.Linear(n, 2), of_state

        def forward(self, x):
            out, state = self.inner(x)
            return self.head(state[0][-1] if self.of_state else out[:, -1])

    class Block(t.Module):
        def __init__(self):
            super().__init__()
            self.inner = t.Sequential(t.Conv2d(4, 4, 3, padding=1), t.BatchNorm2d(4), t.ReLU())

        def forward(self, x):
            return x + self.inner(x)

    conv = [t.Conv2d(2, 4, 3, stride=2), t.GroupNorm(2, 4), t.SiLU(), Block(), t.MaxPool2d(2), t.Flatten()]
    encoder = {"batch_first": True, "dim_feedforward": 16}
    torch.manual_seed(0)
    return {
        "mlp": (t.Sequential(t.Linear(3, 8), t.GELU(), t.Linear(8, 4), t.Mish(), t.Linear(4, 2)), torch.randn(4, 3)),
        "cnn": (t.Sequential(*conv, t.Linear(16, 3), t.LogSoftmax(1)), torch.randn(2, 2, 9, 9)),
        "lstm": (Recurrent(t.LSTM(3, 4, 2, batch_first=True), 4), torch.randn(2, 5, 3)),
        "gru": (Recurrent(t.GRU(3, 4, batch_first=True, bidirectional=True), 8), torch.randn(2, 5, 3)),
        "state": (Recurrent(t.LSTM(3, 4, batch_first=True), 4, of_state=True), torch.randn(2, 5, 3)),
        "time first": (t.Sequential(t.TransformerEncoderLayer(8, 2, 16)), torch.randn(5, 2, 8)),
        "block": (t.TransformerEncoderLayer(8, 2, **encoder), torch.randn(2, 5, 8)),
        "pre-norm block": (
            t.TransformerEncoderLayer(8, 4, **encoder, norm_first=True, activation="gelu"),
            torch.randn(2, 5, 8),
        ),
        "text": (t.Sequential(t.Embedding(2, 8), t.TransformerEncoderLayer(8, 2, **encoder)), torch.ones(2, 5).long()),
    }


def plain(data):
    """A model without what its exporter says of the lines and the files that it comes from."""
    import onnx

    model = onnx.load_from_string(data)
    graph = model.graph
    for part in (model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        part.ClearField("metadata_props")
        part.ClearField("doc_string")
    return model.SerializeToString()


def of_jax():
    """Models of jax2onnx by name."""
    import jax
    import jax2onnx
    from flax import nnx

    rngs = nnx.Rngs(0)
    attention, norm = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs), nnx.LayerNorm(8, rngs=rngs)
    dense = nnx.Linear(8, 3, rngs=rngs)
    return {
        "mlp": jax2onnx.to_onnx(lambda x: jax.nn.softmax(dense(jax.nn.silu(x))), [("m", 8)]),
        "block": jax2onnx.to_onnx(lambda x: dense(norm(x + attention(x))), [("m", 5, 8)]),
    }


def of_sklearn():
    """Models of skl2onnx by name."""
    import skl2onnx
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = drawn(60, 4)
    few = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        three = MLPClassifier(**few).fit(X, np.digitize(X[:, 0], [-0.5, 0.5]))
        two = MLPClassifier(**few, activation="logistic").fit(X, X[:, 0] > 0)
        scaled = make_pipeline(StandardScaler(), MLPRegressor(**few)).fit(X, X[:, 0])
    return {
        "three classes": skl2onnx.to_onnx(three, X[:1], options={id(three): {"zipmap": False}}),
        "two classes": skl2onnx.to_onnx(two, X[:1], options={id(two): {"zipmap": False}}),
        "dict": skl2onnx.to_onnx(two, X[:1]),
        "regressor": skl2onnx.to_onnx(scaled, X[:1]),
    }


def written():
    """The bytes of all models, by the names of their files."""
    modules = of_torch()
    for module, _ in modules.values():
        for one in module.modules():
            if hasattr(one, "running_var"):
                one.running_var.mul_(2)
                one.running_mean.add_(0.1)
    for dynamo, names in ((True, DYNAMO), (False, SCRIPT)):
        for name in names:
            rows = int(name == "time first")
            yield f"torch {'dynamo' if dynamo else 'script'} {name}", exported(*modules[name], dynamo=dynamo, rows=rows)
    for library, models in (("jax2onnx", of_jax()), ("skl2onnx", of_sklearn())):
        for name, model in models.items():
            yield f"{library} {name}", model.SerializeToString()


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, data in written():
        (FOLDER / f"{name}.onnx".replace(" ", "_")).write_bytes(plain(data))
