"""ONNX Runtime's side: python onnx_worker.py THREADS. The model is what `inkproof export` wrote."""

import sys

from common import SIDE, pin, read_batch, serve, timed

THREADS = int(sys.argv[1])
pin(THREADS)

import onnx
import onnxruntime

state = {}


def load(path):
    onnx.checker.check_model(onnx.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    state["session"] = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return {}


def batch(path):
    state["pictures"] = read_batch(path)[0].reshape(-1, 1, SIDE, SIDE)
    return {}


def run(pictures):
    return state["session"].run(None, {"ink": pictures})[0]


def embed(count):
    answer, _ = timed(lambda: run(state["pictures"][: int(count)]))
    return answer


def vectors(path):
    run(state["pictures"]).astype("<f4").tofile(path)
    return {}


serve({"model": load, "batch": batch, "embed": embed, "vectors": vectors})
