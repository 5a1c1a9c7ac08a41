"""Batches as a function of their number, so that a slice resumes training, and augmentations as functions."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "rows": "batches balanced_batches",
        "buckets": "bucketed_batches",
        "windows": "windowed_batches",
        "prefetching": "prefetch",
        "sequence": "Batches",
        "images": "random_flip random_crop random_turn random_rotation random_brightness cutout",
        "sequences": "random_window token_dropout",
        "mixtures": "gaussian_noise mixup",
    },
)
