"""Fits a recipe's model: seeded, watched, resumable, with the best epoch's weights in the end."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgeproof.train.checkpoint import Checkpoint
from edgeproof.train.history import EpochFigures
from edgeproof.train.parts import TrainSet, ValidationSet
from edgeproof.train.precision import computing_in
from edgeproof.train.quiet_keras import Backend, import_keras
from edgeproof.train.recipe import Recipe, Schedule
from edgeproof.train.start import Start, take_weights
from edgeproof.train.workers import Workers, check_same_start, join, part

if TYPE_CHECKING:
    import keras

# of the running average, that a training has to be long: in a shorter one the average lags behind
# the statistics of batch normalisation (CIFAR-10, 36 steps: 23 % in training, 10 % in validation)
_FEWEST_WINDOWS = 5


class Keeper(Protocol):
    """Where checkpoints go and come from."""

    def latest(self) -> Checkpoint | None: ...
    def keep(self, checkpoint: Checkpoint) -> None: ...


@dataclass(frozen=True)
class Fitted:
    """A trained model with the weights of `best_epoch` (counted from 1).

    `interrupted`: Ctrl-C or SIGTERM ended the training, and `history` ends early.
    """

    model: "keras.Model"
    history: tuple[EpochFigures, ...]
    best_epoch: int
    interrupted: bool = False


def fit(
    recipe: Recipe,
    labels: int,
    train: TrainSet,
    validation: ValidationSet,
    *,
    seed: int,
    keeper: Keeper | None = None,
    backend: Backend = "tensorflow",
    start: Start | None = None,
    workers: Workers | None = None,
    mixed_precision: bool = False,
) -> Fitted:
    """Train the recipe's model. The same seed gives the same weights on the same machine, also
    when the training is killed and goes on from the keeper's latest checkpoint.

    With `workers` (on JAX) this is one of several processes that call it alike and get the same
    weights; only rank 0 keeps checkpoints, and all have to see them.

    With `mixed_precision` it computes in bfloat16; the model that comes out computes in float32.

    Raises:
        TrainError: the loss is no longer a number, or `start` has weights of another model.
        KeyboardInterrupt: before the first epoch's end; later it gives what there is.
    """
    keras = import_keras(backend)
    from edgeproof.train.batches import AugmentedBatches, PlainBatches
    from edgeproof.train.epoch_report import EpochReport, Notes
    from edgeproof.train.watch import (
        AverageInValidation,
        BestWeights,
        Checkpoints,
        KeepFreedBuffers,
        NanGuard,
        StopWhenAsked,
        restore,
    )

    keras.utils.set_random_seed(seed)
    if workers is not None:
        join(workers)
    with computing_in(mixed_precision):
        model = recipe.model(recipe.contract, labels)
    if start is not None:
        take_weights(model, start)
    schedule = recipe.schedule
    before = keeper.latest() if keeper is not None else None
    done = before.epochs if before is not None else 0
    leads = workers is None or workers.rank == 0
    if workers is not None:
        check_same_start(done)
    batches = AugmentedBatches(
        train,
        labels,
        recipe.augmentation,
        schedule.batch_size,
        seed,
        balance=schedule.balance,
        workers=workers,
    )
    # on the logits: the softmax's rounding would be in every gradient otherwise
    fitted = keras.Model(model.input, model.get_layer("logits").output)
    fitted.compile(
        optimizer=_optimizer(schedule, len(batches)),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=schedule.label_smoothing
        ),
        metrics=["accuracy"],
        # XLA under TensorFlow on a CPU: 124 images/s where TensorFlow's kernels reach 473
        jit_compile=False if backend == "tensorflow" else "auto",
    )
    # before the first step, which TensorFlow would otherwise trace twice: a second on two cores
    fitted.optimizer.build(fitted.trainable_variables)
    average = AverageInValidation()
    best = BestWeights(average, schedule.patience)
    if before is not None:
        restore(fitted, before)
        best.best = before.best
    notes = Notes(before.history if before else ())
    report = EpochReport(schedule.epochs, len(batches), notes)
    callbacks = [
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.begin(epoch)),
        NanGuard(),
        *([KeepFreedBuffers()] if backend == "tensorflow" else []),
        average,
        # before the best: Ctrl-C between the two leaves no best epoch that the history lacks
        notes,
        best,
        # before the report: what it says of an epoch is then true after a kill as well
        *([Checkpoints(keeper.keep, best, notes)] if keeper is not None and leads else []),
        *([report] if leads else []),
        StopWhenAsked(together=workers is not None),
    ]
    interrupted = False
    try:
        if not _is_over(schedule, done, best.best.epoch):
            fitted.fit(
                batches,
                initial_epoch=done,
                epochs=schedule.epochs,
                # or Keras would shuffle our batches once more, by a state that no checkpoint has
                shuffle=False,
                validation_data=PlainBatches(validation, labels, workers),
                callbacks=callbacks,
                verbose=0,
            )
    except KeyboardInterrupt:
        if not best.best.epoch:
            raise
        interrupted = True
    finally:
        report.close()
    if workers is not None:
        part()
    if workers is not None or mixed_precision:
        model = recipe.model(recipe.contract, labels)
    # those of `fitted`, whose layers the model's last, the softmax, adds no weight to
    model.set_weights(best.best.weights)
    return Fitted(model, tuple(notes.history), best.best.epoch, interrupted)


def _is_over(schedule: Schedule, done: int, best_epoch: int) -> bool:
    """Whether a training that was killed after its last epoch has only its run to write."""
    if schedule.patience is not None and done - best_epoch >= schedule.patience:
        return True
    return done >= schedule.epochs


def _optimizer(schedule: Schedule, steps_per_epoch: int) -> "keras.optimizers.Optimizer":
    import keras

    steps = schedule.epochs * steps_per_epoch
    # a fifth at most: of one epoch, a warm-up of two would leave nothing to learn at
    warmup = min(round(schedule.warmup_epochs * steps_per_epoch), steps // 5)
    average = schedule.average
    if average is not None and steps < _FEWEST_WINDOWS / (1 - average):
        average = None
    return keras.optimizers.AdamW(
        learning_rate=keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0,
            warmup_target=schedule.learning_rate,
            warmup_steps=warmup,
            decay_steps=max(1, steps - warmup),
        ),
        weight_decay=schedule.weight_decay,
        use_ema=average is not None,
        ema_momentum=average or 0.0,
    )
