"""Runs that a signal ended, whose last states are not those of a whole run."""

ENDED: list[int] = []  # the signal of each such run of this process; `memoize` keeps no result in which one was added
