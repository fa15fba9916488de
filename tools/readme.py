"""Fill the generated parts of README.md: the tree with one line per file, and the tables of measured numbers.

    python -m tools.readme            write them
    python -m tools.readme --check    fail when they are out of date

A generated part stands between ``<!-- NAME -->`` and ``<!-- /NAME -->``. The line of a file is the first sentence of
its docstring; numbers come from ``benchmarks/results`` and the bundled model's ``scores.json``, and from nowhere else.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "addenda"
EDITS = ROOT / "benchmarks" / "results" / "edits.json"
TRIPLES_RESULT = ROOT / "benchmarks" / "results" / "triples.json"
NOTES_RESULT = ROOT / "benchmarks" / "results" / "notes.json"
REFLECTIONS_RESULT = ROOT / "benchmarks" / "results" / "reflections.json"
SCORES = PACKAGE / "models" / "bundled" / "weights" / "scores.json"
OTHERS = (
    ("benchmarks/", "`python -m benchmarks.NAME [--quick]`; results as JSON, per-item results and plots beside them"),
    ("recipes/", "how the bundled model was made, step by step"),
    ("tests/", "mirrors `src/addenda`; `contracts/` runs one battery over all memories"),
    ("docs/", "the ledger, each memory, the command line, settings, decisions, and the log of experiments"),
    ("tools/", "fills the generated parts of this page"),
)

TARGETS: Mapping[str, tuple[str, str]] = {
    "reliability": ("≥ 0.98", "same wording"),
    "generalization_known": ("≥ 0.95", "wordings the base model knows, not used to make the edit"),
    "generalization_heldout": ("≥ 0.80", "wordings the base model was never trained with"),
    "generalization_blind": ("", "wordings kept blind: never trained with, and no other wording modelled on them"),
    "locality": ("≥ 0.995", "1,000 facts of untouched products, answer identical to before"),
    "hard_negatives": ("≥ 0.97", "400 other specifications of edited products, answer identical to before"),
    "retention_first_100": ("≥ 0.98", "edits 1-100 after 1,000, relative to right after they were made"),
    "speedup_vs_paper": ("≥ 5", "seconds per edit, paper mode over ours, same run"),
    "token_overhead": ("≤ 0.10", "added time per generated token with 1,000 edits held"),
}

TRIPLES: Mapping[str, tuple[str, str, str]] = {
    "write_f1_unseen_entities": ("adapters", "≥ 0.95", "generated documents, things nobody has heard of"),
    "write_f1_unseen_wordings": ("adapters", "≥ 0.85", "sentences written blind, in no training document"),
    "write_false_write_rate": ("adapters", "", "sentences that state nothing, from which something was written"),
    "read_accuracy": ("adapters", "≥ 0.95", "facts only the memory holds, held-out wordings"),
    "read_accuracy_trained": ("adapters", "", "the same in wordings the adapter was taught"),
    "read_accuracy_blind": ("adapters", "", "the same in wordings no other wording was modelled on"),
    "read_accuracy_memory_off": ("adapters", "≤ 0.05", "the same questions without the memory"),
    "corrected_new": ("corrections", "≥ 0.98", "the new value is said after 1,000 facts were corrected"),
    "corrected_new_heldout": ("corrections", "", "the same in held-out wordings"),
    "corrected_old_leaks": ("corrections", "0", "answers with a corrected value in them (number)"),
    "corrected_others_unchanged": ("corrections", "≥ 0.99", "other facts of the same products"),
    "corrected_as_of_old": ("corrections", "", "as of the day before, the answer is what it was"),
    "redocred_recall": ("redocred", "no worse", "gold triples of Re-DocRED dev, the paper's read points, every query"),
    "redocred_published_recall": ("redocred", "", "the published rule on the same queries"),
    "redocred_results": ("redocred", "fewer", "results of a query"),
    "redocred_published_results": ("redocred", "", "with the published rule"),
    "redocred_too_broad": ("redocred", "", "queries with more than 30 results"),
    "redocred_published_too_broad": ("redocred", "", "with the published rule"),
    "redocred_misspelt_recall": ("redocred", "", "the same with one typing error in the name"),
    "redocred_published_misspelt_recall": ("redocred", "", "with the published rule"),
    "read_exact_ms_p50": ("names", "≤ 2", "1,000,000 triples, 300,000 names: exact names, median"),
    "read_exact_ms_p95": ("names", "≤ 10", "95th percentile"),
    "read_misspelt_ms_p50": ("names", "≤ 2", "misspelt names, median"),
    "read_misspelt_ms_p95": ("names", "≤ 10", "95th percentile"),
    "cjk_recall_at_5": ("names", "≥ 0.95", "200 golden queries: Japanese, Korean, Chinese"),
    "load_triples_per_second": ("load", "≥ 20,000", "proposed, approved, tested, live and indexed"),
    "bytes_per_million": ("load", "", "ledger and memory together"),
}
"""For each metric of the triples memory the part of its benchmark, the target, and what is counted."""

NOTES: Mapping[str, tuple[str, str, str]] = {
    "gold_accuracy": ("gold", "ceiling", "the hidden rules as notes, 1,024 questions in words"),
    "gold_other_task_accuracy": ("gold", "", "control: the notes of another hidden list, a guess where none decides"),
    "induction_accuracy_100": ("induction", "", "notes written once from 100 labels"),
    "tree1_accuracy_100": ("induction", "", "scikit-learn's decision tree on the same labels"),
    "induction_accuracy_200_noise15": ("induction", "", "notes written once from 200 labels, 15 % of them wrong"),
    "tree5_accuracy_200_noise15": ("induction", "", "the tree on the same labels, five cases in a leaf at least"),
    "loop_accuracy": ("loop", "≥ 0.97", "after 200 observations, feedback without errors, all 1,024 cases"),
    "loop_accuracy_noise5": ("loop", "", "5 % of the feedback is wrong"),
    "loop_accuracy_noise15": ("loop", "≥ 0.90", "15 % of the feedback is wrong"),
    "loop_accuracy_labels": ("loop", "", "with labels instead of outcomes"),
    "rules_recovered": ("loop", "≥ 0.9", "hidden rules that a note equals: same cases, same answer"),
    "rules_superfluous": ("loop", "≤ 2", "notes that equal none (number)"),
    "rules_recovered_noise15": ("loop", "", "hidden rules found with 15 % wrong feedback"),
    "no_notes_accuracy": ("loop", "chance", "control: whatever was right most often"),
    "majority_class": ("loop", "", "the most frequent answer's share"),
    "empty_notebook_accuracy": ("loop", "", "control: the same system with no note, which guesses"),
    "notes_of_another_task_accuracy": ("loop", "", "control: the notes of another hidden list"),
    "all_examples_accuracy": ("loop", "", "control: all observations as examples, the most alike vote"),
    "feedback_accuracy_self_judged90": ("feedback", "", "judged by a model that is right in 90 % of the cases"),
    "feedback_accuracy_self_judged80": ("feedback", "", "in 80 %"),
    "feedback_accuracy_lookalike": ("feedback", "", "two rules differ in one condition and answer otherwise"),
    "feedback_accuracy_distractor": (
        "feedback",
        "",
        "an attribute that goes along in 90 % of the cases while learning",
    ),
    "wine_accuracy": ("tables", "", "wine: told only what was right; cases never seen, mean"),
    "wine_tree1": ("tables", "", "scikit-learn's decision tree, told the labels of the same cases"),
    "wine_notes": ("tables", "", "notes (number)"),
    "breast_cancer_accuracy": ("tables", "", "breast cancer, the same"),
    "breast_cancer_tree1": ("tables", "", "the tree"),
    "breast_cancer_notes": ("tables", "", "notes (number)"),
    "drift_recovery_observations": ("drift", "≤ 100", "one rule changes: observations until above 0.90 again"),
    "drift_recovery_observations_all_rules": ("drift", "", "all rules are others"),
    "drift_recovery_observations_noise15": ("drift", "", "one rule, 15 % wrong feedback (151: not within 150)"),
    "collapse_delta_accuracy": (
        "collapse",
        "",
        "a language model with a flaw revises by deltas: accuracy after, median",
    ),
    "collapse_rewrite_accuracy": ("collapse", "", "the same model rewrites the notebook, as published"),
    "collapse_delta_accuracy_before": ("collapse", "", "before the flaw, either way"),
    "poisoned_notes_live": ("poison", "0", "a trusted source turns: notes live that overrule what a person approved"),
    "poisoned_notes_live_automatic": ("poison", "", "the same where trust once earned is for good (number, 20 runs)"),
    "poison_exposure": (
        "poison",
        "",
        "share of wrong answers by notes that went by themselves, summed over all batches",
    ),
    "poison_exposure_automatic": ("poison", "", "the same where trust once earned is for good"),
    "poison_dropped_after": ("poison", "", "observations until the source was dropped back, where it was, median"),
    "poison_by_itself_share": ("poison", "", "share of the live notes that no person had to look at"),
    "select_ms_10k": ("select", "≤ 5", "milliseconds to choose what is shown among 10,000 notes, median"),
    "select_ms_10k_p95": ("select", "", "95th percentile"),
}
"""For each metric of the notes memory the part of its benchmark, the target, and what is counted."""

REFLECTIONS: Mapping[str, tuple[str, str, str]] = {
    "one_hop": ("knowledge", "≥ 0.90", "questions about documents seen only as reflections, in wordings never taught"),
    "one_hop_blind": ("knowledge", "", "the same in wordings by which nothing was chosen, products only"),
    "one_hop_other_languages": ("knowledge", "", "the same in Japanese and Korean, of English documents"),
    "reversed": ("knowledge", "≥ 0.85", "from one or two values to the name, in wordings never taught"),
    "two_hop_protocol": ("knowledge", "≥ 0.80", "through the protocol, directed by the bundled model"),
    "two_hop_protocol_scripted": ("knowledge", "", "the same, directed by rules"),
    "two_hop_direct": ("knowledge", "", "one question to the memory model, in the words that cross-document ones have"),
    "two_hop_direct_reworded": ("knowledge", "", "the same in other words"),
    "three_hop_protocol": ("knowledge", "", "three steps, through the protocol"),
    "three_hop_direct": ("knowledge", "", "three steps, one question to the memory model"),
    "idk_outside": ("knowledge", "≥ 0.95", "refused of questions outside the corpus: mean of the next three"),
    "idk_unknown_names": ("knowledge", "", "names of another world"),
    "idk_near_misses": ("knowledge", "", "a letter or a word changed, or words of two names"),
    "idk_unstated": ("knowledge", "", "known names, of which it is not said"),
    "idk_answerable": ("knowledge", "≤ 0.05", "refused of the questions of `one_hop`"),
    "unguarded_one_hop": ("knowledge", "", "control: answers are not attributed to documents"),
    "unguarded_idk_outside": ("knowledge", "", "control: the same"),
    "every_answer_one_hop": ("knowledge", "", "control: unsure answers count, too"),
    "every_answer_idk_outside": ("knowledge", "", "control: the same"),
    "base_one_hop": ("knowledge", "", "control: the bundled model untrained, the closed book"),
    "base_two_hop_protocol": ("knowledge", "", "control: the bundled model untrained in place of the memory model"),
    "train_seconds": ("knowledge", "", "processor seconds of a training"),
    "withdrawn_answers": (
        "withdrawal",
        "0",
        "right answers that only withdrawn pages give (number)",
    ),
    "withdrawn_answered_before": ("withdrawal", "", "the same before they were withdrawn (number)"),
    "kept_answers_lowest": (
        "withdrawal",
        "≥ 0.95",
        "other right answers about the same names that stay right",
    ),
    "kept_answers_others_lowest": ("withdrawal", "", "all other right answers that stay right"),
    "update_old_kept": ("updates", "≥ 0.95", "old knowledge after the default update, over joint training"),
    "update_new_kept": ("updates", "≥ 0.95", "new knowledge, over joint training"),
    "update_cost": ("updates", "≤ 0.5", "trained tokens, over joint training"),
    "latency_ratio_100x": ("latency", "≤ 1.1", "time of a question, corpus 100 times as large, guard on"),
    "direct_accuracy_1x": ("latency", "", "right answers, smallest corpus"),
    "direct_accuracy_100x": ("latency", "", "right answers to the same questions, largest corpus"),
    "one_hop_without_direct": ("synthesis", "", "direct facts left out at equal tokens"),
    "reversed_without_surfacing": ("synthesis", "shown", "descriptions left out at equal tokens"),
    "two_hop_direct_without_cross_document": ("synthesis", "", "cross-document ones left out at equal tokens"),
    "idk_outside_without_unanswerable": ("synthesis", "", "unanswerable ones left out at equal tokens"),
    "training_throughput_ratio_packed_float32": ("throughput", "≥ 1.0", "tokens a second over transformers' Trainer"),
    "training_throughput_ratio_unpacked_float32": ("throughput", "≥ 1.0", "the same, each example padded"),
}
"""For each metric of the reflections the part of its benchmark, the target, and what is counted."""

CHANGED = ("reliability", "generalization_known", "generalization_heldout", "generalization_blind")
"""The metrics that count new values."""


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
    result = _json(EDITS)
    metrics = cast("dict[str, object]", result["metrics"])
    machine = cast("dict[str, object]", result["machine"])
    seeds = cast("list[int]", result["seeds"])
    lines = ["| metric | measured | target | what is counted |", "|---|---:|---:|---|"]
    lines += [f"| `{name}` | {metrics[name]} | {target} | {what} |" for name, (target, what) in TARGETS.items()]
    where = (
        f"Mean over {len(seeds)} seeds, 1,000 sequential edits, free greedy generation, {machine['cores']} cores "
        f"({machine['processor']}); {metrics['seconds_per_edit']} s per edit. `benchmarks/edits.py`, "
        "per-item results beside `benchmarks/results/edits.json`."
    )
    return "\n".join([*lines, "", where])


def baselines_table() -> str:
    """The edits benchmark: methods side by side at the largest count each was run with."""
    runs = cast("list[dict[str, object]]", cast("dict[str, object]", _json(EDITS)["details"])["runs"])
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


def _measured(path: Path) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, object]]]:
    """The metrics of a benchmark's parts, and where each part was measured."""
    result = _json(path)
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
            f"| `{name}` | {_shown(metrics[part][name])} | {target} | {what} |"
            for name, (part, target, what) in rows.items()
            if part in metrics
        ),
    ]


