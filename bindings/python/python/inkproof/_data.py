"""Folders of signatures: pairs and pictures to train on, honest figures, and what would make them worthless."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import _images, _inkproof
from ._images import ImageLike
from ._progress import Reporter
from ._verifier import Verifier
from .errors import OptionError

if TYPE_CHECKING:
    from ._siamese import Siamese

_LARGEST_SEED = 2**64 - 1


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of signatures with their labels, as a siamese network is trained on them.

    ``x, y = pairs`` gives what Keras wants: the list of both arrays, and the labels.
    """

    #: The first picture of each pair, array (n, 224, 224, 1) of float32 in 0..1.
    a: npt.NDArray[np.float32]
    #: The second ones.
    b: npt.NDArray[np.float32]
    #: Labels, array (n,) of float32: 1 where both are genuine signatures of one writer, 0 where the second is a forgery.
    y: npt.NDArray[np.float32]
    #: The files of each pair.
    paths: list[tuple[Path, Path]]
    #: How the pictures were made: ``raw`` or ``ink``.
    preprocess: str
    #: Where they came from, which a model that is trained on them remembers.
    origin: _inkproof.Origin = field(repr=False)

    @property
    def x(self) -> list[npt.NDArray[np.float32]]:
        """Both arrays."""
        return [self.a, self.b]

    def __len__(self) -> int:
        return len(self.y)

    def __iter__(self) -> Any:
        return iter((self.x, self.y))

    def __repr__(self) -> str:
        genuine = int(self.y.sum())
        return f"<inkproof.Pairs: {genuine} genuine and {len(self) - genuine} forged, {self.preprocess}>"


def load_pairs(
    data: str | os.PathLike[str],
    *,
    part: str = "train",
    preprocess: str = "raw",
    negatives: str = "skilled",
    seed: int = 0,
    layout: str | None = None,
    skip_bad: bool = False,
    progress: bool = False,
) -> Pairs:
    """The notebook's pairs of a folder of signatures: each genuine image with another one of the writer's, drawn by `seed`
    (label 1), and the i-th genuine image with the i-th forgery (label 0).

    `data` is a folder in any layout that docs/data.md names. `part` is ``train`` or ``test`` of a folder that has both, or
    ``all``. `preprocess` is ``raw``, the notebook's (the whole picture, resized), or ``ink``, the shape of the strokes alone.
    `negatives` is ``skilled``, ``random`` (other writers' genuine signatures) or ``both``. With `skip_bad` what cannot be
    read is left out with a warning.
    """
    with Reporter(progress) as report:
        folder = _folder(data, layout, skip_bad)
        a, b, y, paths, origin = _inkproof.pairs(folder, part, preprocess, negatives, _seed(seed), report)
    return Pairs(a, b, y, list(zip(*paths)), preprocess, origin)


def load_images(images: ImageLike | Iterable[ImageLike], *, preprocess: str = "raw") -> npt.NDArray[np.float32]:
    """Images as a siamese network sees them: array (n, 224, 224, 1) of float32 in 0..1.

    After ``raw`` 1 is white; after ``ink`` 0 is paper and 1 is ink.
    """
    many = list(images) if _images.is_many(images) else [images]
    names = [f"image {at + 1}" if len(many) > 1 else "image" for at in range(len(many))]
    return _inkproof.pictures([(name, _images.source(image, name)) for name, image in zip(names, many)], preprocess)


