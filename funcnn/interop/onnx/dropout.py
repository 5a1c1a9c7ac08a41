"""Conversion of layers that are others in prediction: dropout, noise, batch normalisation."""

from __future__ import annotations

from typing import Any

from funcnn.core import inference
from funcnn.interop.onnx.base import Values, to_graph
from funcnn.layers.dropout import ChannelDropout, Dropout, GaussianNoise
from funcnn.layers.normalisation.batchnorm import BatchNorm


@to_graph.register(Dropout)
@to_graph.register(ChannelDropout)
@to_graph.register(GaussianNoise)
@to_graph.register(BatchNorm)
def predicting_to_graph(layer: Any, x: Values) -> Values:
    """The identity, or the affine map of the running statistics"""
    return to_graph(inference(layer), x)