def _where(name: str, measured: Mapping[str, Mapping[str, object]]) -> str:
    """The machine of a benchmark's parts, or the machines, and its files."""
    machines: dict[str, list[str]] = {}
    for part, made in measured.items():
        machine = cast("dict[str, object]", made["machine"])
        machines.setdefault(f"{machine['cores']} cores ({machine['processor']})", []).append(part)
    told = [machine if len(machines) == 1 else f"{', '.join(parts)}: {machine}" for machine, parts in machines.items()]
    return f"{'; '.join(told)}. `benchmarks/{name}.py`, per-item results beside `benchmarks/results/{name}.json`."


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1_000 else f"{value:.4g}"


def model_table() -> str:
    """The bundled model's scores."""
    scores = cast("dict[str, dict[str, object]]", _json(SCORES))
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
    "model": model_table,
}


def filled(text: str) -> str:
    """The text with every generated part made anew."""
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if pattern.search(text):
            text = pattern.sub(lambda found, make=make: found[1] + make() + "\n" + found[2], text)
    return text


def _json(path: Path) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(path.read_text(encoding="utf-8")))


def main() -> int:
    """Write README.md, or with ``--check`` say whether it is up to date."""
    parser = argparse.ArgumentParser(description="Fill the generated parts of README.md.")
    parser.add_argument("--check", action="store_true")
    page = ROOT / "README.md"
    text = page.read_text(encoding="utf-8")
    new = filled(text)
    if parser.parse_args().check:
        if new != text:
            sys.stderr.write("README.md is out of date; run: python -m tools.readme\n")
        return int(new != text)
    page.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
