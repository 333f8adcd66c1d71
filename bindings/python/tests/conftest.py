"""What the tests share: the signatures that come with the sources, of writers who do not exist."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import inkproof

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def signatures() -> Path:
    return ROOT / "examples" / "signatures"


@pytest.fixture(scope="session")
def verifier() -> inkproof.Verifier:
    return inkproof.Verifier.bundled()


@pytest.fixture(scope="session")
def program():
    """Runs the program, which the tests of the workspace or ``cargo build`` have made, and gives what it printed."""
    path = os.environ.get("INKPROOF_PROGRAM")
    if path is None:
        pytest.skip("INKPROOF_PROGRAM names no inkproof to compare with")

    def run(*arguments: object, cwd: Path | None = None) -> str:
        done = subprocess.run([path, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode in (0, 1, 3), done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def writers(tmp_path_factory) -> Path:
    """A folder of three synthetic writers."""
    return inkproof.synthesize(tmp_path_factory.mktemp("made") / "writers", writers=3, genuine=4, forgeries=2, seed=7)
