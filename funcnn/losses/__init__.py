"""Losses, with one file for each family; `base` defines what a loss is."""

from funcnn.lazy import lazily

__getattr__, __dir__, __all__ = lazily(
    __name__,
    {
        "regression": "mse mae huber log_cosh quantile",
        "likelihoods": "poisson_nll gaussian_nll",
        "classification": ("binary_cross_entropy binary_cross_entropy_with_logits softmax_cross_entropy kl_divergence"),
        "focal": "binary_focal softmax_focal",
        "margins": "hinge squared_hinge triplet",
        "similarity": "cosine_distance",
        "combinators": "weighted masked joint",
        "protocol": "of_logits of_complex",
        "weights": "normalised",
    },
)
