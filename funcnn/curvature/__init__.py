"""Curvature: products with the Hessian and the Gauss-Newton matrix, gradients of single examples, Fisher diagonals."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
