"""Usual mistakes in the exercises of the course that are no backward passes, as wrong rules that are run."""
