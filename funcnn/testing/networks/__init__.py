"""Checks of networks: layers, losses and optimizers, with their protocols, on top of the checks of functions."""
