"""Where benchmark results go, and what every result says about the machine it comes from."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("addenda", "torch", "transformers", "safetensors", "numpy")


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one part of a benchmark."""

    seeds: Sequence[int]
    metrics: Mapping[str, object]
    details: Mapping[str, object]
    items: Iterable[Mapping[str, object]] = ()


def machine() -> dict[str, object]:
    """The processor, its cores, and the system."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        models = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    return {
        "processor": name,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def versions() -> dict[str, str]:
    """Versions of the packages that matter."""
    return {name: importlib.metadata.version(name) for name in PACKAGES}


def commit() -> str:
    """The commit that was measured, marked when the tree had changes."""
    return _revision("HEAD")


def code() -> str:
    """The package's code that was measured, whatever else the commit has; marked when it had changes."""
    return _revision("HEAD:src")


def _revision(name: str) -> str:
    root = Path(__file__).parent.parent
    revision = subprocess.run(["git", "rev-parse", name], cwd=root, capture_output=True, text=True, check=False)
    changed = subprocess.run(
        ["git", "status", "--porcelain", "src"], cwd=root, capture_output=True, text=True, check=False
    )
    return (revision.stdout.strip() or "unknown") + ("+changes" if changed.stdout.strip() else "")


def write(
    name: str,
    *,
    seeds: Sequence[int],
    metrics: Mapping[str, object],
    details: Mapping[str, object],
    items: Iterable[Mapping[str, object]],
    quick: bool,
) -> Path:
    """Write ``NAME.json`` and its per-item results; a quick run goes to ``NAME.quick.json`` and is not committed."""
    RESULTS.mkdir(exist_ok=True)
    stem = f"{name}.quick" if quick else name
    result = {
        "machine": machine(),
        "versions": versions(),
        "commit": commit(),
        "seeds": list(seeds),
        "metrics": dict(metrics),
        "details": dict(details),
    }
    path = RESULTS / f"{stem}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if lines := [json.dumps(item, ensure_ascii=False) + "\n" for item in items]:
        with gzip.GzipFile(RESULTS / f"{stem}.items.jsonl.gz", "wb", mtime=0) as stream:
            stream.writelines(line.encode() for line in lines)
    return path


def write_part(name: str, part: str, found: Part, *, quick: bool) -> Path:
    """Write the result of one part, ``NAME.PART.json``; otherwise as :func:`write`."""
    return write(
        f"{name}.{part}",
        seeds=found.seeds,
        metrics=found.metrics,
        details=found.details,
        items=found.items,
        quick=quick,
    )


def merge(name: str, parts: Iterable[str], *, quick: bool) -> Path:
    """Write ``NAME.json``: the metrics of all parts that were measured, each with where it was measured."""
    end = ".quick.json" if quick else ".json"
    metrics: dict[str, object] = {}
    sources: dict[str, object] = {}
    for part in parts:
        path = RESULTS / f"{name}.{part}{end}"
        if path.is_file():
            found = cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))
            metrics[part] = found["metrics"]
            sources[part] = {key: found[key] for key in ("machine", "versions", "commit", "seeds")}
    merged = RESULTS / f"{name}{end}"
    text = json.dumps({"metrics": metrics, "measured": sources}, indent=2, ensure_ascii=False)
    merged.write_text(text + "\n", encoding="utf-8")
    return merged
