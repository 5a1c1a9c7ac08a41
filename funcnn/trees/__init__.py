"""Networks as trees of records, tuples and arrays: their parts by path, as vectors, replaced and compared."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "walks": "tree_map map_parameters parameters leaves count astype",
        "vectors": "to_vector from_vector with_parameters",
        "edits": "evolve replace",
        "differences": "difference",
    },
)
