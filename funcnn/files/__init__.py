"""Values as files and as fingerprints."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
