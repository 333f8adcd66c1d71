"""Anything that shows a signature, made what the engine takes: a path, bytes, or an array of 8 or 16 bits without gaps."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable
from typing import Any, TypeAlias, TypeGuard

import numpy as np

from . import _inkproof
from .errors import ImageError, OptionError

#: What can be given as an image: a path, the bytes of a file, a file object, a Pillow image, or an array.
ImageLike: TypeAlias = Any
Source: TypeAlias = "str | bytes | np.ndarray[Any, Any]"

# Modes of Pillow whose arrays are pictures, and those that another mode with alpha holds whole.
_READ_AS_THEY_ARE = ("1", "L", "LA", "RGB", "RGBA", "I", "I;16", "I;16L", "I;16B", "I;16N", "F")
_WITH_ALPHA = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}
# The number beyond which a page does not exist.
_MOST_PAGES = 65_535
_EXPECTED = "a path, bytes, a file object, a Pillow image or a NumPy array"


def source(image: ImageLike, name: str) -> Source:
    """`image` as the engine takes it; `name` is what a message calls it."""
    if isinstance(image, (str, os.PathLike)):
        return os.fspath(image)
    if isinstance(image, (bytes, bytearray, memoryview)):
        return bytes(image)
    if isinstance(image, np.ndarray):
        return _pixels(image, name)
    pillow = sys.modules.get("PIL.Image")
    if pillow is not None and isinstance(image, pillow.Image):
        return _pixels(_from_pillow(image, name), name)
    if isinstance(image, io.TextIOBase):
        raise TypeError(f"{name}: is a file opened as text; open it with 'rb'")
    if hasattr(image, "read"):
        # One more byte than the engine allows, for it to refuse.
        content = image.read(_inkproof.MOST_BYTES + 1)
        if isinstance(content, bytes):
            return content
        raise TypeError(f"{name}: its read() gave {type(content).__name__}, and bytes are expected")
    if hasattr(image, "__array__") or hasattr(image, "__array_interface__"):
        return _pixels(np.asarray(image), name)
    raise TypeError(f"{name}: expected {_EXPECTED}, not {type(image).__name__}")


def require_page(page: int | None) -> None:
    """Refuses a number that no page has."""
    if page is not None and not 1 <= page <= _MOST_PAGES:
        raise OptionError(f"page must be a number from 1 to {_MOST_PAGES}, not {page}")


def is_many(images: object) -> TypeGuard[Iterable[Any]]:
    """Whether this is a sequence of images, and not one image."""
    one = (str, bytes, bytearray, memoryview, np.ndarray, os.PathLike)
    if isinstance(images, one) or hasattr(images, "read") or hasattr(images, "__array_interface__"):
        return False
    return isinstance(images, Iterable)


def _from_pillow(image: Any, name: str) -> np.ndarray[Any, Any]:
    """Upright, with as many channels as it has; what Pillow cannot do with it is an error of the image."""
    from PIL import ImageOps

    try:
        width, height = image.size
        _inkproof.check_sides(width, height, name)
        image = ImageOps.exif_transpose(image)
        alpha = _WITH_ALPHA.get(image.mode, "RGBA" if "transparency" in image.info else None)
        if alpha is not None:
            image = image.convert(alpha)
        elif image.mode not in _READ_AS_THEY_ARE:
            image = image.convert("RGB")
        return np.asarray(image)
    except ImageError:
        raise
    except Exception as error:
        raise ImageError(f"{name}: is a Pillow image that cannot be used ({error})") from error


def _pixels(array: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """An array (height, width) or (height, width, channels) as uint8 or uint16; the same array where it is that already."""
    _require_shape(array, name)
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    elif array.dtype.kind == "f":
        array = _from_floats(array, name)
    elif array.dtype.kind in "ui" and array.dtype != np.uint8:
        array = _from_integers(array, name)
    elif array.dtype != np.uint8:
        raise ImageError(f"{name}: an array of {array.dtype} is no picture; give uint8, uint16, bool or floats")
    return np.ascontiguousarray(array)


def _require_shape(array: np.ndarray[Any, Any], name: str) -> None:
    shape = array.shape
    if array.ndim not in (2, 3) or 0 in shape or (array.ndim == 3 and shape[2] > 4):
        hint = "; channels come last" if array.ndim == 3 and shape[0] in (1, 3, 4) else ""
        raise ImageError(
            f"{name}: an array of shape {shape} is no picture; give (height, width) or (height, width, channels) with 1 "
            f"(gray), 2 (gray, alpha), 3 (RGB) or 4 (RGBA) channels{hint}"
        )
    _inkproof.check_sides(shape[1], shape[0], name)


def _from_floats(array: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Floats in 0..1, where 1 is white; or in 0..255, where 255 is."""
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(f"{name}: its numbers include NaN or infinity")
    if low < 0 or high > 255:
        raise ImageError(f"{name}: its floats are in {low:g}..{high:g}; give them in 0..1 or 0..255")
    scale = 255.0 if high <= 1 else 1.0
    return np.rint(array.astype(np.float64) * scale).astype(np.uint8)


def _from_integers(array: np.ndarray[Any, Any], name: str) -> np.ndarray[Any, Any]:
    """Integers of 8 bits, where none is above 255, or else of 16."""
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 65535:
        raise ImageError(f"{name}: its integers are in {low}..{high}; give them in 0..255 or 0..65535")
    return array.astype(np.uint8 if high <= 255 else np.uint16)
