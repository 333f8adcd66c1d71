"""How far long work is, shown by tqdm."""

from __future__ import annotations

import warnings
from types import TracebackType
from typing import Any

from tqdm import TqdmWarning

from .errors import DataWarning

with warnings.catch_warnings():
    # A notebook without ipywidgets gets bars of text, and no lecture at every import.
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.auto import tqdm


def bar(show: bool, name: str, total: int) -> Any:
    """A bar of tqdm, or where none is wanted one that shows nothing."""
    return tqdm(desc=name, total=total, disable=not show, leave=False)


class Reporter:
    """Takes the events of the laboratory: a bar for each stage where it is shown, a warning for what has to be known."""

    def __init__(self, show: bool) -> None:
        self._show = show
        self._bar = bar(False, "", 0)

    def __call__(self, kind: str, *details: Any) -> None:
        if kind == "stage":
            self._bar.close()
            self._bar = bar(self._show, *details)
        elif kind == "advance":
            self._bar.update(details[0] - self._bar.n)
        elif kind == "skipped":
            path, why = details
            warnings.warn(f"left out: {path}: {why}", DataWarning, stacklevel=4)
        elif kind == "warning":
            warnings.warn(details[0], DataWarning, stacklevel=4)
        elif kind == "note" and self._show:
            tqdm.write(details[0])

    def __enter__(self) -> Reporter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.close()
