"""The figures of the units, drawn from their numbers: `figures.unit1.errors()` is a picture that a notebook shows."""
