"""Recurrent layers over sequences of unequal lengths; `base` runs the loop, each cell is a file."""
