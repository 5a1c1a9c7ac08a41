"""Recurrent layers: cells applied along a sequence; `base` lifts the rule of one step to a sequence."""
