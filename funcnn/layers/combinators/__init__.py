"""Combinators: layers made of layers, and layers that carry, join and reshape what flows between them."""
