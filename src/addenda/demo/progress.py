"""Progress bars on a rich console, and the time that each phase took."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn


class Phases:
    """Shows phases one after another as bars; called with (phase, done, total)."""

    def __init__(self, progress: Progress, label: str) -> None:
        """Show them under ``label``."""
        self._progress = progress
        self._label = label
        self._tasks: dict[str, TaskID] = {}
        self._phase = ""
        self._since = time.monotonic()
        self._seconds: dict[str, float] = {}

    def __call__(self, phase: str, done: int, total: int) -> None:
        """Move the bar of a phase."""
        now = time.monotonic()
        self._seconds[phase] = self._seconds.get(phase, 0.0) + now - self._since
        self._since = now
        if phase not in self._tasks:
            self._tasks[phase] = self._progress.add_task(f"{self._label}: {phase}", total=total)
        self._progress.update(self._tasks[phase], completed=done, total=total)

    def seconds(self, phase: str) -> float:
        """How long a phase took, up to its last call."""
        return self._seconds.get(phase, 0.0)


class Bars:
    """Makes progress bars on one console; without a terminal only their ends are printed."""

    def __init__(self, console: Console) -> None:
        """Show them on this console."""
        self._console = console

    @contextmanager
    def phases(self, label: str) -> Generator[Phases]:
        """Bars for work that reports its phases by name."""
        with self._progress() as progress:
            yield Phases(progress, label)

    @contextmanager
    def bar(self, label: str) -> Generator[Callable[[int, int], None]]:
        """One bar for work that reports (done, total)."""
        with self._progress() as progress:
            task = progress.add_task(label, total=None)
            yield lambda done, total: progress.update(task, completed=done, total=total)

    def _progress(self) -> Progress:
        columns = (TextColumn("{task.description:<44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self._console)
