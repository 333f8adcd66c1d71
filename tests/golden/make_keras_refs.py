"""Writes tests/golden/keras: models as Keras saves them, in every format, and what Keras computes with them.

`make golden` runs it under Keras 3 and, in an environment of its own (requirements-keras2.txt), under Keras 2; each writes the
files of its version. Weights are those of `repeating` below: every tensor repeats 31 numbers, so that a file of 18 MB becomes
an archive of a hundredth. `outputs.json`, which Keras 3 writes, has the embeddings of pictures 1 to 4 and the probabilities of two pairs.
"""

import json
import os
import zipfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from formula import pictures, uniform

OUT = Path(__file__).parent / "keras"
MAJOR = int(keras.__version__.split(".")[0])
PERIOD = 31


def repeating(name, shape):
    """The first numbers of `formula.tensor`, over and over, for inkproof's name and Keras' shape."""
    u = np.resize(uniform(name, PERIOD), int(np.prod(shape)))
    kind = name.rsplit(".", 1)[1]
    if kind == "weight":
        fan_in = int(np.prod(shape[:2] if name.endswith(".depthwise.weight") else shape[:-1]))
        u = u * np.sqrt(6.0 / fan_in)
    else:
        low, span = {"gamma": (1.0, 0.2), "variance": (1.0, 0.3)}.get(kind, (0.0, 0.1))
        u = low + span * u
    return u.astype(np.float32).reshape(shape)


class L2Normalization(layers.Layer):
    def call(self, inputs):
        return tf.nn.l2_normalize(inputs, axis=1)


class L1Distance(layers.Layer):
    def call(self, inputs):
        return tf.abs(inputs[0] - inputs[1])


UNIT = {
    "lambda": lambda: layers.Lambda(lambda v: tf.math.l2_normalize(v, axis=1)),
    "classes": L2Normalization,
    "ops": lambda: layers.UnitNormalization(),
}
DISTANCE = {
    "lambda": lambda a, b: layers.Lambda(lambda t: tf.abs(t[0] - t[1]))([a, b]),
    "classes": lambda a, b: L1Distance()([a, b]),
    # Keras 2 keeps TensorFlow's operations by their name, Keras 3 has its own.
    "ops": lambda a, b: tf.abs(a - b) if MAJOR == 2 else keras.ops.abs(a - b),
}


def simple_cnn(way):
    if way == "ops":
        return keras.Sequential([
            layers.Input((224, 224, 1)), layers.Conv2D(64, 3), layers.Activation("relu"), layers.MaxPooling2D(2),
            layers.Conv2D(128, 3), layers.ReLU(), layers.GlobalAveragePooling2D(), layers.Dropout(0.3),
            layers.Dense(256, activation="relu"), UNIT[way]()])
    given = layers.Input((224, 224, 1))
    x = layers.Conv2D(64, 3, activation="relu")(given)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu")(x)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(256, activation="relu")(x)
    return keras.Model(given, UNIT[way]()(x))


def efficientnet(way):
    base = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(224, 224, 1))
    given = layers.Input((224, 224, 1))
    # Once as a model in the model, once with its layers among the others.
    x, given = (base(given), given) if way == "lambda" else (base.output, base.input)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(256, activation="relu")(x)
    return keras.Model(given, UNIT[way]()(x))


def siamese(embedder, way):
    a, b = layers.Input((224, 224, 1)), layers.Input((224, 224, 1))
    distance = DISTANCE[way](embedder(a), embedder(b))
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(distance))
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def all_layers(model):
    for layer in model.layers:
        yield from all_layers(layer) if hasattr(layer, "layers") else [layer]


def prefixes(model):
    """Each layer with weights of its own and inkproof's name of it."""
    parts = {"expand_conv": "expand", "expand_bn": "expand_bn", "dwconv": "depthwise", "bn": "depthwise_bn",
             "se_reduce": "se_reduce", "se_expand": "se_expand", "project_conv": "project", "project_bn": "project_bn"}
    stems = {"stem_conv": "stem.conv", "stem_bn": "stem.bn", "top_conv": "top.conv", "top_bn": "top.bn"}
    blocks, others = {}, {"Conv2D": ["conv1", "conv2"], "Dense": ["embed", "head"]}
    for layer in all_layers(model):
        kind = type(layer).__name__
        if not layer.weights or kind == "Normalization":
            continue
        block, _, part = layer.name.partition("_")
        if block.startswith("block"):
            yield layer, f"blocks.{blocks.setdefault(block, len(blocks))}.{parts[part]}"
        elif kind == "Dropout":
            continue
        else:
            yield layer, stems.get(layer.name) or others[kind].pop(0)


def fill(model):
    kinds = {"kernel": "weight", "depthwise_kernel": "weight", "moving_mean": "mean", "moving_variance": "variance"}
    for layer, prefix in prefixes(model):
        for variable in layer.weights:
            kind = variable.name.split("/")[-1].removesuffix(":0")
            name = f"{prefix}.{kinds.get(kind, kind)}"
            variable.assign(repeating(name, tuple(variable.shape)))


def archive(path):
    """The file in an archive of its own, as the notebook's last cell has it; always the same bytes for the same file."""
    with zipfile.ZipFile(path.with_name(path.name + ".zip"), "w", zipfile.ZIP_DEFLATED, compresslevel=9) as out:
        out.writestr(zipfile.ZipInfo(f"working/{path.name}"), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    path.unlink()


def save(model, name, ending):
    path = OUT / f"{name}{ending}"
    if "weights" in ending:
        model.save_weights(path)
    else:
        model.save(path)
    archive(path)


def outputs(embedder, model):
    a, b = pictures([1, 2]), pictures([3, 4])
    embeddings = np.concatenate([embedder(a, training=False), embedder(b, training=False)])
    return {"embeddings": [[float(f"{v:.8g}") for v in row] for row in embeddings],
            "outputs": [float(v) for v in np.ravel(model([a, b], training=False))]}


def main():
    OUT.mkdir(exist_ok=True)
    kinds = {"simple-cnn": simple_cnn, "efficientnet-b0": efficientnet}
    found = {}
    for backbone, build in kinds.items():
        for way in ["lambda", "classes", "ops"]:
            keras.backend.clear_session()
            embedder = build(way)
            model = siamese(embedder, way)
            fill(model)
            name = f"{backbone}-keras{MAJOR}-{way}"
            if way == "lambda":
                found[backbone] = outputs(embedder, model)
                # Keras 2 has two layouts of weights alone.
                for ending in [".keras", ".h5", ".weights.h5"] + (["-weights.h5"] if MAJOR == 2 else []):
                    save(model, name, ending)
            elif way == "ops":
                save(model, name, ".h5" if MAJOR == 2 else ".keras")
            elif backbone == "simple-cnn":
                save(model, name, ".keras")
    if MAJOR == 3:
        (OUT / "outputs.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
