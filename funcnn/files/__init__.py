"""Values as files and as fingerprints."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__, {"store": "save load fingerprint", "memo": "memoize"})