def evaluate(
    data: str | os.PathLike[str],
    model: str | os.PathLike[str] | Verifier | Siamese = "bundled",
    *,
    references: int | Iterable[int] = 1,
    part: str | None = None,
    folds: int | None = None,
    repeats: int = 10,
    seed: int = 0,
    protocol: str = "verification",
    report: str | os.PathLike[str] | None = None,
    layout: str | None = None,
    skip_bad: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """How well a model tells genuine signatures from forgeries, as one plain dict.

    `model` is a model file, ``bundled``, a baseline (``hog``, ``shortcuts``), a :class:`Verifier` or a :class:`Siamese`. For
    each writer and each of `repeats` draws so many genuine signatures are the `references`; several numbers give several
    runs. Skilled and random forgeries are measured apart, at one threshold for all writers; intervals are of 95 % and
    resample writers. See docs/evaluation.md.

    ``pandas.DataFrame(result["table"])`` is the table: a row for each number of references and kind of forgeries, with
    ``eer``, ``eer_low``, ``eer_high`` and so on, rates in 0..1. ``result["runs"]`` has everything that
    ``inkproof evaluate --json`` prints. ``result["training_images_in_test"]`` above 0 says that this was no fair test.

    With ``protocol="notebook"`` the result is the notebook's: ``loss`` and ``accuracy`` over the pairs, at 0.5.
    `report` names an HTML file to write.
    """
    judged, folder = _model(model), _folder(data, layout, skip_bad)
    if protocol == "notebook":
        if folds is not None or report is not None:
            raise OptionError("folds and report go with the verification protocol; the notebook's has pairs only")
        with Reporter(progress) as shown:
            return _inkproof.notebook(folder, judged, part or "test", _seed(seed), shown)
    if protocol != "verification":
        raise OptionError(f"unknown protocol '{protocol}'; expected verification or notebook")
    numbers = [references] if isinstance(references, int) else list(references)
    page = None if report is None else os.fspath(report)
    counts = [_count(number, "references") for number in numbers]
    folds = None if folds is None else _count(folds, "folds")
    with Reporter(progress) as shown:
        result = _inkproof.evaluate(
            folder, judged, counts, part, folds, _count(repeats, "repeats"), _seed(seed), page, shown
        )
    result["table"] = [_row(run, kind) for run in result["runs"] for kind in ("skilled", "random") if run[kind]]
    return result


def leakage(
    data: str | os.PathLike[str],
    *,
    model: str | os.PathLike[str] | Verifier | Siamese | None = None,
    seed: int = 0,
    report: str | os.PathLike[str] | None = None,
    layout: str | None = None,
    skip_bad: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """What would make a result on a folder of signatures worthless, as one plain dict: copies, writers and forgers in both
    parts, and what tone, paper or the scanner alone would score.

    ``leaks_as_stored`` and ``leaks_with_ink`` say whether something leaks before and after ``ink`` preprocessing (that of
    `model`, where one is given), ``verdict`` says it in a sentence, and ``findings`` are the gravest first.
    """
    page = None if report is None else os.fspath(report)
    judged = None if model is None else _model(model)
    with Reporter(progress) as shown:
        return _inkproof.leakage(_folder(data, layout, skip_bad), judged, _seed(seed), page, shown)


def synthesize(
    out: str | os.PathLike[str],
    *,
    writers: int = 10,
    genuine: int = 8,
    forgeries: int = 8,
    seed: int = 0,
    style: str | None = None,
    progress: bool = False,
) -> Path:
    """Makes a folder of signatures of writers who do not exist, in the notebook's layout, and gives its path.

    `style` is ``latin``, ``monogram``, ``flowing``, ``headline``, ``blocks`` or ``print``; without one they are mixed. The
    same `seed` makes the same pictures, and a folder that these options have made already stays as it is.
    """
    writers, genuine = _count(writers, "writers"), _count(genuine, "genuine")
    forgeries = _count(forgeries, "forgeries", least=0)
    with Reporter(progress) as report:
        _inkproof.synthesize(os.fspath(out), writers, genuine, forgeries, _seed(seed), style, report)
    return Path(out)


def _row(run: dict[str, Any], kind: str) -> dict[str, Any]:
    """One row of figures, each with both ends of its interval."""
    rates = run[kind]
    row = {"references": run["references"], "forgeries": kind, "writers": run["writers"]}
    named = {"eer": "eer", "auc": "auc", "far": "far_at_threshold", "frr": "frr_at_threshold", "cllr": "cllr"}
    for name, key in named.items():
        low, high = rates[f"{key}_ci95"] or (None, None)
        row |= {name: rates[key], f"{name}_low": low, f"{name}_high": high}
    counts = rates["comparisons"]
    return row | {"threshold": run["threshold"], "genuine": counts["genuine"], "forged": counts["forgery"]}


def _model(model: str | os.PathLike[str] | Verifier | Siamese) -> Any:
    """What the compiled half takes for a model."""
    from ._siamese import Siamese

    if isinstance(model, Siamese):
        return model._network
    if isinstance(model, Verifier):
        return model._model
    return os.fspath(model)


def _folder(data: str | os.PathLike[str], layout: str | None, skip_bad: bool) -> dict[str, Any]:
    return {"path": os.fspath(data), "layout": layout, "skip_bad": bool(skip_bad)}


def _seed(seed: int) -> int:
    if not 0 <= seed <= _LARGEST_SEED:
        raise OptionError(f"seed must be in 0..{_LARGEST_SEED}, not {seed}")
    return seed


def _count(value: int, name: str, least: int = 1) -> int:
    if not least <= value <= 1_000_000:
        raise OptionError(f"{name} must be in {least}..1000000, not {value}")
    return value
