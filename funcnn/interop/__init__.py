"""Bridges to other libraries, each imported only by its user."""
