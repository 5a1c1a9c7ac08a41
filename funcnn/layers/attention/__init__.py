"""Attention layers: `dot_product` is the attention itself, `heads` the base of self- and cross-attention."""
