"""The notebook's network: Keras' manners on the program's training."""

from __future__ import annotations

import json
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import inkproof


@pytest.fixture(scope="module")
def pairs(writers: Path) -> inkproof.Pairs:
    return inkproof.load_pairs(writers, seed=3)


@pytest.fixture(scope="module")
def trained(pairs: inkproof.Pairs) -> tuple[inkproof.Siamese, inkproof.History]:
    model = inkproof.Siamese(seed=3)
    return model, model.fit(pairs, epochs=2, batch_size=8, validation_data=pairs, verbose=0)


def test_pairs_are_the_notebook_s(pairs, writers):
    assert len(pairs) == 3 * (4 + 2) and pairs.y.tolist() == ([1] * 4 + [0] * 2) * 3
    (a, b), y = pairs
    assert a.shape == b.shape == (18, 224, 224, 1) and a.dtype == b.dtype == y.dtype == np.float32
    for (first, second), label in zip(pairs.paths, pairs.y):
        assert first.parent.name in ("001", "002", "003") and first != second
        assert second.parent.name == first.parent.name + ("" if label else "_forg")
    assert np.array_equal(inkproof.load_images([first for first, _ in pairs.paths]), a)
    assert repr(pairs) == "<inkproof.Pairs: 12 genuine and 6 forged, raw>"
    ink = inkproof.load_pairs(writers, preprocess="ink", negatives="both", part="all")
    assert len(ink) == 18 + 12 and ink.preprocess == "ink" and ink.a[0, 0, 0, 0] == 0


def test_it_learns_what_the_program_learns(program, pairs, trained, writers, tmp_path):
    """Bit for bit: the same pairs, the same steps, the same weights; and its measure is the program's."""
    model, history = trained
    out = tmp_path / "theirs.safetensors"
    options = ["--preprocess", "raw", "--epochs", 2, "--batch-size", 8, "--seed", 3, "--json"]
    theirs = json.loads(program("train", writers, "--out", out, *options))
    assert theirs["model"]["digest"] == model.digest
    assert theirs["loss"] == history.history["loss"][-1] and theirs["accuracy"] == history.history["accuracy"][-1]
    model.save(tmp_path / "ours.safetensors")
    info = inkproof.Verifier(tmp_path / "ours.safetensors").info
    assert info == inkproof.Verifier(out).info
    measured = json.loads(program("evaluate", writers, "--model", out, "--protocol", "notebook", "--json"))
    ours = inkproof.evaluate(writers, model, protocol="notebook", progress=False)
    assert (ours["loss"], ours["accuracy"]) == (measured["loss"], measured["accuracy"])
    assert ours["training_images_in_test"] == 18


def test_history_and_figures_are_keras(trained, pairs):
    model, history = trained
    assert list(history.history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert history.epoch == [0, 1] and all(len(values) == 2 for values in history.history.values())
    loss, accuracy = model.evaluate(pairs.x, pairs.y, verbose=0)
    assert (loss, accuracy) == (history.history["val_loss"][-1], history.history["val_accuracy"][-1])
    assert model.evaluate(pairs, verbose=0, return_dict=True) == {"loss": loss, "accuracy": accuracy}
    predicted = model.predict(pairs, verbose=0)
    assert predicted.shape == (18, 1) and predicted.dtype == np.float32
    expected = -np.mean(np.where(pairs.y == 1, np.log(predicted[:, 0]), np.log(1 - predicted[:, 0])))
    assert loss == pytest.approx(expected, rel=1e-5)
    assert accuracy == np.mean((predicted[:, 0] > 0.5) == (pairs.y == 1))
    assert model.predict(pairs, batch_size=5, verbose=0).tolist() == predicted.tolist()
    assert model.predict([pairs.a[:0], pairs.b[:0]], verbose=0).shape == (0, 1)


def test_it_is_saved_loaded_and_goes_on(trained, pairs, tmp_path):
    model, _ = trained
    path = tmp_path / "model.safetensors"
    model.save(path)
    again = inkproof.load_model(path)
    assert (again.digest, again.epochs, again.backbone, again.preprocess) == (model.digest, 2, "simple-cnn", "raw")
    assert np.array_equal(again.predict(pairs, verbose=0), model.predict(pairs, verbose=0))
    again.save(tmp_path / "copy.safetensors")
    assert (tmp_path / "copy.safetensors").read_bytes() == path.read_bytes()
    verifier = inkproof.Verifier(path)
    (first, second), expected = pairs.paths[0], model.predict([pairs.a[:1], pairs.b[:1]], verbose=0)[0, 0]
    verdict = verifier.verify(first, second)
    assert verdict.score == pytest.approx(expected, abs=1e-6) and verdict.threshold == 0.5
    assert verdict.log10_lr is None and verdict.evidence is None and "data:image/png" in verdict._repr_html_()
    assert verifier.embed(first).vector.shape == (256,) and verifier.embed(first).local_features is None
    before = again.digest
    again.fit(pairs.x, pairs.y, epochs=1, batch_size=18, verbose=0)
    assert again.digest != before and again.epochs == 3


def test_training_in_two_calls_is_training_in_one(trained, pairs):
    model = inkproof.Siamese(seed=3)
    for _ in range(2):
        model.fit(pairs.x, pairs.y, batch_size=8, verbose=0)
    assert model.digest == trained[0].digest


def test_data_is_held_out_from_the_end(pairs):
    model = inkproof.Siamese()
    history = model.fit(pairs.x, pairs.y, validation_split=0.9, batch_size=4, verbose=0)
    assert history.params["steps"] == 1
    loss, _ = model.evaluate([pairs.a[2:], pairs.b[2:]], pairs.y[2:], verbose=0)
    assert history.history["val_loss"] == [loss]
    other = inkproof.Siamese()
    other.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], verbose=0, batch_size=4)
    assert other.digest == model.digest


