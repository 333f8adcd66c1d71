"""Verifies handwritten signatures from images: is this questioned signature by the writer of these references?

>>> import inkproof
>>> verifier = inkproof.Verifier.bundled()
>>> references = verifier.references(["ref1.png", "ref2.png"])
>>> verdict = verifier.verify(references, "questioned.png")
>>> verdict.decision, verdict.score, verdict.log10_lr

``Verifier`` judges signatures, and ``find`` finds them on pages. ``Siamese`` is the notebook's network in Keras' manner. ``evaluate`` says how good a model is,
and ``leakage`` what would make that figure worthless.
"""

from __future__ import annotations

from . import errors
from ._data import Pairs, evaluate, leakage, load_images, load_pairs, synthesize
from ._inkproof import Signature, Verdict, __version__
from ._pages import FoundSignature, Page, find
from ._siamese import History, Siamese, load_model
from ._verifier import References, Verifier
from .errors import *  # noqa: F403

__all__ = [
    "FoundSignature",
    "History",
    "Page",
    "Pairs",
    "References",
    "Siamese",
    "Signature",
    "Verdict",
    "Verifier",
    "__version__",
    "errors",
    "evaluate",
    "find",
    "leakage",
    "load_images",
    "load_model",
    "load_pairs",
    "synthesize",
    *errors.__all__,
]
