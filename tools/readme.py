"""Fill the generated parts of README.md and other pages: the tree of files, and the tables of measured numbers.

    python -m tools.readme            write them
    python -m tools.readme --check    fail when they are out of date

A generated part stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``. The line of a file is the first sentence of
its docstring; numbers come from ``benchmarks/results`` and the bundled model's ``scores.json``, and from nowhere else.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from tools.metrics import CHANGED, NOTES, PROXY, REFLECTIONS, TARGETS, TRIPLES
from tools.reflections_tables import TABLES
from tools.tables import RESULTS, named, read, shown

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "addenda"
EDITS = RESULTS / "edits.json"
TRIPLES_RESULT = RESULTS / "triples.json"
NOTES_RESULT = RESULTS / "notes.json"
REFLECTIONS_RESULT = RESULTS / "reflections.json"
PROXY_RESULT = RESULTS / "proxy.json"
SCORES = PACKAGE / "models" / "bundled" / "weights" / "scores.json"
OTHERS = (
    ("benchmarks/", "`python -m benchmarks.NAME [--quick]`; results as JSON, per-item results and plots beside them"),
    ("recipes/", "how the bundled model was made, step by step"),
    ("tests/", "mirrors `src/addenda`; `contracts/` runs one battery over all memories"),
    ("docs/", "the ledger, each memory, the command line, settings, decisions, and the log of experiments"),
    ("tools/", "fills the generated parts of this page"),
)


def first_line(path: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split()).rstrip(".")


def tree() -> str:
    """The package's files, one line each, and the other folders."""
    lines = ["```", "src/addenda/"]
    lines += _folder(PACKAGE, "  ")
    width = max(len(name) for name, _ in OTHERS)
    lines += [f"{name:<{width}}  {what}" for name, what in OTHERS]
    return "\n".join([*lines, "```"])


def _folder(folder: Path, indent: str) -> list[str]:
    lines: list[str] = []
    entries = sorted(folder.iterdir(), key=lambda path: (path.is_dir(), path.name))
    for path in entries:
        if path.is_dir() and (path / "__init__.py").is_file():
            lines.append(f"{indent}{path.name + '/':<{38 - len(indent)}}{first_line(path / '__init__.py')}")
            lines += _folder(path, indent + "  ")
        elif path.suffix == ".py" and path.name not in {"__init__.py", "_version.py"}:
            lines.append(f"{indent}{path.name:<{38 - len(indent)}}{first_line(path)}")
    return lines


def edits_table() -> str:
    """The edits benchmark: each metric beside its target."""
    result = read(EDITS)
    metrics = cast("dict[str, object]", result["metrics"])
    machine = cast("dict[str, object]", result["machine"])
    seeds = cast("list[int]", result["seeds"])
    lines = ["| metric | measured | target | what is counted |", "|---|---:|---:|---|"]
    lines += [f"| `{name}` | {metrics[name]} | {target} | {what} |" for name, (target, what) in TARGETS.items()]
    where = (
        f"Mean over {len(seeds)} seeds, 1,000 sequential edits, free greedy generation, {named(machine)}; "
        f"{metrics['seconds_per_edit']} s per edit. `benchmarks/edits.py`, "
        "per-item results beside `benchmarks/results/edits.json`."
    )
    return "\n".join([*lines, "", where])


