"""Training as a fold over batches, and functions of runs."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
