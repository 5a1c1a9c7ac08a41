"""Values as files: `store` has the verbs, `archive` the bytes, `encoding` the tree."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__, {"store": "save load fingerprint"})
