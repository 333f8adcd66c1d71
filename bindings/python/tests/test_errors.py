"""Wrong types, broken files and arrays that are no picture: every one an exception that says what is wrong."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkproof


@pytest.fixture(scope="module")
def path(signatures: Path) -> Path:
    return signatures / "001/001_01.png"


def test_what_is_no_image_is_a_type_error(verifier, path):
    closed = open(path, "rb")
    closed.close()
    text = open(path, encoding="latin-1")
    for image in (None, 3, 3.5, object(), [path], {"path": path}, text, io.StringIO("x"), lambda: None):
        with pytest.raises(TypeError, match="image: "):
            verifier.embed(image)
    with pytest.raises(ValueError, match="closed file"):
        verifier.embed(closed)
    with pytest.raises(TypeError, match="reference 2: expected a path"):
        verifier.verify([path, 3], path)
    with pytest.raises(TypeError, match="questioned: expected a path"):
        verifier.verify(path, None)
    with pytest.raises(TypeError):
        verifier.verify(path, path, threshold="high")


BAD_ARRAYS = {
    "empty": (np.zeros((0, 0), np.uint8), r"shape \(0, 0\)"),
    "no rows": (np.zeros((0, 10), np.uint8), r"shape \(0, 10\)"),
    "no channels": (np.zeros((10, 10, 0), np.uint8), r"shape \(10, 10, 0\)"),
    "a number": (np.array(3), r"shape \(\)"),
    "a line": (np.zeros(100), r"shape \(100,\)"),
    "a batch": (np.zeros((2, 10, 10, 1)), r"shape \(2, 10, 10, 1\)"),
    "channels first": (np.zeros((3, 100, 100), np.uint8), "channels come last"),
    "five channels": (np.zeros((10, 10, 5), np.uint8), "with 1"),
    "NaN": (np.full((50, 50), np.nan), "NaN or infinity"),
    "one NaN": (np.where(np.eye(50), np.nan, 1.0), "NaN or infinity"),
    "infinite": (np.full((50, 50), np.inf), "NaN or infinity"),
    "negative": (np.full((50, 50), -1.0), r"in -1..-1; give them in 0..1"),
    "above 255": (np.full((50, 50), 300.0), r"in 300..300"),
    "negative integers": (np.full((50, 50), -1), r"in -1..-1; give them in 0..255"),
    "integers of 17 bits": (np.full((50, 50), 70_000), r"in 70000..70000"),
    "complex": (np.zeros((50, 50), complex), "array of complex128"),
    "objects": (np.full((50, 50), None), "array of object"),
    "words": (np.full((50, 50), "ink"), "array of <U3"),
    "times": (np.zeros((50, 50), "M8[s]"), "array of datetime64"),
    "records": (np.zeros((50, 50), [("x", "u1")]), "array of"),
    "too long": (np.broadcast_to(np.uint8(0), (70_000, 10)), "no side may have more than 65535"),
    "too many": (np.broadcast_to(np.float64(0), (60_000, 60_000)), "more than the limit of 64000000"),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_what_is_no_picture_is_an_image_error(verifier, name):
    array, words = BAD_ARRAYS[name]
    with pytest.raises(inkproof.ImageError, match=words) as raised:
        verifier.embed(array)
    assert isinstance(raised.value, ValueError) and str(raised.value).startswith("image: ")


@pytest.mark.parametrize("value", [0, 255, 0.0, 0.5, 1.0, True, False])
@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (300, 300), (300, 300, 4)])
def test_a_blank_picture_has_no_ink(verifier, value, shape):
    with pytest.raises(inkproof.NoInkError, match="image: has no ink"):
        verifier.embed(np.full(shape, value))


def test_noise_makes_nothing_panic(verifier):
    rng = np.random.default_rng(0)
    for shape in [(1, 1), (2, 2), (1, 65_535), (3, 7, 4), (64, 64), (200, 301, 3), (600, 20, 2)]:
        for array in (rng.integers(0, 256, shape, np.uint8), rng.random(shape), rng.random(shape) < 0.1):
            try:
                verifier.embed(array)
            except inkproof.ImageError:
                pass


def test_files_that_cannot_be_used(verifier, tmp_path, path):
    missing = tmp_path / "missing.png"
    with pytest.raises(FileNotFoundError, match="missing.png") as raised:
        verifier.embed(missing)
    assert isinstance(raised.value, inkproof.FileMissingError) and isinstance(raised.value, inkproof.Error)
    for strange in ("", "a\0b", "x" * 5000, "\udcff"):
        with pytest.raises((inkproof.FileError, inkproof.ImageError)):
            verifier.embed(strange)
    with pytest.raises(inkproof.ImageError, match="is a folder"):
        verifier.embed(tmp_path)
    (tmp_path / "empty.png").write_bytes(b"")
    with pytest.raises(inkproof.ImageError, match=r"empty.png: is empty"):
        verifier.embed(tmp_path / "empty.png")
    whole = path.read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(inkproof.ImageError, match=r"half.png: is a PNG image that cannot be decoded"):
        verifier.embed(tmp_path / "half.png")
    (tmp_path / "notes.txt").write_text("no image")
    with pytest.raises(inkproof.ImageError, match="notes.txt: is text, not an image"):
        verifier.verify(path, tmp_path / "notes.txt")
    with pytest.raises(inkproof.ImageError, match="reference 2: is not an image"):
        verifier.references([path, bytes(range(256))])
    with pytest.raises(inkproof.ImageError, match="image: is empty"):
        verifier.embed(io.BytesIO())
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(inkproof.ImageError, match="pipe or a device"):
            verifier.embed(tmp_path / "pipe")


def test_every_byte_of_a_file_may_be_wrong(verifier, path):
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    for _ in range(60):
        broken = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            broken[place] = rng.integers(0, 256)
        try:
            verifier.embed(bytes(broken))
        except inkproof.ImageError:
            pass


def test_pillow_images_that_cannot_be_used(verifier, path):
    closed = Image.open(path)
    closed.load()
    closed.close()
    with pytest.raises(inkproof.ImageError, match="image: is a Pillow image that cannot be used"):
        verifier.embed(closed)
    half = Image.open(io.BytesIO(path.read_bytes()[:2000]))
    with pytest.raises(inkproof.ImageError, match="cannot be used"):
        verifier.embed(half)
    with pytest.raises(inkproof.ImageError, match="no picture"):
        verifier.embed(Image.new("L", (0, 5)))
    for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "La", "RGBa", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "I;16B"):
        with pytest.raises(inkproof.NoInkError):
            verifier.embed(Image.new(mode, (80, 60)))


def test_a_reader_that_lies(verifier):
    class Reader:
        def __init__(self, content: object) -> None:
            self.content = content

        def read(self, size: int) -> object:
            if isinstance(self.content, Exception):
                raise self.content
            return self.content

    with pytest.raises(TypeError, match="gave str"):
        verifier.embed(Reader("text"))
    with pytest.raises(TypeError, match="gave NoneType"):
        verifier.embed(Reader(None))
    with pytest.raises(RuntimeError, match="own fault"):
        verifier.embed(Reader(RuntimeError("own fault")))


def test_options_without_a_meaning(verifier, path):
    with pytest.raises(inkproof.OptionError, match="there is no reference"):
        verifier.verify([], path)
    for threshold in (float("nan"), float("inf")):
        with pytest.raises(inkproof.OptionError, match="cannot be a threshold"):
            verifier.verify(path, path, threshold=threshold)
    for page in (0, -1, 1 << 40):
        with pytest.raises(inkproof.OptionError, match="page must be"):
            verifier.embed(path, page=page)
    with pytest.raises(inkproof.ImageError, match="there is no page 2"):
        verifier.embed(path, page=2)
    with pytest.raises(inkproof.OptionError, match="at least 1"):
        verifier.threshold(0)


def test_model_files_that_cannot_be_used(tmp_path, path, verifier):
    with pytest.raises(inkproof.FileMissingError, match="missing.safetensors"):
        inkproof.Verifier(tmp_path / "missing.safetensors")
    with pytest.raises(inkproof.ModelError, match="001_01.png: is not a model"):
        inkproof.Verifier.load(path)
    with pytest.raises(TypeError):
        inkproof.Verifier(3)
    other = inkproof.Signature.from_bytes(verifier.embed(path).to_bytes(), "0123456789abcdef")
    with pytest.raises(inkproof.ModelError, match="reference 1: was embedded by the model 0123456789abcdef"):
        verifier.verify(other, path)
    with pytest.raises(inkproof.ModelError, match="questioned: was embedded"):
        verifier.score_batch(path, [other])
    for broken in (b"", b"\1", b"\2abc", other.to_bytes()[:1000]):
        with pytest.raises(inkproof.OptionError):
            inkproof.Signature.from_bytes(broken, "0" * 16)


def test_every_exception_is_ours_and_one_of_python_s():
    for name in inkproof.errors.__all__:
        kind = getattr(inkproof, name)
        assert kind is getattr(inkproof.errors, name) and kind.__doc__
        if name not in ("Error", "DataWarning"):
            assert issubclass(kind, inkproof.Error)
            assert issubclass(kind, (ValueError, OSError, RuntimeError))
