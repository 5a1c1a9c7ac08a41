"""Tables of a network, of its costs, and of all values of one training step."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "summaries": "summary Summary",
        "tracing": "trace Trace Visit",
        "costs": "flops",
        "probe": "Probe",
        "branches": "Branches",
        "diagrams": "diagram Diagram",
        "equations": "latex",
    },
)
