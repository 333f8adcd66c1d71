"""TensorFlow's side: python keras_worker.py THREADS BACKBONE."""

import os
import sys
from pathlib import Path

THREADS, BACKBONE = int(sys.argv[1]), sys.argv[2]
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")

from common import SIDE, pin, read_batch, read_model, serve, timed

pin(THREADS)

import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(THREADS)
tf.config.threading.set_inter_op_parallelism_threads(THREADS)
# The networks are those that the golden values come from; it turns TensorFlow's fast kernels off, which are wanted here.
sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "golden"))
import make_network_refs as networks

os.environ.pop("TF_ENABLE_ONEDNN_OPTS", None)
import keras

keras.config.set_floatx("float32")

backbone = networks.simple_cnn() if BACKBONE == "simple-cnn" else networks.efficientnet(0.2)
model = networks.siamese(backbone)
model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy", metrics=["accuracy"])
state = {}


def load(path):
    tensors = read_model(path)
    for name, variable in networks.named(model):
        variable.assign(networks.to_keras(name, tensors[name]))
    return {}


def batch(path):
    state["batch"] = read_batch(path)
    return {}


def step(_):
    a, b, labels = state["batch"]
    answer, found = timed(lambda: model.train_on_batch([a, b], labels, return_dict=True))
    return answer | {"loss": float(found["loss"])}


def vectors(path):
    backbone.predict(state["batch"][0], verbose=0).astype("<f4").tofile(path)
    return {}


def picture(path):
    image = tf.image.decode_png(tf.io.read_file(path), channels=1)
    return tf.image.resize(image, (SIDE, SIDE)) / 255.0


def pairs(folder):
    """The notebook's: each genuine signature with the next one of its writer, and with a forgery."""
    first, second, labels = [], [], []
    for writer in sorted(path for path in Path(folder).iterdir() if path.is_dir() and "_forg" not in path.name):
        genuine = sorted(map(str, writer.glob("*.png")))
        forged = sorted(map(str, Path(f"{writer}_forg").glob("*.png")))
        for i, path in enumerate(genuine):
            first += [path, path]
            second += [genuine[(i + 1) % len(genuine)], forged[i % len(forged)]]
            labels += [1.0, 0.0]
    return first, second, labels


def epoch(folder):
    data = tf.data.Dataset.from_tensor_slices(pairs(folder)).shuffle(10_000, seed=1)
    data = data.map(lambda a, b, y: ((picture(a), picture(b)), y), num_parallel_calls=tf.data.AUTOTUNE)
    data = data.batch(32).prefetch(tf.data.AUTOTUNE)
    answer, _ = timed(lambda: model.fit(data, epochs=1, verbose=0))
    return answer


serve({"model": load, "batch": batch, "step": step, "vectors": vectors, "epoch": epoch})
