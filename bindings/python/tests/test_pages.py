"""Pages: the boxes are those of the program, and what is cut of a page can be judged."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

import inkproof


@pytest.fixture(scope="module")
def letter(tmp_path_factory, signatures, program):
    """A page of print with a signature on the white below it."""
    folder = tmp_path_factory.mktemp("pages")
    program("synth", folder / "paper", "--pages", 1, "--design", "report", "--seed", 11)
    page = np.array(Image.open(folder / "paper" / "images" / "00001.png").convert("L"))
    height, width = page.shape
    page[height // 2 :] = 255
    drawn = Image.open(sorted((signatures / "005").iterdir())[0]).convert("L")
    drawn = np.asarray(drawn.resize((width * 2 // 5, width * 2 * drawn.height // (5 * drawn.width))))
    top, left = height * 55 // 100, width // 3
    page[top : top + drawn.shape[0], left : left + drawn.shape[1]] = np.where(drawn < 140, 0, 255)
    path = folder / "letter.png"
    Image.fromarray(page).save(path)
    return path


def test_a_page_s_signatures_are_those_that_the_program_finds(letter, program):
    [page] = inkproof.find(letter)
    [told] = json.loads(program("find", letter, "--json"))["pages"]
    assert (page.number, page.count, page.width, page.height) == (1, 1, told["width"], told["height"])
    assert page.signed == told["signed"]["decision"] == "yes"
    boxes = [(found.x, found.y, found.width, found.height) for found in page.signatures]
    assert boxes == [(one["x"], one["y"], one["width"], one["height"]) for one in told["signatures"]]
    assert page.confidence == page.signatures[0].confidence == pytest.approx(told["signed"]["confidence"])


def test_what_is_cut_is_judged(letter, signatures, verifier):
    [page] = inkproof.find(letter)
    references = sorted((signatures / "005").iterdir())[1:5]
    [found] = page.signatures
    assert found.image.shape[0] > found.height and found.image.shape[1] > found.width
    assert verifier.verify(references, found.image).accepted


def test_a_page_may_be_anything_that_is_an_image(letter):
    [page] = inkproof.find(letter)
    with Image.open(letter) as picture, letter.open("rb") as file:
        for other in (str(letter), letter.read_bytes(), file, picture, np.asarray(picture)):
            assert inkproof.find(other) == [page]
        colored = np.asarray(picture.convert("RGB")).copy()
    colored[20:200, 20:200] = (200, 0, 0)
    [page] = inkproof.find(colored)
    assert all(found.image.ndim == 3 for found in page.signatures)


def test_every_page_of_a_file_is_looked_at(letter, tmp_path):
    with Image.open(letter) as picture:
        blank = Image.new("L", picture.size, 255)
        blank.save(tmp_path / "two.tif", save_all=True, append_images=[picture])
    pages = inkproof.find(tmp_path / "two.tif")
    assert [(page.number, page.count, page.signed) for page in pages] == [(1, 2, "no"), (2, 2, "yes")]
    assert inkproof.find(tmp_path / "two.tif", page=2) == pages[1:]


def test_what_cannot_be_read_is_named(tmp_path, letter):
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(inkproof.ImageError, match=r"no\.png"):
        inkproof.find(tmp_path / "no.png")
    with pytest.raises(inkproof.OptionError, match="page must be"):
        inkproof.find(letter, page=0)
    with pytest.raises(inkproof.ImageError, match="page 3"):
        inkproof.find(letter, page=3)
