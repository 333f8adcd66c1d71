"""Over a real Ray: one machine, two workers."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

import inkproof

ray = pytest.importorskip("ray")
import inkproof.ray  # noqa: E402
import pyarrow  # noqa: E402
import pyarrow.parquet  # noqa: E402
import ray.data  # noqa: E402


@pytest.fixture(scope="module", autouse=True)
def cluster():
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, ignore_reinit_error=True)
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def references(signatures, verifier):
    return {
        writer: verifier.references([signatures / writer / f"{writer}_{n:02}.png" for n in (1, 2, 3)])
        for writer in ("001", "004", "005")
    }


def _questions(signatures, times=1):
    rows = []
    for writer in ("001", "004", "005"):
        for number in (4, 5, 6):
            image = (signatures / writer / f"{writer}_{number:02}.png").read_bytes()
            rows += [{"key": f"{writer}-{number}-{time}", "writer": writer, "image": image} for time in range(times)]
    return rows


def _written(folder):
    return pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in folder.glob("part-*.parquet")])


def test_verdicts_are_those_of_the_verifier(signatures, verifier, references, tmp_path):
    rows = _questions(signatures)
    rows += [
        {"key": "broken", "writer": "001", "image": b"no image"},
        {"key": "unknown", "writer": "999", "image": rows[0]["image"]},
    ]
    verdicts = inkproof.ray.verify(ray.data.from_items(rows), references, workers=2)
    assert inkproof.ray.save(verdicts, tmp_path / "out", key="key") == len(rows)
    found = {row["key"]: row for row in _written(tmp_path / "out").to_pylist()}
    assert "image" not in found["broken"]
    for row in rows[:-2]:
        expected = verifier.verify(references[row["writer"]], row["image"])
        got = found[row["key"]]
        assert (got["decision"], got["score"], got["log10_lr"]) == (expected.decision, expected.score, expected.log10_lr)
        assert got["error"] is None
    assert found["broken"]["decision"] is None and "image" in found["broken"]["error"]
    assert found["unknown"]["error"] == "there are no references of '999'"


@pytest.mark.soak
def test_what_was_embedded_is_enrolled_and_found_again(signatures, references, tmp_path):
    paths = [
        {"key": f"{writer}/{n}", "writer": writer, "image": str(signatures / writer / f"{writer}_{n:02}.png")}
        for writer in references
        for n in (1, 2, 3)
    ]
    embedded = inkproof.ray.embed(ray.data.from_items(paths), workers=2)
    assert inkproof.ray.save(embedded, tmp_path / "signatures", key="key") == 9
    enrolled = inkproof.ray.enrolled(tmp_path / "signatures")
    assert {name: len(known) for name, known in enrolled.items()} == {"001": 3, "004": 3, "005": 3}
    rows = _questions(signatures)
    found = inkproof.ray.identify(ray.data.from_items(rows), enrolled, top=2, workers=1).take_all()
    assert len(found) == len(rows)
    for row in found:
        assert list(row["writers"])[0] == row["writer"] and list(row["scores"]) == sorted(row["scores"], reverse=True)


@pytest.mark.soak
def test_a_run_that_was_stopped_goes_on(signatures, references, tmp_path):
    rows = _questions(signatures)
    out = tmp_path / "out"
    first = inkproof.ray.verify(ray.data.from_items(rows[:4]), references, workers=1)
    assert inkproof.ray.save(first, out, key="key") == 4
    (out / ".0123.unfinished").write_bytes(b"half a file")
    rest = inkproof.ray.left(ray.data.from_items(rows), out, key="key")
    assert inkproof.ray.save(inkproof.ray.verify(rest, references, workers=1), out, key="key") == 5
    assert sorted(_written(out)["key"].to_pylist()) == sorted(row["key"] for row in rows)
    assert inkproof.ray.left(ray.data.from_items(rows), out, key="key").count() == 0


def _workers():
    import psutil

    return [one for one in psutil.process_iter(["name", "cmdline"]) if "_Verify" in " ".join(one.info["cmdline"] or [])]


@pytest.mark.soak
def test_a_worker_that_is_killed_loses_and_doubles_nothing(signatures, references, tmp_path):
    rows = _questions(signatures, times=100)
    dataset = ray.data.from_items(rows, override_num_blocks=8)
    verdicts = inkproof.ray.verify(dataset, references, workers=2)
    killed = []

    def kill():
        out = tmp_path / "out"
        while not list(out.glob("part-*.parquet")):
            time.sleep(0.05)
        victim = _workers()[0]
        os.kill(victim.pid, signal.SIGKILL)
        killed.append(victim.pid)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    inkproof.ray.save(verdicts, tmp_path / "out", key="key")
    killer.join(timeout=5)
    assert killed, "a worker was killed while there was work"
    written = _written(tmp_path / "out")["key"].to_pylist()
    assert sorted(written) == sorted(row["key"] for row in rows)


def test_wrong_arguments_are_named(signatures, references):
    dataset = ray.data.from_items(_questions(signatures))
    with pytest.raises(inkproof.OptionError, match="workers must be at least 1"):
        inkproof.ray.verify(dataset, references, workers=0)
    with pytest.raises(inkproof.OptionError, match="top must be at least 1"):
        inkproof.ray.identify(dataset, references, top=0)
    with pytest.raises(inkproof.OptionError, match="no writer"):
        inkproof.ray.identify(dataset, {})
    with pytest.raises(Exception, match="there is no column 'picture'; there are image, key, writer"):
        inkproof.ray.verify(dataset, references, questioned="picture", workers=1).take_all()
    with pytest.raises(inkproof.FileMissingError, match="holds no results"):
        inkproof.ray.enrolled("nowhere")
