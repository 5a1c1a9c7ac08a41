"""Schedules, functions from the step number to the learning rate; and plateaus, which compute it from the costs."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(__name__)
