"""A siamese network in Keras' manner."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import _inkproof
from ._data import _LARGEST_SEED, Pairs, _count
from ._progress import bar
from .errors import OptionError

#: Pictures of a network: array (n, 224, 224) or (n, 224, 224, 1), floats in 0..1 or uint8.
PicturesLike: TypeAlias = Any

SIDE = 224


class History:
    """What a training found: ``history.history`` has the figures of each epoch, as in Keras."""

    def __init__(self, params: dict[str, Any]) -> None:
        #: Lists of one number for each epoch: ``loss``, ``accuracy``, and with validation data ``val_loss``, ``val_accuracy``.
        self.history: dict[str, list[float]] = {}
        #: The numbers of the epochs, from 0.
        self.epoch: list[int] = []
        #: Of the call.
        self.params = params

    def _add(self, epoch: int, figures: dict[str, float]) -> None:
        self.epoch.append(epoch)
        for name, value in figures.items():
            self.history.setdefault(name, []).append(value)

    def __repr__(self) -> str:
        last = ", ".join(f"{name} {values[-1]:.4f}" for name, values in self.history.items())
        return f"<inkproof.History: {len(self.epoch)} epoch(s){': ' + last if last else ''}>"


class Siamese:
    """The notebook's siamese network: one backbone sees two pictures, and what it makes of them is compared.

    picture (224, 224, 1) -> backbone -> dense 256, ReLU -> unit length; the absolute difference of two such vectors ->
    dense 1 -> sigmoid: the probability that both are by one writer. It is trained with Adam on binary cross-entropy, and its
    formulas, constants and first weights are Keras'.

    >>> model = inkproof.Siamese(backbone="simple-cnn")
    >>> history = model.fit(inkproof.load_pairs("signatures"), epochs=10)
    >>> model.save("model.safetensors")
    """

    def __init__(
        self,
        backbone: str = "simple-cnn",
        *,
        preprocess: str = "raw",
        learning_rate: float = 1e-3,
        seed: int = 0,
    ) -> None:
        """A network that has learned nothing.

        `backbone` is ``simple-cnn`` or ``efficientnet-b0``. `preprocess` says how its pictures are made, ``raw`` or ``ink``
        (see ``load_images``), and goes into the model file. `seed` decides the first weights and the order of pairs.
        """
        if not 0 <= seed <= _LARGEST_SEED:
            raise OptionError(f"seed must be in 0..{_LARGEST_SEED}, not {seed}")
        self._network = _inkproof.Network(backbone, preprocess, learning_rate, seed)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Siamese:
        """A model file; training goes on from its weights, with an optimiser that begins anew."""
        model = cls.__new__(cls)
        model._network = _inkproof.Network.load(os.fspath(path))
        return model

    def compile(
        self,
        optimizer: str = "adam",
        loss: str = "binary_crossentropy",
        metrics: Sequence[str] = ("accuracy",),
        *,
        learning_rate: float | None = None,
    ) -> None:
        """For cells that call it: the optimiser is Adam, the loss binary cross-entropy, the metric accuracy, and nothing else
        is there. `learning_rate` is Adam's from now on.
        """
        given = {"optimizer": [optimizer], "loss": [loss], "metrics": list(metrics)}
        known = {"optimizer": ["adam"], "loss": ["binary_crossentropy"], "metrics": ["accuracy"]}
        for name, values in given.items():
            for value in values:
                if not isinstance(value, str) or value.lower() not in known[name]:
                    raise OptionError(f"{name}: {value!r} is not there; expected {known[name][0]!r}")
        if learning_rate is not None:
            self._network.set_learning_rate(learning_rate)

    def fit(
        self,
        x: Pairs | Sequence[PicturesLike],
        y: npt.ArrayLike | None = None,
        *,
        epochs: int = 1,
        batch_size: int = 32,
        validation_data: Pairs | tuple[Sequence[PicturesLike], npt.ArrayLike] | None = None,
        validation_split: float = 0.0,
        shuffle: bool = True,
        verbose: int | str = "auto",
    ) -> History:
        """Trains on pairs: ``fit([a, b], y)`` with arrays, or ``fit(pairs)`` with what ``load_pairs`` gives.

        Pictures are arrays (n, 224, 224) or (n, 224, 224, 1): float32 in 0..1 without gaps is used as it is, without a copy;
        do not change it meanwhile. `y` is 1 for one writer, 0 for a forgery. `verbose` is 0 for silence, 1 for a bar, 2 for a
        line each epoch. A further call goes on where the last one stopped.

        With ``pairs`` the model file remembers its training images, and ``evaluate`` says when a test meets them; of arrays
        it knows the number alone.
        """
        a, b, labels = _pairs(x, y)
        if not 0 <= validation_split < 1:
            raise OptionError(f"validation_split must be in 0..1, not {validation_split}")
        held_out = math.floor(len(labels) * validation_split)
        if validation_data is not None:
            held = _pairs(*_as_x_and_y(validation_data))
        elif held_out:
            kept = len(labels) - held_out
            held = a[kept:], b[kept:], labels[kept:]
            a, b, labels = a[:kept], b[:kept], labels[:kept]
        else:
            held = None
        batch_size, epochs = _count(batch_size, "batch_size"), _count(epochs, "epochs")
        self._remember(x, len(labels))
        steps = math.ceil(len(labels) / batch_size)
        history = History({"epochs": epochs, "steps": steps, "verbose": verbose})
        for epoch in range(epochs):
            begun = time.perf_counter()
            with _EpochBar(verbose, f"Epoch {epoch + 1}/{epochs}", steps) as shown:
                loss, accuracy = self._network.epoch(a, b, labels, batch_size, shuffle, shown.after)
                figures = {"loss": loss, "accuracy": accuracy}
                if held is not None:
                    loss, accuracy = self._measure(*held, batch_size)
                    figures |= {"val_loss": loss, "val_accuracy": accuracy}
                shown.finish(figures, time.perf_counter() - begun)
            history._add(epoch, figures)
        return history

    def evaluate(
        self,
        x: Pairs | Sequence[PicturesLike],
        y: npt.ArrayLike | None = None,
        *,
        batch_size: int = 32,
        return_dict: bool = False,
        verbose: int | str = "auto",
    ) -> list[float] | dict[str, float]:
        """Loss and accuracy at 0.5 over pairs, as ``[loss, accuracy]`` or as a dict. It is the notebook's measure, and says
        nothing of other people's signatures: ``inkproof.evaluate`` does.
        """
        a, b, labels = _pairs(x, y)
        loss, accuracy = self._measure(a, b, labels, _count(batch_size, "batch_size"), verbose)
        if verbose != 0:
            print(f"accuracy: {accuracy:.4f} - loss: {loss:.4f}")
        return {"loss": loss, "accuracy": accuracy} if return_dict else [loss, accuracy]

    def predict(
        self, x: Pairs | Sequence[PicturesLike], *, batch_size: int = 32, verbose: int | str = "auto"
    ) -> npt.NDArray[np.float32]:
        """The probability, 0..1, that both pictures of each pair are by one writer: array (n, 1) of float32."""
        a, b = _both(x.x if isinstance(x, Pairs) else x)
        found = self._probabilities(a, b, _count(batch_size, "batch_size"), verbose)
        return found.astype(np.float32)[:, None]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a model file, whole or not at all: ``Verifier.load``, ``Siamese.load`` and the program read it."""
        self._network.save(os.fspath(path))

    def summary(self, print_fn: Callable[[str], Any] = print) -> None:
        """Prints the layers and how many numbers each has."""
        print_fn(f'Siamese network "{self.backbone}", preprocessing "{self.preprocess}"')
        print_fn(_line("Layer", "Shape", "Param #"))
        for name, shape, _ in self._network.parameters():
            print_fn(_line(name, str(tuple(shape)), f"{math.prod(shape):,}"))
        total, trainable = self.count_params(), self._count_trainable()
        print_fn(f"Total params: {total:,}")
        print_fn(f"Trainable params: {trainable:,}")
        print_fn(f"Non-trainable params: {total - trainable:,}")

    def count_params(self) -> int:
        """How many numbers the network has."""
        return sum(math.prod(shape) for _, shape, _ in self._network.parameters())

    def get_weights(self) -> list[npt.NDArray[np.float32]]:
        """Copies of all tensors, in the order of ``summary``; convolutions are [out, in, height, width]."""
        shapes = [shape for _, shape, _ in self._network.parameters()]
        return [values.reshape(shape) for values, shape in zip(self._network.weights(), shapes)]

    @property
    def backbone(self) -> str:
        """``simple-cnn`` or ``efficientnet-b0``."""
        return self._network.backbone

    @property
    def preprocess(self) -> str:
        """How its pictures are made: ``raw`` or ``ink``."""
        return self._network.preprocess

    @property
    def digest(self) -> str:
        """The first 64 bits, in hexadecimal, of SHA-256 over the weights."""
        return self._network.digest

    @property
    def epochs(self) -> int:
        """Whole epochs that it was trained."""
        return self._network.epochs

    def __repr__(self) -> str:
        return f"<inkproof.Siamese {self.backbone}: {self.preprocess}, {self.epochs} epoch(s), {self.digest}>"

    def _remember(self, x: Any, pairs: int) -> None:
        if isinstance(x, Pairs):
            if x.preprocess != self.preprocess:
                raise OptionError(f"the network is for {self.preprocess} pictures, and these pairs are {x.preprocess}")
            self._network.remember(x.origin)
        else:
            self._network.remember(_inkproof.Origin.unknown(2 * pairs))

    def _count_trainable(self) -> int:
        return sum(math.prod(shape) for _, shape, trainable in self._network.parameters() if trainable)

    def _measure(
        self,
        a: npt.NDArray[np.float32],
        b: npt.NDArray[np.float32],
        labels: npt.NDArray[np.float32],
        batch_size: int,
        verbose: int | str = 0,
    ) -> tuple[float, float]:
        return _inkproof.measure(self._probabilities(a, b, batch_size, verbose), labels)

    def _probabilities(
        self, a: npt.NDArray[np.float32], b: npt.NDArray[np.float32], batch_size: int, verbose: int | str
    ) -> npt.NDArray[np.float64]:
        """In batches, between which Ctrl-C is heard."""
        found = [np.empty(0)]
        with bar(verbose in (1, "auto"), "pairs", len(a)) as shown:
            for begin in range(0, len(a), batch_size):
                batch = slice(begin, begin + batch_size)
                found.append(self._network.probabilities(a[batch], b[batch]))
                shown.update(len(found[-1]))
        return np.concatenate(found)


