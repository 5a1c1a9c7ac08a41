"""Attention layers: `dot_product` has the function, `heads` the base of self-attention and cross-attention."""