def baselines_table() -> str:
    """The edits benchmark: methods side by side at the largest count each was run with."""
    runs = cast("list[dict[str, object]]", cast("dict[str, object]", read(EDITS)["details"])["runs"])
    seed = runs[0]["seed"]
    groups = tuple(name for name in TARGETS if name in CHANGED or name in {"locality", "hard_negatives"})
    lines = [
        "| method | edits | " + " | ".join(f"`{g}`" for g in groups) + " | teacher-forced | s per edit |",
        "|---|---:|" + "---:|" * (len(groups) + 2),
    ]
    names = {"ours": "ours, isolated", "ours_shared": "ours, one shared matrix", "paper": "paper mode"}
    for run in (entry for entry in runs if entry["seed"] == seed):
        by_count = cast("dict[str, dict[str, float]]", run["by_count"])
        for count in sorted(by_count, key=int)[-2:]:
            rates = by_count[count]
            cells = " | ".join(f"{rates[g]:.3f}" for g in (*groups, "teacher_forced"))
            label = names.get(str(run["method"]), "fine-tuning the same matrix")
            lines.append(f"| {label} | {int(count):,} | {cells} | {run['seconds_per_edit']} |")
    floors = cast("dict[str, list[float]]", runs[0]["unedited_says_new_and_old"])
    row = " | ".join(f"{floors[g][0]:.3f}" if g in CHANGED else "1.000" for g in groups)
    lines.append(f"| unedited model | 0 | {row} | | |")
    return "\n".join(lines)


def triples_table() -> str:
    """The triples benchmark: each metric beside its target."""
    metrics, measured = _measured(TRIPLES_RESULT)
    where = _where("triples", measured)
    for part, made in measured.items():
        if (seeds := len(cast("list[int]", made["seeds"]))) > 1:
            where += f" {part.capitalize()}: mean over {seeds} seeds, free greedy generation, equal letter by letter."
    if missing := [part for part in dict.fromkeys(part for part, _, _ in TRIPLES.values()) if part not in metrics]:
        where += f" Not measured yet with all its seeds: {', '.join(missing)}."
    return "\n".join([*_beside_targets(TRIPLES, metrics), "", where])


def notes_table() -> str:
    """The notes benchmark: each metric beside its target."""
    metrics, measured = _measured(NOTES_RESULT)
    counts = {part: len(cast("list[int]", made["seeds"])) for part, made in measured.items()}
    most = max(counts.values())
    fewer = "; ".join(f"{part}: {count}" for part, count in counts.items() if 1 < count < most)
    where = f"Medians over {most} hidden lists{f' ({fewer})' if fewer else ''}. {_where('notes', measured)}"
    return "\n".join([*_beside_targets(NOTES, metrics), "", where])


def reflections_table() -> str:
    """The reflections benchmark: each metric beside its target."""
    if not REFLECTIONS_RESULT.is_file():
        return "Not measured yet: `python -m benchmarks.reflections`."
    metrics, measured = _measured(REFLECTIONS_RESULT)
    counts = {part: len(cast("list[int]", made["seeds"])) for part, made in measured.items()}
    seeds = ", ".join(f"{part}: {count}" for part, count in counts.items())
    where = f"Medians over corpora ({seeds}). {_where('reflections', measured)}"
    return "\n".join([*_beside_targets(REFLECTIONS, metrics), "", where])


def proxy_table() -> str:
    """What the OpenAI-compatible endpoint adds to a request: each metric beside its target."""
    if not PROXY_RESULT.is_file():
        return "Not measured yet on a quiet machine: `python -m benchmarks.proxy`."
    result = read(PROXY_RESULT)
    metrics = cast("dict[str, float]", result["metrics"])
    machine = cast("dict[str, object]", result["machine"])
    lines = ["| metric | measured | target | what is counted |", "|---|---:|---:|---|"]
    lines += [f"| `{name}` | {shown(metrics[name])} | {target} | {what} |" for name, (target, what) in PROXY.items()]
    where = (
        f"One core of {machine['cores']} ({machine['processor']}) serves; the other has the clients and an upstream "
        "that answers at once. `benchmarks/proxy.py`; what 1 to 64 connections get is in "
        "`benchmarks/results/proxy.json`."
    )
    return "\n".join([*lines, "", where])


def _measured(path: Path) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, object]]]:
    """The metrics of a benchmark's parts, and where each part was measured."""
    result = read(path)
    return (
        cast("dict[str, dict[str, float]]", result["metrics"]),
        cast("dict[str, dict[str, object]]", result["measured"]),
    )


