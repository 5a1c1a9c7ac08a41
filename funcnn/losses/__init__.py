"""Losses, an idea a file: `base` says what one is."""
