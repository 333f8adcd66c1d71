"""The verifier: its verdicts are the program's, whatever an image comes as."""

from __future__ import annotations

import copy
import io
import json
import multiprocessing
import os
import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import inkproof


@pytest.fixture(scope="module")
def paths(signatures: Path) -> list[Path]:
    return sorted((signatures / "001").glob("*.png"))


def test_it_judges_as_the_program_does(program, verifier, signatures):
    references = [signatures / "001" / f"001_0{number}.png" for number in (1, 2, 3)]
    forgeries = sorted((signatures / "001_forg").glob("*.png"))
    for questioned in [signatures / "001/001_04.png", forgeries[0], signatures / "002/002_01.png"]:
        arguments = [part for path in references for part in ("--reference", path)]
        theirs = json.loads(program("verify", "--json", *arguments, questioned))
        ours = verifier.verify(references, questioned).to_dict()
        for key in ("decision", "score", "threshold", "log10_lr", "log10_lr_ci95", "contributions", "bound", "support", "wanted_far", "random_far"):
            assert ours[key] == theirs[key], (questioned, key)
        assert ours["reference_scores"] == [reference["score"] for reference in theirs["references"]]
        assert [flaw["flaw"] for flaw in ours["flaws"]] == [flaw["flaw"] for flaw in theirs["flaws"]]
        assert {"name": ours["model"], "digest": ours["model_digest"]} == theirs["model"]


