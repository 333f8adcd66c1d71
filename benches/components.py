"""A humble baseline beside `inkproof find`: pieces of ink that are neither small nor large for the page.

    target/headline-env/bin/python benches/components.py PAGES [--half 0|1]

PAGES is a folder as `inkproof synth --pages` writes it. The rule is that of github.com/ahmetozlu/signature_extractor, with its
constants: what is darker than the page's mean is ink; of its 8-connected pieces of more than 10 pixels the mean size is taken,
and with it the least size of a signature's piece, `mean / 84 * 250 + 100`, and the largest, 18 times that. It draws what is left;
here the boxes of what is left are joined where less than a hundredth of the page's longer side lies between them, and counted
as `inkproof finder evaluate` does: found at an overlap (IoU) of one half, each once.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

BETWEEN = 0.01
OVERLAP = 0.5


def half(path: str) -> int:
    """Which half a page's document is in, as `finder evaluate --half` has it."""
    stem = Path(path).stem
    document = stem.rsplit("_", 1)[0] if re.fullmatch(r".+_\d+", stem) else stem
    return hashlib.sha256(document.encode()).digest()[0] % 2


def boxes(page: Image.Image) -> list[list[int]]:
    """Left, top, right and bottom of what may be signatures."""
    gray = np.asarray(page.convert("L"))
    labels, _ = ndimage.label(gray <= gray.mean(), structure=np.ones((3, 3)))
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    counted = sizes[sizes > 10]
    if not counted.size:
        return []
    least = counted.mean() / 84 * 250 + 100
    kept = [
        [columns.start, rows.start, columns.stop, rows.stop]
        for (rows, columns), size in zip(ndimage.find_objects(labels), sizes[1:], strict=True)
        if least <= size <= 18 * least
    ]
    return joined(kept, BETWEEN * max(gray.shape))


def joined(found: list[list[int]], between: float) -> list[list[int]]:
    done: list[list[int]] = []
    for box in found:
        while True:
            near = [
                other
                for other in done
                if box[0] <= other[2] + between
                and other[0] <= box[2] + between
                and box[1] <= other[3] + between
                and other[1] <= box[3] + between
            ]
            if not near:
                break
            done = [other for other in done if other not in near]
            sides = list(zip(box, *near, strict=True))
            box = [min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])]
        done.append(box)
    return done


def overlap(a: list[int], b: list[int]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    common = max(width, 0) * max(height, 0)
    area = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return common / (sum(area) - common)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("pages", type=Path)
    arguments.add_argument("--half", type=int, choices=(0, 1))
    given = arguments.parse_args()
    with (given.pages / "pages.csv").open() as table:
        truths = {row["path"]: [] for row in csv.DictReader(table)}
    if given.half is not None:
        truths = {path: [] for path in truths if half(path) == given.half}
    with (given.pages / "boxes.csv").open() as table:
        for row in csv.DictReader(table):
            if row["kind"] == "signature" and row["path"] in truths:
                x, y, width, height = (float(row[side]) for side in ("x", "y", "width", "height"))
                truths[row["path"]].append([x, y, x + width, y + height])
    right = shown = 0
    for path, left in truths.items():
        for box in boxes(Image.open(given.pages / path)):
            shown += 1
            best = max(left, key=lambda truth: overlap(truth, box), default=None)
            if best is not None and overlap(best, box) >= OVERLAP:
                left.remove(best)
                right += 1
    signatures = right + sum(map(len, truths.values()))
    print(f"{signatures} signatures on {len(truths)} pages")
    print(f"signatures found (IoU {OVERLAP})       {right / signatures:.1%}")
    print(f"found boxes that are signatures  {right / max(shown, 1):.1%} of {shown}")


if __name__ == "__main__":
    main()
