"""Losses of optax. Targets are probabilities or numbers, and labels are constants."""

import jax
import jax.numpy as jnp
from optax import losses

from funcnn.testing.jax import pair
from tests.hunts.draws import *

LIBRARIES = ["optax", "jax", "numpy"]
MODULES = ["optax.losses"]
jax.config.update("jax_disable_most_optimizations", val=True)  # as in the spec of JAX
PROBABILITIES = of((GENERIC, "m n"), (POSITIVE, "m n")).map(lambda a: [a[0], a[1] / a[1].sum(-1, keepdims=True)])


def labels(x):
    """Class 0, 1, 0, 1, ..."""
    return jnp.arange(len(x)) % min(2, x.shape[-1])


TABLE = {
    "squared_error": (losses.squared_error, PAIR),
    "l2_loss": (losses.l2_loss, PAIR),
    "huber_loss": (losses.huber_loss, PAIR),
    "huber_loss of delta 2": (lambda x, y: losses.huber_loss(x, y, delta=2.0), PAIR),
    "log_cosh": (losses.log_cosh, PAIR),
    "cosine_similarity": (losses.cosine_similarity, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "cosine_distance": (losses.cosine_distance, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "cosine_similarity with epsilon": (
        lambda x, y: losses.cosine_similarity(x, y, epsilon=0.3),
        of((GENERIC, "m n"), (GENERIC, "m n")),
    ),
    "hinge_loss": (lambda x: losses.hinge_loss(x, jnp.where(jnp.arange(x.shape[-1]) % 2, 1, -1)), ANY),
    "perceptron_loss": (
        lambda x: losses.perceptron_loss(x, jnp.where(jnp.arange(x.size).reshape(x.shape) % 2, 1, -1)),
        ANY,
    ),
    "multiclass_hinge_loss": (lambda x: losses.multiclass_hinge_loss(x, labels(x)), each(GENERIC)),
    "multiclass_perceptron_loss": (lambda x: losses.multiclass_perceptron_loss(x, labels(x)), each(GENERIC)),
    "sparsemax_loss": (lambda x: losses.sparsemax_loss(x, jnp.arange(x.shape[-1]) % 2), ANY),
    "multiclass_sparsemax_loss": (lambda x: losses.multiclass_sparsemax_loss(x, labels(x)), each(GENERIC)),
    "sigmoid_binary_cross_entropy": (losses.sigmoid_binary_cross_entropy, of((REAL, "m n"), (UNIT, "m n"))),
    "softmax_cross_entropy": (losses.softmax_cross_entropy, PROBABILITIES),
    "softmax_cross_entropy of ties": (lambda x: losses.softmax_cross_entropy(x, jnp.ones_like(x)), each(TIES)),
    "safe_softmax_cross_entropy": (losses.safe_softmax_cross_entropy, PROBABILITIES),
    "softmax_cross_entropy_with_integer_labels": (
        lambda x: losses.softmax_cross_entropy_with_integer_labels(x, labels(x)),
        ANY,
    ),
    "poly_loss_cross_entropy": (losses.poly_loss_cross_entropy, PROBABILITIES),
    "poly_loss_cross_entropy of epsilon -1": (
        lambda x, y: losses.poly_loss_cross_entropy(x, y, epsilon=-1.0),
        PROBABILITIES,
    ),
    "sigmoid_focal_loss": (losses.sigmoid_focal_loss, of((GENERIC, "m n"), (UNIT, "m n"))),
    "sigmoid_focal_loss with alpha": (
        lambda x, y: losses.sigmoid_focal_loss(x, y, alpha=0.3, gamma=1.5),
        of((GENERIC, "m n"), (UNIT, "m n")),
    ),
    "kl_divergence": (losses.kl_divergence, PROBABILITIES),
    "kl_divergence_with_log_targets": (losses.kl_divergence_with_log_targets, of((GENERIC, "m n"), (GENERIC, "m n"))),
    "convex_kl_divergence": (losses.convex_kl_divergence, PROBABILITIES),
    "generalized_kl_divergence": (losses.generalized_kl_divergence, PROBABILITIES),
    "smooth_labels": (lambda x: losses.smooth_labels(x, 0.1), ANY),
    "dice_loss": (losses.dice_loss, of((GENERIC, "m n 2"), (UNIT, "m n 2"))),
    "binary_dice_loss": (losses.binary_dice_loss, of((GENERIC, "m n"), (UNIT, "m n"))),
    "multiclass_generalized_dice_loss": (
        losses.multiclass_generalized_dice_loss,
        of((GENERIC, "m n 2"), (UNIT, "m n 2")),
    ),
    "ntxent": (lambda x: losses.ntxent(x, jnp.array([0, 1, 0, 1])), each(GENERIC, "4 n", least=2)),
    "triplet_margin_loss": (losses.triplet_margin_loss, of((GENERIC, "m n"), (GENERIC, "m n"), (GENERIC, "m n"))),
    "triplet_margin_loss of order 1": (
        lambda a, p, n: losses.triplet_margin_loss(a, p, n, norm_degree=1),
        of((GENERIC, "m n"), (GENERIC, "m n"), (GENERIC, "m n")),
    ),
    "ranking_softmax_loss": (losses.ranking_softmax_loss, of((GENERIC, "m n"), (UNIT, "m n"))),
    "ctc_loss": (
        lambda x: losses.ctc_loss(x, jnp.zeros((1, 4)), jnp.array([[1, 2]]), jnp.zeros((1, 2))),
        each(GENERIC, "1 4 3"),
    ),
    "multiclass_hinge_loss of ties": (lambda x: losses.multiclass_hinge_loss(x, labels(x)), each(TIES, least=2)),
    "triplet_margin_loss of equals": (lambda a: losses.triplet_margin_loss(a, a, 0.5 * a), each(GENERIC)),
    "squared_error without targets": (losses.squared_error, ANY),
    "softmax_cross_entropy of axis 0": (
        lambda x, y: losses.softmax_cross_entropy(x, y, axis=0),
        of((GENERIC, "m n"), (UNIT, "m n")),
    ),
    "ctc_loss, padded": (
        lambda x: losses.ctc_loss(x, jnp.array([[0.0, 0, 0, 1]]), jnp.array([[1, 1, 0]]), jnp.array([[0.0, 0, 1]])),
        each(GENERIC, "1 4 3"),
    ),
    "ranking_softmax_loss, masked": (
        lambda x, y: losses.ranking_softmax_loss(x, y, where=jnp.arange(x.shape[-1]) < 2),
        of((GENERIC, "m n"), (UNIT, "m n")),
    ),
    "kl_divergence at 0": (losses.kl_divergence, of((GENERIC, "m n"), (TIES, "m n"))),
    "fenchel_young of logsumexp": (
        lambda x, y: losses.make_fenchel_young_loss(lambda z: jnp.log(jnp.exp(z).sum(-1)))(x, y),
        of((OPEN, "n"), (UNIT, "n")),
    ),
}
TARGETS = targets(TABLE, pair, known={})