class Somewhere:
    """A path that is no `Path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return str(self.path)


def test_one_picture_gives_one_signature_whatever_it_comes_as(verifier, paths):
    expected = verifier.embed(paths[0])
    content = paths[0].read_bytes()
    picture = Image.open(paths[0]).convert("L")
    gray = np.asarray(picture)
    stretched = np.repeat(np.repeat(gray, 2, axis=0), 2, axis=1)
    white = np.full_like(gray, 255)
    same = {
        "str": str(paths[0]),
        "PathLike": Somewhere(paths[0]),
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "file": open(paths[0], "rb"),
        "BytesIO": io.BytesIO(content),
        "uint8": gray,
        "(h, w, 1)": gray[:, :, None],
        "gray and alpha": np.dstack([gray, white]),
        "RGB": np.dstack([gray] * 3),
        "RGBA": np.dstack([gray] * 3 + [white]),
        "with gaps": stretched[::2, ::2],
        "Fortran's order": np.asfortranarray(gray),
        "upside down twice": np.flipud(np.flipud(gray).copy()),
        "int64": gray.astype(np.int64),
        "uint16 of 8 bits": gray.astype(np.uint16),
        "uint16": gray.astype(np.uint16) * 257,
        "big-endian": (gray.astype(np.uint16) * 257).astype(">u2"),
        "floats to 255": gray.astype(np.float32),
        "floats to 1": gray / 255,
        "half floats": (gray / np.float32(255)).astype(np.float16),
        "read-only": np.frombuffer(gray.tobytes(), np.uint8).reshape(gray.shape),
        "Pillow": picture,
        "Pillow, RGB": picture.convert("RGB"),
        "Pillow, RGBA": picture.convert("RGBA"),
        "Pillow, LA": picture.convert("LA"),
        "Pillow, I": picture.convert("I"),
        "Pillow, F": picture.convert("F"),
        "Pillow, I;16": Image.fromarray(gray.astype(np.uint16) * 257),
        "Pillow, P": picture.convert("P"),
        "Pillow, opened": Image.open(paths[0]),
    }
    for name, image in same.items():
        found = verifier.embed(image)
        assert np.array_equal(found.ink, expected.ink), name
        assert found.flaws == expected.flaws, name
    assert verifier.embed(gray) == expected
    similar = {"bool": gray > 128, "Pillow, 1": picture.convert("1", dither=Image.Dither.NONE), "CMYK": picture.convert("CMYK")}
    for name, image in similar.items():
        assert verifier.verify(verifier.embed(image), paths[0]).score > 0.9, name


def test_an_image_that_lies_on_its_side_is_turned_as_its_file_is(verifier, paths, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = tmp_path / "turned.jpg"
    Image.open(paths[0]).convert("L").rotate(90, expand=True).save(turned, quality=95, exif=exif)
    from_file, from_pillow = verifier.embed(turned), verifier.embed(Image.open(turned))
    assert verifier.verify(from_file, from_pillow).score > 0.98
    assert verifier.verify(paths[0], from_pillow).score > 0.9


def test_references_are_a_set_in_memory(verifier, paths):
    known = verifier.references(paths[:2])
    assert len(known) == 2 and known[0] == verifier.embed(paths[0])
    assert verifier.references(known) is known
    more = known + [verifier.embed(paths[2])]
    assert len(more) == 3 and len(more[1:]) == 2 and more[1:] == inkproof.References(more[1:])
    by_paths = verifier.verify(paths[:3], paths[3])
    by_set = verifier.verify(more, paths[3])
    assert by_set.to_dict() == by_paths.to_dict()
    assert verifier.verify(paths[0], paths[3]).reference_scores.shape == (1,)
    assert repr(known) == "<inkproof.References: 2 signature(s)>"
    with pytest.raises(TypeError, match="expected inkproof.Signature"):
        inkproof.References([paths[0]])


def test_many_are_scored_as_one_by_one(verifier, signatures, paths):
    gallery = {
        name: verifier.references(sorted((signatures / name).glob("*.png"))[:2]) for name in ("001", "002")
    }
    questioned = [paths[3], signatures / "002/002_04.png"]
    scores = verifier.score_batch(list(gallery.values()), questioned)
    alone = [verifier.verify(known, image).score for known, image in zip(gallery.values(), questioned)]
    assert scores.dtype == np.float64 and scores.tolist() == alone
    against_one = verifier.score_batch(gallery["001"], questioned)
    assert against_one.tolist() == [verifier.verify(gallery["001"], image).score for image in questioned]
    assert verifier.score_batch(paths[:2], questioned).tolist() == against_one.tolist()
    assert verifier.score_batch(paths[:2], []).shape == (0,)
    with pytest.raises(inkproof.OptionError, match="2 sets of references cannot be paired with 1 questioned"):
        verifier.score_batch(list(gallery.values()), questioned[:1])
    embedded = verifier.embed_batch(paths[:2])
    assert embedded == [verifier.embed(path) for path in paths[:2]]


def test_arrays_are_seen_without_a_copy(verifier, paths):
    signature = verifier.embed(paths[0])
    first, second = signature.ink, signature.ink
    assert first.shape == (224, 224) and first.dtype == np.uint8
    assert np.shares_memory(first, second) and first.base is signature
    points, values = signature.local_features
    assert points.shape == (len(values), 2) and values.shape[1] == 64 and points.dtype == values.dtype == np.float32
    assert np.shares_memory(values, signature.local_features[1])
    for array in (first, points, values):
        with pytest.raises(ValueError):
            array[0] = 0
        with pytest.raises(ValueError):
            array.flags.writeable = True
    kept = first.copy()
    del signature, second
    assert np.array_equal(first, kept), "the array keeps what it shows"
    assert verifier.embed(paths[0]).vector.shape == (128,)


def test_the_gil_is_released(verifier, paths):
    """A thread of Python's own goes on while a call computes; a call that held the GIL would stop it from beginning to end."""
    content = [path.read_bytes() for path in paths] * 8
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    ticking = threading.Thread(target=tick)
    ticking.start()
    begun = time.perf_counter()
    verifier._engine.embed([("image", image) for image in content])
    ended = time.perf_counter()
    stop.set()
    ticking.join()
    during = [moment for moment in ticks if begun + 0.1 * (ended - begun) < moment < ended - 0.1 * (ended - begun)]
    assert len(during) >= 3, f"{len(during)} ticks in {ended - begun:.3f} s"


def test_two_threads_are_in_a_call_at_once(verifier, paths):
    """Each call lasts longer than it takes to begin the other: both have begun before either has ended."""
    content = [("image", path.read_bytes()) for path in paths] * 4
    moments: dict[int, tuple[float, float]] = {}
    together = threading.Barrier(2)

    def work(number: int) -> None:
        together.wait()
        begun = time.perf_counter()
        verifier._engine.embed(content)
        moments[number] = (begun, time.perf_counter())

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(begun for begun, _ in moments.values()) < min(ended for _, ended in moments.values())


