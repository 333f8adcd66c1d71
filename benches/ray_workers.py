"""How much a second worker of Ray adds, and how near two come to the program's own two threads:

    make wheel && target/python-env/bin/python benches/ray_workers.py

Two workers of one thread, one worker, and `verify` on two threads in this process judge the same rows, in turn. Two lengths of
a run are measured and their difference is taken, so that starting Ray and its workers counts for nothing.
"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# Of this process; a worker has one.
os.environ["RAYON_NUM_THREADS"] = "2"

import inkproof  # noqa: E402
import inkproof.ray  # noqa: E402
import ray  # noqa: E402

ROOT = Path(__file__).resolve().parents[1] / "examples" / "signatures"
WRITERS = ("001", "004", "005")
SHORT, LONG = 600, 2400


def rows(count: int) -> list[dict[str, object]]:
    images = [
        (writer, (ROOT / writer / f"{writer}_{number:02}.png").read_bytes()) for writer in WRITERS for number in (4, 5, 6, 7)
    ]
    return [dict(zip(("writer", "image"), images[at % len(images)]), key=at) for at in range(count)]


def over_ray(references: dict[str, inkproof.References], count: int, workers: int) -> float:
    dataset = ray.data.from_items(rows(count), override_num_blocks=max(4, count // 100)).materialize()
    begun = time.perf_counter()
    judged = inkproof.ray.verify(dataset, references, workers=workers).count()
    assert judged == count
    return time.perf_counter() - begun


def native(verifier: inkproof.Verifier, references: dict[str, inkproof.References], count: int) -> float:
    asked = rows(count)
    with ThreadPoolExecutor(2) as threads:
        begun = time.perf_counter()
        list(threads.map(lambda row: verifier.verify(references[str(row["writer"])], row["image"]), asked))
        return time.perf_counter() - begun


def rate(measure) -> float:
    """Rows a second, without what a run costs however short it is."""
    return (LONG - SHORT) / (measure(LONG) - measure(SHORT))


def main() -> None:
    verifier = inkproof.Verifier.bundled()
    names = {writer: [ROOT / writer / f"{writer}_{number:02}.png" for number in (1, 2, 3)] for writer in WRITERS}
    references = {writer: verifier.references(images) for writer, images in names.items()}
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for round_number in range(2):
        one = rate(lambda count: over_ray(references, count, 1))
        two = rate(lambda count: over_ray(references, count, 2))
        own = rate(lambda count: native(verifier, references, count))
        print(
            f"round {round_number + 1}: one worker {one:.0f} a second, two {two:.0f} ({two / one:.2f} times), "
            f"two threads {own:.0f} ({two / own:.0%} of it)",
            flush=True,
        )
    ray.shutdown()


if __name__ == "__main__":
    main()
