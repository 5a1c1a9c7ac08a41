"""Normalisation over rows, channels and groups; `standardization` is what all of them share."""
