"""Normalisation over the batch, over rows and over groups of channels; `standardization` is shared."""
