"""Schedules, functions from the step number to the learning rate; and plateaus, which compute it from the costs."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "decays": "stages exponential step_decay inverse_time polynomial cosine warm_up",
        "cycles": "cosine_restarts sawtooth one_cycle",
        "plateaus": "Plateau plateau",
    },
)
