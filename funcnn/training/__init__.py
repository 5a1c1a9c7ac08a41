"""Training is a fold: `loop` is the fold, the rest are functions from runs to runs."""
