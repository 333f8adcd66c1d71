"""Times inkproof and what people would use instead, in one run, and writes benches/RESULTS.md.

    make bench-peers                 all rows (PEERS=torch adds PyTorch)
    make bench-smoke                 that it runs: ONNX Runtime alone, each figure once, nothing is written

Both sides get the same weights and the same pictures, and their outputs are compared before anything is timed. They take
turns (ours, theirs, ours, theirs ...), each in a process of its own that waits while the other works, pinned to the same
cores with as many threads; the first round is dropped.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

import numpy as np

from common import SIDE

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PROGRAM = Path(os.environ.get("INKPROOF_PROGRAM", ROOT / "target" / "release" / "inkproof"))
# Multiply-adds of direct sums, counted twice, to embed one picture. A training step is three times as much.
OPERATIONS = {"simple-cnn": 1.809e9, "efficientnet-b0": 0.771e9}
PAIRS = 32


def on_cores(threads):
    """What keeps a process on as many cores, with as many threads of ours."""
    cores = ",".join(map(str, sorted(os.sched_getaffinity(0))[:threads]))
    return ["env", f"RAYON_NUM_THREADS={threads}", "taskset", "-c", cores]


class Worker:
    """A process that answers commands, one to a line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, *words):
        print(*words, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.process.args} ended at '{words[0]}'")
        return json.loads(line)

    def peak_memory(self):
        """In GB, the most so far."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1e6

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def ours(threads):
    return Worker([*on_cores(threads), PROGRAM, "bench", "--worker"])


def python(script, *arguments):
    return Worker([sys.executable, HERE / script, *map(str, arguments)])


def in_turn(rounds, *sides):
    """Seconds of every side in every round; the first round is dropped."""
    taken = []
    for _ in range(rounds + 1):
        taken.append([])
        for side in sides:
            # What the other side's threads do after their answer ends here.
            time.sleep(0.05)
            taken[-1].append(side())
    return list(zip(*taken[1:]))


class Table:
    def __init__(self):
        self.rows = []

    def add(self, work, threads, peer, taken, must, aim, operations=None, peak=None):
        mine, theirs = taken
        ratios = sorted(m / t for m, t in zip(mine, theirs))
        shares = "" if operations is None else " / ".join(
            f"{100 * operations / statistics.median(side) / peak:.0f} %" for side in taken)
        self.write(work, threads, peer, statistics.median(ratios), (ratios[0], ratios[-1]),
                   f"{shown(statistics.median(mine))} / {shown(statistics.median(theirs))}", shares, must, aim)

    def write(self, work, threads, peer, ratio, spread, values, shares, must, aim):
        verdict = "aim" if ratio <= aim else "must" if ratio <= must else "**missed**"
        span = f"{ratio:.3f}" if ratio < 0.1 else f"{ratio:.2f}"
        low, high = (f"{x:.3f}" if ratio < 0.1 else f"{x:.2f}" for x in spread)
        row = [work, str(threads), peer, f"**{span}** ({low} to {high})", values, shares, f"{must} / {aim}", verdict]
        self.rows.append("| " + " | ".join(row) + " |")
        print(self.rows[-1], flush=True)


def shown(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def same_vectors(folder, mine, theirs, what):
    """Both sides' embeddings of the batch's pictures within 1e-4."""
    paths = [folder / "ours.f32", folder / "theirs.f32"]
    for side, path in zip((mine, theirs), paths):
        side.ask("vectors", path)
    first, second = (np.fromfile(path, "<f4") for path in paths)
    apart = np.abs(first - second).max() if first.shape == second.shape else np.inf
    if not apart < 1e-4:
        raise SystemExit(f"{what}: the outputs differ by {apart}, nothing is timed")
    print(f"{what}: outputs differ by at most {apart:.1e}", flush=True)


def prepare(folder):
    """Signatures, models and a batch of pictures in `folder`."""
    run = lambda *words: subprocess.run([PROGRAM, *map(str, words)], check=True, stdout=subprocess.DEVNULL)
    run("synth", folder / "few", "--writers", 4, "--genuine", 4, "--forgeries", 4, "--seed", 5)
    run("synth", folder / "many", "--writers", 16, "--genuine", 8, "--forgeries", 8, "--seed", 6)
    for backbone in OPERATIONS:
        run("train", folder / "few", "--out", folder / f"{backbone}.safetensors", "--backbone", backbone,
            "--preprocess", "raw", "--epochs", 1, "--seed", 1)
    for name in OPERATIONS:
        run("export", "--onnx", folder / f"{name}.onnx", "--model", folder / f"{name}.safetensors")
    pictures = np.random.default_rng(1).random((2 * PAIRS, SIDE, SIDE), dtype=np.float32)
    # Strokes, not noise alone: mostly white, with dark bands.
    pictures = np.where((np.arange(SIDE) // 7 % 5 == 0)[None, :, None], pictures, 1.0).astype("<f4")
    labels = (np.arange(PAIRS) % 2).astype("<f4")
    np.concatenate([pictures.ravel(), labels]).tofile(folder / "batch.f32")


def load(worker, model, folder):
    worker.ask("model", model)
    worker.ask("batch", folder / "batch.f32")


def training(table, folder, threads, peak, backbone, rounds, must, aim, peer="TensorFlow"):
    script = ["torch_worker.py", threads] if peer == "PyTorch" else ["keras_worker.py", threads, backbone]
    model = folder / f"{backbone}.safetensors"
    with ours(threads) as mine, python(*script) as theirs:
        for side in (mine, theirs):
            load(side, model, folder)
        same_vectors(folder, mine, theirs, f"{backbone}, {peer}")
        losses = [side.ask("step")["loss"] for side in (mine, theirs)]
        # Drop-connect drops other branches on either side.
        if backbone == "simple-cnn" and abs(losses[0] - losses[1]) > 1e-4:
            raise SystemExit(f"the losses differ: {losses}")
        taken = in_turn(rounds, *(lambda side=side: side.ask("step")["seconds"] for side in (mine, theirs)))
        operations = 6 * PAIRS * OPERATIONS[backbone]
        table.add(f"training step, {backbone}, {PAIRS} pairs", threads, peer, taken, must, aim, operations, peak)
        if threads > 1:
            memory = mine.peak_memory(), theirs.peak_memory()
            ratio = memory[0] / memory[1]
            table.write(f"peak memory of that training, {backbone}", threads, peer, ratio, (ratio, ratio),
                        "{:.2f} / {:.2f} GB".format(*memory), "", *((0.7, 0.4) if backbone == "simple-cnn" else (1.0, 0.8)))


def inference(table, folder, threads, peak, name, rounds, must, aim):
    with ours(threads) as mine, python("onnx_worker.py", threads) as theirs:
        load(mine, folder / f"{name}.safetensors", folder)
        load(theirs, folder / f"{name}.onnx", folder)
        same_vectors(folder, mine, theirs, f"{name}, ONNX Runtime")
        for count in (1, 32) if table else ():
            ask = [lambda side=side: side.ask("embed", count)["seconds"] for side in (mine, theirs)]
            taken = in_turn(rounds * (5 if count == 1 else 1), *ask)
            table.add(f"inference, {name}, batch of {count}", threads, "ONNX Runtime", taken, must, aim,
                      count * OPERATIONS["simple-cnn"], peak)


def scaling(table, folder, rounds):
    """Ours on two threads against ours on one: at least 1.85 times as fast."""
    with ours(2) as both, ours(1) as one:
        for side in (both, one):
            load(side, folder / "simple-cnn.safetensors", folder)
        # A core that has slept while the other side had one alone is slow to wake: the second answer counts.
        def warm(side):
            side.ask("embed", PAIRS)
            return side.ask("embed", PAIRS)["seconds"]

        taken = in_turn(3 * rounds, lambda: warm(both), lambda: warm(one))
    table.add(f"embedding {PAIRS} inks, simple-cnn", 2, "inkproof on 1 thread", taken, 0.54, 0.52)


def epoch(table, folder, threads, rounds):
    def mine():
        out = folder / "epoch.safetensors"
        command = [*on_cores(threads), PROGRAM, "train", folder / "many", "--out", out, "--preprocess", "raw",
                   "--epochs", "1"]
        return process_seconds(command)

    with python("keras_worker.py", threads, "simple-cnn") as theirs:
        taken = in_turn(rounds, mine, lambda: theirs.ask("epoch", folder / "many")["seconds"])
    table.add("epoch of simple-cnn from files, 256 pairs (ours: the whole command)", threads, "TensorFlow", taken,
              0.9, 0.5)


def cold_verify(table, folder, rounds):
    model = folder / "simple-cnn.safetensors"
    a, b = sorted((folder / "few" / "001").glob("*.png"))[:2]
    mine = [*on_cores(2), PROGRAM, "verify", "--model", model, "--reference", a, b]
    theirs = [sys.executable, HERE / "cold_verify.py", model, a, b]
    taken = in_turn(rounds, lambda: process_seconds(mine), lambda: process_seconds(theirs))
    table.add("cold `verify` of two images, simple-cnn", 2, "TensorFlow", taken, 0.03, 0.01)


def process_seconds(command):
    begun = time.perf_counter()
    # `verify` ends with 1 where it rejects.
    code = subprocess.run(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if code not in (0, 1):
        raise SystemExit(f"{command} ended with {code}")
    return time.perf_counter() - begun


def measured_peak(threads):
    with ours(threads) as worker:
        return 1e9 * worker.ask("peak", threads)["gflops"]


def results(table, peaks, versions):
    cpu = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), platform.processor())
    lines = [
        "# inkproof and its peers", "",
        "Written by `make bench-peers`; how it measures is said in benches/peers/peers.py.", "",
        f"{cpu}; measured peak {', '.join(f'{p / 1e9:.0f} GFLOP/s on {t} threads' for t, p in peaks.items())} (f32). "
        f"{', '.join(versions)}.", "",
        "The ratio is ours / theirs, the median of the rounds with their extremes: below 1 inkproof is faster or "
        "smaller. The share of the peak counts the operations of direct sums on both sides; Winograd's filtering does "
        "with fewer, so it can be above 100 %.", "",
        "| work | threads | peer | ratio | ours / theirs | share of peak | must / aim | reached |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |", *table.rows, "",
    ]
    (ROOT / "benches" / "RESULTS.md").write_text("\n".join(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--torch", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        if arguments.smoke:
            for name in OPERATIONS:
                inference(None, folder, 1, None, name, 1, 1.0, 0.7)
            inference(Table(), folder, 1, measured_peak(1), "simple-cnn", 1, 1.0, 0.7)
            return
        table, rounds = Table(), arguments.rounds
        threads = [count for count in (1, 2) if count <= len(os.sched_getaffinity(0))]
        peaks = {count: measured_peak(count) for count in threads}
        for count in threads:
            training(table, folder, count, peaks[count], "simple-cnn", rounds, 1.0, 0.6)
        for count in threads:
            training(table, folder, count, peaks[count], "efficientnet-b0", max(3, rounds // 2), 1.2, 0.8)
        for count in threads:
            inference(table, folder, count, peaks[count], "simple-cnn", rounds, 1.0, 0.7)
        if len(threads) > 1:
            scaling(table, folder, rounds)
        epoch(table, folder, threads[-1], max(3, rounds // 2))
        cold_verify(table, folder, rounds)
        packages = ["tensorflow-cpu", "keras", "onnxruntime"]
        if arguments.torch:
            packages.append("torch")
            for count in threads:
                training(table, folder, count, peaks[count], "simple-cnn", rounds, 1.0, 0.6, peer="PyTorch")
        results(table, peaks, [f"{package} {metadata.version(package)}" for package in packages])


if __name__ == "__main__":
    main()
