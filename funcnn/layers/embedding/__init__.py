"""Embeddings of symbols and encodings of positions."""