def load_model(path: str | os.PathLike[str]) -> Siamese:
    """``Siamese.load`` by the name that Keras has for it."""
    return Siamese.load(path)


class _EpochBar:
    """One epoch on the screen, by Keras' `verbose`: 0 nothing, 1 a bar, 2 a line."""

    def __init__(self, verbose: int | str, name: str, steps: int) -> None:
        if verbose not in (0, 1, 2, "auto"):
            raise OptionError(f"verbose must be 0, 1, 2 or 'auto', not {verbose!r}")
        self._name = name
        self._in_lines = verbose == 2
        self._bar = bar(verbose in (1, "auto"), name, steps)
        self._bar.leave = True

    def after(self, step: int, steps: int, loss: float, accuracy: float) -> None:
        self._bar.set_postfix(loss=f"{loss:.4f}", accuracy=f"{accuracy:.4f}", refresh=False)
        self._bar.update(step - self._bar.n)

    def finish(self, figures: dict[str, float], seconds: float) -> None:
        shown = {name: f"{value:.4f}" for name, value in figures.items()}
        self._bar.set_postfix(shown)
        if self._in_lines:
            print(" - ".join([self._name, f"{seconds:.0f}s", *(f"{name}: {value}" for name, value in shown.items())]))

    def __enter__(self) -> _EpochBar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()


