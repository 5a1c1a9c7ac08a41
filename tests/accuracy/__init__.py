"""Accuracy in ulps of activations, row rules and losses, against mpmath: `python -m tests.accuracy`."""
