"""Cards: what tests, pages and converters need about layers, losses and optimizers, as data; a file a family."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
