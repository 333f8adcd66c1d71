"""What a verdict loses where a signature is judged from a page and not from a clean crop.

    make documents

Genuine signatures and forgeries of writers who do not exist are laid on pages of nobody, unsigned ones, where there is room,
above a line on every other page. Each is judged three times against the same references, which are clean: as it came, as it
is cut of the page by its true box, and as `inkproof.find` cuts it. Intervals resample writers.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

import inkproof

REFERENCES = 5
# Of the page's width, that a signature's longer side has.
LONGEST = (0.22, 0.38)
# A box that was found is the signature's from this overlap on.
OVERLAP = 0.5
# Pixels along a side of the squares in which room is looked for.
BLOCK = 16
WAYS = ("clean", "cut by hand", "found")


def gray(path):
    return np.asarray(Image.open(path).convert("L"))


class Page:
    """A page of nobody, and how much ink is above and left of each of its blocks."""

    def __init__(self, path):
        self.pixels = gray(path)
        height, width = (side // BLOCK * BLOCK for side in self.pixels.shape)
        blocks = (self.pixels[:height, :width] < 160).reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
        self.inked = np.pad(blocks.any(axis=(1, 3)).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))

    def room(self, height, width, draw):
        """The upper left corner of a rectangle of this size without ink, drawn among all; None where there is none."""
        rows, columns = height // BLOCK + 1, width // BLOCK + 1
        inked, border = self.inked, self.pixels.shape[1] // 20 // BLOCK
        if inked.shape[0] <= rows + 2 * border or inked.shape[1] <= columns + 2 * border:
            return None
        sums = inked[rows:, columns:] - inked[:-rows, columns:] - inked[rows:, :-columns] + inked[:-rows, :-columns]
        free = np.argwhere(sums[border:-border, border:-border] == 0)
        return None if len(free) == 0 else BLOCK * (free[draw.integers(len(free))] + border)


def signed(page, signature, draw, lined):
    """The page with the signature, and the true box of its ink; None where it has no room."""
    paper = np.median(signature)
    inked = np.argwhere(signature < (paper + signature.min()) / 2)
    (top, left), (bottom, right) = inked.min(axis=0), inked.max(axis=0) + 1
    signature = signature[top:bottom, left:right]
    signature = np.minimum(signature / paper, 1)
    scale = page.pixels.shape[1] * draw.uniform(*LONGEST) / max(signature.shape)
    height, width = (max(1, int(scale * side)) for side in signature.shape)
    place = page.room(height + height // 3, width + width // 6, draw)
    if place is None:
        return None
    drawn = np.asarray(Image.fromarray(signature.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC))
    top, left = place[0] + height // 6, place[1] + width // 12
    page = page.pixels.copy()
    under = page[top : top + height, left : left + width]
    # As ink lies on paper: what is there shines through where there is none.
    under[:] = np.clip(under * drawn, 0, 255).astype(np.uint8)
    if lined:
        row = top + height * 4 // 5
        page[row : row + 2, place[1] : place[1] + width + width // 6] = 40
    return page, (left, top, width, height)


def overlap(a, b):
    common = 1
    for axis in (0, 1):
        common *= max(0, min(a[axis] + a[axis + 2], b[axis] + b[axis + 2]) - max(a[axis], b[axis]))
    return common / (a[2] * a[3] + b[2] * b[3] - common)


def cut(page, box):
    left, top, width, height = box
    border = height // 10 + 2
    rows = slice(max(0, top - border), top + height + border)
    return page[rows, max(0, left - border) : left + width + border]


def judged(verifier, references, image):
    """Decision and score; None where no signature was found or the image cannot be judged."""
    try:
        verdict = verifier.verify(references, image)
    except inkproof.ImageError:
        return None
    return verdict.decision, verdict.score


def measure(verifier, writer, files, pages, draw):
    """The verdicts of one writer's questioned signatures: genuine or not, then one for each way."""
    genuine, forged = files
    references = verifier.references(genuine[:REFERENCES])
    found = []
    for is_genuine, path in [(True, path) for path in genuine[REFERENCES:]] + [(False, path) for path in forged]:
        laid = None
        while laid is None:
            page = pages[draw.integers(len(pages))]
            laid = signed(page, gray(path), draw, lined=len(found) % 2 == 1)
        page, box = laid
        [told] = inkproof.find(page)
        boxes = [(overlap((one.x, one.y, one.width, one.height), box), one) for one in told.signatures]
        best = max(boxes, key=lambda pair: pair[0], default=(0, None))
        own = best[1].image if best[0] >= OVERLAP else None
        images = (path, cut(page, box), own)
        verdicts = [None if image is None else judged(verifier, references, image) for image in images]
        found.append((writer, is_genuine, verdicts))
    return found


