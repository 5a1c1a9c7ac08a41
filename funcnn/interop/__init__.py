"""Bridges to other libraries, one module for each library, imported only when used."""
