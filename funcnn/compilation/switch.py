"""The switch of the kernels beside rules, as a public name."""

from funcnn.acceleration import without_kernels

__all__ = ["without_kernels"]
