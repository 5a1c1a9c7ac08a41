"""Comparison of gradients with slopes that come from the values of the function alone."""
