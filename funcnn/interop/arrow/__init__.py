"""Batches of rows of Parquet files, Arrow files and tables of pyarrow, read a few blocks of rows at a time."""

from funcnn.extras import needing

with needing(__name__, "pyarrow"):
    from funcnn.interop.arrow.columns import arrow_batches

__all__ = ["arrow_batches"]
