"""Optimizers, with one file for each family; `base` defines what an optimizer is."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