def eer(genuine, forged):
    """Where as many genuine scores are below as forged ones are not."""
    genuine, forged = np.sort(genuine), np.sort(forged)
    thresholds = np.concatenate([genuine, forged])
    misses = np.searchsorted(genuine, thresholds) / len(genuine)
    alarms = 1 - np.searchsorted(forged, thresholds) / len(forged)
    at = np.argmin(abs(misses - alarms))
    return (misses[at] + alarms[at]) / 2


def figures(rows, way):
    """Of one way, in per cent: genuine found, accepted, rejected, forged accepted, EER; of those that every way has."""
    whole = [(is_genuine, verdicts[way]) for _, is_genuine, verdicts in rows if None not in verdicts]
    genuine = [verdict for is_genuine, verdict in whole if is_genuine]
    forged = [verdict for is_genuine, verdict in whole if not is_genuine]
    share = lambda verdicts, decision: 100 * np.mean([decided == decision for decided, _ in verdicts])
    there = 100 * np.mean([verdicts[way] is not None for _, _, verdicts in rows])
    scores = [[score for _, score in verdicts] for verdicts in (genuine, forged)]
    return there, share(genuine, "accepted"), share(genuine, "rejected"), share(forged, "accepted"), 100 * eer(*scores)


def table(rows, draw):
    writers = sorted({writer for writer, _, _ in rows})
    of = {writer: [row for row in rows if row[0] == writer] for writer in writers}
    samples = [[row for writer in draw.choice(writers, len(writers)) for row in of[writer]] for _ in range(400)]
    print("| | found | genuine accepted | genuine rejected | forged accepted | EER |")
    print("| --- | --- | --- | --- | --- | --- |")
    for way, name in enumerate(WAYS):
        low, high = np.percentile([figures(sample, way) for sample in samples], [2.5, 97.5], axis=0)
        cells = [f"{value:.1f} ({a:.1f} to {b:.1f})" for value, a, b in zip(figures(rows, way), low, high)]
        print(f"| {name} | {' | '.join(cells)} |")
    all_three = sum(None not in verdicts for _, _, verdicts in rows)
    print(f"\n{len(rows)} questioned signatures of {len(writers)} writers, {REFERENCES} references; "
          f"{all_three} of them could be judged in all three ways, and all but the first column are of these. In per cent.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("signatures", type=Path, help="what inkproof synth --writers made")
    parser.add_argument("pages", type=Path, help="what inkproof synth --pages made")
    arguments = parser.parse_args()
    draw = np.random.default_rng(1)
    counts = (line.rsplit(",", 1) for line in (arguments.pages / "pages.csv").read_text().splitlines()[1:])
    pages = [Page(arguments.pages / path) for path, count in counts if count == "0"]
    verifier, rows = inkproof.Verifier.bundled(), []
    folders = sorted(path for path in arguments.signatures.iterdir() if path.is_dir() and not path.name.endswith("_forg"))
    for folder in folders:
        files = [sorted(path.iterdir()) for path in (folder, folder.with_name(f"{folder.name}_forg"))]
        rows += measure(verifier, folder.name, files, pages, draw)
        print(f"\r{folder.name}", end="", flush=True)
    print("\r", end="")
    table(rows, draw)


if __name__ == "__main__":
    main()
