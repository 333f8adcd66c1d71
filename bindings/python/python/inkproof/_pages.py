"""Pages: where their signatures are, and which of them are signed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _images, _inkproof
from ._images import ImageLike


@dataclass(frozen=True)
class FoundSignature:
    """A signature that was found on a page."""

    x: int
    """Pixels of the page left of it."""
    y: int
    """And above it."""
    width: int
    """Its columns."""
    height: int
    """And rows."""
    confidence: float
    """How sure it is that this is one, 0 to 1."""
    image: npt.NDArray[np.uint8] = field(repr=False, compare=False)
    """It with a border, cut of the page: an array that ``Verifier.verify`` takes as a questioned signature. Print is taken out, and
    strokes that the box leaves out are in it."""


@dataclass(frozen=True)
class Page:
    """A page, and what it has of signatures."""

    number: int
    """Its number in the file, from 1."""
    count: int
    """How many pages the file has."""
    width: int
    """Its columns, as it was read."""
    height: int
    """And rows."""
    signed: str
    """``yes``, ``no``, or ``look``: a person should."""
    confidence: float
    """That of its surest signature, 0 to 1; 0 where nothing looks like one."""
    signatures: tuple[FoundSignature, ...]
    """The surest first."""


def find(image: ImageLike, page: int | None = None) -> list[Page]:
    """The handwritten signatures on the pages of a letter, a form, a cheque: of page ``page``, or of all.

    An image is what :class:`Verifier` takes; a path or bytes may be of a TIFF or a PDF with several pages. Printed names,
    stamps, logos, initials and notes are no signatures.

    >>> [page] = inkproof.find("letter.png")
    >>> verdicts = [verifier.verify(references, found.image) for found in page.signatures]
    """
    _images.require_page(page)
    return [_page(*told) for told in _inkproof.find(_images.source(image, "image"), "image", page)]


def _page(number: int, count: int, width: int, height: int, signed: str, confidence: float, found: list[Any]) -> Page:
    signatures = tuple(FoundSignature(*signature) for signature in found)
    return Page(number, count, width, height, signed, confidence, signatures)
