"""What the workers share: the line protocol of `inkproof bench --worker`, and the files that all of them read."""

import json
import os
import struct
import sys
import time

import numpy as np

SIDE = 224


def read_model(path):
    """The tensors of a model file by name (safetensors: length, JSON header, data)."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(data[slice(*entry["data_offsets"])], "<f4").reshape(entry["shape"])
        for name, entry in header.items()
    }


def read_batch(path):
    """Pictures of the first and of the second half of each pair, and labels."""
    numbers = np.fromfile(path, "<f4")
    pairs = len(numbers) // (2 * SIDE * SIDE + 1)
    a, b, labels = np.split(numbers, [pairs * SIDE * SIDE, 2 * pairs * SIDE * SIDE])
    return a.reshape(pairs, SIDE, SIDE, 1), b.reshape(pairs, SIDE, SIDE, 1), labels.reshape(pairs, 1)


def pin(threads):
    """Keeps this process, before it starts threads, on as many cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


def timed(work):
    begun = time.perf_counter()
    result = work()
    return {"seconds": time.perf_counter() - begun}, result


def serve(commands):
    """Answers lines of standard input with `commands`, functions by name, each answer a line of JSON."""
    # Libraries print what they like; answers keep the real standard output to themselves.
    answers, sys.stdout = os.fdopen(os.dup(1), "w"), sys.stderr
    for line in sys.stdin:
        name, _, argument = line.rstrip("\n").partition(" ")
        print(json.dumps(commands[name](argument)), file=answers, flush=True)
