"""Layers: each is a record, followed by its two rules. A family of layers is a folder; a single layer is a file."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
