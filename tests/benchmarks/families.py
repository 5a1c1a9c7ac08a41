"""All rows of the tables: what is measured, what it is called, and by which function."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.benchmarks import predict, recurrent
from tests.benchmarks.adam import times_of_adam
from tests.benchmarks.attention import times_of_attention
from tests.benchmarks.convolution import times_of_conv
from tests.benchmarks.depth import PAIRS, times_of_depth
from tests.benchmarks.limits import Limit
from tests.benchmarks.norm import times_of_norm
from tests.benchmarks.pooling import times_of_pool
from tests.benchmarks.predict import times_of_predict
from tests.benchmarks.recurrent import times_of_recurrent
from tests.benchmarks.steps import times_of_a_step
from tests.benchmarks.symbols import times_of_embedding, times_of_softmax
from tests.benchmarks.tasks import MLP_ROWS, task
from tests.benchmarks.trained import times_of_trained
from tests.benchmarks.transformer import times_of_block
from tests.benchmarks.whole import times_of_programs
from tests.benchmarks.workloads import ALONE, WORKLOADS

Times = dict[str, list[float]]  # seconds in each repeat, by contender; ours come first


class Row(NamedTuple):
    """What it is, and `times_of(name, repeats)`; run in a process of its own, on so many cores."""

    what: str
    times_of: Callable[[str, int], Times]
    cores: int = 1
    limit: Callable[[], Limit] | None = None  # of what cannot be left out, where it was counted


STEPS = {
    name: Row(str(workload), times_of_a_step, workload.cores, workload.limit_of_a_core)
    for name, workload in WORKLOADS.items()
}
STEPS_ALONE = {name: Row(f"{workload}, NumPy alone", times_of_a_step) for name, workload in ALONE.items()}
ADAM, IMAGES, LONG = "training step with Adam of", "64 images of 28 x 28", "32 sequences of 50"
TRAINED = {
    **{f"mlp-{m}": f"64-256-256-10, {m} rows" for m in MLP_ROWS},
    "digits-conv": "two convolutions and a Dense, 32 images of 8 x 8",
    "lstm-adam": "an LSTM, 32 sequences of 50, 64 units",
    "characters": "a transformer, rotary, 16 x 64 characters",
}
PREDICTED = {
    "predict-tiny": "one row through 2-27-31-31-1",
    "predict-wide": "one row through 64-256-256-10",
    "predict-tiny-10k": "10,000 rows through 2-27-31-31-1",
    "predict-wide-10k": "10,000 rows through 64-256-256-10",
}
LAYERS = {
    **{
        name: Row(f"{ADAM} {what}", times_of_trained, limit=lambda name=name: task(name).limit)
        for name, what in TRAINED.items()
    },
    "transformer-block": Row("8 x 64 x 64, 4 heads", times_of_block),
    "attention-8x64x64": Row("4 heads", times_of_attention),
    "attention-causal": Row("8 x 64 x 64, 4 heads", times_of_attention),
    "attention-32x16x64": Row("4 heads", times_of_attention),
    "attention-2x256x128": Row("8 heads", times_of_attention),
    "conv": Row(f"{IMAGES}, 3 x 3, 16 to 32 channels", times_of_conv),
    "conv-small": Row("64 images of 8 x 8, 3 x 3, 16 to 32 channels", times_of_conv),
    "conv-depthwise": Row(f"{IMAGES}, 3 x 3, 32 channels", times_of_conv),
    "max-pool": Row(f"{IMAGES}, 2 x 2, 16 channels", times_of_pool),
    "layer-norm": Row("2048 x 256", times_of_norm),
    "layer-norm-small": Row("128 x 64", times_of_norm),
    "rms-norm": Row("2048 x 256", times_of_norm),
    "batch-norm": Row("2048 x 256", times_of_norm),
    "dropout": Row("2048 x 256", times_of_norm),
    **{
        name: Row(f"{LONG}, {k} units", times_of_recurrent, limit=partial(recurrent.limit, name))
        for name, (_, k) in recurrent.RECURRENT.items()
    },
    "embedding-100": Row("32 x 64 of 100 symbols, 64 features", times_of_embedding),
    "embedding-10k": Row("32 x 64 of 10,000 symbols, 64 features", times_of_embedding),
    "softmax-10": Row("softmax cross-entropy, 1024 rows, 10 classes", times_of_softmax),
    "softmax-1000": Row("softmax cross-entropy, 256 rows, 1000 classes", times_of_softmax),
    "softmax-10k": Row("softmax cross-entropy, 64 rows, 10,000 classes", times_of_softmax),
    **{f"adam-{n}": Row(f"Adam alone, {n} parameters", times_of_adam) for n in ("2k", "50k", "536k")},
    **{name: Row(what, times_of_predict, limit=partial(predict.limit, name)) for name, what in PREDICTED.items()},
}
WHOLE = {"programs": Row("line 1000 steps, Titanic 8000, rose 4000, faces 1000, and imports", times_of_programs)}
DEPTH = {f"depth-{pairs}": Row(f"{pairs:,} pairs of Dense(8, 8) and Tanh", times_of_depth) for pairs in PAIRS}
OTHERS = {"adam-5M": Row("Adam alone, 5M parameters", times_of_adam)}
ROWS = STEPS | WHOLE | LAYERS | DEPTH | STEPS_ALONE | OTHERS
# One of each kind, those that are quickly measured.
QUICK = [
    *["titanic", "batch-32-f32", "mlp-32", "transformer-block", "attention-causal", "conv-small", "max-pool"],
    *["layer-norm-small", "lstm-64", "embedding-100", "softmax-10", "adam-2k", "predict-tiny", "adam-32", "depth-10"],
]
