"""Adds to tests/golden/keras/lambdas.json the code of some lambdas as this version of Python compiles them.

`make golden` runs it under its own Python; to have another version's, run it under that. Nothing but the standard library.
"""

import base64
import json
import marshal
import sys
from pathlib import Path

OUT = Path(__file__).parent / "keras" / "lambdas.json"
SOURCES = [
    "lambda x: tf.abs(x[0] - x[1])",
    "lambda tensors: K.abs(tensors[0] - tensors[1])",
    "lambda t: tf.math.abs(t[0] - t[1])",
    "lambda x: abs(x[0] - x[1])",
    "lambda x: keras.ops.abs(x[1] - x[0])",
    "lambda x: tf.abs(tf.subtract(x[0], x[1]))",
    "lambda x: tf.math.l2_normalize(x, axis=1)",
    "lambda x: tf.nn.l2_normalize(x, axis=-1)",
    "lambda x: K.l2_normalize(x, 1)",
    "lambda x: tf.square(x[0] - x[1])",
    "lambda x: (x[0] - x[1]) ** 2",
    "lambda x: tf.abs(x[0] + x[1])",
    "lambda x: K.sqrt(K.sum(K.square(x[0] - x[1]), axis=1, keepdims=True))",
    "lambda x: tf.abs(x)",
    "lambda x: tf.abs(x[0] - x[1]) if x else 0",
]

codes = {source: base64.b64encode(marshal.dumps(eval(source).__code__)).decode() for source in SOURCES}
known = json.loads(OUT.read_text()) if OUT.exists() else {}
known["%d.%d" % sys.version_info[:2]] = codes
OUT.write_text(json.dumps(dict(sorted(known.items())), indent=0) + "\n")
