"""Training as a fold over batches, and functions of runs."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "loop": "TrainState train",
        "table": "history Table",
        "scores": "validation better",
        "progress_bar": "progress",
        "stopping": "early_stopping best_so_far WithBest until while_finite",
        "runs": "keep States",
        "rates": "lr_range_test",
        "checkpoints": "checkpoint_every",
        "diagnosis": "bisect_nan Birth",
        "comparison": "compare Divergence",
    },
)
