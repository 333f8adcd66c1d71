"""The notebook's figure, again: its network trained by Keras and by inkproof on the same pairs, seed by seed.

    make headline DATA=../shared/data/dutch        about an hour and a half on two cores

The sides, each run in a process of its own, one after the other:

    keras     Keras, with its first weights and its orders of the pairs: a shuffle buffer of 1,000, as in the notebook
    follows   inkproof from the first weights of `keras`, through the same orders
    nudged    as `follows`, but each first weight is moved by its last bit: how far apart rounding alone leads
    inkproof  inkproof with first weights and orders of its own
    exact     as `keras`, in float64: slow, and run only where it is asked for

The first steps, one by one, beside float64 (`--pairs 32` makes an epoch of one step):

    python benches/headline.py DATA --seeds 1 --epochs 12 --pairs 32 --sides keras follows exact --out steps.jsonl

Each epoch is a line of the log. A side that has all its epochs there is not run again; one that was cut off begins anew.
The tables are printed at the end. Under `--overlap` the test is a part of what is trained on, as in the notebook.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = Path(os.environ.get("INKPROOF_PROGRAM", ROOT / "target" / "release" / "inkproof"))
SIDES = ("keras", "follows", "nudged", "inkproof", "exact")
LAST_BIT = 2.0**-23
BATCH, BUFFER = 32, 1000
# Which pairs there are, of all that the notebook's rule could draw; the same for every seed.
PAIRS_SEED = 0
# Pictures are held here in 8 bits.
HALF_A_LEVEL = 1 / 510 + 1e-6


class Log:
    """The epochs of all runs of one setting, by side and seed."""

    def __init__(self, arguments):
        self.path = arguments.out
        self.setting = {"data": arguments.data.name, "overlap": arguments.overlap}
        self.setting |= {"epochs": arguments.epochs, "pairs": arguments.pairs}

    def add(self, **figures):
        with self.path.open("a") as file:
            print(json.dumps(self.setting | figures), file=file)

    def runs(self):
        """Finished ones: by side and seed, the lines of all epochs."""
        found = {}
        lines = map(json.loads, self.path.read_text().splitlines()) if self.path.exists() else ()
        for line in lines:
            if {key: line.get(key) for key in self.setting} == self.setting:
                run = found.setdefault((line["side"], line["seed"]), [])
                run[line["epoch"] - 1 :] = [line]
        return {key: run for key, run in found.items() if len(run) == self.setting["epochs"]}


def given(log, seed, suffix):
    """A file that `keras` leaves for the sides that begin as it does."""
    return log.path.with_name(f"{log.path.stem}-{seed}{suffix}")


def pairs(arguments):
    """Those of the training and of the test; inkproof reads the pictures for both sides."""
    import inkproof

    parts = ("all" if arguments.overlap else "train", "test")
    return [inkproof.load_pairs(arguments.data, part=part, seed=PAIRS_SEED) for part in parts]


def record(arguments, log, side, seed, epoch, evaluate):
    """Runs all epochs by `epoch`, called with the number of each, and then the test; both give loss and accuracy."""
    for number in range(arguments.epochs):
        begun = time.perf_counter()
        loss, accuracy = epoch(number)
        figures = {"loss": loss, "accuracy": accuracy, "seconds": round(time.perf_counter() - begun, 1)}
        if number + 1 == arguments.epochs and not arguments.pairs:
            figures["test_loss"], figures["test_accuracy"] = evaluate()
        log.add(side=side, seed=seed, epoch=number + 1, **figures)


def run_keras(arguments, log, side, seed):
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
    import numpy as np
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(arguments.threads)
    tf.config.threading.set_inter_op_parallelism_threads(arguments.threads)
    # The network is the one that the golden values come from; it turns TensorFlow's fast kernels off.
    sys.path.insert(0, str(ROOT / "tests" / "golden"))
    import make_network_refs as networks

    os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
    import keras

    keras.config.set_floatx("float32")
    keras.utils.set_random_seed(seed)
    model = networks.siamese(networks.simple_cnn())
    first = [np.array(weight) for weight in model.get_weights()]
    if side == "exact":
        keras.config.set_floatx("float64")
        keras.config.set_dtype_policy("float64")
        model = networks.siamese(networks.simple_cnn())
        model.set_weights(first)
    model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["accuracy"])
    train, test = pairs(arguments)
    shuffled = tf.data.Dataset.range(len(train)).shuffle(BUFFER, seed=seed)
    orders = np.array([list(shuffled.as_numpy_iterator())[: arguments.pairs] for _ in range(arguments.epochs)])
    if side == "keras":
        np.save(given(log, seed, ".npy"), orders)
        for other, factor in (("nudged", 1 + LAST_BIT), ("follows", 1)):
            model.set_weights([weight * np.float32(factor) for weight in first])
            model.save(given(log, seed, f"-{other}.keras"))
        compare_pictures(tf, train, test)

    def epoch(number):
        order = orders[number]
        x, y = [train.a[order], train.b[order]], train.y[order, None]
        history = model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    def evaluate():
        return map(float, model.evaluate(test.x, test.y[:, None], batch_size=BATCH, verbose=0))

    record(arguments, log, side, seed, epoch, evaluate)


def compare_pictures(tf, *parts):
    """Says how far the pictures of the pairs are from the same files as the notebook reads them."""
    pictures = {}
    for part in parts:
        for files, both in zip(part.paths, zip(part.a, part.b)):
            pictures.update(zip(files, both))

    def read(path):
        image = tf.io.decode_image(tf.io.read_file(str(path)), channels=1, expand_animations=False)
        return (tf.image.resize(image, (224, 224)) / 255.0).numpy()

    differences = [abs(read(path) - picture).max() for path, picture in pictures.items()]
    beyond = sum(difference > HALF_A_LEVEL for difference in differences)
    print(
        f"read by TensorFlow, {beyond} of {len(differences)} pictures differ by more than half a level of gray, by "
        f"{max(differences):.3f} at most",
        file=sys.stderr,
    )


def run_inkproof(arguments, log, side, seed):
    os.environ["RAYON_NUM_THREADS"] = str(arguments.threads)
    import inkproof
    import numpy as np

    train, test = pairs(arguments)
    if side in ("follows", "nudged"):
        first = given(log, seed, f"-{side}.safetensors")
        command = [PROGRAM, "import", given(log, seed, f"-{side}.keras"), "--out", first]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        model, orders = inkproof.Siamese.load(first), np.load(given(log, seed, ".npy"))
    else:
        model, orders = inkproof.Siamese(backbone="simple-cnn", seed=seed), None

    def epoch(number):
        order = slice(None) if orders is None else orders[number]
        x, y = [train.a[order], train.b[order]], train.y[order]
        history = model.fit(x, y, batch_size=BATCH, shuffle=orders is None, verbose=0).history
        return history["loss"][0], history["accuracy"][0]

    record(arguments, log, side, seed, epoch, lambda: model.evaluate(test, verbose=0))


def relative(mine, theirs, name):
    return [100 * (m[name] - t[name]) / t[name] for m, t in zip(mine, theirs)]


def median_and_extremes(values, digits):
    low, high = min(values), max(values)
    return f"{statistics.median(values):+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def side_by_side(runs, base, side, epochs):
    """Epoch by epoch: two sides that began alike, and how far apart they are with one seed."""
    seeds = [seed for name, seed in runs if name == side and (base, seed) in runs]
    if not seeds:
        return
    print(f"\n`{side}` beside `{base}`, the same first weights and orders: medians over {len(seeds)} seed(s)\n")
    print(f"| epoch | loss: {base} | {side} | difference in % (extremes) | accuracy: {base} | {side} | difference in points |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for epoch in range(epochs):
        theirs, mine = ([runs[name, seed][epoch] for seed in seeds] for name in (base, side))
        loss, my_loss, accuracy, my_accuracy = (
            statistics.median(line[name] for line in lines) for name in ("loss", "accuracy") for lines in (theirs, mine)
        )
        points = [100 * (m["accuracy"] - t["accuracy"]) for m, t in zip(mine, theirs)]
        print(
            f"| {epoch + 1} | {loss:.5f} | {my_loss:.5f} | {median_and_extremes(relative(mine, theirs, 'loss'), 3)} "
            f"| {accuracy:.4f} | {my_accuracy:.4f} | {median_and_extremes(points, 2)} |"
        )


FIGURES = {
    "loss": "training loss",
    "accuracy": "training accuracy",
    "test_loss": "test loss",
    "test_accuracy": "test accuracy",
}


def each_seed(runs):
    present = [side for side in SIDES if any(name == side for name, _ in runs)]
    print("\nTest loss and accuracy after the last epoch\n")
    print("| seed | " + " | ".join(present) + " |")
    print("| --- |" + " --- |" * len(present))
    for seed in sorted({seed for _, seed in runs}):
        last = [runs[side, seed][-1] if (side, seed) in runs else None for side in present]
        cells = [f"{line['test_loss']:.4f}, {line['test_accuracy']:.4f}" if line else "" for line in last]
        print(f"| {seed} | " + " | ".join(cells) + " |")


def means(runs):
    """Means over seeds, their 95 % intervals, and those of the difference from `keras`."""
    from scipy import stats

    last = {side: {seed: run[-1] for (name, seed), run in runs.items() if name == side} for side in SIDES}
    last = {side: seeds for side, seeds in last.items() if len(seeds) > 1}
    if "keras" not in last:
        return
    print("\nMeans over seeds after the last epoch, with 95 % intervals (Student's t)\n")
    print("| figure | side | seeds | mean | difference from keras |")
    print("| --- | --- | --- | --- | --- |")
    for figure, title in FIGURES.items():
        for side, lines in last.items():
            values = [line[figure] for line in lines.values()]
            low, high = stats.t.interval(0.95, len(values) - 1, statistics.mean(values), stats.sem(values))
            mean = f"{statistics.mean(values):.4f} ({low:.4f} to {high:.4f})"
            print(f"| {title} | {side} | {len(values)} | {mean} | {difference(stats, figure, side, lines, last['keras'])} |")


def difference(stats, figure, side, lines, theirs):
    """Seed by seed where both sides began alike, of the means (Welch) where they did not."""
    if side == "keras":
        return ""
    if side == "inkproof":
        mine, other = ([line[figure] for line in both.values()] for both in (lines, theirs))
        test = stats.ttest_ind(mine, other, equal_var=False)
    else:
        seeds = sorted(set(lines) & set(theirs))
        if len(seeds) < 2:
            return ""
        mine, other = ([both[seed][figure] for seed in seeds] for both in (lines, theirs))
        test = stats.ttest_rel(mine, other)
    low, high = test.confidence_interval(0.95)
    return f"{statistics.mean(mine) - statistics.mean(other):+.4f} ({low:+.4f} to {high:+.4f})"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of signatures with a training and a test part")
    parser.add_argument("--out", type=Path, help="the log; target/headline/NAME.jsonl without it")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--sides", choices=SIDES, nargs="+", default=SIDES[:-1])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--pairs", type=int, help="how many of an epoch's pairs are trained on; all without it")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--overlap", action="store_true", help="train on the test part too, as the notebook does")
    parser.add_argument("--tables", action="store_true", help="only print the tables of a log")
    parser.add_argument("--run", choices=SIDES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.out is None:
        name = arguments.data.name + ("-overlap" if arguments.overlap else "")
        arguments.out = ROOT / "target" / "headline" / f"{name}.jsonl"
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    return arguments


def main():
    arguments = parse()
    log = Log(arguments)
    if arguments.run:
        run = run_keras if arguments.run in ("keras", "exact") else run_inkproof
        run(arguments, log, arguments.run, arguments.seeds[0])
        return
    todo = [] if arguments.tables else [(side, seed) for seed in arguments.seeds for side in arguments.sides]
    for side, seed in todo:
        if (side, seed) not in log.runs():
            print(f"{side}, seed {seed}", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--run", side, "--seeds", str(seed)], check=True)
    runs = log.runs()
    for base, side in (("keras", "follows"), ("follows", "nudged"), ("exact", "keras"), ("exact", "follows")):
        side_by_side(runs, base, side, arguments.epochs)
    if not arguments.pairs:
        each_seed(runs)
        means(runs)


if __name__ == "__main__":
    main()
