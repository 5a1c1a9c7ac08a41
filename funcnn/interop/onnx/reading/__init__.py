"""Reading of models of ONNX as networks."""