def test_pictures_are_used_without_a_copy(pairs):
    from inkproof import _siamese

    a, b, y = _siamese._pairs(pairs.x, pairs.y)
    assert np.shares_memory(a, pairs.a) and np.shares_memory(b, pairs.b) and np.shares_memory(y, pairs.y)
    assert np.shares_memory(_siamese._pictures(pairs.a[3:7, :, :, 0], "first"), pairs.a)
    frozen = pairs.a.copy()
    frozen.flags.writeable = False
    model = inkproof.Siamese()
    as_bytes = np.rint(pairs.b * 255).astype(np.uint8)
    assert np.array_equal(model.predict([frozen, as_bytes], verbose=0), model.predict(pairs, verbose=0))
    strided = np.repeat(pairs.a, 2, axis=0)[::2]
    assert np.array_equal(model.predict([strided, pairs.b.astype(np.float64)], verbose=0), model.predict(pairs, verbose=0))


def test_it_says_what_it_is(trained, capsys):
    model, history = trained
    model.summary()
    out = capsys.readouterr().out
    assert "conv2.weight" in out and "Total params: 107,777" in out
    assert model.count_params() == 107_777
    assert [values.shape for values in model.get_weights()][0] == (64, 1, 3, 3)
    assert repr(model) == f"<inkproof.Siamese simple-cnn: raw, 2 epoch(s), {model.digest}>"
    assert repr(history).startswith("<inkproof.History: 2 epoch(s): loss 0.")
    large = inkproof.Siamese("efficientnet-b0")
    lines: list[str] = []
    large.summary(print_fn=lines.append)
    assert "Total params: 4,377,181" in lines and "Trainable params: 4,335,165" in lines


def test_what_it_prints_while_it_learns(pairs, capsys):
    model = inkproof.Siamese()
    model.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], epochs=2, verbose=2)
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 2 and out[0].startswith("Epoch 1/2 - ") and " - loss: 0." in out[0] and "accuracy: " in out[0]
    model.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], verbose=1)
    assert "Epoch 1/1" in capsys.readouterr().err
    model.evaluate([pairs.a[:2], pairs.b[:2]], pairs.y[:2])
    assert "accuracy: " in capsys.readouterr().out


def test_what_it_was_trained_on_is_known(pairs, writers, tmp_path, trained):
    model, _ = trained
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = inkproof.evaluate(writers, model, repeats=1, progress=False)
    assert result["training_images_in_test"] == 18
    unknown = inkproof.Siamese()
    unknown.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], verbose=0)
    unknown.save(tmp_path / "unknown.safetensors")
    assert inkproof.Verifier(tmp_path / "unknown.safetensors").info["trained_on"] == {
        "writers": 0, "images": 4, "digests": [], "synthetic": None
    }


