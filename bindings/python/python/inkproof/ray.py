"""Embeds, verifies and identifies over a Ray Dataset, on one machine or on many.

>>> import inkproof.ray, ray
>>> cheques = ray.data.read_parquet("cheques")          # cheque, account, image
>>> left = inkproof.ray.left(cheques, "verdicts", key="cheque")
>>> verdicts = inkproof.ray.verify(left, references, writer="account", questioned="image")
>>> inkproof.ray.save(verdicts, "verdicts", key="cheque")

Each worker loads the model once and computes with one thread; Ray starts as many as there are cores and work, or `workers`. A row
that cannot be judged says why in the column ``error``, and the others go on. `save` writes whole Parquet files alone, each
under a name that its rows decide: a worker that is killed loses no row and doubles none, and `left` goes on after a stop.

Columns of images hold what Ray reads them as: paths, the bytes of files, or arrays.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

try:
    import pyarrow
    import pyarrow.compute
    import pyarrow.parquet
    import ray.data
except ImportError as error:
    raise ImportError("inkproof.ray works over Ray's data sets, which are not installed: pip install 'ray[data]'") from error

from ._inkproof import Signature
from ._verifier import References, SignatureLike, Verifier
from .errors import DataSetError, Error, FileMissingError, OptionError

__all__ = ["embed", "enrolled", "identify", "left", "save", "verify"]

_BUNDLED = "bundled"
# Rows that a worker is given at once: some 200 ms of work.
_ROWS = 64
_Batch = dict[str, "np.ndarray[Any, Any]"]


def embed(
    dataset: ray.data.Dataset,
    *,
    image: str = "image",
    model: str | os.PathLike[str] = _BUNDLED,
    workers: int | None = None,
) -> ray.data.Dataset:
    """Embeds the images of a column, which is left out of the result.

    Adds ``signature`` (bytes, None where the image cannot be used), ``model`` (the digest of the weights), ``flaws`` (what
    makes the image unfit to decide on, in words with ; between them) and ``error``.
    """
    return _on_workers(dataset, _Embed, {"model": _path(model), "image": image}, workers)


def verify(
    dataset: ray.data.Dataset,
    references: Mapping[Any, References | SignatureLike | Iterable[SignatureLike]],
    *,
    writer: str = "writer",
    questioned: str = "image",
    model: str | os.PathLike[str] = _BUNDLED,
    workers: int | None = None,
) -> ray.data.Dataset:
    """Judges the images of a column, each against the references of the writer in another one.

    `references` has those of each writer, embedded already (see `enrolled`) or as images. The column of images is left out of
    the result; ``decision``, ``score``, ``threshold``, ``log10_lr``, ``support``, ``flaws`` and ``error`` are added, as
    ``Verdict`` has them.
    """
    known = _Known(_path(model), references)
    return _on_workers(dataset, _Verify, {"known": ray.put(known), "writer": writer, "image": questioned}, workers)


def identify(
    dataset: ray.data.Dataset,
    references: Mapping[Any, References | SignatureLike | Iterable[SignatureLike]],
    *,
    questioned: str = "image",
    top: int = 5,
    model: str | os.PathLike[str] = _BUNDLED,
    workers: int | None = None,
) -> ray.data.Dataset:
    """Finds, for each image of a column, the `top` writers whose references score best.

    Every image is compared with every writer: of more than some ten thousand, give each run a part of them and take the best of
    all. Adds the lists ``writers`` and ``scores``, the best first, and ``error``; the column of images is left out.
    """
    if top < 1:
        raise OptionError(f"top must be at least 1, not {top}")
    known = _Known(_path(model), references)
    if not known.writers:
        raise OptionError("there is no writer to compare with")
    return _on_workers(dataset, _Identify, {"known": ray.put(known), "image": questioned, "top": top}, workers)


def enrolled(folder: str | os.PathLike[str], *, writer: str = "writer") -> dict[Any, References]:
    """The references of each writer from what `embed` made and `save` wrote; rows that could not be embedded are left out."""
    table = _parts(Path(folder))
    if table is None:
        raise FileMissingError(f"{folder}: holds no results of inkproof.ray.save")
    found: dict[Any, list[Signature]] = {}
    for row in table.select([writer, "signature", "model"]).to_pylist():
        if row["signature"] is not None:
            found.setdefault(row[writer], []).append(Signature.from_bytes(row["signature"], row["model"]))
    return {name: References(signatures) for name, signatures in found.items()}


def save(dataset: ray.data.Dataset, folder: str | os.PathLike[str], *, key: str) -> int:
    """Computes `dataset` and writes it as Parquet files into a folder that all workers share; how many rows it wrote.

    `key` is a column whose value no other row has. Files appear whole or not at all, and a file that is written again, since the
    worker that wrote it was killed before it could say so, takes the place of the first.
    """
    place = Path(folder).absolute()
    place.mkdir(parents=True, exist_ok=True)
    written = dataset.map_batches(_Write(str(place), key), batch_format="pyarrow", batch_size=None)
    rows: Any = written.sum("rows")
    return int(rows or 0)


def left(dataset: ray.data.Dataset, folder: str | os.PathLike[str], *, key: str) -> ray.data.Dataset:
    """The rows whose `key` is not among the results that `save` wrote into `folder`: what is left after a stop."""
    table = _parts(Path(folder), [key])
    if table is None:
        return dataset
    done = ray.put(pyarrow.compute.unique(table[key]))
    return dataset.map_batches(_Missing(done, key), batch_format="pyarrow")


def _on_workers(
    dataset: ray.data.Dataset, work: type, arguments: dict[str, Any], workers: int | None
) -> ray.data.Dataset:
    if workers is not None and workers < 1:
        raise OptionError(f"workers must be at least 1, not {workers}")
    compute = ray.data.ActorPoolStrategy(size=workers) if workers else ray.data.ActorPoolStrategy(min_size=1)
    return dataset.map_batches(
        work,
        fn_constructor_kwargs=arguments,
        batch_size=_ROWS,
        batch_format="numpy",
        compute=compute,
        num_cpus=1,
        # A core each: more threads than cores only wait for each other.
        runtime_env={"env_vars": {"RAYON_NUM_THREADS": "1"}},
    )


def _path(model: str | os.PathLike[str]) -> str:
    """Workers have another working directory."""
    return _BUNDLED if model == _BUNDLED else os.path.abspath(os.fspath(model))


class _Known:
    """References of writers, as they travel to workers: embedded once, where they were images."""

    def __init__(self, model: str, references: Mapping[Any, Any]) -> None:
        verifier = Verifier(model)
        self.model, self.digest = model, verifier.digest
        self.writers = {
            writer: [signature.to_bytes() for signature in verifier.references(images)]
            for writer, images in references.items()
        }

    def verifier(self) -> Verifier:
        verifier = Verifier(self.model)
        if verifier.digest != self.digest:
            raise DataSetError(f"{self.model}: is another model on this machine, of the weights {verifier.digest}")
        return verifier

    def of(self, writer: Any) -> References:
        if writer not in self.writers:
            raise DataSetError(f"there are no references of {writer!r}")
        return References(Signature.from_bytes(one, self.digest) for one in self.writers[writer])


class _Embed:
    def __init__(self, model: str, image: str) -> None:
        self._verifier, self._image = Verifier(model), image

    def __call__(self, batch: _Batch) -> _Batch:
        images = _taken(batch, self._image)
        rows = [self._row(image) for image in images]
        return _with(batch, rows, ["signature", "model", "flaws", "error"])

    def _row(self, image: Any) -> tuple[Any, ...]:
        digest = self._verifier.digest
        try:
            signature = self._verifier.embed(image)
        except (Error, TypeError) as error:
            return None, digest, None, str(error)
        return signature.to_bytes(), digest, "; ".join(signature.flaws), None


class _Verify:
    def __init__(self, known: Any, writer: str, image: str) -> None:
        self._known: _Known = ray.get(known)
        self._verifier, self._writer, self._image = self._known.verifier(), writer, image

    def __call__(self, batch: _Batch) -> _Batch:
        images = _taken(batch, self._image)
        if self._writer not in batch:
            raise OptionError(f"there is no column '{self._writer}'; there are {', '.join(sorted(batch))}")
        writers = batch[self._writer].tolist()
        rows = [self._row(writer, image) for writer, image in zip(writers, images)]
        return _with(batch, rows, ["decision", "score", "threshold", "log10_lr", "support", "flaws", "error"])

    def _row(self, writer: Any, image: Any) -> tuple[Any, ...]:
        try:
            verdict = self._verifier.verify(self._known.of(writer), image)
        except (Error, TypeError) as error:
            return None, None, None, None, None, None, str(error)
        flaws = "; ".join(f"{name}: {flaw}" for name, flaw in verdict.flaws)
        lr = verdict.log10_lr
        return verdict.decision, verdict.score, verdict.threshold, lr, verdict.support, flaws, None


class _Identify:
    def __init__(self, known: Any, image: str, top: int) -> None:
        found: _Known = ray.get(known)
        self._verifier, self._image, self._top = found.verifier(), image, top
        self._writers = list(found.writers)
        self._references = [found.of(writer) for writer in self._writers]

    def __call__(self, batch: _Batch) -> _Batch:
        rows = [self._row(image) for image in _taken(batch, self._image)]
        return _with(batch, rows, ["writers", "scores", "error"])

    def _row(self, image: Any) -> tuple[Any, ...]:
        try:
            signature = self._verifier.embed(image)
        except (Error, TypeError) as error:
            return None, None, str(error)
        scores = self._verifier.score_batch(self._references, [signature] * len(self._references))
        best = np.argsort(-scores, kind="stable")[: self._top].tolist()
        return [str(self._writers[at]) for at in best], [float(scores[at]) for at in best], None


class _Write:
    """Writes a block, under a name that its keys decide."""

    def __init__(self, folder: str, key: str) -> None:
        self._folder, self._key = Path(folder), key

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        if table.num_rows == 0:
            return pyarrow.table({"rows": pyarrow.array([], pyarrow.int64())})
        keys = hashlib.sha256(repr(table[self._key].to_pylist()).encode()).hexdigest()[:32]
        unfinished = self._folder / f".{uuid.uuid4().hex}.unfinished"
        pyarrow.parquet.write_table(table, unfinished)
        os.replace(unfinished, self._folder / f"part-{keys}.parquet")
        return pyarrow.table({"rows": [table.num_rows]})


class _Missing:
    def __init__(self, done: Any, key: str) -> None:
        self._done, self._key = done, key

    def __call__(self, table: pyarrow.Table) -> pyarrow.Table:
        done = ray.get(self._done)
        is_done = pyarrow.compute.is_in(table[self._key], value_set=done.cast(table[self._key].type))
        return table.filter(pyarrow.compute.invert(is_done))


def _parts(folder: Path, columns: list[str] | None = None) -> pyarrow.Table | None:
    """What `save` wrote; None where there is nothing."""
    files = sorted(folder.glob("part-*.parquet"))
    tables = [pyarrow.parquet.read_table(file, columns=columns) for file in files]
    return pyarrow.concat_tables(tables, promote_options="permissive") if tables else None


def _taken(batch: _Batch, column: str) -> list[Any]:
    """The images of a column, which is taken out."""
    if column not in batch:
        raise OptionError(f"there is no column '{column}'; there are {', '.join(sorted(batch))}")
    images = batch.pop(column)
    # A text of NumPy's own is no path to Python.
    return [image.item() if isinstance(image, np.generic) else image for image in images]


def _with(batch: _Batch, rows: list[tuple[Any, ...]], names: list[str]) -> _Batch:
    """The batch with a column for each place of the rows."""
    for place, name in enumerate(names):
        # One by one: of lists of one length NumPy would make a matrix.
        column = np.empty(len(rows), dtype=object)
        for at, row in enumerate(rows):
            column[at] = row[place]
        batch[name] = column
    return batch
