"""Keras as the judge of what inkproof reads and writes: python judge_keras.py target/release/inkproof

Each file of tests/golden/keras is imported and exported again; Keras opens the result in safe mode, without custom objects,
and has to compute from it what it computed when it wrote the file, to 1e-5. Then Keras trains both networks on, saves them in
every format, and what it predicts after that has to come back the same way. Prints a table in Markdown (docs/keras.md has it)
and fails where anything is further away. Under Keras 2, which does not open what Keras 3 writes, it only says which of the files
that opens itself, those that inkproof writes among them.
"""

import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import keras
import numpy as np

from formula import pictures

GOLDEN = Path(__file__).parent / "keras"
MAJOR = int(keras.__version__.split(".")[0])
LARGEST = 1e-5
A, B = pictures([1, 2]), pictures([3, 4])


def predicted(model):
    return np.ravel(model([A, B], training=False))


def opens_itself(path):
    """Whether Keras opens the file without being told what is in it, and what it says if not."""
    if "weights" in path.name:
        return "weights alone"
    try:
        keras.models.load_model(path)
    except Exception as error:
        return f"no: {type(error).__name__}"
    return "yes"


def exported(program, path, folder):
    """What inkproof makes of the file."""
    model, out = folder / "model.safetensors", folder / "out.keras"
    subprocess.run([program, "import", path, "--out", model], check=True, capture_output=True)
    subprocess.run([program, "export", "--model", model, "--keras", out], check=True, capture_output=True)
    return out


def through_inkproof(program, path, folder):
    """The model that Keras opens of what inkproof makes of the file."""
    return keras.models.load_model(exported(program, path, folder), custom_objects=None, safe_mode=True)


def trained_on(model):
    a, b = pictures(range(11, 15)), pictures(range(15, 19))
    model.fit([a, b], np.array([[0.0], [1.0], [0.0], [1.0]]), epochs=2, batch_size=4, verbose=0)
    return model


def main(program):
    expected = json.loads((GOLDEN / "outputs.json").read_text())
    rows, worst = [], 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for archive in sorted(GOLDEN.glob("*.zip")):
            with zipfile.ZipFile(archive) as opened:
                path = Path(opened.extract(opened.namelist()[0], folder))
            backbone = next(name for name in expected if path.name.startswith(name))
            row = [path.name, opens_itself(path)]
            if MAJOR > 2:
                apart = np.abs(predicted(through_inkproof(program, archive, folder)) - expected[backbone]["outputs"]).max()
                row, worst = [*row, f"{apart:.0e}"], max(worst, apart)
            rows.append(row)
        for backbone in expected:
            source = GOLDEN / f"{backbone}-keras3-lambda.keras.zip"
            if MAJOR == 2:
                rows.append([f"{backbone}, ours", opens_itself(exported(program, source, folder))])
                continue
            model = trained_on(through_inkproof(program, source, folder))
            for ending in [".keras", ".h5", ".weights.h5"]:
                path = folder / f"trained{ending}"
                (model.save_weights if "weights" in ending else model.save)(path)
                apart = np.abs(predicted(through_inkproof(program, path, folder)) - predicted(model)).max()
                rows.append([f"{backbone}, ours, trained on by Keras {keras.__version__}, {ending}", opens_itself(path), f"{apart:.0e}"])
                worst = max(worst, apart)
    heads = ["file", f"Keras {keras.__version__} opens it", "outputs differ by"][: len(rows[0])]
    for row in [heads, ["---"] * len(heads), *rows]:
        print("| " + " | ".join(row) + " |")
    if worst >= LARGEST:
        sys.exit(f"outputs differ by {worst}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
