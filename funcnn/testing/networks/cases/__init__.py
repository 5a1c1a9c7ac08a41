"""Strategies for cases of each layer of funcnn, one file for each family."""