def test_a_verifier_is_pickled_by_its_name(verifier, paths):
    data = pickle.dumps(verifier)
    assert len(data) < 200 and b"bundled" in data
    again = pickle.loads(data)
    assert again.digest == verifier.digest
    assert again.verify(paths[:2], paths[3]).to_dict() == verifier.verify(paths[:2], paths[3]).to_dict()
    assert copy.copy(verifier) is verifier and copy.deepcopy(verifier) is verifier
    assert repr(verifier) == f"<inkproof.Verifier bundled: inknet, {verifier.digest}>"
    signature = verifier.embed(paths[0])
    assert pickle.loads(pickle.dumps(signature)) == signature == copy.deepcopy(signature)
    references = verifier.references(paths[:2])
    assert pickle.loads(pickle.dumps(references)) == references
    assert len({signature, verifier.embed(paths[0])}) == 1


def _in_another_process(verifier: inkproof.Verifier, references: inkproof.References, path: Path, out) -> None:
    out.put(verifier.verify(references, path).to_dict())


@pytest.mark.parametrize("method", [method for method in ("spawn", "fork") if method in multiprocessing.get_all_start_methods()])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_another_process_judges_alike(verifier, paths, method):
    """Also one that was forked after the threads of this one had begun to compute."""
    context = multiprocessing.get_context(method)
    references = verifier.references(paths[:2])
    out = context.Queue()
    process = context.Process(target=_in_another_process, args=(verifier, references, paths[3], out))
    process.start()
    try:
        assert out.get(timeout=60) == verifier.verify(references, paths[3]).to_dict()
    finally:
        process.join(10)
        process.kill()


def test_a_verdict_shows_itself(verifier, paths, signatures):
    verdict = verifier.verify(paths[:3], paths[3])
    assert (verdict.decision, verdict.accepted) == ("accepted", True)
    page = verdict._repr_html_()
    assert "<b>accepted</b>" in page and 'src="data:image/png;base64,' in page and verdict.support in page
    picture = verdict.picture()
    assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(verdict.png()))), picture)
    assert repr(verdict).startswith("<inkproof.Verdict accepted: score ") and "3 reference(s)" in repr(verdict)
    assert "reaches the threshold" in str(verdict)
    with pytest.raises(TypeError, match="verdict.accepted"):
        bool(verdict)
    rejected = verifier.verify(paths[:3], signatures / "002/002_01.png")
    assert rejected.decision == "rejected" and "is below the threshold" in str(rejected)
    copied = verifier.verify(paths[:3], paths[0])
    assert copied.decision == "undecided" and copied.flaws[0][0] == "questioned"
    assert "same signing as reference 1" in copied._repr_html_()
    twice = verifier.verify([paths[0], paths[0]], paths[3])
    assert twice.repeated == [(1, 0)] and twice.turned is None
    assert verifier.verify(paths[:2], paths[3], threshold=2).decision == "rejected"


def test_verdicts_are_rows_of_a_table(verifier, paths):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame([verifier.verify(paths[:2], path).to_dict() for path in paths[2:4]])
    assert len(table) == 2 and {"decision", "score", "log10_lr", "threshold"} <= set(table.columns)
    assert table["score"].dtype == np.float64


def test_what_the_model_is(verifier):
    assert (verifier.name, verifier.backbone) == ("bundled", "inknet")
    assert verifier.info["preprocess"]["kind"] == "ink" and verifier.info["trained_on"]["writers"] > 0
    assert verifier.threshold(1) == verifier.verify.__self__.threshold() != verifier.threshold(3)
    assert verifier.threshold(10**30) == verifier.threshold(8)


def test_the_version_is_the_program_s():
    manifest = (Path(__file__).resolve().parents[3] / "Cargo.toml").read_text()
    workspace = manifest.split("[workspace.package]")[1]
    assert f'version = "{inkproof.__version__}"' in workspace.split("[")[0]


def test_importing_needs_no_pillow():
    """Pillow is only asked for where somebody hands over one of its images."""
    code = "import sys, inkproof; inkproof.Verifier.bundled(); assert 'PIL' not in sys.modules"
    assert os.spawnlp(os.P_WAIT, os.sys.executable, os.sys.executable, "-c", code) == 0
