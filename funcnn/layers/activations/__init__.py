"""Activations: each number by itself, or a row made positive; `base` says what an elementwise layer is."""
