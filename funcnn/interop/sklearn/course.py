"""The course of a training, an immutable value: it begins with a network, and goes on for some epochs."""

from __future__ import annotations

from typing import Any

import attrs
import numpy as np
from sklearn.model_selection import train_test_split

from funcnn.arrays import counted, short
from funcnn.core import is_layer, value_and_grad
from funcnn.errors import FuncnnError, KindError, RangeError, ShapeError
from funcnn.fields import check_function
from funcnn.inspection.checks import check_network
from funcnn.interop.sklearn.rows import HeldOut, Rows, dtype_of, of_prediction, outputs
from funcnn.interop.sklearn.settings import check_boundary, seed_of
from funcnn.interop.sklearn.tables import Encoded
from funcnn.layers.chain import mlp
from funcnn.logits import squashed_twice
from funcnn.losses.combinators import weighted
from funcnn.training.loop import TrainState, train
from funcnn.training.stopping import WithBest, early_stopping
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
    function: str, estimator: Any, course: Course, rows: Rows, epochs: int, *, stratify: bool = False
) -> Course:
    """The course after some more epochs; with patience, until the cost on the rows held out does not improve."""
    loss, labels = course.target.task(estimator.loss)
    if estimator.loss is not None and rows.weight is not None:
        check_function(function, "loss", estimator.loss, "a function (out, y, weight), as rows have weights", takes=3)
    if found := squashed_twice("the loss", loss, course.state.params):
        raise KindError(f"{function}: {found}")
    check_boundary(function, course.target, estimator.loss, course.state.params)
    held_out = None
    if estimator.validation_fraction is not None:
        rows, apart = _split(function, rows, estimator.validation_fraction, course.seed, stratify=stratify)
        held_out = HeldOut(apart, loss, labels, course.dtype)
    done = len(course.costs)
    data, per_epoch = rows.normalised().batches(
        labels, course.dtype, size=estimator.batch_size, seed=course.seed, epochs=range(done, done + epochs)
    )
    start = _start(course, estimator.optimizer, estimator.patience)
    run = train(start, data, value_and_grad(loss if rows.weight is None else weighted(loss)), estimator.lr)
    if held_out is not None and (patience := estimator.patience) is not None:
        run = early_stopping(run, held_out, patience=patience, better="lower", every=per_epoch, start=start)
    last, costs = start, []
    for last in run:
        costs.append(float(last.cost))
        if held_out is not None and last.step % per_epoch == 0:
            held_out(last)
    return attrs.evolve(
        course,
        layers=layers_of(estimator),
        optimizer=estimator.optimizer,
        loss=estimator.loss,
        state=last,
        costs=course.costs + tuple([float(np.mean(costs[i : i + per_epoch])) for i in range(0, len(costs), per_epoch)]),
        held_out=course.held_out + (held_out.since(start.step) if held_out is not None else ()),
    )


def _start(course: Course, optimizer: Any, patience: int | None) -> TrainState[Any]:
    """The state from which training goes on, with another optimizer if the setting has changed."""
    state = course.state if optimizer == course.optimizer else evolve(course.state, optimizer=_alone(optimizer))
    if patience is not None and isinstance(state, WithBest) and state.waited >= patience:
        return evolve(state, waited=0)  # the run had stopped; a further fit waits anew
    return state


def _split(function: str, rows: Rows, share: float, seed: int, *, stratify: bool) -> tuple[Rows, Rows]:
    """The rows to train on, and the rows held out."""
    index = np.arange(len(rows.codes))
    try:
        parts = train_test_split(index, test_size=share, stratify=rows.codes if stratify else None, random_state=seed)
    except ValueError as error:
        raise RangeError(f"{function}: validation_fraction must fit the rows; {error}") from None
    kept, apart = [rows.part(part) for part in parts]
    for part, use in ((kept, "to train on"), (apart, "held out for validation")):
        if part.weight is not None and not part.weight.any():
            remedy = "leave out rows of weight 0, or change validation_fraction"
            raise RangeError(f"{function}: sample_weight must be above 0 for some of the rows {use}; {remedy}")
    return kept, apart.normalised()
