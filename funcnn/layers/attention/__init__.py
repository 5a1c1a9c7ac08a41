"""Attention: `dot_product` is the mathematics, `heads` what self- and cross-attention share."""
