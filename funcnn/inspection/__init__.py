"""Tables of a network, of its costs, and of all values of one training step."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
