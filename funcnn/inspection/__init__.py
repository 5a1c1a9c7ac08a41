"""Looking inside: tables of a network, what it costs, and what one step of training did in it."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {"summaries": "summary", "tracing": "trace Trace Visit", "costs": "flops", "probe": "Probe"},
)
