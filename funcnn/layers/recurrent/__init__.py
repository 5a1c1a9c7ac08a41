"""Recurrent layers: cells applied along a sequence; `base` makes a layer from the rule of one step."""
