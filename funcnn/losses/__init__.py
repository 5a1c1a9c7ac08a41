"""Losses, a family a file; `base` says what a loss is."""
