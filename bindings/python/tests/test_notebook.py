"""examples/notebook.ipynb, executed cell for cell: it prints and draws what the file shows."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from execute_notebook import execute

NOTEBOOK = Path(__file__).resolve().parents[3] / "examples" / "notebook.ipynb"

# The steps of the public notebook, in its order.
STEPS = ["load", "pairs", "model", "train", "evaluate", "save", "load", "score", "zip", "plot"]


def shown(cell: nbformat.NotebookNode) -> list[tuple[str, object]]:
    """What a cell prints and draws, without its figures, and what follows from them."""
    outputs = []
    for output in cell.outputs:
        if output.output_type == "stream":
            text = re.sub("the same writer|a forgery", "?", output.text)
            outputs.append((output.name, re.sub(r"\d+(\.\d+)?", "#", text)))
        else:
            outputs.append((output.output_type, sorted(output.data)))
    return outputs


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebook")
    return execute(NOTEBOOK, folder), folder


def test_its_cells_do_what_the_file_shows(executed):
    notebook, folder = executed
    kept = nbformat.read(NOTEBOOK, as_version=4)
    for cell, before in zip(notebook.cells, kept.cells, strict=True):
        if cell.cell_type == "code":
            assert shown(cell) == shown(before), cell.source
    assert {path.name for path in folder.iterdir()} >= {"signatures", "siamese.safetensors", "siamese.zip"}


def test_its_steps_are_the_public_notebook_s():
    headings = [
        cell.source.splitlines()[0] for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.source.startswith("## ")
    ]
    assert [heading.split()[1].lower() for heading in headings][: len(STEPS)] == STEPS


def test_a_verdict_shows_its_picture(executed):
    pages = [
        output.data["text/html"]
        for cell in executed[0].cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "text/html" in output.get("data", {})
    ]
    assert any("data:image/png;base64," in page for page in pages)
    assert any("<table" in page and "eer_low" in page for page in pages)
