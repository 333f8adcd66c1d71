"""docs/python.md: every block runs as it stands, one after the other, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import inkproof

ROOT = Path(__file__).resolve().parents[3]


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs/python.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_page_runs_as_it_stands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    assert len(blocks()) >= 8
    for block in blocks():
        exec(compile(block, "docs/python.md", "exec"), names)
    printed = capsys.readouterr().out
    for words in ("(224, 224)", "Epoch 2/2", "channels come last", "EER 0."):
        assert words in printed


def test_the_page_names_every_exception():
    page = (ROOT / "docs/python.md").read_text()
    for name in inkproof.errors.__all__:
        assert f"`{name}`" in page or f"`inkproof.{name}`" in page


def test_everything_public_says_what_it_is():
    for name in inkproof.__all__:
        thing = getattr(inkproof, name)
        if callable(thing):
            assert thing.__doc__, name
            members = [member for member in vars(thing) if not member.startswith("_")] if isinstance(thing, type) else []
            for member in members:
                assert getattr(thing, member).__doc__ or not callable(getattr(thing, member)), f"{name}.{member}"


@pytest.mark.parametrize("name", ["README.md", "docs/notebook.md", "ARCHITECTURE.md"])
def test_other_pages_lead_here(name):
    assert "docs/python.md" in (ROOT / name).read_text() or "(python.md)" in (ROOT / name).read_text()


def test_the_readme_s_lines_verify(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    [lines] = re.findall(r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    exec(compile(lines, "README.md", "exec"), {})
    assert "the threshold" in capsys.readouterr().out