def _line(layer: str, shape: str, count: str) -> str:
    return f"{layer:<40} {shape:>20} {count:>12}"


def _as_x_and_y(given: Any) -> tuple[Any, Any]:
    try:
        x, y = given
    except (TypeError, ValueError) as error:
        raise TypeError("validation_data: expected Pairs or ([a, b], y)") from error
    return x, y


def _pairs(x: Any, y: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if isinstance(x, Pairs):
        if y is not None:
            raise OptionError("y: pairs bring their labels; leave it out")
        return x.a, x.b, x.y
    a, b = _both(x)
    if y is None:
        raise OptionError("y: give the labels, 1 for one writer and 0 for a forgery")
    labels = np.ascontiguousarray(y)
    if labels.dtype.kind not in "buif":
        raise OptionError(f"y: labels of {labels.dtype} are not numbers; give 1 for one writer and 0 for a forgery")
    labels = np.ascontiguousarray(labels.reshape(-1), dtype=np.float32)
    if not len(a) == len(b) == len(labels):
        raise OptionError(f"there are {len(a)} first pictures, {len(b)} second ones and {len(labels)} labels")
    return a, b, labels


def _both(x: Any) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        raise TypeError("x: expected Pairs or [a, b], the first and the second pictures")
    a, b = _pictures(x[0], "first"), _pictures(x[1], "second")
    if len(a) != len(b):
        raise OptionError(f"there are {len(a)} first pictures and {len(b)} second ones")
    return a, b


def _pictures(pictures: PicturesLike, name: str) -> npt.NDArray[np.float32]:
    """Array (n, 224, 224, 1) of float32 without gaps; the same array where it is that already."""
    array = np.asarray(pictures)
    if array.dtype.kind not in "buif":
        raise OptionError(f"the {name} pictures: an array of {array.dtype} is no picture; give float32 in 0..1")
    if array.ndim == 3:
        array = array[..., None]
    if array.shape[1:] != (SIDE, SIDE, 1):
        shape = np.shape(pictures)
        raise OptionError(f"the {name} pictures: expected shape (n, {SIDE}, {SIDE}, 1), not {shape}; see load_images")
    if array.dtype == np.uint8:
        array = array / np.float32(255)
    return np.ascontiguousarray(array, dtype=np.float32)
