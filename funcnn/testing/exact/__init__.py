"""Gradients compared in exact arithmetic: numbers, dual numbers, an array of them, and the comparison."""