def _beside_targets(rows: Mapping[str, tuple[str, str, str]], metrics: Mapping[str, Mapping[str, float]]) -> list[str]:
    """A table of the metrics that were measured; ``rows`` has the part, target and words of each."""
    return [
        "| metric | measured | target | what is counted |",
        "|---|---:|---:|---|",
        *(
            f"| `{name}` | {shown(metrics[part][name])} | {target} | {what} |"
            for name, (part, target, what) in rows.items()
            if part in metrics
        ),
    ]


def _where(name: str, measured: Mapping[str, Mapping[str, object]]) -> str:
    """The machine of a benchmark's parts, or the machines, and its files."""
    machines: dict[str, list[str]] = {}
    for part, made in measured.items():
        machine = cast("dict[str, object]", made["machine"])
        machines.setdefault(named(machine), []).append(part)
    told = [machine if len(machines) == 1 else f"{', '.join(parts)}: {machine}" for machine, parts in machines.items()]
    return f"{'; '.join(told)}. `benchmarks/{name}.py`, per-item results beside `benchmarks/results/{name}.json`."


def model_table() -> str:
    """The bundled model's scores."""
    scores = cast("dict[str, dict[str, object]]", read(SCORES))
    lines = [
        "| questions | asked | exact | English | Japanese | Korean | target |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, label, target in (
        ("trained", "facts, in trained wordings", "≥ 0.98"),
        ("held_out", "facts, in held-out wordings", "≥ 0.90"),
        ("blind", "facts of products, in blind wordings", ""),
    ):
        row = scores[name]
        by_language = cast("dict[str, float]", row["by_language"])
        languages = " | ".join(f"{by_language[language]:.3f}" for language in ("en", "ja", "ko"))
        lines.append(f"| {label} | {row['questions']:,} | {row['exact']:.3f} | {languages} | {target} |")
    unknown = cast("dict[str, float]", scores["unknown_names"])
    ends = cast("float", scores["held_out"]["ends_by_itself"])
    rest = (
        f"It ends its answers by itself ({ends:.4f}) and says that it does not know names it was never told "
        f"({min(unknown.values()):.3f}). Its card, with what it reads from context, is "
        "[here](src/addenda/models/bundled/weights/README.md)."
    )
    return "\n".join([*lines, "", rest])


PARTS: Mapping[str, Callable[[], str]] = {
    "tree": tree,
    "edits": edits_table,
    "baselines": baselines_table,
    "triples": triples_table,
    "notes": notes_table,
    "reflections": reflections_table,
    "proxy": proxy_table,
    "model": model_table,
}
PAGES: Mapping[Path, Mapping[str, Callable[[], str]]] = {
    ROOT / "README.md": PARTS,
    ROOT / "docs" / "memories" / "reflections-measured.md": TABLES,
}
"""The pages with generated parts, and who makes each part."""


def filled(text: str, parts: Mapping[str, Callable[[], str]] = PARTS) -> str:
    """The text with every generated part made anew."""
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if pattern.search(text):
            text = pattern.sub(lambda found, make=make: found[1] + make() + "\n" + found[2], text)
    return text


def main() -> int:
    """Write the pages, or with ``--check`` say whether they are up to date."""
    parser = argparse.ArgumentParser(description="Fill the generated parts of README.md and other pages.")
    parser.add_argument("--check", action="store_true")
    check, old = cast("bool", parser.parse_args().check), False
    for page, parts in PAGES.items():
        text = page.read_text(encoding="utf-8")
        new = filled(text, parts)
        if check and new != text:
            old = True
            sys.stderr.write(f"{page.relative_to(ROOT)} is out of date; run: python -m tools.readme\n")
        elif not check:
            page.write_text(new, encoding="utf-8")
    return int(old)


if __name__ == "__main__":
    sys.exit(main())
