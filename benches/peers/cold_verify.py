"""The notebook's `predict_similarity` in a fresh process: python cold_verify.py MODEL A B."""

import os
import sys
from pathlib import Path

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="")
from common import SIDE, pin, read_model

pin(2)

import tensorflow as tf

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "golden"))
import make_network_refs as networks

networks.keras.config.set_floatx("float32")
model = networks.siamese(networks.simple_cnn())
tensors = read_model(sys.argv[1])
for name, variable in networks.named(model):
    variable.assign(networks.to_keras(name, tensors[name]))


def picture(path):
    image = tf.image.decode_png(tf.io.read_file(path), channels=1)
    return (tf.image.resize(image, (SIDE, SIDE)) / 255.0)[None]


print(float(model.predict([picture(sys.argv[2]), picture(sys.argv[3])], verbose=0)[0, 0]))
