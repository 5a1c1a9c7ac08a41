"""Conversion of networks to ONNX models, which other programs and languages run."""

from funcnn.extras import needing

with needing(__name__, "spox"):
    from funcnn.interop.onnx import (  # noqa: F401  each module registers its rules
        activations,
        attention,
        combinators,
        convolution,
        embedding,
        normalisation,
        recurrent,
    )
    from funcnn.interop.onnx.base import to_graph
    from funcnn.interop.onnx.model import to_onnx
    from funcnn.interop.onnx.reading.model import from_onnx
    from funcnn.interop.onnx.weights import weight

__all__ = ["from_onnx", "to_graph", "to_onnx", "weight"]
