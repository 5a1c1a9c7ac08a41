"""The layers: each record with its two rules below it. A family is a folder, a layer that has none a file."""
