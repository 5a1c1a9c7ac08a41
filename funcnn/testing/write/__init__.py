"""A writer of tests of derivatives, for functions, layers and losses."""

from funcnn.testing.write.write import WrittenTests, write

__all__ = ["WrittenTests", "write"]
