"""Optimizers, with one file for each family; `base` defines what an optimizer is."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "momentum": "Momentum Lion",
        "adam": "Adam AdamW NAdam RAdam AMSGrad",
        "adaptive": "RMSProp Adagrad Adadelta",
        "muon": "Muon",
        "transforms": "ClipNorm ClipValue Decay L2 Rates",
        "average": "Average averaged",
        "constraints": "project nonnegative unit_norm",
        "base": "update PerArray",
    },
)
