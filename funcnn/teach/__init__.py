"""Tools for learning and teaching backpropagation with one's own network and data."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "diagnosing": "diagnose diagnose_layer",
        "diagnosis": "Diagnosis",
        "exercises": "check exercise",
        "expectations": "expect",
        "nudges": "nudge Nudge",
        "page": "write_steps",
        "progress": "Exercise Progress Result",
    },
)
