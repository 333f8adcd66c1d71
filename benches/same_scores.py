#!/usr/bin/env python3
"""Whether two builds of the program give the same scores, to the last bit.

Usage: same_scores.py OLD NEW [--pairs N] [--seed S] [--every FOLDER] FOLDER...

Every pair of images of the folder after --every, and N pairs drawn from all images of the other folders, are scored by both
programs with `verify-batch`. Prints how many scores and thresholds are equal as text, which for shortest round-trip numbers
means equal bits; exits with 1 where one differs.
"""
import argparse
import csv
import itertools
import json
import pathlib
import random
import subprocess
import tempfile

ENDINGS = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".pgm"}


def images(folder):
    return sorted(path.resolve() for path in pathlib.Path(folder).rglob("*") if path.suffix.lower() in ENDINGS)


def pairs(arguments):
    if arguments.every:
        yield from itertools.combinations(images(arguments.every), 2)
    pool = [image for folder in arguments.folders for image in images(folder)]
    draw = random.Random(arguments.seed)
    # Half of the pairs are neighbours in their folder, so that many are of one writer.
    for number in range(arguments.pairs if pool else 0):
        first = draw.randrange(len(pool))
        second = (first + draw.randrange(1, 6)) % len(pool) if number % 2 else draw.randrange(len(pool))
        yield pool[first], pool[second]


def rows(program, table, folder):
    out = pathlib.Path(folder) / "results.jsonl"
    out.unlink(missing_ok=True)
    subprocess.run([program, "verify-batch", table, "--out", out], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    keys = ("row", "decision", "score", "threshold", "log10_lr", "flaws", "error")
    return [tuple(json.loads(line)[key] for key in keys) for line in out.read_text().splitlines()]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--every")
    parser.add_argument("--pairs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_intermixed_args()
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "pairs.csv"
        with open(table, "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["references", "questioned"])
            writer.writerows(pairs(arguments))
        old, new = (rows(str(pathlib.Path(program).resolve()), table, folder) for program in (arguments.old, arguments.new))
    different = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    judged = sum(row[2] is not None for row in old)
    print(f"{len(old)} pairs, {judged} judged, {len(old) - judged} refused; {len(different)} differ")
    for a, b in different[:10]:
        print("old", a, "\nnew", b)
    raise SystemExit(bool(different))


if __name__ == "__main__":
    main()
