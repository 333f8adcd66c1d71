"""Folders of signatures: the figures are the program's, as plain dicts."""

from __future__ import annotations

import json
import multiprocessing

import pytest

import inkproof


def test_an_evaluation_is_the_program_s_and_a_table(program, writers):
    pandas = pytest.importorskip("pandas")
    ours = inkproof.evaluate(writers, references=[1, 2], repeats=2, seed=4, progress=False)
    theirs = json.loads(program("evaluate", writers, "--references", "1,2", "--repeats", 2, "--seed", 4, "--json"))
    assert ours["runs"] == theirs["runs"] and ours["left_out"] == theirs["left_out"] == []
    assert (ours["writers"], ours["images"], ours["model"]["name"]) == (3, 18, "bundled")
    table = pandas.DataFrame(ours["table"])
    assert table[["references", "forgeries"]].values.tolist() == [[n, kind] for n in (1, 2) for kind in ("skilled", "random")]
    for rate in ("eer", "auc", "far", "frr"):
        assert (table[f"{rate}_low"] <= table[f"{rate}_high"]).all() and table[rate].between(0, 1).all()
    assert table["eer"].tolist()[:2] == [theirs["runs"][0][kind]["eer"] for kind in ("skilled", "random")]
    assert (table["eer_low"][0], table["eer_high"][0]) == tuple(theirs["runs"][0]["skilled"]["eer_ci95"])


def test_models_are_named_in_any_way(writers, tmp_path):
    verifier = inkproof.Verifier.bundled()
    by_name = inkproof.evaluate(writers, "bundled", repeats=1, progress=False)
    assert inkproof.evaluate(writers, verifier, repeats=1, progress=False) == by_name
    report = tmp_path / "report.html"
    by_hog = inkproof.evaluate(writers, "hog", repeats=1, report=report, progress=False)
    assert by_hog["model"]["name"] == "hog" and "inkproof.evaluate" in report.read_text()
    network = inkproof.Siamese()
    network.save(tmp_path / "network.safetensors")
    from_file = inkproof.evaluate(writers, tmp_path / "network.safetensors", repeats=1, progress=False)
    in_memory = inkproof.evaluate(writers, network, repeats=1, progress=False)
    assert in_memory["table"] == from_file["table"]


def test_leaks_are_the_program_s(program, writers, tmp_path):
    page = tmp_path / "leakage.html"
    ours = inkproof.leakage(writers, report=page, progress=False)
    assert ours == json.loads(program("leakage", writers, "--json"))
    assert ours["leaks_as_stored"] is False and page.stat().st_size > 1000
    first = sorted((writers / "001").iterdir())[0]
    spoiled = inkproof.synthesize(tmp_path / "spoiled", writers=2, genuine=3, forgeries=2, seed=9)
    (spoiled / "002" / "002_09.png").write_bytes(sorted((spoiled / "001").iterdir())[0].read_bytes())
    found = inkproof.leakage(spoiled, model="bundled", progress=False)
    assert found["leaks_as_stored"] and found["copies"][0]["images"][1]["path"].endswith("002_09.png") and first.exists()


def test_progress_is_tqdm_s_and_what_is_left_out_a_warning(writers, tmp_path, capsys):
    inkproof.evaluate(writers, repeats=1)
    shown = capsys.readouterr()
    assert "reading images" in shown.err and "embedding" in shown.err and shown.out == ""
    spoiled = inkproof.synthesize(tmp_path / "spoiled", writers=2, genuine=3, forgeries=2, seed=9)
    (spoiled / "001" / "001_01.png").write_bytes(b"broken")
    with pytest.raises(inkproof.ImageError, match="001_01.png"):
        inkproof.evaluate(spoiled, progress=False)
    with pytest.warns(inkproof.DataWarning, match="left out: .*001_01.png"):
        result = inkproof.evaluate(spoiled, repeats=1, skip_bad=True, progress=False)
    assert result["left_out"][0]["path"].endswith("001_01.png")
    assert capsys.readouterr().err == ""


def test_a_warning_may_end_the_work(tmp_path):
    """What a callback raises comes out as it is, through all that called it."""
    alone = inkproof.synthesize(tmp_path / "alone", writers=2, genuine=3, forgeries=0, seed=1)
    with pytest.warns(inkproof.DataWarning, match="no skilled forgeries"):
        assert len(inkproof.load_pairs(alone)) == 12


@pytest.mark.filterwarnings("error::inkproof.DataWarning")
def test_a_warning_that_is_an_error_is_raised(tmp_path):
    alone = inkproof.synthesize(tmp_path / "alone", writers=2, genuine=3, forgeries=0, seed=1)
    with pytest.raises(inkproof.DataWarning, match="no skilled forgeries"):
        inkproof.load_pairs(alone)


def test_what_means_nothing_is_refused(writers, tmp_path):
    refused = {
        "give a part or folds": lambda: inkproof.evaluate(writers, part="all", folds=2),
        "unknown protocol 'mine'": lambda: inkproof.evaluate(writers, protocol="mine"),
        "the notebook's has pairs only": lambda: inkproof.evaluate(writers, protocol="notebook", folds=2),
        "references must be in": lambda: inkproof.evaluate(writers, references=0),
        "repeats must be in": lambda: inkproof.evaluate(writers, repeats=-1),
        "seed must be in": lambda: inkproof.leakage(writers, seed=1 << 64),
        "layout: ": lambda: inkproof.evaluate(writers, layout="mine"),
        "style: ": lambda: inkproof.synthesize(tmp_path / "styled", style="cuneiform"),
        "writers must be in": lambda: inkproof.synthesize(tmp_path / "none", writers=0),
        "cannot be measured on a part": lambda: inkproof.evaluate(writers, "shortcuts", part="all"),
    }
    for words, call in refused.items():
        with pytest.raises(inkproof.OptionError, match=words):
            call()
    with pytest.raises(inkproof.DataSetError, match="is not empty"):
        inkproof.synthesize(writers)
    assert inkproof.synthesize(writers, writers=3, genuine=4, forgeries=2, seed=7) == writers, "it is there already"
    with pytest.raises(inkproof.DataSetError, match="nowhere"):
        inkproof.evaluate(tmp_path / "nowhere")
    with pytest.raises(inkproof.DataSetError, match="usable writer"):
        inkproof.evaluate(writers, references=4)
    with pytest.raises(inkproof.DataSetError, match="folds"):
        inkproof.evaluate(writers, folds=3)
    with pytest.raises(inkproof.ModelError, match="no model has this name"):
        inkproof.evaluate(writers, "best")
    with pytest.raises(inkproof.ModelError, match="probabilities"):
        inkproof.evaluate(writers, "hog", protocol="notebook")
    for wrong in (3, None):
        with pytest.raises(TypeError):
            inkproof.evaluate(wrong)
    with pytest.raises(TypeError):
        inkproof.evaluate(writers, 3)
    with pytest.raises(TypeError):
        inkproof.evaluate(writers, references="1")


def _evaluate(writers, out) -> None:
    try:
        out.put(inkproof.evaluate(writers, "hog", repeats=1, progress=False)["writers"])
    except inkproof.Error as error:
        out.put(str(error))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="the system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_process_is_told_and_does_not_wait_forever(writers):
    inkproof.evaluate(writers, "hog", repeats=1, progress=False)
    context = multiprocessing.get_context("fork")
    out = context.Queue()
    process = context.Process(target=_evaluate, args=(writers, out))
    process.start()
    try:
        assert "'spawn'" in out.get(timeout=60)
    finally:
        process.join(10)
        process.kill()
