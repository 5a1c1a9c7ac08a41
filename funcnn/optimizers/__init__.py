"""Optimizers, a family a file: `base` says what one is."""
