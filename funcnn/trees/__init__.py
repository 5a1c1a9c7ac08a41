"""Networks as trees of records, tuples and arrays: their parts by path, as vectors, replaced and compared."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
