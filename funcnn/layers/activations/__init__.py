"""Activations: elementwise layers, whose base is in `base`, and softmax over rows."""
