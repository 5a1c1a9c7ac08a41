"""Losses, with one file for each family; `base` defines what a loss is."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