def test_ctrl_c_and_errors_of_a_callback_end_it(pairs, monkeypatch):
    import _thread

    model = inkproof.Siamese()
    before = model.digest
    timer = threading.Timer(1, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(pairs, epochs=1000, batch_size=2, verbose=0)
    assert model.digest != before, "the steps so far stay"
    model.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], verbose=0)
    monkeypatch.setattr("inkproof._siamese._EpochBar.after", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.fit(pairs, verbose=0)


def test_a_network_in_training_is_nobody_else_s(pairs, monkeypatch):
    model = inkproof.Siamese()
    found: list[BaseException] = []

    def look(*_: object) -> None:
        try:
            model.predict(pairs, verbose=0)
        except inkproof.Error as error:
            found.append(error)

    monkeypatch.setattr("inkproof._siamese._EpochBar.after", look)
    model.fit([pairs.a[:2], pairs.b[:2]], pairs.y[:2], verbose=0)
    assert "another thread is training this network" in str(found[0])


def test_what_means_nothing_is_refused(pairs, tmp_path, writers):
    model = inkproof.Siamese()
    x, y = pairs
    refused = {
        "unknown network 'vgg'": lambda: inkproof.Siamese("vgg"),
        "inknet is not trained on pairs": lambda: inkproof.Siamese("inknet"),
        "unknown preprocessing 'gray'": lambda: inkproof.Siamese(preprocess="gray"),
        "learning rate must be a positive": lambda: inkproof.Siamese(learning_rate=0),
        "seed must be in": lambda: inkproof.Siamese(seed=-1),
        "optimizer: 'sgd' is not there": lambda: model.compile("sgd"),
        "loss: 'mse' is not there": lambda: model.compile(loss="mse"),
        "metrics: 'auc' is not there": lambda: model.compile(metrics=["accuracy", "auc"]),
        "y: give the labels": lambda: model.fit(x),
        "y: pairs bring their labels": lambda: model.fit(pairs, y),
        "labels of <U1 are not numbers": lambda: model.fit(x, ["a"] * 18),
        "a label is 2": lambda: model.fit(x, y + 1, verbose=0),
        "18 first pictures, 18 second ones and 17 labels": lambda: model.fit(x, y[1:]),
        "17 first pictures and 18 second ones": lambda: model.predict([x[0][1:], x[1]]),
        r"the second pictures: expected shape \(n, 224, 224, 1\), not \(18, 224\)": lambda: model.predict([x[0], x[1][:, 0, :, 0]]),
        "the first pictures: an array of object": lambda: model.predict([np.full((1, 224, 224), None), x[1]]),
        "a number of the first pictures is 255": lambda: model.predict([np.full((1, 224, 224), 255.0), x[1][:1]], verbose=0),
        "a number of the second pictures is NaN": lambda: model.predict([x[0][:1], np.full((1, 224, 224), np.nan)], verbose=0),
        "batch_size must be in": lambda: model.fit(pairs, batch_size=0),
        "epochs must be in": lambda: model.fit(pairs, epochs=0),
        "validation_split must be in": lambda: model.fit(pairs, validation_split=1),
        "verbose must be": lambda: model.fit(pairs, verbose="loud"),
        "there are no pairs": lambda: model.fit([x[0][:0], x[1][:0]], y[:0], verbose=0),
        "network is for raw pictures": lambda: model.fit(inkproof.load_pairs(writers, preprocess="ink")),
        "unknown part 'half'": lambda: inkproof.load_pairs(writers, part="half"),
        "unknown negatives 'none'": lambda: inkproof.load_pairs(writers, negatives="none"),
    }
    for words, call in refused.items():
        with pytest.raises(inkproof.OptionError, match=words):
            call()
    for given in (None, 3, x[0], [x[0]], "ab"):
        with pytest.raises(TypeError, match="expected Pairs or"):
            model.predict(given)
    with pytest.raises(TypeError, match="validation_data"):
        model.fit(pairs, validation_data=3)
    with pytest.raises(inkproof.FileError, match="cannot be written"):
        model.save(tmp_path / "nowhere" / "model.safetensors")
    with pytest.raises(inkproof.FileMissingError):
        inkproof.Siamese.load(tmp_path / "missing.safetensors")
    with pytest.raises(inkproof.NoInkError, match="image 2: has no ink"):
        inkproof.load_images([pairs.paths[0][0], np.zeros((9, 9), np.uint8)])
    diverging = inkproof.Siamese(learning_rate=1e30)
    with pytest.raises(inkproof.TrainingError, match="smaller learning rate"):
        diverging.fit(pairs, epochs=20, batch_size=2, verbose=0)
