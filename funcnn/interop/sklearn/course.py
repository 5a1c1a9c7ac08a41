"""The course of a training, an immutable value: it begins with a network, and goes on for some epochs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import numpy as np
from sklearn.model_selection import train_test_split

from funcnn.arrays import counted, short
from funcnn.core import is_layer, value_and_grad
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.fields import check_function
from funcnn.inspection.checks import check_network
from funcnn.interop.sklearn.keeping import Done, Keeper, is_one_of_several, keeper, warn, warn_of_interruption
from funcnn.interop.sklearn.patience import Patience, patience_of
from funcnn.interop.sklearn.rows import HeldOut, Rows, dtype_of, of_prediction, outputs
from funcnn.interop.sklearn.settings import check_boundary, seed_of
from funcnn.interop.sklearn.tables import Encoded
from funcnn.layers.chain import mlp
from funcnn.logits import squashed_twice
from funcnn.losses.combinators import weighted
from funcnn.training.loop import TrainState, train
from funcnn.training.progress_bar import progress
from funcnn.training.stopping import WithBest
from funcnn.trees.edits import evolve


@attrs.frozen(eq=False)
class Course:
    """What has been trained, and all that is needed to go on."""

    target: Any  # the encoding of y
    dtype: Any  # of the network
    seed: int
    layers: Any  # the settings that made the network
    optimizer: Any  # the setting that the state began with
    state: TrainState[Any]
    encoder: Any = None  # of columns of categories
    costs: tuple[float, ...] = ()  # the mean cost of each epoch
    held_out: tuple[float, ...] = ()  # the cost on the rows held out, after each epoch
    loss: Any = None  # the setting of the last fit

    @property
    def network(self) -> Any:
        """The best network, if scores of held-out rows were compared, and otherwise the last."""
        best = self.state.best_or_none if isinstance(self.state, WithBest) else None
        return (best or self.state).params


def layers_of(estimator: Any) -> Any:
    """The settings that make the network."""
    return estimator.network, tuple(estimator.sizes), estimator.hidden, estimator.categories


def _alone(setting: Any) -> Any:
    """The layer or the optimizer of a tuple that holds no other, as the defaults do."""
    return setting[0] if type(setting) is tuple and len(setting) == 1 else setting


def begun(function: str, estimator: Any, target: Any, X: Any) -> Course:
    """The course of a new network, before its first epoch."""
    n_in, n_out, seed = X.shape[1], target.widths[0], seed_of(function, estimator.random_state)
    network, encoder, front = estimator.network, None, ()
    if isinstance(X, Encoded):
        front, n_in = X.embeddings(seed)
        encoder = X.encoder
    if network is None:
        sizes = [n_in, *estimator.sizes, n_out]
        network = (*front, *mlp(sizes, hidden=_alone(estimator.hidden), seed=seed, dtype=X.dtype))
    elif type(network) is not tuple and not is_layer(network):
        network = network(n_in, n_out, seed)
        check_network(function, "network(n_in, n_out, seed)", network)
        network = (*front, network) if front else network
    dtype = dtype_of(network, X.dtype)
    try:
        out = outputs(network, X[:1], dtype)
    except FuncnnError as error:
        raise ShapeError(f"{function}: network must take rows of {counted(n_in, 'feature')}; {error}") from error
    shape = of_prediction(out).shape
    if shape not in [(1, n) for n in target.widths]:
        needed = "1 output" if target.widths == (1,) else f"{' or '.join(map(str, target.widths))} outputs"
        given = short(out) if type(out) is tuple else shape
        raise ShapeError(f"{function}: network must give {needed} for each row; for one row it gives {given}")
    state = TrainState(network, _alone(estimator.optimizer))
    return Course(target.for_outputs(shape[1]), dtype, seed, layers_of(estimator), estimator.optimizer, state, encoder)


def continued(
    function: str,
    estimator: Any,
    course: Course,
    rows: Rows,
    epochs: int,
    *,
    apart: Rows | None = None,
    scored: Any = None,
    stratify: bool = False,
) -> Course:
    """The course after some more epochs; with patience, until the scores or the training cost do not improve.

    `apart` are the rows held out, if they are not to be split off. `scored` is a score of a state, X, y and weights.
    """
    loss, labels = course.target.task(estimator.loss)
    if estimator.loss is not None and rows.weight is not None:
        check_function(function, "loss", estimator.loss, "a function (out, y, weight), as rows have weights", takes=3)
    if found := squashed_twice("the loss", loss, course.state.params):
        raise KindError(f"{function}: {found}")
    check_boundary(function, course.target, estimator.loss, course.state.params)
    if estimator.validation_fraction is not None:
        rows, apart = _split(function, rows, estimator.validation_fraction, course.seed, stratify=stratify)
    held_out = None if apart is None else HeldOut(apart, loss, labels, course.dtype, scored)
    start, before = _start(course, estimator.optimizer, estimator.patience), len(course.costs)
    parts = [(part.X, part.codes, part.weight) for part in (rows, apart) if part is not None]
    shown = apart.given if apart and scored else None
    keep = keeper(function, estimator, start, shown, course.target, course.dtype, course.seed, before, epochs, parts)
    done = keep.found(start)
    patience = patience_of(function, estimator, done, held_out)
    if len(done[1]) < epochs and not (patience and patience.is_over):
        data, per_epoch = rows.normalised().batches(
            labels,
            course.dtype,
            size=estimator.batch_size,
            seed=course.seed,
            epochs=range(before + len(done[1]), before + epochs),
        )
        run = train(done[0], data, value_and_grad(loss if rows.weight is None else weighted(loss)), estimator.lr)
        if estimator.verbose:
            run = progress(run, start.step + epochs * per_epoch, lr=estimator.lr)
        done = _followed(function, run, done, per_epoch, epochs, held_out, patience, keep)
    state, costs, scores = done
    if patience and scores and np.isnan(scores).all():
        warn(f"{function}: the last network is kept, since all scores of the rows held out are NaN")
    return attrs.evolve(
        course,
        layers=layers_of(estimator),
        optimizer=estimator.optimizer,
        loss=estimator.loss,
        state=state,
        costs=course.costs + costs,
        held_out=course.held_out + scores,
    )


def _followed(
    function: str,
    run: Iterable[TrainState[Any]],
    done: Done,
    per_epoch: int,
    epochs: int,
    held_out: HeldOut | None,
    patience: Patience | None,
    keep: Keeper,
) -> Done:
    """What is done at the end of a run, or after the last whole epoch before Ctrl-C."""
    steps: list[float] = []
    try:
        for now in run:
            steps.append(float(now.cost))
            if len(steps) < per_epoch:
                continue
            cost, steps = float(np.mean(steps)), []
            state = patience.after(now, cost) if patience else now
            done = state, (*done[1], cost), (*done[2], *([held_out(state)] if held_out else []))
            if patience and patience.is_over:
                break
            if keep.is_due:
                keep.save(done)
        keep.save(done)
    except KeyboardInterrupt:
        keep.save(done)
        if not done[1] or is_one_of_several():
            raise
        warn_of_interruption(function, len(done[1]), epochs)
    return done


def _start(course: Course, optimizer: Any, patience: int | None) -> TrainState[Any]:
    """The state from which training goes on, with another optimizer if the setting has changed."""
    state = course.state if optimizer == course.optimizer else evolve(course.state, optimizer=_alone(optimizer))
    if patience is not None and isinstance(state, WithBest) and state.waited >= patience:
        return evolve(state, waited=0)  # the run had stopped; a further fit waits anew
    return state


def _split(function: str, rows: Rows, share: float, seed: int, *, stratify: bool) -> tuple[Rows, Rows]:
    """The rows to train on, and the rows held out."""
    index = np.arange(len(rows.codes))
    classes = rows.codes if stratify else None
    try:
        parts = train_test_split(index, *rows.given, test_size=share, stratify=classes, random_state=seed)
    except ValueError as error:
        raise RangeError(f"{function}: validation_fraction must fit the rows; {error}") from None
    kept, apart = rows.part(parts[0]), rows.part(parts[1], tuple(parts[3::2]))
    for part, use in ((kept, "to train on"), (apart, "held out for validation")):
        if part.weight is not None and not part.weight.any():
            remedy = "leave out rows of weight 0, or change validation_fraction"
            raise RangeError(f"{function}: sample_weight must be above 0 for some of the rows {use}; {remedy}")
    return kept, apart.normalised()
