"""Tools for learning and teaching backpropagation with one's own network and data."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
