"""Writes tests/golden/network: what Keras makes of both networks with the weights and pictures of formula.py.

embeddings, outputs; 20 Adam steps of SimpleCNN; one step of EfficientNetB0 without drop-connect: loss, gradients and
moving statistics. Tensors too large to store are kept as their norm and 32 sums with random signs, from which the norm
of a difference can be estimated.

Keras computes in f64 here: in f32 TensorFlow's gradient of a bias over 12,000 positions is wrong by 1 % of its norm, and
Adam makes whole steps of that.
"""

import json
import os
import re
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf
from keras import layers
from keras.src.applications.efficientnet import EfficientNet

from formula import pictures, signs, tensor

OUT = Path(__file__).parent / "network"
SUMS = 32
STEPS, BATCH, BATCHES = 20, 4, 5


def embedder(features):
    x = layers.Dense(256, activation="relu", name="embed")(features.output)
    x = layers.Lambda(lambda v: tf.math.l2_normalize(v, axis=1), output_shape=(256,))(x)
    return keras.Model(features.input, x)


def simple_cnn():
    given = layers.Input((224, 224, 1))
    x = layers.Conv2D(64, 3, activation="relu", name="conv1")(given)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(128, 3, activation="relu", name="conv2")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return embedder(keras.Model(given, x))


def efficientnet(drop_connect):
    # What EfficientNetB0 calls, which has no argument for drop-connect.
    base = EfficientNet(1.0, 1.0, 224, 0.2, drop_connect_rate=drop_connect, include_top=False, weights=None,
                        input_shape=(224, 224, 1), name="efficientnetb0", weights_name="b0")
    x = layers.GlobalAveragePooling2D()(base.output)
    return embedder(keras.Model(base.input, x))


def siamese(backbone):
    a, b = layers.Input((224, 224, 1)), layers.Input((224, 224, 1))
    distance = layers.Lambda(lambda v: tf.abs(v[0] - v[1]), output_shape=(256,))([backbone(a), backbone(b)])
    return keras.Model([a, b], layers.Dense(1, activation="sigmoid", name="head")(distance))


def our_name(variable, blocks):
    """inkproof's name of a Keras variable."""
    layer, kind = variable.path.split("/")[-2:]
    layer = re.sub(r"_\d+$", "", layer)
    match = re.match(r"block(\d[a-z])_(.+)", layer)
    if match:
        part = {"expand_conv": "expand", "expand_bn": "expand_bn", "dwconv": "depthwise", "bn": "depthwise_bn",
                "se_reduce": "se_reduce", "se_expand": "se_expand", "project_conv": "project",
                "project_bn": "project_bn"}[match[2]]
        layer = f"blocks.{blocks.setdefault(match[1], len(blocks))}.{part}"
    else:
        layer = {"stem_conv": "stem.conv", "stem_bn": "stem.bn", "top_conv": "top.conv", "top_bn": "top.bn"}.get(layer, layer)
    kind = {"kernel": "weight", "moving_mean": "mean", "moving_variance": "variance"}.get(kind, kind)
    return f"{layer}.{kind}"


def named(model):
    """Name and variable of everything but the Normalization layer, which is the identity."""
    blocks = {}
    return [(our_name(v, blocks), v) for v in model.weights if "/normalization" not in "/" + v.path]


def is_depthwise(name):
    return ".depthwise.weight" in name


def to_ours(name, value):
    """Keras' [h, w, in, out] to [out, in, h, w]; depthwise [h, w, channels, 1] to [channels, 1, h, w]."""
    value = np.asarray(value)
    if value.ndim != 4:
        return value
    return value.transpose(2, 3, 0, 1) if is_depthwise(name) else value.transpose(3, 2, 0, 1)


def to_keras(name, value):
    if value.ndim != 4:
        return value
    return value.transpose(2, 3, 0, 1) if is_depthwise(name) else value.transpose(2, 3, 1, 0)


def fill(model):
    for name, variable in named(model):
        shape = to_ours(name, variable.numpy()).shape
        variable.assign(to_keras(name, tensor(name, shape)))


def digest(name, value):
    """Norm and sums with random signs."""
    flat = to_ours(name, value).astype(np.float64).ravel()
    sums = [float(flat @ signs(name, flat.size, which)) for which in range(SUMS)]
    return {"norm": float(np.linalg.norm(flat)), "sums": sums}


