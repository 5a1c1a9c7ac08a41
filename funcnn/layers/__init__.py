"""The layers, a family a file: each record with its two rules below it."""
