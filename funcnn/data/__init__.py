"""Batches as a function of their number, so that a slice resumes training, and augmentations as functions."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