def forward(backbone, model):
    a, b = pictures([1, 2]), pictures([3, 4])
    embeddings = np.concatenate([backbone(a, training=False), backbone(b, training=False)])
    output = model([a, b], training=False)
    return {"embeddings": [[float(f"{v:.8g}") for v in row] for row in embeddings],
            "outputs": [float(v) for v in np.ravel(output)]}


def batch(number):
    first = 100 + 2 * BATCH * number
    a, b = pictures(range(first, first + BATCH)), pictures(range(first + BATCH, first + 2 * BATCH))
    return a, b, np.array([[i % 2] for i in range(BATCH)], np.float64)


def simple_steps(model):
    # All units of the dense layer are active: one that wakes up takes a whole step of Adam in its first gradient's
    # direction, however small that is, and which step it wakes in hangs on the last digit.
    for name, variable in named(model):
        if name == "embed.bias":
            variable.assign(variable + 2.0)
    model.compile(optimizer=keras.optimizers.Adam(), loss="binary_crossentropy")
    names = {id(variable): name for name, variable in named(model)}
    losses, first = [], {}
    for step in range(STEPS):
        a, b, labels = batch(step % BATCHES)
        with tf.GradientTape() as tape:
            loss = model.compute_loss(y=labels, y_pred=model([a, b], training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        first = first or {names[id(v)]: digest(names[id(v)], g) for v, g in zip(model.trainable_variables, gradients)}
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        losses.append(float(loss))
    return {"losses": losses, "gradients": first}


def efficientnet_step(model):
    a, b = pictures([11, 12, 13]), pictures([14, 15, 16])
    labels = np.array([[1], [0], [1]], np.float64)
    with tf.GradientTape() as tape:
        loss = keras.losses.BinaryCrossentropy()(labels, model([a, b], training=True))
    names = {id(variable): name for name, variable in named(model)}
    gradients = tape.gradient(loss, model.trainable_variables)
    found = {names[id(v)]: digest(names[id(v)], g) for v, g in zip(model.trainable_variables, gradients)}
    moving = {name: digest(name, v.numpy()) for name, v in named(model) if name.endswith((".mean", ".variance"))}
    return {"loss": float(loss), "gradients": found, "moving": moving}


def initialisers(model):
    """Class, distribution and scale of every tensor's initialiser, by inkproof's names."""
    attributes = {"kernel": "kernel_initializer", "bias": "bias_initializer", "gamma": "gamma_initializer",
                  "beta": "beta_initializer", "moving_mean": "moving_mean_initializer",
                  "moving_variance": "moving_variance_initializer"}
    inner = [layer for top in model.layers for layer in (top.layers if hasattr(top, "layers") else [top])]
    by_variable = {id(v): layer for layer in inner for v in layer.weights}
    found = {}
    for name, variable in named(model):
        layer, kind = by_variable[id(variable)], variable.path.split("/")[-1]
        attribute = "depthwise_initializer" if is_depthwise(name) else attributes[kind]
        initialiser = getattr(layer, attribute)
        found[name] = {"class": type(initialiser).__name__, "shape": list(to_ours(name, variable.numpy()).shape),
                       **{k: v for k, v in initialiser.get_config().items() if k in ("scale", "mode", "distribution")}}
    return found


def main():
    keras.utils.set_random_seed(0)
    keras.backend.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    tf.config.experimental.enable_op_determinism()
    OUT.mkdir(exist_ok=True)

    backbone = simple_cnn()
    model = siamese(backbone)
    facts = {"simple-cnn": {"parameters": model.count_params(), "initialisers": initialisers(model)}}
    fill(model)
    simple = forward(backbone, model)
    simple |= simple_steps(model)
    after = np.concatenate([to_ours(name, v.numpy()).ravel() for name, v in named(model)]).astype("<f4")
    (OUT / "simple_cnn_after.f32").write_bytes(after.tobytes())

    backbone = efficientnet(0.0)
    model = siamese(backbone)
    facts["efficientnet-b0"] = {"parameters": model.count_params(), "initialisers": initialisers(model)}
    fill(model)
    large = forward(backbone, model)
    large["step"] = efficientnet_step(model)

    for name, content in [("network", {"simple-cnn": simple, "efficientnet-b0": large}), ("facts", facts)]:
        (OUT / f"{name}.json").write_text(json.dumps(content, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
