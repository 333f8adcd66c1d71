"""The verifier: images in, verdicts out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias, overload

import numpy as np
import numpy.typing as npt

from . import _images, _inkproof
from ._images import ImageLike
from ._inkproof import Signature, Verdict
from ._progress import bar
from .errors import ModelError, OptionError

#: An image, or one that was embedded already.
SignatureLike: TypeAlias = "Signature | ImageLike"

# Images that are embedded, or signatures that are judged, between two looks at the keyboard.
_CHUNK = 64
_BUNDLED = "bundled"
# A number beyond which more references change nothing.
_MANY = 1_000


class References(Sequence[Signature]):
    """Signatures that are known to be one writer's, embedded and held in memory: a set of references without a store.

    ``Verifier.references`` makes it. It is a sequence of :class:`Signature` that never changes; ``+`` makes a larger one.
    """

    __slots__ = ("_signatures",)

    def __init__(self, signatures: Iterable[Signature]) -> None:
        self._signatures = tuple(signatures)
        for signature in self._signatures:
            if not isinstance(signature, Signature):
                raise TypeError(f"expected inkproof.Signature, not {type(signature).__name__}; see Verifier.references")

    @overload
    def __getitem__(self, index: int) -> Signature: ...
    @overload
    def __getitem__(self, index: slice) -> References: ...
    def __getitem__(self, index: int | slice) -> Signature | References:
        if isinstance(index, slice):
            return References(self._signatures[index])
        return self._signatures[index]

    def __len__(self) -> int:
        return len(self._signatures)

    def __iter__(self) -> Iterator[Signature]:
        return iter(self._signatures)

    def __add__(self, others: Iterable[Signature]) -> References:
        return References((*self, *others))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, References) and self._signatures == other._signatures

    def __hash__(self) -> int:
        return hash(self._signatures)

    def __repr__(self) -> str:
        return f"<inkproof.References: {len(self)} signature(s)>"


class Verifier:
    """A model, and what can be asked of it. It never changes and can be shared by threads, which really run at once.

    An image is a path, the bytes of a file, a file object, a Pillow image, or a NumPy array of shape (height, width) or
    (height, width, channels), 0 black: uint8, uint16, bool (True is white), or floats in 0..1 or 0..255. A path says most: a
    file knows its orientation, its density and its pages.

    It is pickled as the name of its model, not with its weights: another process loads the same file, and refuses one
    whose weights differ.

    >>> verifier = inkproof.Verifier.bundled()
    >>> verdict = verifier.verify(["ref1.png", "ref2.png"], "questioned.png")
    >>> print(verdict.decision, verdict.score)
    """

    __slots__ = ("_engine", "_model")

    def __init__(self, model: str | os.PathLike[str] = _BUNDLED) -> None:
        """Loads a model file, or by the name ``"bundled"`` the model that comes with the package."""
        self._model = _BUNDLED if model == _BUNDLED else os.path.abspath(os.fspath(model))
        self._engine = _inkproof.Engine.bundled() if model == _BUNDLED else _inkproof.Engine.load(os.fspath(model))

    @classmethod
    def bundled(cls) -> Verifier:
        """The model that comes with the package, whose weights were learned from synthetic signatures alone."""
        return cls()

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Verifier:
        """A model file, as ``Siamese.save`` and ``inkproof train`` write it."""
        return cls(path)

    @property
    def name(self) -> str:
        """The file's name without its ending, or ``bundled``."""
        return self._engine.name

    @property
    def digest(self) -> str:
        """The first 64 bits, in hexadecimal, of SHA-256 over the weights."""
        return self._engine.digest

    @property
    def backbone(self) -> str:
        """``inknet``, ``simple-cnn`` or ``efficientnet-b0``."""
        return self._engine.backbone

    @property
    def info(self) -> dict[str, Any]:
        """What the model file says of its weights: preprocessing, thresholds, calibration, what it was trained on."""
        return self._engine.info()

    def threshold(self, references: int = 1) -> float:
        """The score from which on a signature is accepted with so many references."""
        if references < 1:
            raise OptionError(f"references must be at least 1, not {references}")
        return self._engine.threshold(min(references, _MANY))

    def embed(self, image: ImageLike, *, page: int | None = None) -> Signature:
        """What the model sees of an image. `page` is the number, from 1, of the page of a file that has several."""
        _images.require_page(page)
        return self._engine.embed([("image", _images.source(image, "image"))], page)[0]

    def embed_batch(self, images: Iterable[ImageLike], *, progress: bool = False) -> list[Signature]:
        """What the model sees of each image, on all cores."""
        return self._embedded(images, "image", progress)

    def references(self, images: SignatureLike | Iterable[SignatureLike]) -> References:
        """A writer's known signatures, embedded and held in memory."""
        if isinstance(images, References):
            return images
        return References(self._embedded(images if _images.is_many(images) else [images], "reference"))

    def verify(
        self,
        references: References | SignatureLike | Iterable[SignatureLike],
        questioned: SignatureLike,
        *,
        threshold: float | None = None,
    ) -> Verdict:
        """Judges a questioned signature against references of a writer.

        The verdict is the model's own rule: undecided where an image is unfit or the evidence supports neither proposition.
        With a `threshold` it accepts from this score on and rejects below it.
        """
        known = self.references(references)
        asked = self._embedded([questioned], "questioned")[0]
        return self._engine.verify(list(known), asked, threshold)

    def score_batch(
        self,
        references: References | Iterable[References] | SignatureLike | Iterable[SignatureLike],
        questioned: Iterable[SignatureLike],
        *,
        progress: bool = False,
    ) -> npt.NDArray[np.float64]:
        """The scores of many questioned signatures, on all cores: array (n,) of float64, each as `verify` gives it.

        All are compared with the same references; or, where `references` is a list of :class:`References`, each with its own.
        """
        given = references if isinstance(references, References) or not _images.is_many(references) else list(references)
        own = _one_for_each(given)
        sets = own or [self.references(given)]
        asked = self._embedded(questioned, "questioned", progress)
        if own and len(sets) != len(asked):
            raise OptionError(f"{len(sets)} sets of references cannot be paired with {len(asked)} questioned signatures")
        scores = [np.empty(0)]
        with bar(progress, "scoring", len(asked)) as shown:
            for begin in range(0, len(asked), _CHUNK):
                chunk = asked[begin : begin + _CHUNK]
                against = sets[begin : begin + _CHUNK] if own else sets
                scores.append(self._engine.score_batch([list(one) for one in against], chunk))
                shown.update(len(chunk))
        return np.concatenate(scores)

    def _embedded(self, images: Iterable[SignatureLike], name: str, progress: bool = False) -> list[Signature]:
        """Embeds what is not embedded yet; a message calls the images `name`, with a number where there are several."""
        given = list(images)
        found: list[Signature | None] = [image if isinstance(image, Signature) else None for image in given]
        missing = [at for at, signature in enumerate(found) if signature is None]
        numbered = len(given) > 1
        with bar(progress, "embedding", len(missing)) as shown:
            for begin in range(0, len(missing), _CHUNK):
                chunk = missing[begin : begin + _CHUNK]
                called = [f"{name} {at + 1}" if numbered else name for at in chunk]
                sources = [(named, _images.source(given[at], named)) for named, at in zip(called, chunk)]
                for at, signature in zip(chunk, self._engine.embed(sources)):
                    found[at] = signature
                shown.update(len(chunk))
        return [signature for signature in found if signature is not None]

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        return _restored, (self._model, self.digest)

    def __copy__(self) -> Verifier:
        return self

    def __deepcopy__(self, memo: Any) -> Verifier:
        return self

    def __repr__(self) -> str:
        return f"<inkproof.Verifier {self.name}: {self.backbone}, {self.digest}>"


def _one_for_each(references: Any) -> list[References] | None:
    """The sets, where each questioned signature has its own."""
    if not isinstance(references, list) or not references:
        return None
    return references if all(isinstance(one, References) for one in references) else None


def _restored(model: str, digest: str) -> Verifier:
    """What a pickled verifier comes back as."""
    verifier = Verifier(model)
    if verifier.digest != digest:
        raise ModelError(f"{model}: its weights are {verifier.digest}, and the verifier was pickled with {digest}")
    return verifier
